"""Webhooks out: what happens here, posted to programs elsewhere as Standard Webhooks 1.0.0 has it.

Pure rules, one noun a module: `signature`, `schedule`, `event`, `verdict` (what an answer means), `target` (which
addresses may be called), `order` (what may go beside what). The I/O edge is `gatewayd.webhooks.engine`.
"""

"""A provider's line: how many messages a second, at no latency and at that of the internet, and what each costs."""

from __future__ import annotations

from typing import Final

RATE_TARGET: Final = 500.0
CPU_TARGET_S: Final = 1.6
SHARE_TARGET: Final = 95.0
LATENCY_S: Final = 0.2
AT_ONCE: Final = {0.0: 50, LATENCY_S: 100}
GUESS: Final = {0.0: 700, LATENCY_S: 500}
"""Messages a second, to choose how many make a run of the wanted length."""
WARM: Final = 500
ENDED_S: Final = 120.0

LINE: Final = """
[[line]]
name = "p{index}"
driver = "provider"
rate = "100000/s"
url = "{url}"
auth = "bearer"
key = "{key}"
json = {{ id = "{{id}}", to = "{{number}}", text = "{{text}}" }}
id = "$.id"
capacity = {capacity}
rules = [{{ status = 201, json = "$.status", matches = "accepted", result = "accepted" }}]
"""

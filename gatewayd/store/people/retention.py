"""What people leave behind, forgotten when it is old: sessions that ended, sends of yesterday, rows of the trail."""

from __future__ import annotations

from typing import Final

from gatewayd.store.people import audit, masssend, resets, sessions
from gatewayd.store.session import Session

PORTION: Final = 1000
"""Rows of one transaction, so that nobody waits for it."""


def forget(session: Session, now: int, audit_before: int) -> bool:
    """Removes a portion; answers whether there may be more. Times are Unix ms."""
    sessions.prune(session, now)
    resets.prune(session, now)
    sends = masssend.prune(session, now - masssend.DAY_MS, PORTION)
    return max(sends, audit.prune(session, audit_before, PORTION)) >= PORTION

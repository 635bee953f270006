"""The do-not-contact list: who is on it gets nothing that has not left yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, select

from gatewayd.store.session import Session, Statement, adding, among, given
from gatewayd.store.tables import blocklist

_KNOWN: Final = Statement(select(blocklist.c.to).where(among(blocklist.c.to)))
_ADD: Final = adding(blocklist, "to at source note")
_DROP: Final = Statement(delete(blocklist).where(blocklist.c.to == given(blocklist.c.to)), "p_to")


def known(session: Session, numbers: Sequence[str]) -> set[str]:
    """Returns those of the numbers that are on the list."""
    return {row[0] for row in session.among(_KNOWN, numbers)}


def add(session: Session, numbers: Sequence[str], source: str, note: str | None, now: int) -> int:
    """Puts numbers on the list; returns how many were not on it yet."""
    listed = known(session, numbers)
    fresh = [number for number in numbers if number not in listed]
    session.many(_ADD, [(number, now, source, note) for number in fresh])
    return len(fresh)


def drop(session: Session, number: str) -> bool:
    """Takes a number off the list; returns whether it was on it."""
    return session.run(_DROP, number) > 0

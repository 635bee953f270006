"""Batches of claims that wait for a person's yes: the novelty that asks for it, and its end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from gatewayd.store import tables
from gatewayd.store.dunning import novelties
from gatewayd.store.dunning.batches import Batch
from gatewayd.store.dunning.novelties import NewNovelty
from gatewayd.store.session import Session, setting

_CLOSE: Final = setting(tables.novelty, "state done_at done_by", "account_id key state")


def ask(session: Session, account_id: int, today: date, found: Iterable[tuple[int, str, int]], now: int) -> None:
    """Writes for each batch (number, level, people) that a person is to approve it."""
    new = [
        NewNovelty(
            *(account_id, None, "approval", today, ""),
            {"batch": number, "level": level, "people": people},
            None,
            _key(number),
        )
        for number, level, people in found
    ]
    novelties.add_many(session, new, now=now)


def close(session: Session, batch: Batch, *, now: int, by: str = "gatewayd") -> None:
    """Says that nobody is asked any more: somebody has answered, or it is too late."""
    session.run(_CLOSE, "done", now, by, batch.account_id, _key(batch.id), "open")


def _key(number: int) -> str:
    return f"batch-{number}"

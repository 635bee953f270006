"""How many messages a queue has in each state, kept in the transaction that changes them: nothing counts rows."""

from __future__ import annotations

from typing import Final

from gatewayd.store.session import Session, merging
from gatewayd.store.tables import queue_count

_ADD: Final = merging(
    queue_count,
    "queue_id state final messages segments",
    "queue_id state final",
    add="messages segments",
)


class Counts:
    """The changes that one transaction makes."""

    __slots__ = ("_changes",)

    def __init__(self) -> None:
        self._changes: dict[tuple[int, str, bool], list[int]] = {}

    def add(self, queue_id: int, state: str, final: bool, messages: int, segments: int) -> None:
        key = (queue_id, state, final)
        change = self._changes.get(key)
        if change is None:
            self._changes[key] = [messages, segments]
        else:
            change[0] += messages
            change[1] += segments

    def flush(self, session: Session) -> None:
        # Sorted, so that two nodes never wait for each other's rows crosswise.
        session.many(_ADD, [(*key, *change) for key, change in sorted(self._changes.items()) if change != [0, 0]])
        self._changes.clear()

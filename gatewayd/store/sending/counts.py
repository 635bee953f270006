"""How many messages a queue has in each state, kept in the transaction that changes them: nothing counts rows.

Messages that are kept back are counted by what keeps them: `held` are those of a cap, `held_window` those whose own
hours are over, `held_stale` those that were written from what is owed where billing is too old to be believed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gatewayd.store.session import Session, merging
from gatewayd.store.tables import queue_count
from gatewayd.store.tables.base import of
from gatewayd.store.tables.sending import COUNT_WAITS
from gatewayd.values.model import State

WAITS: Final = of("queue_count", COUNT_WAITS)
"""What the partial index says, with its table."""

HELD: Final = State.HELD.value
HELD_WINDOW: Final = "held_window"
HELD_STALE: Final = "held_stale"
WAITING_WORDS: Final = ("queued", "scheduled", HELD, HELD_WINDOW, HELD_STALE)
_BY_REASON: Final = {"window": HELD_WINDOW, "stale": HELD_STALE}
_REASONS: Final = {HELD: "cap", HELD_WINDOW: "window", HELD_STALE: "stale"}

_ADD: Final = merging(
    queue_count,
    "queue_id state final messages segments",
    "queue_id state final",
    add="messages segments",
)


def word(state: str, reason: str | None) -> str:
    """Returns the state under which a message is counted."""
    return _BY_REASON.get(reason or "", state) if state == HELD else state


def meaning(counted: str) -> tuple[State, str | None]:
    """Returns the state and the reason that a count stands for; the reason of those alone that rules keep back."""
    reason = _REASONS.get(counted)
    return (State(counted), None) if reason is None else (State.HELD, reason)


def words_of(states: Iterable[str]) -> list[str]:
    """Returns the words under which messages of these stored states are counted."""
    found = set(states)
    return sorted(found | _REASONS.keys() if HELD in found else found)


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

"""How a message is cut for a line, and what became of its parts in earlier attempts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import select

from gatewayd.store.session import Session, Statement, among
from gatewayd.store.tables import attempt, part
from gatewayd.values.model import PartState
from gatewayd.values.texts import split_for

if TYPE_CHECKING:
    from gatewayd.store.sending.rows import JobInfo, MessageRow

_DONE: Final = Statement(
    select(attempt.c.message_id, part.c.part, part.c.state)
    .select_from(attempt.join(part, part.c.attempt_id == attempt.c.id))
    .where(among(attempt.c.message_id))
    .order_by(attempt.c.id)
)
SETTLED: Final = frozenset({PartState.TAKEN, PartState.REFUSED, PartState.DELIVERED, PartState.UNDELIVERED})
"""Parts in these states are not sent again."""


_RANKS: Final = {
    PartState.UNSENT: 0,
    PartState.OPEN: 1,
    PartState.REFUSED: 2,
    PartState.DOUBT: 3,
    PartState.UNDELIVERED: 4,
    PartState.TAKEN: 5,
    PartState.DELIVERED: 6,
}


def furthest(one: PartState | None, other: PartState) -> PartState:
    """What became of a part that went twice: the furthest it is known to have come."""
    return other if one is None or _RANKS[other] >= _RANKS[one] else one


def parts_of(session: Session, messages: Iterable[int]) -> dict[int, dict[int, PartState]]:
    """For each message, its parts that passed a point of no return, and what became of them in any attempt."""
    found: dict[int, dict[int, PartState]] = defaultdict(dict)
    for message_id, number, state in session.among(_DONE, sorted(set(messages))):
        parts = found[message_id]
        parts[number] = furthest(parts.get(number), PartState(state))
    return found


@dataclass(frozen=True, slots=True)
class Cut:
    """A message as one line would send it."""

    encoding: str
    parts: tuple[str, ...]
    todo: tuple[int, ...]
    done: tuple[tuple[int, PartState], ...] = ()


_WHOLE: Final = Cut("", (), (1,))
"""What has no parts is sent in one go."""


class Cutter:
    """Cuts messages of one queue for a line, leaving out what earlier attempts settled."""

    def __init__(self, info: JobInfo, done: dict[int, dict[int, PartState]]) -> None:
        self._sms = info.channel == "sms"
        self._done = done

    def cut(self, row: MessageRow, body: str, variant: Literal["", "es"]) -> Cut:
        if not self._sms:
            return _WHOLE
        split = split_for(body, row.encoding, variant)
        numbers = range(1, len(split.parts) + 1)
        done = self._done.get(row.id)
        if done is None:
            return Cut(split.encoding, split.parts, tuple(numbers))
        settled = {number: state for number, state in done.items() if state in SETTLED}
        todo = tuple(number for number in numbers if number not in settled)
        return Cut(split.encoding, split.parts, todo, tuple(sorted(settled.items())))

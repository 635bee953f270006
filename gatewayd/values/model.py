"""Value types of the core and the state machine of a message. Imports nothing of ours, does no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Channel(StrEnum):
    SMS = "sms"
    CALL = "call"
    EMAIL = "email"
    PUSH = "push"
    WHATSAPP = "whatsapp"


class Priority(StrEnum):
    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


class State(StrEnum):
    """States of a message as people and receipts see them.

    `held` is stored only of a message that rules of contact keep back, until a time of its own; else it is worked out
    from the message's queue when the message is read. A stored `queued` row is due or waits for its queue; `scheduled`
    rests until a time of its own.
    """

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    READ = "read"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"
    INVALID = "invalid"


WAITING: Final = frozenset({State.SCHEDULED, State.QUEUED, State.HELD})
"""Nothing of it is on its way; it may be sent, withdrawn or expire."""

ENDED: Final = frozenset(
    {
        State.DELIVERED,
        State.READ,
        State.UNDELIVERED,
        State.FAILED,
        State.EXPIRED,
        State.UNCERTAIN,
        State.CANCELLED,
        State.INVALID,
    }
)
"""Final without further ado; `submitted` becomes final when no report is to come any more."""

_WITHDRAWN: Final = frozenset({State.EXPIRED, State.CANCELLED})
"""Ends of a message of which nothing has left."""

_BEGUN_TO: Final = frozenset({State.SUBMITTED, State.DELIVERED, State.UNDELIVERED, State.UNCERTAIN})
"""Ends of a waiting message of which parts have left, or may have: the rest is withdrawn or expires, or a late answer
or a report says that nothing is left to send."""

_WAITING_TO: Final = WAITING | {State.SENDING} | _WITHDRAWN | _BEGUN_TO

TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    State.SCHEDULED: _WAITING_TO,
    State.QUEUED: _WAITING_TO,
    State.HELD: _WAITING_TO,
    State.SENDING: frozenset(
        {
            State.QUEUED,
            State.SCHEDULED,
            State.HELD,
            State.SUBMITTED,
            State.DELIVERED,
            State.UNDELIVERED,
            State.FAILED,
            State.UNCERTAIN,
            State.EXPIRED,
            State.CANCELLED,
        }
    ),
    State.SUBMITTED: frozenset({State.SUBMITTED, State.DELIVERED, State.READ, State.UNDELIVERED}),
    State.UNCERTAIN: frozenset(
        {State.SUBMITTED, State.DELIVERED, State.READ, State.UNDELIVERED, State.FAILED, State.QUEUED}
    ),
    State.UNDELIVERED: frozenset({State.DELIVERED}),
    State.DELIVERED: frozenset({State.READ}),
    State.READ: frozenset(),
    State.FAILED: frozenset(),
    State.EXPIRED: frozenset(),
    State.CANCELLED: frozenset(),
    State.INVALID: frozenset(),
}


def may_become(old: State, new: State, *, begun: bool | None = None) -> bool:
    """Whether the state machine allows the step; `begun`, where it is known: some part has left, or may have."""
    if begun is not None and old in WAITING and new in (_WITHDRAWN if begun else _BEGUN_TO):
        return False
    return new in TRANSITIONS[old]


class PartState(StrEnum):
    """What is known of one part of one attempt that passed its point of no return."""

    OPEN = "open"
    """Past the point of no return, no answer yet."""
    TAKEN = "taken"
    REFUSED = "refused"
    UNSENT = "unsent"
    DOUBT = "doubt"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"


IN_NETWORK: Final = frozenset({PartState.TAKEN, PartState.DELIVERED, PartState.UNDELIVERED})
"""A part in one of these has been taken by the network, whatever became of it: it is charged and never sent again."""


def message_state(parts: list[PartState]) -> State:
    """The state of a message whose `parts` (all of them, latest attempt of each) have these states: the worst tells.

    Only for messages with nothing left to send.
    """
    if PartState.DOUBT in parts or PartState.OPEN in parts:
        return State.UNCERTAIN
    if all(part is PartState.DELIVERED for part in parts):
        return State.DELIVERED
    if all(part is PartState.REFUSED for part in parts):
        return State.FAILED
    if any(part in {PartState.UNDELIVERED, PartState.REFUSED, PartState.UNSENT} for part in parts):
        return State.UNDELIVERED
    return State.SUBMITTED


_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CROCKFORD_VALUE: Final = {letter: value for value, letter in enumerate(_CROCKFORD)}


def ulid(ms: int, salt: int, number: int) -> str:
    """A ULID (26 letters) of a time in ms, a store's 16-bit salt and a row number of up to 64 bits.

    The row number comes back by `ulid_number`, so no index on public ids is needed.
    """
    value = (ms << 80) | (salt << 64) | number
    return "".join([_CROCKFORD[(value >> shift) & 31] for shift in range(125, -1, -5)])


def ulid_number(text: str) -> int:
    """The row number inside a ULID of ours; ValueError when it is not one."""
    return _ulid_value(text) & 0xFFFFFFFFFFFFFFFF


def ulid_salt(text: str) -> int:
    """The store's 16-bit salt inside a ULID of ours; ValueError when it is not one."""
    return _ulid_value(text) >> 64 & 0xFFFF


def ulid_ms(text: str) -> int:
    """The time (Unix ms) inside a ULID; ValueError when it is not one."""
    return _ulid_value(text) >> 80


def _ulid_value(text: str) -> int:
    if len(text) != 26:
        raise ValueError(f"not an id: {text!r}")
    value = 0
    for letter in text.upper():
        try:
            value = (value << 5) | _CROCKFORD_VALUE[letter]
        except KeyError:
            raise ValueError(f"not an id: {text!r}") from None
    return value


ALL_AREAS: Final = "all"
"""The area of a line that has none of its own, and of a job that names none."""


@dataclass(frozen=True, slots=True)
class Route:
    """Which lines a message may take: its channel, the longest configured prefix of its number, the lines it names, its
    area.

    Prefixes that match one number are prefixes of each other, so the longest stands for all of them.
    """

    channel: str
    prefix: str = ""
    lines: tuple[str, ...] = ()
    area: str = ""
    """Of mails: the area whose accounts send it; "" where the channel has none."""
    without: tuple[str, ...] = ()
    """Lines that cannot carry the message, by name in their order."""

    def fits(self, line: str, channels: frozenset[str], prefixes: tuple[str, ...], area: str = ALL_AREAS) -> bool:
        """`area` is the line's. A job that names its lines and no area of its own may take them whatever theirs is."""
        if self.channel not in channels or (self.lines and line not in self.lines) or line in self.without:
            return False
        if self.area and self.area != area and not (self.lines and self.area == ALL_AREAS):
            return False
        return not prefixes or any(self.prefix.startswith(prefix) for prefix in prefixes)

"""A message on its way: claimed, past its point of no return, ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from drivers.base import Encoding, Withdrawn
from gatewayd.store.commands.base import Command
from gatewayd.values.model import PartState, State


@dataclass(frozen=True, slots=True)
class Claim(Command["Claimed"]):
    """The next due messages of one queue for one line, oldest first; holds the price of the parts to send.

    Rows become `sending` under an attempt of this node and epoch. Nothing is claimed of a queue whose job is not
    running, before `not_before`, or past `not_after`.
    """

    queue_id: int
    line: str
    variant: Literal["", "es"]
    """`es`: the line may use the Spanish shift table, which can take fewer parts."""
    limit: int
    segments: int
    """Stop once this many segments are claimed (the message that reaches it is included)."""
    node: str
    epoch: int
    now: int
    only: int | None = None
    """The one message that is wanted, if it still waits and is due; the queue is said to have more."""
    most: int | None = None
    """Parts that the line may still send: a longer message is passed over."""


@dataclass(frozen=True, slots=True)
class Work:
    """One claimed message."""

    message_id: int
    attempt_id: int
    public: str
    """Attempt id as devices see it."""
    queue_id: int
    job_id: int
    account_id: int
    row: int
    to: str
    text: str
    encoding: Encoding
    parts: tuple[str, ...]
    todo: tuple[int, ...]
    """Part numbers this attempt sends; earlier ones were taken by an earlier attempt."""
    concat_ref: int
    number: int
    """Which attempt this is, from 1."""
    tries: int
    """Tries used up before this one."""
    unit_price: int
    resend: bool
    not_after: int | None
    detail: str | None
    """JSON, shown to everybody."""
    options: str | None = None
    """JSON, shown to nobody: `texts` rendered beside the text, `retried` and `undecided` of earlier tries."""
    done: tuple[tuple[int, PartState], ...] = ()
    """Parts that earlier attempts settled, with their state."""
    ends: int | None = None
    """When the person's hours end: it must have left by then, and the network may not deliver later."""


@dataclass(frozen=True, slots=True)
class Claimed:
    work: tuple[Work, ...]
    blocked: str | None
    """`credit` when the balance does not cover the next message; `paused`, `window` (not_before, or nobody may be
    contacted at this hour) … when the queue may not go; `room` where all that was looked at is longer than the line may
    still send; None otherwise."""
    next_due: int | None
    """When nothing (more) is due: the time of the next waiting row, None if the queue is empty."""


@dataclass(frozen=True, slots=True)
class Unclaim(Command[None]):
    """Gives claimed work back untouched: waiting again, hold released, no try used, the attempt's row removed."""

    attempts: Sequence[int]
    now: int


class KeptBack(Withdrawn):
    """The rules of contact keep the message back: `until` (ms) is when it may go at the earliest."""

    def __init__(self, reason: str, until: int) -> None:
        super().__init__(reason)
        self.until = until


@dataclass(frozen=True, slots=True)
class Pnr(Command[None]):
    """The point of no return of one part. Raises `drivers.base.Withdrawn(reason)` when the message may not go any more:
    `cancelled`, `paused`, `expired`, `blocked`, `lease_lost`, what became of the facts that it was written from
    (`paid`, `promised`, `disputed`, `changed`), what the person has said (`no_claim`, `no_consent`), or `KeptBack`
    (`window`, `cap` by the rules of contact, `stale` by the age of billing).
    Counts the segment for the line's quotas, with `message` true once a message, and keeps the line's pace (`tat`, ms).
    """

    attempt_id: int
    part: int
    line: str
    to: str
    epoch: int
    now: int
    day: str
    month: str
    tat: float
    taken: tuple[tuple[int, str], ...] = ()
    """Earlier parts of the attempt that the network has taken meanwhile, and their references."""
    ends: int | None = None
    """As the work says it."""


@dataclass(frozen=True, slots=True)
class PartEnd:
    state: PartState
    reference: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Finish(Command[None]):
    """The end of one attempt, already resolved by `gatewayd.outcomes.resolve`.

    `parts` has every part that passed its point of no return in this attempt; parts of `todo` that are missing did not
    leave and their hold is released. Taken parts are charged, refused and unsent ones released, doubtful ones stay held
    (or are released when the message goes back to waiting). A report that came early is applied at once. Posting it is
    enough: it rides with the next commit.
    """

    work: Work
    line: str
    parts: Mapping[int, PartEnd]
    outcome: str
    """Name of the outcome for `message show`: accepted, not_sent, refused, partial, uncertain, completed."""
    state: State
    """What the message becomes."""
    reason: str | None
    final: bool
    due: int
    """Waiting: when to try again. Submitted: when waiting for the report ends."""
    tries: int
    charge: bool
    """For outcomes without parts (calls): whether the attempt is charged."""
    detail: str | None
    now: int
    pressed: str | None = None
    """The key that the person called has pressed: it comes into the inbox."""
    opted_out: bool = False
    """... and by it asked not to be called again."""
    action: str | None = None
    """What the key means, by the script of the call."""
    options: str | None = None
    """What the message keeps for its next try; None: as it was."""

    @property
    def weight(self) -> int:
        return max(1, len(self.work.todo))


@dataclass(frozen=True, slots=True)
class Amend(Command[bool]):
    """What an attempt that reached nobody means for its message, where that became known after its end: the refusal was
    the person's, or the line's. Answers whether it was so recorded: nothing changes unless the message still waits and
    that attempt is its latest."""

    message_id: int
    attempt_id: int
    state: State
    reason: str | None
    final: bool
    due: int
    tries: int
    detail: str | None
    refused: tuple[int, ...]
    """Parts of the attempt that are refused for good."""
    now: int
    options: str | None = None
    """As in `Finish`."""

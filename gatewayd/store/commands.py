"""Everything that can be asked of the store's writer: one frozen record a kind, and the record it answers with.

A command is atomic. The writer takes all that has gathered, groups it by kind, applies the kinds in the order of
`ORDER` (so that an outcome is known before the report that follows it, and work that came back before it is claimed
again), and commits once. A command that fails takes nothing down but itself.

Times are Unix time in milliseconds and always an argument; money is in millionths of the currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from drivers.base import Encoding
from gatewayd.model import PartState, Priority, Route, State

R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Command(Generic[R_co]):
    """Root of the commands; `R_co` is what it answers."""


# ------------------------------------------------------------------------------------------------------------ accounts


@dataclass(frozen=True, slots=True)
class AccountInfo:
    id: int
    name: str
    currency: str
    balance: int
    held: int
    charged: int
    granted: int


@dataclass(frozen=True, slots=True)
class CreateAccount(Command[AccountInfo]):
    """ConflictError when the name is taken."""

    name: str
    currency: str
    now: int


@dataclass(frozen=True, slots=True)
class Credit(Command[AccountInfo]):
    """Grants, or withdraws when negative; InsufficientCreditError below zero. Wakes queues held for credit."""

    account: str
    amount: int
    now: int
    note: str = ""


# ---------------------------------------------------------------------------------------------------------------- jobs


class NewMessage(NamedTuple):
    """One rendered recipient, in the order of the columns that are written."""

    row: int
    ref: str | None
    to: str | None
    text: str | None
    encoding: str
    segments: int
    prefix: str
    """Longest configured prefix that `to` begins with, or empty."""
    reason: str | None
    """Set: the message is `invalid` for this reason."""
    detail: str | None
    """JSON or None."""


@dataclass(frozen=True, slots=True)
class BeginJob(Command["BegunJob"]):
    """A job that is being recorded, not visible yet. `content` is JSON: {"lines": [...], "encoding": …, …}."""

    account: str
    name: str
    channel: str
    priority: Priority
    content_hash: str
    not_before: int | None
    not_after: int | None
    resend: bool
    unit_price: int
    currency: str
    content: str
    node: str
    now: int


@dataclass(frozen=True, slots=True)
class BegunJob:
    """`known`: the same job is recorded (or being recorded) already and nothing was begun.

    Other content under the same name raises ConflictError instead.
    """

    job_id: int
    known: bool


@dataclass(frozen=True, slots=True)
class AddMessages(Command[int]):
    """At most 1,000 rows of a loading job; blocked numbers become `invalid` here. Answers how many rows are valid."""

    job_id: int
    rows: Sequence[NewMessage]
    now: int


@dataclass(frozen=True, slots=True)
class QueueInfo:
    """What the scheduler knows of a queue."""

    id: int
    job_id: int
    job: str
    account_id: int
    account: str
    priority: Priority
    route: Route
    unit_price: int
    not_before: int | None
    not_after: int | None
    created_at: int
    paused: bool
    waiting: int
    """Messages that are queued or scheduled."""
    held_reason: str | None
    content: str = ""
    """The job's content (JSON) where the channel needs more than a text (call, email …); empty for SMS."""


@dataclass(frozen=True, slots=True)
class PublishJob(Command["tuple[QueueInfo, ...]"]):
    """The one small update that makes the job visible; answers its queues."""

    job_id: int
    now: int


@dataclass(frozen=True, slots=True)
class DropJob(Command[bool]):
    """Removes at most `limit` rows of a loading job, then the job; True when it is gone. Refused or crashed intake."""

    job_id: int
    limit: int = 5000


@dataclass(frozen=True, slots=True)
class LoadingJobs(Command["tuple[int, ...]"]):
    """Jobs that this node left loading when it last stopped."""

    node: str


@dataclass(frozen=True, slots=True)
class SetJobState(Command["JobChange"]):
    """Pause, resume or cancel. Cancelling withdraws what has not left; `Sweep` then turns the rows, in portions.

    ConflictError for a job that is cancelled already (or, when pausing, at its end).
    """

    account: str
    job: str
    state: Literal["running", "paused", "cancelled"]
    now: int


@dataclass(frozen=True, slots=True)
class JobChange:
    job_id: int
    state: str
    queues: tuple[QueueInfo, ...]


@dataclass(frozen=True, slots=True)
class Sweep(Command["Swept"]):
    """Turns at most `limit` rows whose time is over: waiting rows of cancelled jobs (`cancelled`), past `not_after`
    (`expired`), submitted ones whose `report_wait` is over (final, reason `no_report`, no receipt of a new state but
    one of `submitted` with `final` true), early reports and inbound parts past their keeping time. `more`: call again.
    """

    now: int
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class Swept:
    rows: int
    more: bool
    jobs: tuple[int, ...]
    """Jobs that got receipts."""
    next_at: int | None
    """When the next row will be over, None if none waits."""


@dataclass(frozen=True, slots=True)
class HoldQueue(Command[None]):
    """A whole queue begins (or, with None, ends) to wait for `credit`, `window`, `no_line` or `paused`.

    The beginning writes the one queue receipt `held` (`message` and `row` null, `detail.count`); saying the same
    reason again, or on a queue with nothing waiting, writes none.
    """

    queue_id: int
    reason: str | None
    now: int


# ------------------------------------------------------------------------------------------------------------ dispatch


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
    done: tuple[tuple[int, PartState], ...] = ()
    """Parts that earlier attempts settled, with their state."""


@dataclass(frozen=True, slots=True)
class Claimed:
    work: tuple[Work, ...]
    blocked: str | None
    """`credit` when the balance does not cover the next message; `paused`, `window` (not_before) … when the queue may
    not go; None otherwise."""
    next_due: int | None
    """When nothing (more) is due: the time of the next waiting row, None if the queue is empty."""


@dataclass(frozen=True, slots=True)
class Unclaim(Command[None]):
    """Gives claimed work back untouched: waiting again, hold released, no try used, the attempt's row removed."""

    attempts: Sequence[int]
    now: int


@dataclass(frozen=True, slots=True)
class Pnr(Command[None]):
    """The point of no return of one part. Raises `drivers.base.Withdrawn(reason)` when the message may not go any more:
    `cancelled`, `paused`, `expired`, `blocked`, `lease_lost`. Counts the segment for the line's quotas, with `message`
    true once a message, and keeps the line's pace (`tat`, ms)."""

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


# ------------------------------------------------------------------------------------------------------------- reports


@dataclass(frozen=True, slots=True)
class Report(Command["Reported"]):
    """A delivery report: matched by attempt and part, else by line, reference, recipient and newest still awaiting.

    A report that matches no reference settles the one part in doubt of the same line, recipient and time window; if
    several could be meant, none. What matches nothing is kept for a while, for it may precede its `+CMGS`.
    """

    line: str
    reference: str
    to: str | None
    """Normalised (E.164) where it could be; compared as such."""
    status: Literal["delivered", "read", "undelivered", "pending"]
    reason: str | None
    at: int
    attempt_id: int | None
    part: int | None
    now: int
    whole: bool = False
    """It is of every part of the attempt that it is matched with."""


@dataclass(frozen=True, slots=True)
class Reported:
    job_id: int | None
    """None: nothing matched (yet)."""
    state: State | None


@dataclass(frozen=True, slots=True)
class LateAnswer(Command["Reported"]):
    """A part in doubt was answered after all: it is taken, charged, and the message moves on."""

    attempt_id: int
    part: int
    reference: str
    report_due: int
    now: int


@dataclass(frozen=True, slots=True)
class Settle(Command["Settled"]):
    """A person's word on an uncertain message: `sent` charges what is in doubt, `not-sent` releases it (`failed`, or
    `undelivered` where parts had left), `resend` releases and queues a new try. ConflictError unless `uncertain`."""

    message_id: int
    verdict: Literal["sent", "not-sent", "resend"]
    now: int


@dataclass(frozen=True, slots=True)
class Settled:
    job_id: int
    queue_id: int
    state: State


# ------------------------------------------------------------------------------------------------------------ receipts


@dataclass(frozen=True, slots=True)
class Segment:
    """A cut of a job's receipts, ready to be written: `lines` are the JSON bodies in order of seq."""

    account: str
    job: str
    job_id: int
    first_seq: int
    last_seq: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CutSegments(Command["tuple[Segment, ...]"]):
    """Cuts what visible jobs of this node have gathered: at most `segments` segments of at most `lines` lines. Segments
    cut before and not yet marked as written come first, with the very same bounds."""

    node: str
    now: int
    jobs: Sequence[int] | None = None
    """Only these jobs; None: any (at start)."""
    lines: int = 10_000
    segments: int = 8


@dataclass(frozen=True, slots=True)
class SegmentsWritten(Command[None]):
    """Their files are durable: the rows leave the store."""

    segments: Sequence[tuple[int, int, int]]
    """(job_id, first_seq, last_seq)."""


# ------------------------------------------------------------------------------------------------------------- inbound


@dataclass(frozen=True, slots=True)
class Inbound(Command["Received"]):
    """A received message or part. The same `key` on the same line again changes nothing. Parts are kept until all have
    come, then joined. Finds the account: latest message to the sender within 30 days, else `default_account`.
    `opt_out` words are decided by the core and put the number on the blocklist in the same transaction."""

    line: str
    channel: str
    key: str
    sender: str
    to: str | None
    text: str
    at: int
    concat: tuple[int, int, int] | None
    default_account: str | None
    opt_out_words: frozenset[str]
    """Upper case, without accents; compared with the whole joined text, trimmed."""
    now: int


@dataclass(frozen=True, slots=True)
class Received:
    stored: bool
    """False: a repeat."""
    complete: bool
    opt_out: bool


@dataclass(frozen=True, slots=True)
class InboxEntry:
    id: int
    public: str
    at: int
    account: str | None
    channel: str
    line: str
    sender: str
    to: str | None
    text: str
    key: str
    opt_out: bool
    job: str | None
    message: str | None
    ref: str | None


@dataclass(frozen=True, slots=True)
class UnwrittenInbox(Command["tuple[InboxEntry, ...]"]):
    limit: int = 500


@dataclass(frozen=True, slots=True)
class InboxWritten(Command[None]):
    ids: Sequence[int]


# ----------------------------------------------------------------------------------------------------------- blocklist


@dataclass(frozen=True, slots=True)
class Block(Command["Blocked"]):
    """Puts numbers on the list; their waiting messages become `cancelled`, reason `blocked`, with receipts."""

    numbers: Sequence[str]
    source: str
    note: str | None
    now: int


@dataclass(frozen=True, slots=True)
class Blocked:
    added: int
    cancelled: int
    jobs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unblock(Command[bool]):
    number: str


# ------------------------------------------------------------------------------------------------------ lines and node


@dataclass(frozen=True, slots=True)
class SetLineEnabled(Command[None]):
    line: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class OpenWork:
    """An attempt that an earlier epoch of this node left past its point of no return."""

    work: Work
    line: str
    parts: tuple[tuple[int, int], ...]
    """(part, time of its point of no return)."""
    references: tuple[tuple[int, str], ...] = ()
    """Those of them that the network is known to have taken."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """An attempt whose line may still learn more of it; times in ms."""

    public: str
    to: str
    references: tuple[tuple[int, str], ...]
    """(part, reference) of those whose report is to come."""
    doubt: tuple[int, ...]
    at: int
    """Of its last point of no return."""
    place: tuple[int, int]
    """Where the next portion begins."""


@dataclass(frozen=True, slots=True)
class AwaitedOf(Command[tuple[Awaited, ...]]):
    """A portion of a line's attempts that await a report (`doubt` False) or are in doubt since `since` (True), the
    newest first: those before `place` of the last one that was read."""

    line: str
    doubt: bool
    since: int
    limit: int
    before: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Started:
    epoch: int
    salt: int
    open: tuple[OpenWork, ...]
    returned: int
    """Claims that had not left and wait again."""


@dataclass(frozen=True, slots=True)
class StartNode(Command[Started]):
    """Begins a new epoch: what older epochs of this node had claimed and not begun waits again, holds released; what
    was past a point of no return is handed back (`open`) to be resumed or finished as uncertain."""

    node: str
    now: int


@dataclass(frozen=True, slots=True)
class LineUse:
    """Counters of one line, for pace and quotas after a restart."""

    name: str
    enabled: bool | None
    tat: float
    day_segments: int
    month_segments: int
    month_recipients: frozenset[str]
    recent: tuple[int, ...] = field(default=())
    """Times (ms) of the segments since `since`, oldest first."""


@dataclass(frozen=True, slots=True)
class LoadLine(Command[LineUse]):
    line: str
    day: str
    month: str
    since: int


@dataclass(frozen=True, slots=True)
class LoadQueues(Command["tuple[QueueInfo, ...]"]):
    """Queues with waiting messages, of visible jobs that are not cancelled."""


@dataclass(frozen=True, slots=True)
class Prune(Command[int]):
    """Retention: removes at most `limit` final messages (with attempts and parts) older than `messages_before`, and
    jobs left empty. Transfers stay: the ledger is kept."""

    messages_before: int
    limit: int = 1000


ORDER: tuple[type[Command[Any]], ...] = (
    StartNode,
    LoadingJobs,
    CreateAccount,
    Credit,
    BeginJob,
    AddMessages,
    PublishJob,
    DropJob,
    Pnr,
    Finish,
    LateAnswer,
    Report,
    Settle,
    Unclaim,
    Inbound,
    Block,
    Unblock,
    SetJobState,
    Sweep,
    HoldQueue,
    SegmentsWritten,
    CutSegments,
    InboxWritten,
    UnwrittenInbox,
    SetLineEnabled,
    LoadLine,
    LoadQueues,
    Claim,
    AwaitedOf,
    Prune,
)

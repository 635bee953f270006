"""Jobs: recorded in portions, made visible, stopped, swept; their queues."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from gatewayd.store.commands.base import Command
from gatewayd.store.commands.keys import PostKey
from gatewayd.values.model import Priority, Route

CAMPAIGN: Final = "campaign"
"""Origin of the jobs that campaigns bring in. Nobody else can bring one in under such a name."""
CAMPAIGN_JOB: Final = re.compile(r"c-\d+\.[0-9T]+-\d+-\d+", re.ASCII)
CLAIM: Final = "claim"
"""Origin of the jobs that claims bring in."""
CLAIM_JOB: Final = re.compile(r"d-\d+\.\d+", re.ASCII)
REMINDER: Final = "reminder"
"""Origin of the jobs of reminders that people write."""
REMINDER_JOB: Final = re.compile(r"r-\d+\.\d+-\d+", re.ASCII)

SMALL_ROWS: Final = 16
SMALL_CHARACTERS: Final = 16 << 10
"""Of the texts of a small job: what is written in a millisecond or two."""


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
    """JSON or None: what its receipts say of it."""
    options: str | None = None
    """JSON or None, for its line alone: `texts` has what is rendered beside the text, by name."""
    cause: int | None = None
    """Number of the facts that it was written from (`store.sending.causes`)."""


@dataclass(frozen=True, slots=True)
class JobPace:
    """How fast a job may go: so many segments a minute, with all jobs of the same group together."""

    group: str
    segments: int


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
    test: bool = False
    """Priced and never sent."""
    klass: str | None = None
    """Class of the messages; None: the account's own."""
    template: tuple[str, int] | None = None
    """Name and version of the stored template that its words are of."""
    key: PostKey | None = None
    """Of the request that posted it."""
    origin: str = ""
    """Who brings it in: empty for the account itself, else the engine whose piece of work it is."""


@dataclass(frozen=True, slots=True)
class BegunJob:
    """`known`: the same job is recorded (or being recorded) already and nothing was begun.

    Other content under the same name raises ConflictError instead.
    """

    job_id: int
    known: bool
    answer: str | None = None
    """What was answered to an earlier request with the same key; JSON."""


@dataclass(frozen=True, slots=True)
class AddMessages(Command[int]):
    """At most 1,000 rows of a loading job; blocked numbers become `invalid` here. Answers how many rows are valid."""

    job_id: int
    rows: Sequence[NewMessage]
    now: int

    @property
    def is_small(self) -> bool:
        """Whether it is no portion of a list but the few messages of a small job, that another's need not wait for."""
        return len(self.rows) <= SMALL_ROWS and sum(len(row.text or "") for row in self.rows) <= SMALL_CHARACTERS


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
    held_until: int | None = None
    """Held by the hours of contact: when they open again."""
    content: str = ""
    """The job's content (JSON) where the channel needs more than a text (call, email …); empty for SMS."""
    pace: JobPace | None = None
    """How fast its job may go; None: as fast as its lines."""


@dataclass(frozen=True, slots=True)
class PublishJob(Command["tuple[QueueInfo, ...]"]):
    """The one small update that makes the job visible; answers its queues. With `keyed`, the request's key gets its
    answer too. `follow` is run in the same transaction, with the unit of work and the job's number: what its engine
    has to say of it holds before the first message can leave."""

    job_id: int
    now: int
    keyed: bool = False
    follow: Callable[[Any, int], None] | None = None


@dataclass(frozen=True, slots=True)
class Reroute(Command["QueueInfo | None"]):
    """Moves a waiting message that `line` cannot carry into the queue of those like it, due at once; answers that
    queue. None, and nothing changes, unless that attempt is the latest of a message that waits."""

    message_id: int
    attempt_id: int
    line: str
    now: int


@dataclass(frozen=True, slots=True)
class DropJob(Command[bool]):
    """Removes at most `limit` rows of a loading job, then the job; True when it is gone. Refused or crashed intake."""

    job_id: int
    limit: int = 5000


@dataclass(frozen=True, slots=True)
class ForsakenJob(Command["int | None"]):
    """Answers the number of the job that `begun` began and that is still loading, None where it began none."""

    begun: BeginJob


@dataclass(frozen=True, slots=True)
class LoadingJobs(Command["tuple[int, ...]"]):
    """Jobs that this node left loading when it last stopped; on SQLite those that any did. An empty name: none."""

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


@dataclass(frozen=True, slots=True)
class LoadQueues(Command["tuple[QueueInfo, ...]"]):
    """Queues with waiting messages, of visible jobs that are not cancelled."""

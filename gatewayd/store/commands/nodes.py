"""Lines, the start of a node, and what is forgotten in time."""

from __future__ import annotations

from dataclasses import dataclass, field

from gatewayd.store.commands.base import Command
from gatewayd.store.commands.dispatching import Work
from gatewayd.store.commands.jobs import QueueInfo


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
class Recovered:
    """What was found that nobody held."""

    returned: int
    """Claims that wait again."""
    queues: tuple[QueueInfo, ...]
    """... and the queues of their jobs."""
    open: tuple[OpenWork, ...]
    """Attempts past their point of no return, to be finished."""


@dataclass(frozen=True, slots=True)
class RecoverOwnerless(Command[Recovered]):
    """Gives back what this node's present life has claimed before `before` and nobody holds: the answer that told of it
    was lost. `held` are the attempts that somebody holds."""

    node: str
    epoch: int
    held: frozenset[int]
    before: int
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
class Prune(Command[int]):
    """Retention: removes at most `limit` final messages (with attempts and parts) older than `messages_before`, and
    jobs left empty. Transfers stay: the ledger is kept."""

    messages_before: int
    limit: int = 1000

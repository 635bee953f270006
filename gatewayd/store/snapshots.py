"""What the reader answers: frozen records of what the store held at one instant, and how stored rows read to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from gatewayd.values.clock import iso as iso  # noqa: PLC0414 - whoever reads snapshots writes their times
from gatewayd.values.model import WAITING, State
from gatewayd.values.money import format_money

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    items: Sequence[T_co]
    next: str | None
    """Cursor of what follows; None at the end."""


def template_document(template: tuple[str, int] | None) -> dict[str, Any] | None:
    """Returns which template and version, for JSON; None where the words are the job's own."""
    return None if template is None else {"name": template[0], "version": template[1]}


@dataclass(frozen=True, slots=True)
class JobSummary:
    id: int
    account: str
    job: str
    channel: str
    priority: str
    state: str
    """running, paused, sent, done, cancelled."""
    messages: int
    segments: int
    counts: Mapping[State, int]
    """By state as people see it."""
    held: Mapping[str, int]
    """The held ones by reason."""
    held_until: int | None
    """When the hours of contact let the first of those go on that they hold."""
    klass: str
    cost: int
    unit_price: int
    currency: str
    not_before: int | None
    not_after: int | None
    created_at: int
    first_at: int | None
    last_at: int | None
    last_seq: int
    template: tuple[str, int] | None = None
    """Name and version of the stored template that its words are of."""

    def document(self) -> dict[str, Any]:
        """Returns the contents of `summary.json`. Every state is a key of `counts`."""
        return {
            "v": 1,
            "account": self.account,
            "job": self.job,
            "channel": self.channel,
            "priority": self.priority,
            "class": self.klass,
            "template": template_document(self.template),
            "state": self.state,
            "messages": self.messages,
            "segments": self.segments,
            "counts": {str(state): self.counts.get(state, 0) for state in State},
            "held": dict(sorted(self.held.items())),
            "held_until": iso(self.held_until),
            "cost": format_money(self.cost),
            "currency": self.currency,
            "created_at": iso(self.created_at),
            "not_before": iso(self.not_before),
            "not_after": iso(self.not_after),
            "first_at": iso(self.first_at),
            "last_at": iso(self.last_at),
            "last_seq": self.last_seq,
        }


@dataclass(frozen=True, slots=True)
class PartView:
    part: int
    state: str
    reference: str | None
    reason: str | None
    at: int
    reported_at: int | None


@dataclass(frozen=True, slots=True)
class AttemptView:
    id: int
    public: str
    number: int
    line: str
    node: str
    state: str
    outcome: str | None
    reason: str | None
    started_at: int
    ended_at: int | None
    parts: tuple[PartView, ...]


@dataclass(frozen=True, slots=True)
class MessageView:
    id: int
    public: str
    account: str
    job: str
    row: int
    ref: str | None
    to: str | None
    channel: str
    klass: str
    text: str | None
    encoding: str
    segments: int | None
    state: State
    final: bool
    reason: str | None
    due: int | None
    """Waiting: when it may go (again); submitted: when waiting for the report ends."""
    not_after: int | None
    """When what has not been sent expires."""
    line: str | None
    attempt: int | None
    """Number of the latest attempt, None before the first."""
    cost: int
    updated_at: int
    detail: str | None
    """JSON."""
    attempts: tuple[AttemptView, ...] = ()
    template: tuple[str, int] | None = None
    """Name and version of the stored template that its text is of."""


@dataclass(frozen=True, slots=True)
class TransferView:
    id: int
    at: int
    kind: str
    amount: int
    job: str | None
    message: str | None
    part: int | None
    note: str | None


@dataclass(frozen=True, slots=True)
class LineCount:
    line: str
    enabled: bool | None
    """A person's word; None: as configured."""
    segments_today: int
    messages_today: int
    segments_month: int


@dataclass(frozen=True, slots=True)
class BlockedNumber:
    to: str
    at: int
    source: str
    note: str | None
    account: str | None = None
    """Whose block it is; None: everybody's."""
    register: str | None = None
    """The legal register that names the number."""
    channel: str | None = None
    """The one channel that it is about; None: all."""
    account_id: int = 0


@dataclass(frozen=True, slots=True)
class DoubtfulOptOut:
    """A received text that may say that its sender wants no more messages."""

    public: str
    at: int
    line: str
    sender: str
    text: str


@dataclass(frozen=True, slots=True)
class QueueDepth:
    counts: Mapping[State, int]
    """scheduled, queued, held, sending, uncertain: how many messages."""
    held: Mapping[str, int]
    """By reason."""
    oldest_s: float
    """How long the oldest message that is due and may go has waited, s."""

    @property
    def waiting(self) -> int:
        return sum(self.counts.get(state, 0) for state in WAITING)


@dataclass(frozen=True, slots=True)
class Hold:
    """What stops a message though its own row says nothing of it: its job and its queue."""

    job: str
    """The job's stored state."""
    queue: str | None
    """Why the queue rests."""
    not_before: int | None
    until: int | None = None
    """When the queue goes on; None: nobody knows."""

    def of(self, stored: State, reason: str | None, due: int | None, now: int) -> tuple[State, str | None]:
        """How a waiting row reads, with its reason. `due` is the row's own time; None where it is not known, as in
        sums: then the stored state tells whether it rests until a time of its own.
        """
        if self.job == "cancelled":
            return State.CANCELLED, "cancelled"
        if self.not_before is not None and self.not_before > now:
            return State.SCHEDULED, None
        if stored is State.HELD and (due is None or due > now):
            return State.HELD, reason or "cap"
        if (due is None and stored is State.SCHEDULED) or (due is not None and due > now):
            return State.SCHEDULED, reason
        if self.job == "paused":
            return State.HELD, "paused"
        if self.queue is not None and (self.until is None or self.until > now):
            return State.HELD, self.queue
        return State.QUEUED, None


def job_state(stored: str, counts: Mapping[State, int], open_messages: int) -> str:
    """running, paused, sent (nothing left to send), done (every message final) or cancelled."""
    if stored == "cancelled":
        return "cancelled"
    if open_messages == 0:
        return "done"
    to_send = (State.SCHEDULED, State.QUEUED, State.HELD, State.SENDING)
    if not any(counts.get(state, 0) for state in to_send):
        return "sent"
    return "paused" if stored == "paused" else "running"

"""What a line reports by itself: reports, replies, late answers, and its own health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from drivers.base.outcomes import Blame


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What the network says later of one part. Found by `attempt` where the device tells it, else by reference."""

    reference: str
    to: str | None
    """Recipient as the network names it (any number form), None where it does not."""
    status: Literal["delivered", "read", "undelivered", "pending"]
    reason: str | None
    at: float
    """Unix time (s) the network gives for it (discharge time), else of its arrival."""
    attempt: str | None = None
    part: int | None = None
    whole: bool = False
    """It is of every part of the attempt that is named by `attempt`, or by the reference of one of its parts."""
    opt_out: bool = False
    """The person at `to` has asked not to be reached over this channel again."""
    exclusive: bool = False
    """Whether everything the line sends is ours (a SIM in a modem): then, and only then, a report whose reference is
    unknown may be matched to a part in doubt by `to`, which it must name."""
    blame: Blame = Blame.PERSON
    """Whose fault it may be that it is `undelivered`: a phone that accepts everything and then cannot send says
    `EITHER` or `LINE`, and the line is rested as if it had refused."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What a call that ended after it was given up has brought, as `Completed.detail` would have said it: among it the
    `key` that was pressed and the `action` that it means."""


@dataclass(frozen=True, slots=True)
class LateAccept:
    """A part that was given up as in doubt has been answered after all."""

    attempt: str
    part: int
    reference: str


@dataclass(frozen=True, slots=True)
class Concat:
    """Where a received part belongs: reference, number of parts, this part's number from 1."""

    reference: int
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One received part or whole message. `key` is the same when the device hands over the same one again."""

    key: str
    sender: str
    to: str | None
    text: str
    at: float
    concat: Concat | None = None
    subject: str = ""
    """A mail's subject; empty elsewhere. Judged for opt-outs beside the text."""
    answers: str | None = None
    """The attempt of ours that it answers, where the device says so by our own id."""
    answers_reference: str | None = None
    """The reference of the message of ours that it answers, where the network says so (`context.id` of WhatsApp)."""
    opt_out: bool = False
    """Whether the person has opted out by a means that is no text: a button, an unsubscribe link, a preference."""
    aliases: tuple[str, ...] = ()
    """Other addresses of the same sender (a BSUID beside a number): an opt-out holds for them, too."""


LineState = Literal["starting", "ready", "waiting", "recovering", "quarantined"]


@dataclass(frozen=True, slots=True)
class LineStatus:
    """The line's health as the driver sees it. `ready` alone means that it takes messages.

    `waiting` is a healthy device that cannot send now (registration lost); `recovering` a device that is gone or
    being brought back; `quarantined` one that has failed for so long, or so dangerously (wrong PIN), that only a
    re-admission test or a person brings it back.
    """

    state: LineState
    reason: str | None = None
    signal: int | None = None
    """Per cent, 0 to 100."""
    operator: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


Event = DeliveryReport | LateAccept | InboundMessage | LineStatus


class EventSink(Protocol):
    """Takes what a line learns. Returns when the event is durable (a `LineStatus` at once); NotDurableError when it
    cannot be now."""

    async def put(self, event: Event) -> None: ...

"""The port of a driver: what a line is, what it is given, what it answers.

A driver makes *lines*. A line is one modem, phone, trunk, provider account or mailbox. It is handed
`OutboundMessage`s and answers each with exactly one `Outcome`; whatever else it learns (reports, replies, its own
health) it puts on the event sink. It knows nothing of the store, of credits or of the spool.

The promise of the gateway hangs on two awaits of this module:

* `PointOfNoReturn`: awaited right before the step that cannot be taken back. When it returns, the attempt of that part
  is durable. It may raise `Withdrawn`; then the driver backs out and answers `NotSent`.
* `EventSink.put`: returns when the event is durable. Only then does the driver acknowledge it to the device.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel

ENTRY_POINTS = "gatewayd.drivers"
"""Entry-point group under which a package offers a `Driver` object."""

FAILPOINT = "gatewayd.failpoint"
"""Audit event (`sys.audit`) at each place where the fault harness may end the process; unheard, it does nothing."""

Encoding = Literal["", "gsm7", "gsm7-es", "ucs2"]
"""How the parts of an SMS are coded; `gsm7-es` is GSM 7-bit with the Spanish single shift table (23.038 §A.3)."""


class LineError(Exception):
    """Root of what a driver may raise at its edges; told apart by what the caller does next."""


class Withdrawn(LineError):  # noqa: N818 - a word from a person or a clock, not a fault
    """The message may no longer go: back out and answer `NotSent(counts=False)`."""

    def __init__(self, reason: str = "withdrawn") -> None:
        super().__init__(reason)
        self.reason = reason


class MisconfiguredError(LineError):
    """The line's own keys cannot work; a person has to mend the configuration. `key` names the culprit."""

    def __init__(self, key: str, message: str, finding: Finding | None = None) -> None:
        super().__init__(message)
        self.key = key
        self.finding = finding
        """The same with its remedy, where the driver knows one: the core says it in the person's language."""


class NotDurableError(LineError):
    """`EventSink.put` could not make it durable: acknowledge nothing; the device brings it again."""


class HookRefusedError(LineError):
    """A call of a device to us that proves nothing, or says nothing: answer it with `status`."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


# --------------------------------------------------------------------------------------------- what a line is given


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message, already split into the parts that go over the air."""

    attempt: str
    """The attempt's id (26 characters of Crockford base 32): give it to the device wherever it takes an id of ours."""
    to: str
    """Destination as the gateway keeps it: E.164 for telephones, the address or token otherwise."""
    address: str
    """Destination as this line wants it (`number_format`)."""
    text: str
    parts: tuple[str, ...] = ()
    """The text of every part, in order; one entry for an SMS that fits one segment; empty for other channels."""
    todo: tuple[int, ...] = (1,)
    """Numbers (from 1) of the parts to send now; a retry holds only those that certainly did not leave."""
    encoding: Encoding = ""
    concat_ref: int = 0
    """Concatenation reference of a multipart SMS, the same in every retry (23.040 §9.2.3.24.1)."""
    valid_until: float | None = None
    """Unix time (s) after which the network should give up; None: the network's default."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the channel needs beyond a text (call script, subject, attachments …)."""


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt that was past its point of no return when the daemon last stopped."""

    attempt: str
    to: str
    address: str
    parts: tuple[int, ...]
    """Numbers of the parts that are in doubt."""
    at: float
    """Unix time (s) of the last point of no return."""


@dataclass(frozen=True, slots=True)
class AwaitedAttempt:
    """An attempt of an earlier life of the line, of which more may still be learnt by asking."""

    attempt: str
    to: str
    references: Mapping[int, str]
    """The parts that the network took and whose report is to come, by number; each with its reference."""
    doubt: tuple[int, ...]
    """Numbers of the parts nobody knows of: that they were taken after all is a `LateAccept`."""
    at: float
    """Unix time (s) of its last point of no return."""


class PointOfNoReturn(Protocol):
    """Makes the intent to send `part` (from 1) durable; raises `Withdrawn` when it may not go any more.

    `taken` maps earlier parts of this very send to the references that the network gave them: they become durable
    together, so that a crash leaves no part in doubt but the one in flight.
    """

    async def __call__(self, part: int, taken: Mapping[int, str] | None = None) -> None: ...


# ------------------------------------------------------------------------------------------------ what a line answers


class Blame(StrEnum):
    """Whose fault a send that failed may be; the core acts on it over a run of sends to different people."""

    PERSON = "person"
    """This recipient or this message alone; what others are sent over the line is not concerned."""
    LINE = "line"
    """The line, its SIM, trunk, account or host: nobody can be reached over it until that changes."""
    EITHER = "either"
    """The answer does not say. The same one to several different people, with no success between, is the line's."""


class Fate(StrEnum):
    """What became of one part."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNSENT = "unsent"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class PartOutcome:
    fate: Fate
    reference: str | None = None
    reason: str | None = None
    blame: Blame = Blame.EITHER
    """Whose fault it may be that the part was refused."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The network took every part of `todo`; `references` maps part number to the reference its report will bear."""

    references: Mapping[int, str]
    reported: bool = True
    """Whether a report can come; without one, `submitted` is all that will ever be known."""


@dataclass(frozen=True, slots=True)
class Completed:
    """It is over at once (a call): `state` is `delivered` or `undelivered`, or None to let the retry rules decide."""

    state: Literal["delivered", "undelivered", "failed"] | None
    reason: str | None = None
    charged: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)
    blame: Blame = Blame.PERSON
    """Whose fault it may be that nobody was reached; without meaning where somebody was."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certain that nothing of `todo` left."""

    reason: str
    retry_after: float | None = None
    """Seconds the message should rest; None leaves it to the core."""
    counts: bool = True
    """Whether a try is used up: False for a withdrawal, a lost registration, a line that just went away."""
    blame: Blame = Blame.PERSON
    """Whose fault it may be: the core slows or avoids a line that is to blame, and other lines may have the message."""
    line_fault: InitVar[bool] = False
    """The older spelling of `blame=Blame.LINE`; taken until 0.3."""

    def __post_init__(self, line_fault: bool) -> None:
        if line_fault:
            object.__setattr__(self, "blame", Blame.LINE)


@dataclass(frozen=True, slots=True)
class Refused:
    """Asking again over this line is useless: the network, or the line itself, does not take it."""

    reason: str
    blame: Blame = Blame.EITHER
    """Whose fault it may be. `PERSON` ends the message; `LINE` gives it back untried."""
    elsewhere: bool = False
    """Whether only this line cannot carry the message (an alphabet, a length, a kind of token): another one may."""


@dataclass(frozen=True, slots=True)
class Partial:
    """Parts met different ends; every number of `todo` is a key."""

    parts: Mapping[int, PartOutcome]


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Every part of `todo` past its point of no return may have left; those not yet there did not."""

    reason: str


Outcome = Accepted | Completed | NotSent | Refused | Partial | Uncertain

# ------------------------------------------------------------------------------------------------ what a line reports


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


# ------------------------------------------------------------------------------------------------------ line and driver


@runtime_checkable
class Line(Protocol):
    """One device. `run` and `send` live on one event loop; `send` is called at most `capacity` times at once."""

    @property
    def capacity(self) -> int:
        """How many messages it works on at once (a modem: 1)."""

    async def run(self, events: EventSink) -> None:
        """Open the device, keep it healthy, report; ends only by cancellation, and closes the device then."""

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        """Send the parts of `todo`; bounded in time by itself; never raises but for cancellation."""

    async def resume(self, attempts: Sequence[OpenAttempt]) -> Mapping[str, Outcome]:
        """Resolve what can be asked about by id; an attempt left out is `Uncertain`. Called once `run` is ready."""

    async def command(self, name: str, argument: str = "") -> Mapping[str, Any]:
        """A technology's own question by a person (`ussd`, `balance` …); raises `LineError` when it cannot."""


@runtime_checkable
class FollowsAttempts(Protocol):
    """A line that has to ask what became of its messages, and so must be told of those that an earlier life sent."""

    async def follow(self, attempts: Sequence[AwaitedAttempt]) -> None:
        """Ask about these, too, from now on; what it asks about already is passed over. Called once `run` is ready and
        `resume` is through, in portions, the newest first. Never raises but for cancellation."""


@runtime_checkable
class TakesHooks(Protocol):
    """A line whose device or provider calls us (`POST /hooks/{line}`)."""

    def on_hook(self, headers: Mapping[str, str], body: bytes) -> Sequence[Event]:
        """What the call tells; the core makes it durable and only then answers 200. Raises `HookRefusedError`."""


@runtime_checkable
class AnswersChallenges(Protocol):
    """A line whose provider asks, before it calls, whether the address is ours (`GET /hooks/{line}`)."""

    def on_challenge(self, query: Mapping[str, str]) -> str:
        """What to answer, as plain text. Raises `HookRefusedError`."""


@runtime_checkable
class ServesFiles(Protocol):
    """A line whose device fetches files from us (`GET /prompts/{line}/{name}.wav`)."""

    def file(self, name: str) -> Path | None:
        """The file of that name; None for whatever is not meant for it. Names are hard to guess: that is their lock."""


@runtime_checkable
class ShowsExchanges(Protocol):
    """A line that can show a person what went out and what came back."""

    def exchange(self, attempt: str) -> Mapping[str, Any] | None:
        """The request and answer of that attempt with every secret masked; None where they are not kept. No I/O."""


@dataclass(frozen=True, slots=True)
class LineSetup:
    """What a line is made from. `options` is an instance of the driver's own `options` model."""

    name: str
    options: BaseModel


def spoken(text: str) -> str:
    """Marks a text for people, for the catalogue to find it; the core says it in their language."""
    return text


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing `gatewayd check` tells about a line: the key, what is wrong, and what to do.

    With `values`, message and remedy are templates (`str.format_map`), marked by `spoken` for the catalogue.
    """

    key: str
    message: str
    remedy: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        told = f"{self.message}; {self.remedy}"
        return told.format_map(self.values) if self.values else told


@runtime_checkable
class NamesDevice(Protocol):
    """Options that name a device which only one line can have."""

    @property
    def sole_device(self) -> tuple[str, str] | None:
        """The key that names it, and which one it is; None while no key does."""


# The names that these protocols had in 0.1; kept until 0.3 for drivers of third parties.
Following = FollowsAttempts
Hooked = TakesHooks
Challenged = AnswersChallenges
Serving = ServesFiles
Telling = ShowsExchanges


class Driver(Protocol):
    """A line type, offered under the entry-point group `gatewayd.drivers`."""

    @property
    def name(self) -> str: ...

    @property
    def channels(self) -> frozenset[str]:
        """The channels its lines serve: `sms`, `call`, `email`, `push`, `whatsapp`."""

    @property
    def options(self) -> type[BaseModel]:
        """Model of the driver's own keys of a `[[line]]` table (`extra="forbid"`; secrets as `SecretStr`)."""

    def encoding_variant(self, options: BaseModel) -> Literal["", "es"]:
        """`es` where the line may send with the Spanish shift table, so that price and PDU agree."""

    def make(self, setup: LineSetup) -> Line: ...

    def check(self, setup: LineSetup) -> Sequence[Finding]:
        """What can be told without sending: missing device, permissions, contradictory keys."""

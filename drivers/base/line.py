"""What a line and a driver are, and what only some lines can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel

from drivers.base.events import Event, EventSink
from drivers.base.finding import Finding
from drivers.base.given import AwaitedAttempt, HookCall, OpenAttempt, OutboundMessage, PointOfNoReturn
from drivers.base.outcomes import Outcome


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
class TakesCalls(Protocol):
    """A line whose provider calls us in ways of its own: by GET, or with its words in the address (`/hooks/{line}`)."""

    @property
    def call_answer(self) -> str:
        """The plain text that a call is answered with once it is durable; empty where 200 alone will do."""

    def on_call(self, call: HookCall) -> Sequence[Event] | None:
        """What the call tells, as `TakesHooks.on_hook`; None for a GET that is the question of `AnswersChallenges`.
        Asked in place of `on_hook`. No I/O. Raises `HookRefusedError`."""


@runtime_checkable
class CarriesSome(Protocol):
    """A line that cannot carry every message of its channel: an alphabet, a length, a kind of token."""

    def carries(self, message: OutboundMessage) -> str | None:
        """Returns the reason why this line can never carry the message, None where it can.

        Pure, cheap and without I/O, whatever the line's state: the core asks it before the message is handed over. A
        line says the same by `Refused(reason, blame=PERSON, elsewhere=True)` where it is handed one all the same.
        """


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

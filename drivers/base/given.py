"""What a line is given: messages to send, and the attempts of an earlier life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from drivers.base.content import CallContent, Content, EmailContent, PushContent, WhatsappContent, as_options

C = TypeVar("C", CallContent, EmailContent, PushContent, WhatsappContent)

Encoding = Literal["", "gsm7", "gsm7-es", "ucs2"]
"""How the parts of an SMS are coded; `gsm7-es` is GSM 7-bit with the Spanish single shift table (23.038 §A.3)."""


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
    content: Content | None = None
    """What the message says beyond its text; None where that is all."""

    def says(self, kind: type[C]) -> C:
        """Returns the content where it is of that kind, else an empty one: a text alone can be called, or mailed."""
        return self.content if isinstance(self.content, kind) else kind()

    @property
    def options(self) -> Mapping[str, Any]:
        """The content as the mapping that it was in 0.1; kept until 0.3 for drivers of third parties."""
        return as_options(self.content)


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
    """An attempt from before a restart; the device may still know what became of it."""

    attempt: str
    to: str
    references: Mapping[int, str]
    """The parts that the network took and whose report is to come, by number; each with its reference."""
    doubt: tuple[int, ...]
    """Numbers of the parts nobody knows of: that they were taken after all is a `LateAccept`."""
    at: float
    """Unix time (s) of its last point of no return."""


@dataclass(frozen=True, slots=True)
class HookCall:
    """One call of a device or provider to us, as it came."""

    method: str
    """`GET` or `POST`."""
    query: str
    """What stands behind the question mark, still percent-encoded: its charset is the provider's."""
    headers: Mapping[str, str]
    body: bytes


class PointOfNoReturn(Protocol):
    """Makes the intent to send `part` (from 1) durable; raises `Withdrawn` when it may not go any more.

    `taken` maps earlier parts of this very send to the references that the network gave them: they become durable
    together, so that a crash leaves no part in doubt but the one in flight.
    """

    async def __call__(self, part: int, taken: Mapping[int, str] | None = None) -> None: ...

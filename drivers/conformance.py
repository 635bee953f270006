"""What a device must be able to do for its driver to be proven: the port of the conformance suite.

An adapter says how a driver's device, most often its simulator, is started, made to fail, and asked what it recorded.
The suite (`tests/conformance`) does the rest: it holds the driver to `drivers.base`. Adapters are found by the
entry-point group `gatewayd.conformance`, or named as `module:object`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from drivers.base import Driver, Line, LineSetup, OutboundMessage

ENTRY_POINTS = "gatewayd.conformance"
"""Entry-point group under which a package offers an `Adapter` object."""


class Fault(StrEnum):
    """What befalls the next message that is handed to the device, and no further one."""

    REFUSED = "refused"
    """It is told that the network will never take it."""
    LATER = "later"
    """It is turned away for now, and certainly has not left."""
    SLOW = "slow"
    """It is taken; the answer comes late, but within the driver's patience."""
    SILENT = "silent"
    """It is not taken, and nothing is answered."""
    SILENT_TAKEN = "silent-taken"
    """It is taken, and nothing is answered."""
    DROPPED = "dropped"
    """It is not taken, and the connection is gone."""
    DROPPED_TAKEN = "dropped-taken"
    """It is taken, and the connection is gone before the answer."""
    GARBAGE = "garbage"
    """It is not taken; what is answered makes no sense."""
    GARBAGE_TAKEN = "garbage-taken"
    """It is taken; what is answered makes no sense."""


TAKEN = frozenset({Fault.SLOW, Fault.SILENT_TAKEN, Fault.DROPPED_TAKEN, Fault.GARBAGE_TAKEN})
"""Faults after which the message has left, once."""


Report = Literal["delivered", "undelivered", "read"]


@dataclass(frozen=True, slots=True)
class Traits:
    """What may be expected of a driver and its device."""

    faults: frozenset[Fault]
    """Those that the device can be made to have."""
    parts: Literal["each", "whole", "none"] = "whole"
    """A long message leaves in parts of their own, as one text, or has no parts at all."""
    idempotent: bool = False
    """The device takes each attempt once: what is in doubt is asked for again, and ends in certainty."""
    resumes: bool = False
    """After a restart the device can be asked by the attempt's id whether it has it."""
    reports: frozenset[Report] = frozenset()
    receives: bool = False
    keeps: bool = False
    """The device keeps what it received until it is acknowledged, and `Device.held` counts it."""


Hook = Callable[[Mapping[str, str], bytes], Awaitable[int]]
"""A call of the device to us: headers and body; the HTTP status it is answered with, 200 once all is durable."""


class Device(Protocol):
    """One device, running. Its driver waits for it as briefly as it can without losing the meaning of a wait."""

    @property
    def secrets(self) -> Sequence[str]:
        """Passwords, keys, PINs: what no log may hold."""

    def setup(self) -> LineSetup:
        """What the gateway would make the line from."""

    def line(self) -> Line:
        """A new line to this device, as after a restart."""

    def message(self, number: int, text: str, parts: int = 1) -> OutboundMessage:
        """The `number`-th message (from 1): its attempt and recipient are its alone. `sms` makes one."""

    def left(self) -> Sequence[str]:
        """The recipient (`OutboundMessage.to`) of each message, or part, that went on into the network, in order."""

    async def until_left(self, count: int) -> None:
        """Waits until so many have."""

    async def strike(self, fault: Fault) -> None: ...

    async def mend(self) -> None:
        """Ends every fault, and lets go of everybody who waits."""

    async def unplug(self) -> None:
        """The device is gone: off, out of reach, its port lost."""

    async def replug(self) -> None:
        """... and back."""

    async def report(self, message: OutboundMessage, status: str) -> None:
        """The network tells what became of a message that it took."""

    async def receive(self, sender: str, text: str) -> None:
        """A message comes in."""

    def held(self) -> int:
        """Received messages that have not been acknowledged to the device."""

    def connect(self, hook: Hook) -> None:
        """Where the device calls us. One that never does ignores it."""


class Adapter(Protocol):
    """A driver with a device to prove it on."""

    @property
    def name(self) -> str:
        """What `--driver` names; a driver's own name chooses all its adapters."""

    @property
    def driver(self) -> Driver: ...

    @property
    def traits(self) -> Traits: ...

    def missing(self) -> str | None:
        """Why the device cannot be had here, None where it can."""

    def device(self, folder: Path) -> AbstractAsyncContextManager[Device]:
        """A device of its own in an empty folder; gone when the block ends."""


def sms(number: int, text: str, parts: int = 1, *, to: str = "+54911555{:05d}") -> OutboundMessage:
    """The `number`-th text message; of `parts` parts it is that much longer."""
    address = to.format(number)
    cut = (text,) if parts == 1 else tuple(f"{text} {part} ".ljust(153, ".") for part in range(1, parts + 1))
    return OutboundMessage(
        attempt=f"01JD{number:022d}",
        to=address,
        address=address,
        text="".join(cut),
        parts=cut,
        todo=tuple(range(1, parts + 1)),
        encoding="gsm7",
        concat_ref=number % 256,
    )

"""The SIM: identity, PIN and the memories that keep messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

PIN_TRIES = 3
PUK_TRIES = 10

LockState = Literal["READY", "SIM PIN", "SIM PUK", "BLOCKED"]

REC_UNREAD, REC_READ, STO_UNSENT, STO_SENT, ALL = range(5)
STATUS_NAMES = ("REC UNREAD", "REC READ", "STO UNSENT", "STO SENT", "ALL")
"""`<stat>` of 27.005 §3.1: its number in PDU mode, its name in text mode."""


@dataclass(slots=True)
class StoredMessage:
    status: int
    pdu: str
    """Hex, with the service centre's address in front."""
    kind: Literal["deliver", "report", "submit"] = "deliver"

    @property
    def tp_length(self) -> int:
        """Octets without the service centre's address (27.005 §3.1 `<length>`)."""
        return len(self.pdu) // 2 - 1 - int(self.pdu[:2], 16)


class MemoryFullError(Exception):
    """No place is left."""


@dataclass(slots=True)
class Memory:
    """One message memory; places are numbered from 1."""

    capacity: int
    places: dict[int, StoredMessage] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        return len(self.places) >= self.capacity

    def store(self, message: StoredMessage) -> int:
        if self.full:
            raise MemoryFullError
        index = 1
        while index in self.places:
            index += 1
        self.places[index] = message
        return index


@dataclass(slots=True)
class Card:
    """A SIM that may ask for its PIN (31.101 §9: three tries, then the PUK's ten)."""

    imsi: str
    number: str
    iccid: str
    pin: str | None = None
    puk: str = "12345678"
    state: LockState = "READY"
    pin_left: int = PIN_TRIES
    puk_left: int = PUK_TRIES

    def power_up(self) -> None:
        if self.state in ("SIM PUK", "BLOCKED"):
            return
        self.state = "SIM PIN" if self.pin is not None else "READY"

    def enter_pin(self, pin: str) -> bool:
        if pin == self.pin:
            self.state, self.pin_left = "READY", PIN_TRIES
            return True
        self.pin_left -= 1
        if self.pin_left == 0:
            self.state = "SIM PUK"
        return False

    def enter_puk(self, puk: str, new_pin: str) -> bool:
        if puk == self.puk:
            self.pin, self.state, self.pin_left, self.puk_left = new_pin, "READY", PIN_TRIES, PUK_TRIES
            return True
        self.puk_left -= 1
        if self.puk_left == 0:
            self.state = "BLOCKED"
        return False

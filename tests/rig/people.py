"""All kinds of people who are called, and what is to be told of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, cycle, islice, zip_longest
from typing import Any, Final

from tests.peers.asterisk_callees import (
    BUSY,
    CONGESTION,
    LATER,
    LEAVES,
    LISTENS,
    MACHINE,
    NOWHERE,
    PRESSES,
    REJECTS,
    SHORT,
    SILENT,
    UNKNOWN,
    person,
)
from tests.peers.sipp import AWAY, DEAD

MESSAGE: Final = "uno dos tres cuatro cinco seis siete"
"""2.8 s as the test's voice speaks it: who hears one second has not heard it, on a busy machine too."""

MENU: Final = {"1": "repeat", "2": "promise", "0": "transfer:ventas", "9": "opt_out"}


@dataclass(frozen=True, slots=True)
class Person:
    kind: str
    state: str
    disposition: str
    digit: int = 0
    key: str | None = None
    action: str | None = None
    reason: str | None = None

    def told(self, receipt: Mapping[str, Any]) -> bool:
        """Whether a receipt says of this one what happened."""
        detail = receipt["detail"]
        return (
            (receipt["state"], receipt["reason"]) == (self.state, self.reason)
            and (detail["disposition"], detail["key"], detail["action"]) == (self.disposition, self.key, self.action)
            and receipt["cost"] == ("0.90" if self.disposition in {"answered", "machine"} else "0.00")
        )


def _pressing(digit: int, action: str | None) -> Person:
    return Person(PRESSES, "delivered", "answered", digit, str(digit), action)


def _failing(kind: str, disposition: str) -> Person:
    return Person(kind, "failed", disposition, reason=disposition)


UNREACHED: Final = (
    _failing(BUSY, "busy"),
    _failing(CONGESTION, "congestion"),
    _failing(SILENT, "no_answer"),
    _failing(REJECTS, "rejected"),
    _failing(UNKNOWN, "invalid"),
)
AT_THE_MENU: Final = (
    Person(LISTENS, "delivered", "answered"),
    _pressing(1, "repeat"),
    _pressing(2, "promise"),
    _pressing(5, None),
    _pressing(9, "opt_out"),
    _pressing(0, "transfer"),
    Person(LEAVES, "undelivered", "answered", reason="not_heard"),
    Person(SHORT, "undelivered", "answered", reason="not_heard"),
)
DETECTED: Final = (
    Person(MACHINE, "undelivered", "machine", reason="machine"),
    Person(LATER, "delivered", "answered"),
)
LEFT: Final = (Person(MACHINE, "delivered", "machine"), Person(LATER, "delivered", "answered"))


def _mixed(failing: tuple[Person, ...]) -> tuple[Person, ...]:
    """Whoever cannot be reached stands among those who can, as in a list of a provider: were all of them called in a
    row, that would be the picture of a bad line."""
    pairs = zip_longest(AT_THE_MENU, failing)
    return tuple(each for pair in pairs for each in pair if each is not None)


OVER_LOCAL: Final = _mixed((*UNREACHED, _failing(NOWHERE, "failed")))
OVER_SIP: Final = _mixed((*UNREACHED, _failing(AWAY, "no_answer"), _failing(DEAD, "failed")))
"""A transfer, once made, is Asterisk's own."""


@dataclass(frozen=True, slots=True)
class Round:
    """One campaign: what it does, and who is called."""

    name: str
    call: Mapping[str, Any]
    people: tuple[Person, ...]
    first: int

    @property
    def numbers(self) -> Iterator[str]:
        return (person(each.kind, self.first + row, each.digit) for row, each in enumerate(self.people))

    def untold(self, receipts: list[dict[str, Any]]) -> list[str]:
        """Of whom something else was said than what happened, and what."""
        last = {receipt["row"]: receipt for receipt in receipts if receipt["final"]}
        return [
            f"{each}: {last.get(row)}"
            for row, each in enumerate(self.people, 1)
            if row not in last or not each.told(last[row])
        ]


def rounds(people: tuple[Person, ...], count: int) -> list[Round]:
    """`count` calls: seven tenths with a menu, the rest with answering machine detection."""
    with_menu = {"script": {"message": MESSAGE, "menu": MENU}}
    plain = {"script": {"message": MESSAGE}}
    detecting = count * 15 // 100
    shares = ((count - 2 * detecting, "menu", with_menu, people),
              (detecting, "detecta", plain | {"amd": "detect"}, DETECTED),
              (detecting, "deja", plain | {"amd": "leave_message"}, LEFT))  # fmt: skip
    found: list[Round] = []
    for share, name, call, kinds in shares:
        if not share:
            continue
        wanted = tuple(islice(chain.from_iterable(cycle([kinds])), share))
        first = sum(len(each.people) for each in found)
        found.append(Round(name, {**call, "ring_s": 5, "min_heard_s": 2.5}, wanted, first))
    return found

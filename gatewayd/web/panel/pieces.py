"""What pages hand to the components of `templates/ui/`: plain values, their texts already in the person's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gatewayd.web.panel import marks
from gatewayd.web.panel.plots import Part
from gatewayd.web.words import gettext as _

Tone = Literal["good", "look", "act", "doubt", "rest"]


@dataclass(frozen=True, slots=True)
class Column:
    """A head of a table."""

    word: str
    num: bool = False
    """Numbers: at the right."""
    sort: str = ""
    """Address that sorts by it; "" where it cannot."""
    sorted: Literal["", "ascending", "descending"] = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """A saved view, or a part of a page that has an address."""

    word: str
    href: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that holds, as a word; `without` is the address without it."""

    text: str
    without: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that is read from afar."""

    word: str
    value: str
    note: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """What needs a person: one sentence and where to go."""

    text: str
    href: str = ""
    act: str = ""
    """The link's words."""
    tone: Tone = "look"
    icon: str = "look"


def parts_of(counts: dict[str, int], hrefs: dict[str, str] | None = None) -> Sequence[Part]:
    """Returns the parts of a bar for counts by state of messages, in the order of a message's life; ends first.

    States that people read as the same word are one part, as the log's filters have it.
    """
    together = {code: number for code, number in counts.items() if code not in ALIKE}
    for code, same in ALIKE.items():
        if code in counts:
            together[same] = together.get(same, 0) + counts[code]
    order = {code: number for number, code in enumerate(_ORDER)}
    found, given = [], hrefs or {}
    for code, number in sorted(together.items(), key=lambda one: order.get(one[0], len(order))):
        shown = marks.mark(code)
        href = given.get(code, "") or next((given.get(one, "") for one, same in ALIKE.items() if same == code), "")
        found.append(Part(_(shown.word), number, shown.tone, code == "uncertain", href, shown.icon))
    return found


ALIKE = {"undelivered": "failed"}
"""By a state, the one that people take it for."""
_ORDER = (
    "read",
    "delivered",
    "submitted",
    "sending",
    "queued",
    "held",
    "scheduled",
    "uncertain",
    "undelivered",
    "failed",
    "expired",
    "invalid",
    "cancelled",
)
"""From what is done to what is open to what went wrong."""

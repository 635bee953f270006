"""The address of the log: its filters as they stand in it, as words for a person, and as tabs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from gatewayd.operations.exports import FLOWS, KINDS, PORTFOLIOS
from gatewayd.web.panel import marks
from gatewayd.web.panel.address_filters import pairs, read
from gatewayd.web.panel.formats import Formats
from gatewayd.web.panel.pieces import Chip, Tab
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken
from gatewayd.words import reasons

PATH: Final = "/interacciones"
MANY: Final = ("channel", "state")
ONE: Final = (
    "period",
    "since",
    "until",
    "direction",
    "customer",
    "document",
    "portfolio_type",
    "portfolio_name",
    "assigned",
    "supervisor",
    "campaign",
    "flow",
    "template",
    "kind",
    "line",
    "job",
    "reason",
    "cost_min",
    "cost_max",
    "q",
)

PERIODS: Final[Mapping[str, str]] = {
    "today": spoken("Today"),
    "yesterday": spoken("Yesterday"),
    "7d": spoken("Last 7 days"),
    "30d": spoken("Last 30 days"),
    "45d": spoken("Last 45 days"),
    "month": spoken("This month"),
}
DIRECTIONS: Final[Mapping[str, str]] = {"out": spoken("Sent by us"), "in": spoken("Received")}

_READY: Final[Sequence[tuple[str, Mapping[str, Any]]]] = (
    (spoken("All of them"), {}),
    (spoken("Those that failed"), {"state": ["failed"]}),
    (spoken("Those in doubt"), {"state": ["uncertain"]}),
    (spoken("Those received"), {"direction": "in"}),
)
"""Views that everybody has."""


@dataclass(frozen=True, slots=True)
class LogAddress:
    """What the address of a page of the log says."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    """By name: a text, or a list of texts for `MANY`."""
    cursor: str = ""
    row: str = ""
    """The row that stands open: `out-ID` or `in-ID`."""

    @classmethod
    def read(cls, items: Iterable[tuple[str, str]]) -> LogAddress:
        """Returns what the pairs of a query say; names that are none of the log's are left out."""
        filters, rest = read(items, many=MANY, one=ONE, beside=("cursor", "row"))
        return cls(filters, **rest)

    def href(self, *, cursor: str = "", row: str = "", path: str = PATH, without: str = "", value: str = "") -> str:
        """Returns the address with these filters, but for one of them (or one `value` of it)."""
        query = pairs(self.filters, without, value)
        query += [(name, given) for name, given in (("cursor", cursor), ("row", row)) if given]
        return f"{path}?{urlencode(query)}" if query else path

    def opening(self, path: str = PATH) -> str:
        """Returns the beginning of the addresses that open rows of this page; a row's key is their end."""
        begun = self.href(cursor=self.cursor, path=path)
        return f"{begun}{'&' if '?' in begun else '?'}row="

    @property
    def hidden(self) -> Sequence[tuple[str, str]]:
        """Returns the filters as pairs, for the hidden fields of a form."""
        return pairs(self.filters)


def chips(address: LogAddress, formats: Formats) -> list[Chip]:
    """Returns the filters that hold as words, each with the address without it; the search stands in its own field."""
    return [
        Chip(_said(name, one, formats), address.href(without=name, value=one))
        for name, one in address.hidden
        if name != "q"
    ]


_SENTENCES: Final[Mapping[str, str]] = {
    "customer": spoken("customer {name}"),
    "document": spoken("document {name}"),
    "portfolio_name": spoken("portfolio: {name}"),
    "assigned": spoken("assigned to {name}"),
    "supervisor": spoken("supervised by {name}"),
    "campaign": spoken("campaign {name}"),
    "template": spoken("template {name}"),
    "line": spoken("by {line}"),
    "job": spoken("process {name}"),
}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "period": PERIODS,
    "direction": DIRECTIONS,
    "portfolio_type": PORTFOLIOS,
    "flow": FLOWS,
    "kind": KINDS,
}


def _said(name: str, value: str, formats: Formats) -> str:
    if name in _SENTENCES:
        return _(_SENTENCES[name]).format(name=value, line=value)
    if name in _WORDS:
        return _(_WORDS[name].get(value, value))
    match name:
        case "channel":
            return _(marks.mark(value, "channel").word)
        case "state":
            return _(marks.mark(value).word)
        case "since":
            return _("from {day}").format(day=_day(value, formats))
        case "until":
            return _("until {day}").format(day=_day(value, formats))
        case "reason":
            return reasons.meaning(value)
        case "cost_min":
            return _("cost from {amount}").format(amount=formats.money(value))
        case _:
            return _("cost up to {amount}").format(amount=formats.money(value))


def _day(value: str, formats: Formats) -> str:
    try:
        return formats.day(value) if len(value) == 10 else formats.full(value)
    except ValueError:
        return value


def tabs(address: LogAddress, saved: Iterable[Mapping[str, Any]]) -> list[Tab]:
    """Returns the ready views and the saved ones; the one whose filters hold is current."""
    found = []
    held = dict(address.filters)
    for word, filters in _READY:
        found.append(Tab(_(word), LogAddress(filters).href(), held == filters))
    for view in saved:
        filters = _known(view["query"])
        found.append(Tab(view["name"], LogAddress(filters).href(), held == filters))
    return found


def _known(query: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the filters of a saved view in the order in which an address has them."""
    return {name: query[name] for name in (*MANY, *ONE) if name in query}

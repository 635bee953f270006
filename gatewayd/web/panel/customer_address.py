"""The address of the list of customers: its filters as they stand in it and as words for a person. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

from gatewayd.web.panel.address_filters import pairs, read
from gatewayd.web.panel.pieces import Chip, Tab
from gatewayd.web.words import gettext as _
from gatewayd.web.words import ngettext, spoken

PATH: Final = "/clientes"
MANY: Final = ("tag",)
ONE: Final = (
    "portfolio_type",
    "portfolio_name",
    "assigned",
    "channel",
    "state",
    "owing",
    "absent",
    "campaign",
    "outcome",
    "not_contacted_days",
    "q",
)
FLAGS: Final = ("owing", "absent")
SORTS: Final = ("name", "-name", "updated", "-updated", "id", "-id")
RESERVED: Final = frozenset({"importaciones", "ficha", "columnas", "nuevo", "acciones"})
"""Words below `PATH` that are pages."""

PORTFOLIOS: Final[Mapping[str, str]] = {"vigente": spoken("current"), "castigada": spoken("written off")}
CHANNELS: Final[Mapping[str, str]] = {
    "phone": spoken("Telephone"),
    "email": spoken("Mail"),
    "whatsapp": spoken("WhatsApp"),
    "push": spoken("Push"),
}
STATES: Final[Mapping[str, str]] = {
    "unknown": spoken("not confirmed"),
    "confirmed": spoken("confirmed"),
    "wrong_person": spoken("of somebody else"),
}
OUTCOMES: Final[Mapping[str, str]] = {
    "meant": spoken("were meant by it"),
    "reached": spoken("were reached by it"),
    "not_reached": spoken("were not reached by it"),
    "answered": spoken("answered it"),
    "not_answered": spoken("were reached and did not answer"),
    "not_meant": spoken("were not meant by it"),
}
"""What a campaign was for the customers of a filter."""
_READY: Final[Sequence[tuple[str, Mapping[str, Any]]]] = (
    (spoken("Everybody"), {}),
    (spoken("Those who owe"), {"owing": "1"}),
    (spoken("Written off"), {"portfolio_type": "castigada"}),
    (spoken("With a wrong number"), {"state": "wrong_person"}),
)


@dataclass(frozen=True, slots=True)
class CustomerAddress:
    """What the address of a page of customers says."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    sort: str = "name"
    cursor: str = ""

    @classmethod
    def read(cls, items: Iterable[tuple[str, str]]) -> CustomerAddress:
        """Returns what the pairs of a query say; names that are none of this list's are left out."""
        filters, rest = read(items, many=MANY, one=ONE, beside=("sort", "cursor"))
        sort = rest["sort"] if rest["sort"] in SORTS else "name"
        return cls(filters, sort, rest["cursor"])

    @classmethod
    def of(cls, wanted: Mapping[str, Any]) -> CustomerAddress:
        """Returns the address of a filter as operations have it; keys that no address has are left out."""
        said = {"q": wanted.get("search"), "tag": list(wanted.get("tags") or ()), **wanted}
        flags = {name: "1" if said[name] else "0" for name in FLAGS if said.get(name) is not None}
        number = {"campaign": str(said["campaign"])} if said.get("campaign") else {}
        days = {"not_contacted_days": str(said["not_contacted_days"])} if said.get("not_contacted_days") else {}
        given = said | flags | number | days
        return cls({name: given[name] for name in (*MANY, *ONE) if given.get(name)})

    @property
    def wanted(self) -> dict[str, Any]:
        """Returns the filters as operations take them."""
        found = dict(self.filters)
        if "q" in found:
            found["search"] = found.pop("q")
        if "tag" in found:
            found["tags"] = found.pop("tag")
        for flag in FLAGS:
            if flag in found:
                found[flag] = found[flag] == "1"
        if (number := found.get("campaign", "")).isdecimal() and number.isascii() and len(number) < 16:
            found["campaign"] = int(number)
        elif not number:
            found.pop("outcome", None)
        if (days := found.get("not_contacted_days", "")).isdecimal() and days.isascii() and len(days) < 16:
            found["not_contacted_days"] = int(days)
        return found

    def href(
        self, *, cursor: str = "", sort: str | None = None, path: str = PATH, without: str = "", value: str = ""
    ) -> str:
        """Returns the address with these filters, but for one of them (or one `value` of it)."""
        query = pairs(self.filters, without, value)
        order = sort or self.sort
        query += [
            (name, given) for name, given in (("sort", "" if order == "name" else order), ("cursor", cursor)) if given
        ]
        return f"{path}?{urlencode(query)}" if query else path

    @property
    def hidden(self) -> Sequence[tuple[str, str]]:
        """Returns the filters as pairs, for the hidden fields of a form."""
        return pairs(self.filters)


def card(external_id: str) -> str:
    """Returns the address of a customer's card."""
    if "/" in external_id or external_id in RESERVED or external_id in {".", ".."}:
        return f"{PATH}/ficha?{urlencode({'id': external_id})}"
    return f"{PATH}/{quote(external_id, safe='')}"


def chips(address: CustomerAddress) -> list[Chip]:
    """Returns the filters that hold as words, each with the address without it."""
    return [
        Chip(_said(name, value), address.href(without=name, value=value))
        for name, value in address.hidden
        if name != "q"
    ]


def _said(name: str, value: str) -> str:
    match name:
        case "portfolio_type":
            return _("portfolio: {name}").format(name=_(PORTFOLIOS.get(value, value)))
        case "portfolio_name":
            return _("portfolio: {name}").format(name=value)
        case "assigned":
            return _("assigned to {name}").format(name=value)
        case "channel":
            return _("with {channel}").format(channel=_(CHANNELS.get(value, value)))
        case "state":
            return _("contact {state}").format(state=_(STATES.get(value, value)))
        case "owing":
            return _("who owe") if value == "1" else _("who owe nothing")
        case "campaign":
            return _("campaign {number}").format(number=value)
        case "outcome":
            return _(OUTCOMES.get(value, value))
        case "not_contacted_days":
            said = ngettext("not contacted today", "not contacted for {count} days", 1 if value == "1" else 2)
            return said.format(count=value)
        case "absent":
            return _("missing in the last whole sheet") if value == "1" else _("in the last whole sheet")
    return _("tag: {name}").format(name=value)


def tabs(address: CustomerAddress) -> list[Tab]:
    """Returns the ready views; the one whose filters hold is current."""
    held = dict(address.filters)
    return [Tab(_(word), CustomerAddress(filters).href(), held == filters) for word, filters in _READY]

"""Which customers are meant: the same document for a page's filters, a live list and an audience. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gatewayd.customers.document import CHANNELS, PORTFOLIOS, STATES
from gatewayd.values.errors import UsageError
from gatewayd.words.translation import gettext as _


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """All that is named must hold; tags are all borne. What is None is not asked."""

    search: str | None = None
    """Name, document, external id, telephone or mail."""
    portfolio_type: str | None = None
    portfolio_name: str | None = None
    assigned: str | None = None
    """Name of a user."""
    tags: tuple[str, ...] = ()
    channel: str | None = None
    """Has a contact point of it."""
    state: str | None = None
    """Has a contact point in it; with `channel`, one of that channel."""
    changed_since: int | None = None
    """Unix ms."""
    absent: bool | None = None
    """Lacking in a sheet that said it was complete."""
    owing: bool | None = None
    """Has a debt above zero."""
    campaign: int | None = None
    """Number of a campaign of the account, whose people they were."""
    outcome: str | None = None
    """What it was for them, one of `OUTCOMES`; none: `meant`."""
    not_contacted_days: int | None = None
    """Nothing of the account has reached them on today and the days before, so many in all, over no channel."""
    ids: tuple[str, ...] | None = None
    """External ids."""


_TEXTS = ("search", "portfolio_type", "portfolio_name", "assigned", "channel", "state", "outcome")
OUTCOMES = ("meant", "reached", "not_reached", "answered", "not_answered", "not_meant")
"""Of a campaign: they were among its people; a message reached them (or may have), or none did; they answered it, or
were reached and did not; they were not among its people."""
_CHOICES = {"portfolio_type": PORTFOLIOS, "channel": CHANNELS, "state": STATES, "outcome": OUTCOMES}
IDS_MAX = 10_000
DAYS_MAX = 3_650
TEXT_MAX = 200


def filter_of(given: Mapping[str, Any]) -> CustomerFilter:
    """Returns the filter that a document says. UsageError names the key that is wrong."""
    known = {one.name for one in fields(CustomerFilter)}
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key not in known:
            raise UsageError(_("{key}: there is no such filter of customers").format(key=key[:40]))
        if value is None or value in ("", [], ()):
            continue
        values[key] = _value(key, value)
    if "outcome" in values and "campaign" not in values:
        raise UsageError(_("outcome: say which campaign is meant"))
    return CustomerFilter(**values)


def _value(key: str, value: Any) -> Any:
    wrong = UsageError(_("{key}: not a value of this filter").format(key=key))
    if key in _TEXTS:
        if not isinstance(value, str) or len(value) > TEXT_MAX or (key in _CHOICES and value not in _CHOICES[key]):
            raise wrong
        return value
    if key in {"absent", "owing"}:
        if not isinstance(value, bool):
            raise wrong
        return value
    if key in {"changed_since", "campaign"}:
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 1 << 60:
            raise wrong
        return value
    if key == "not_contacted_days":
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= DAYS_MAX:
            raise wrong
        return value
    if key == "tags" and isinstance(value, str):
        value = [value]
    if not isinstance(value, list | tuple) or len(value) > IDS_MAX or not all(isinstance(one, str) for one in value):
        raise wrong
    return tuple(value)


def contacts_since(wanted: CustomerFilter, today: date, zone: ZoneInfo) -> int | None:
    """Returns from when on (Unix ms) a contact keeps a customer out; None: the filter does not ask. Days are those of
    the account's zone, so that a weekly campaign finds whom it reached an hour later a week ago."""
    if wanted.not_contacted_days is None:
        return None
    first = today - timedelta(days=wanted.not_contacted_days - 1)
    return int(datetime(first.year, first.month, first.day, tzinfo=zone).timestamp() * 1000)


def document(wanted: CustomerFilter) -> dict[str, Any]:
    """Returns a filter as JSON, without what it does not ask."""
    found = {one.name: getattr(wanted, one.name) for one in fields(wanted)}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if value is not None and value != ()
    }

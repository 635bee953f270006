"""Plots of statistics with the answer to their question as the title. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from gatewayd.web.panel.formats import WEEKDAYS as SHORT_WEEKDAYS
from gatewayd.web.panel.formats import Formats
from gatewayd.web.panel.plots import Plot, Series
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

SENT_MIN: Final = 20
"""Fewer messages than that say nothing about a weekday."""
APART: Final = 0.02
"""A weekday is named where it differs by more than that from the whole."""
WEEKDAYS: Final = (
    spoken("on Mondays"),
    spoken("on Tuesdays"),
    spoken("on Wednesdays"),
    spoken("on Thursdays"),
    spoken("on Fridays"),
    spoken("on Saturdays"),
    spoken("on Sundays"),
)


def delivered_by_day(
    days: Sequence[date], found: Mapping[str, Any], weekdays: Mapping[str, Any], formats: Formats
) -> Plot:
    """Returns what became of each day's messages."""
    rows = {row["group"]: row for row in found["items"]}
    each = [rows.get(day.isoformat(), _NOTHING) for day in days]
    series = [
        Series(_("delivered"), "good", [row["delivered"] for row in each]),
        Series(_("sent, no report yet"), "sent", [row["awaiting_report"] for row in each]),
        Series(_("failed"), "act", [row["failed"] for row in each]),
        Series(_("in doubt"), "doubt", [row["uncertain"] for row in each]),
    ]
    kept = [one for one in series if any(one.values)]
    return Plot(_delivery(found["total"], weekdays, formats), [_short(day) for day in days], kept)


def _delivery(total: Mapping[str, Any], weekdays: Mapping[str, Any], formats: Formats) -> str:
    rate = total["delivery_rate"]
    if rate is None:
        return _("Nothing has left in these days")
    odd = max(
        (row for row in weekdays["items"] if row["sent"] >= SENT_MIN and row["delivery_rate"] is not None),
        key=lambda row: abs(row["delivery_rate"] - rate),
        default=None,
    )
    if odd is None or abs(odd["delivery_rate"] - rate) < APART:
        return _("{share} was delivered").format(share=formats.percent(rate))
    return _("{share} was delivered; {day}, {other}").format(
        share=formats.percent(rate), day=_(WEEKDAYS[int(odd["group"])]), other=formats.percent(odd["delivery_rate"])
    )


def delivered_by_weekday(found: Mapping[str, Any], formats: Formats) -> Plot:
    """Returns the share that was delivered, by weekday."""
    rows = {int(row["group"]): row for row in found["items"]}
    rates = [(rows.get(day, _NOTHING)["delivery_rate"] or 0.0) for day in range(7)]
    counted = [day for day in range(7) if rows.get(day, _NOTHING)["sent"] >= SENT_MIN]
    title = _("Not enough was sent to compare weekdays")
    if counted:
        best = max(counted, key=lambda day: rates[day])
        title = _("Most arrives {day}: {share}").format(day=_(WEEKDAYS[best]), share=formats.percent(rates[best]))
    return Plot(title, [_(day) for day in SHORT_WEEKDAYS], [Series(_("delivered"), "good", rates)], share=True)


def when_sent(found: Mapping[str, Any]) -> Plot:
    """Returns what was sent and what came in, by hour of the day."""
    rows = {int(row["group"]): row for row in found["items"]}
    sent = [rows.get(hour, _NOTHING)["sent"] for hour in range(24)]
    received = [rows.get(hour, _NOTHING)["received"] for hour in range(24)]
    hours = [f"{hour:02d}" for hour in range(24)]
    series = [Series(_("sent"), "accent", sent), Series(_("received"), "look", received)]
    if any(received):
        busiest = max(range(24), key=lambda hour: received[hour])
        title = _("People answer most at {hour} h").format(hour=busiest)
    elif any(sent):
        busiest = max(range(24), key=lambda hour: sent[hour])
        title = _("Most is sent at {hour} h").format(hour=busiest)
    else:
        title = _("Nothing has left in these days")
    return Plot(title, hours, [one for one in series if any(one.values)])


def spent(days: Sequence[date], found: Mapping[str, Any], formats: Formats) -> Iterator[Plot]:
    """Yields what each day has cost, a plot for each currency."""
    rows = {row["group"]: row for row in found["items"]}
    for currency, cost in found["total"]["cost"].items():
        values = [float(Decimal(rows.get(day.isoformat(), _NOTHING)["cost"].get(currency, "0"))) for day in days]
        title = _("{amount} were spent, {each} a day").format(
            amount=formats.money(cost, currency),
            each=formats.money(round(Decimal(cost) / len(days), 2), currency),
        )
        labels = [_short(day) for day in days]
        yield Plot(title, labels, [Series(_("cost"), "accent", values)])


def _short(day: date) -> str:
    """Returns a day as short as an axis needs it."""
    return f"{day.day}/{day.month}"


_NOTHING: Final[Mapping[str, Any]] = {
    "sent": 0,
    "delivered": 0,
    "failed": 0,
    "uncertain": 0,
    "awaiting_report": 0,
    "received": 0,
    "delivery_rate": None,
    "cost": {},
}

"""Today in five numbers, beside the same weekday a week ago up to the same time. Pure but for the language spoken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from gatewayd.web.panel import places
from gatewayd.web.panel.formats import HOUR, Formats
from gatewayd.web.panel.pieces import Figure
from gatewayd.web.words import Words

WEEK: Final = timedelta(days=7)
CENT: Final = Decimal("0.01")


@dataclass(slots=True)
class Sums:
    """What an hourly statistic comes to."""

    sent: float = 0.0
    delivered: float = 0.0
    failed: float = 0.0
    received: float = 0.0
    cost: dict[str, Decimal] = field(default_factory=dict)
    """By currency."""


def sums(hours: Sequence[Mapping[str, Any]], until: datetime) -> Sums:
    """Returns the sums of an hourly statistic up to a time; of the hour it lies in, as much as had passed of it."""
    found = Sums()
    for one in hours:
        begin = datetime.fromisoformat(f"{one['group']}+00:00")
        passed = min(max((until - begin).total_seconds() / HOUR, 0.0), 1.0)
        found.sent += one["sent"] * passed
        found.delivered += one["delivered"] * passed
        found.failed += one["failed"] * passed
        found.received += one["received"] * passed
        for currency, amount in one["cost"].items():
            share = Decimal(amount) * Decimal(str(round(passed, 4)))
            found.cost[currency] = found.cost.get(currency, Decimal(0)) + share
    return found


def figures(today: Sums, before: Sums, words: Words, formats: Formats) -> Sequence[Figure]:
    """Returns today's five numbers, each with what it was a week ago."""

    def beside(value: str) -> str:
        return words.phrase("before: {number}", number=value)

    def number(value: float) -> str:
        return formats.number(round(value))

    def rate(one: Sums) -> str:
        return formats.percent(min(one.delivered / one.sent, 1.0)) if one.sent >= 1 else "–"

    def href(**filters: str) -> str:
        return places.link(places.messages(period="today", **filters))

    return (
        Figure(words.phrase("Sent"), number(today.sent), beside(number(before.sent)), href(direction="out")),
        Figure(words.phrase("Delivered"), rate(today), beside(rate(before)), href(state="delivered")),
        Figure(words.phrase("Failed"), number(today.failed), beside(number(before.failed)), href(state="failed")),
        Figure(words.phrase("Came in"), number(today.received), beside(number(before.received)), href(direction="in")),
        Figure(words.phrase("Spent"), _money(today.cost, formats), beside(_money(before.cost, formats))),
    )


def _money(cost: Mapping[str, Decimal], formats: Formats) -> str:
    if not cost:
        return formats.money(0)
    return " + ".join(formats.money(amount.quantize(CENT), currency) for currency, amount in sorted(cost.items()))

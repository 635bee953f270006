"""What the demo's customers are billed and pay, day by day, as its billing system would tell it. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gatewayd.demo.crowd import SEED, people

ISSUED_BEFORE: Final = timedelta(days=15)
CURRENCY: Final = "ARS"
OWING: Final = 0.62
"""Share of the customers whose bill is open when somebody looks at the demo, or was until a few days before."""
LATE_PAYERS: Final = 0.5
"""Of those whose bill is overdue, how many pay after all."""
FIRST_LATE: Final = 4
"""Days after the due date on which the first of these pays."""


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice, and when it is paid; `paid` is None while it is open."""

    customer: str
    """The customer's external id."""
    number: str
    due: date
    amount: str
    paid: date | None

    @property
    def issued(self) -> date:
        return self.due - ISSUED_BEFORE

    def invoice(self) -> dict[str, Any]:
        """Returns it as operations take invoices."""
        return {
            "external_id": self.number,
            "customer": self.customer,
            "number": self.number,
            "issued": self.issued.isoformat(),
            "due": self.due.isoformat(),
            "currency": CURRENCY,
            "total": self.amount,
            "link": f"https://pagos.nortewifi.example/{self.number.lower()}",
        }

    def payment(self, zone: ZoneInfo) -> dict[str, Any]:
        """Returns what pays it, as operations take payments. It has been paid."""
        assert self.paid is not None
        return {
            "external_id": f"P-{self.number}",
            "customer": self.customer,
            "invoices": [{"external_id": self.number, "amount": self.amount}],
            "amount": self.amount,
            "currency": CURRENCY,
            "value_date": self.paid.isoformat(),
            "posted_at": datetime.combine(self.paid, time(11), zone).isoformat(),
            "method": "automatic" if self.number[-1] in "02468" else "manual",
        }


def books(count: int, today: date) -> Sequence[Bill]:
    """Returns a bill of each of the first `count` customers: due from six weeks ago to two weeks ahead of `today`."""
    dice = random.Random(SEED + 2)  # noqa: S311 - a play, not a secret
    return [_bill(one.ref, index, dice, today) for index, one in enumerate(people(count), 1)]


def _bill(customer: str, index: int, dice: random.Random, today: date) -> Bill:
    amount = f"{dice.randrange(3_000, 45_000)}.{dice.randrange(100):02d}"
    owes, late = dice.random() < OWING, dice.random() < LATE_PAYERS
    due = today + timedelta(days=dice.randrange(-45, 16) if owes else dice.randrange(-40, 0))
    paid: date | None = due + timedelta(days=dice.randrange(-5, 3))
    if owes:
        first = due + timedelta(days=FIRST_LATE)
        room = (today - first).days
        paid = first + timedelta(days=dice.randrange(room)) if late and room > 0 else None
    if paid is not None and paid >= today:
        paid = today - timedelta(days=1)
    return Bill(customer, f"F-0001-{index:05d}", due, amount, paid)

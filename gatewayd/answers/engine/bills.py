"""The invoice that each customer owes longest, for answers that name it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from gatewayd.answers.known import Bill
from gatewayd.billing.balance import balances
from gatewayd.store.billing.facts import facts


def longest_owed(session: Any, account_id: int, customers: Collection[int]) -> dict[int, Bill]:
    """Returns by customer the invoice with the oldest due date of those that free credit does not cover, in whatever
    currency; nobody who owes nothing."""
    found = {}
    for number, known in facts(session, account_id, sorted(customers)).items():
        owing = [one.invoice for balance in balances(known.invoices, known.payments).values() for one in balance.owing]
        if owing:
            oldest = min(owing, key=lambda one: (one.due or date.max, one.external_id))
            found[number] = Bill(oldest.number or oldest.external_id, oldest.link)
    return found

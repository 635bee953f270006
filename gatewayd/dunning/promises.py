"""What has become of a promise to pay, from the facts alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal

from gatewayd.billing.facts import Payment
from gatewayd.dunning.situation import Promise

Fate = Literal["pending", "kept", "partly", "broken", "withdrawn"]


def fate(promise: Promise, payments: Iterable[Payment], owed: int, today: date) -> Fate:
    """Returns what has become of a promise on that day; `owed` is what its currency's balance is now.

    It is kept once that much was paid since it was made, or nothing is owed any more; until its day and its tolerance
    are over it is pending; then partly kept where something was paid, else broken.
    """
    if promise.withdrawn:
        return "withdrawn"
    if not owed:
        return "kept"
    paid = paid_since(promise.made_at, promise.currency, payments)
    if promise.amount is not None and paid >= promise.amount:
        return "kept"
    if today <= last_day(promise):
        return "pending"
    return "partly" if paid else "broken"


def last_day(promise: Promise) -> date:
    """Returns the last day on which a promise may still be kept."""
    return promise.day + timedelta(days=promise.tolerance_days)


def paid_since(since: int, currency: str, payments: Iterable[Payment]) -> int:
    """Returns what was paid in a currency and posted from then on (Unix ms), and not taken back."""
    standing = [one for one in payments if not one.cancelled]
    back = {one.reversal_of for one in standing if one.reversal_of is not None}
    return sum(
        one.amount
        for one in standing
        if one.kind == "payment"
        and one.currency == currency
        and one.posted_at >= since
        and one.reversal_of is None
        and one.external_id not in back
    )

"""Tells other systems that a customer of whom they were told has paid: once for what stands, whatever comes twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Literal

from gatewayd.billing.balance import balances
from gatewayd.claims.moment import Judged, Moment
from gatewayd.store.dunning import events
from gatewayd.store.dunning.events import NewEvent, Standing
from gatewayd.store.session import Session

Why = Literal["paid", "cancelled", "closed"]


def reconnect(session: Session, moment: Moment, judged: Sequence[Judged]) -> int:
    """Writes a reconnection for each customer and currency whose events are over; returns how many.

    They are once nothing is owed any more of what they were told for, a dispute included, and nothing else is overdue
    past its tolerance.
    """
    by_number = {one.seen.situation.customer: one for one in judged}
    count = 0
    found = events.standing(session, by_number)
    found.sort(key=lambda one: (one.customer, one.currency, one.step))
    for (customer, currency), group in groupby(found, key=lambda one: (one.customer, one.currency)):
        stands = list(group)
        one = by_number[customer]
        if not _over(one, currency, stands):
            continue
        for each in stands:
            events.lift(session, each.step, moment.now)
        events.add(session, _event(session, moment, one, stands), moment.now)
        count += 1
    return count


def _over(one: Judged, currency: str, stands: Sequence[Standing]) -> bool:
    decided = next((each for each in one.decided if each.currency == currency), None)
    if decided is not None and any(stand == "overdue" for _invoice, stand in decided.judged):
        return False
    balance = balances(one.seen.situation.invoices, one.seen.situation.payments).get(currency)
    owed = {each.invoice.external_id for each in balance.owing} if balance is not None else set()
    return owed.isdisjoint(invoice for each in stands for invoice in each.invoices)


def _event(session: Session, moment: Moment, one: Judged, stands: Sequence[Standing]) -> NewEvent:
    invoices = tuple(sorted({invoice for each in stands for invoice in each.invoices}))
    return NewEvent(
        *(moment.rules.account_id, moment.rules.account, events.RECONNECTION, one.seen.external_id),
        currency=stands[0].currency,
        steps=tuple((each.level, each.cycle) for each in stands),
        amount=0,
        invoices=invoices,
        reason=_why(events.states(session, moment.rules.account_id, invoices).values()),
    )


def _why(states: Iterable[str]) -> Why:
    """Returns what became of the invoices: where a list merely lacks one, nobody has said that it was paid."""
    known = set(states)
    return "closed" if "closed" in known else "cancelled" if "cancelled" in known else "paid"

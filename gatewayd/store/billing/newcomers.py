"""What customers owe who have just come, as their sheet says it: written by itself, for nothing else is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gatewayd.store import tables
from gatewayd.store.billing import marks
from gatewayd.store.billing.facts import currency_of, payers, sheet_bill
from gatewayd.store.billing.owed import ROW, usual_row
from gatewayd.store.session import Row, Session, adding

_ADD: Final = adding(tables.owed, ROW)


def settle(session: Session, account_id: int, debts: Sequence[Row], now: int) -> list[int]:
    """Writes what new customers owe, and marks them; returns those whose balance has to be worked out from all facts.

    `debts` are rows as they are kept: customer, balance, due date, number, currency, moment. The customers were made in
    this transaction, so that no invoice, payment or message bears them yet; a payment for a bill of that number may be
    known all the same.
    """
    own = currency_of(session, account_id)
    bills = {debt[0]: [sheet_bill(debt, own)] for debt in debts if debt[1] is not None}
    others = payers(session, account_id, bills)
    made: list[Row] = []
    for number, rows in bills.items():
        found = None if number in others else usual_row(number, account_id, rows, now)
        if found is None:
            others.add(number)
        elif found[1] is not None:
            made.append(found[1])
    session.many(_ADD, made)
    marks.mark_ruled(session, account_id, [debt[0] for debt in debts if debt[0] not in others], now)
    return sorted(others)

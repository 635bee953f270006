"""What customers owe, as rows that follow from the facts: written in the transaction that writes a fact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import delete, select

from gatewayd.billing.balance import Balance, balances, disputed
from gatewayd.store import tables
from gatewayd.store.billing.facts import facts
from gatewayd.store.session import Row, Session, Statement, among, given, merging, setting

_OWED: Final = tables.owed.c
_INVOICE: Final = tables.invoice.c
_COLUMNS: Final = "customer_id currency account_id balance credit disputed invoices due undisputed_due until digest"
_FOUND: Final = Statement(
    select(_OWED.customer_id, _OWED.currency, _OWED.digest, _OWED.balance).where(among(_OWED.customer_id))
)
_SET: Final = merging(
    tables.owed,
    f"{_COLUMNS} updated_at",
    "customer_id currency",
    replace="balance credit disputed invoices due undisputed_due until digest updated_at",
)
_DROP: Final = Statement(
    delete(tables.owed).where(_OWED.customer_id == given(_OWED.customer_id), _OWED.currency == given(_OWED.currency)),
    "p_customer_id p_currency",
)
_FLAG: Final = setting(tables.invoice, "open", "id")
_ROWS: Final = Statement(
    select(*(_OWED[name] for name in _COLUMNS.split()), _OWED.updated_at).where(among(_OWED.customer_id))
)
_NOTHING: Final = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """A debt that is another one than before."""

    customer: int
    currency: str
    before: int
    after: int
    """Balances, millionths; 0 where nothing is owed."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What a customer owes in a currency."""

    customer: int
    currency: str
    account_id: int
    balance: int
    credit: int
    disputed: int
    invoices: int
    due: str | None
    undisputed_due: str | None
    until: str | None
    digest: str
    updated_at: int


def owed(session: Session, customers: Iterable[int]) -> dict[int, list[Owed]]:
    """Returns what customers owe, by number; those that neither owe nor have anything are left out."""
    found: dict[int, list[Owed]] = {}
    for row in session.among(_ROWS, sorted(set(customers))):
        found.setdefault(row[0], []).append(Owed(*row))
    return found


def settle(session: Session, account_id: int, customers: Iterable[int], today: date, now: int) -> list[Moved]:
    """Works out anew what these customers owe, and writes it down; returns the debts that are others than before."""
    wanted = sorted(set(customers))
    if not wanted:
        return []
    before: dict[tuple[int, str], tuple[str, int]] = {
        (row[0], row[1]): (row[2], row[3]) for row in session.among(_FOUND, wanted)
    }
    rows: list[Row] = []
    gone: list[Row] = []
    moved: list[Moved] = []
    flags: list[Row] = []
    flagged: dict[int, list[tuple[str, bool, int]]] = {}
    for number, one in facts(session, account_id, wanted, flagged).items():
        opens: set[str] = set()
        for currency, balance in balances(one.invoices, one.payments).items():
            opens.update([each.invoice.external_id for each in balance.invoices])
            was = before.pop((number, currency), (_NOTHING, 0))
            row = _row(number, account_id, balance, today, now)
            digest = _NOTHING if row is None else str(row[10])
            if digest == was[0]:
                continue
            if row is None:
                gone.append((number, currency))
            else:
                rows.append(row)
            moved.append(Moved(number, currency, was[1], 0 if row is None else row[3]))
        for name, is_open, invoice in flagged.get(number, ()):
            if is_open != (name in opens):
                flags.append((not is_open, invoice))
    for (number, currency), (_digest, was_owed) in before.items():
        gone.append((number, currency))
        moved.append(Moved(number, currency, was_owed, 0))
    session.many(_SET, rows)
    session.many(_DROP, gone)
    session.many(_FLAG, flags)
    return moved


def _row(number: int, account_id: int, found: Balance, today: date, now: int) -> Row | None:
    if not found.invoices and not found.credit:
        return None
    owed, in_dispute, count = 0, 0, 0
    due: date | None = None
    cycle: date | None = None
    until: date | None = None
    said: list[Any] = [found.credit]
    # Oldest first: the first due date is the oldest.
    for one in found.invoices:
        bill, net = one.invoice, one.net
        said += (bill.external_id, bill.number, net, bill.due, bill.state, bill.disputed_until, bill.link, bill.policy)
        if not net:
            continue
        owed += net
        count += 1
        due = due or bill.due
        if bill.state != "disputed" or not disputed(bill, today):
            cycle = cycle or bill.due
            continue
        in_dispute += net
        if bill.disputed_until is not None and (until is None or bill.disputed_until < until):
            until = bill.disputed_until
    digest = blake2b(repr(said).encode("utf-8", "replace"), digest_size=12).hexdigest()
    return (
        *(number, found.currency, account_id, owed, found.credit, in_dispute, count, _iso(due), _iso(cycle)),
        *(None if until is None else _iso(until + timedelta(days=1)), digest, now),
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()

"""What customers owe, as rows that follow from the facts: written in the transaction that writes a fact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import delete, select

from gatewayd.billing.balance import Balance, balances, disputed
from gatewayd.store import tables
from gatewayd.store.billing.facts import facts, invoice_rows, on_day, payers
from gatewayd.store.session import Row, Session, Statement, adding, among, given, merging, setting

_OWED: Final = tables.owed.c
_INVOICE: Final = tables.invoice.c
_COLUMNS: Final = "customer_id currency account_id balance credit disputed invoices due undisputed_due until digest"
ROW: Final = f"{_COLUMNS} updated_at"
"""Columns of `usual_row`."""
_FOUND: Final = Statement(
    select(_OWED.customer_id, _OWED.currency, _OWED.digest, _OWED.balance).where(among(_OWED.customer_id))
)
_SET: Final = merging(
    tables.owed,
    ROW,
    "customer_id currency",
    replace="balance credit disputed invoices due undisputed_due until digest updated_at",
)
_ADD: Final = adding(tables.owed, ROW)
_DROP: Final = Statement(
    delete(tables.owed).where(_OWED.customer_id == given(_OWED.customer_id), _OWED.currency == given(_OWED.currency)),
    "p_customer_id p_currency",
)
_FLAG: Final = setting(tables.invoice, "open", "id")
_ROWS: Final = Statement(
    select(*(_OWED[name] for name in _COLUMNS.split()), _OWED.updated_at).where(among(_OWED.customer_id))
)
_NOTHING: Final = ""
_NEVER: Final = date.max.isoformat()
"""Due date of what is never due, where the oldest comes first."""


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


def settle(
    session: Session,
    account_id: int,
    customers: Iterable[int],
    today: date,
    now: int,
    *,
    fresh: Mapping[int, Sequence[Row]] | None = None,
) -> list[Moved]:
    """Works out anew what these customers owe, and writes it down; returns the debts that are others than before.
    `fresh` are their newest invoices, as `invoice_rows` takes them."""
    wanted = sorted(set(customers))
    if not wanted:
        return []
    before: dict[tuple[int, str], tuple[str, int]] = {
        (row[0], row[1]): (row[2], row[3]) for row in session.among(_FOUND, wanted)
    }
    added: list[Row] = []
    made: list[Row] = []
    gone: list[Row] = []
    moved: list[Moved] = []
    flags: list[Row] = []

    def note(number: int, currency: str, row: Row | None) -> None:
        there = before.pop((number, currency), None)
        was = there or (_NOTHING, 0)
        if (_NOTHING if row is None else row[10]) == was[0]:
            return
        if row is None:
            gone.append((number, currency))
        else:
            (added if there is None else made).append(row)
        moved.append(Moved(number, currency, was[1], 0 if row is None else row[3]))

    known = invoice_rows(session, account_id, wanted, fresh)
    usual = _usual(session, account_id, known, now)
    for number, (currency, row, its_flags) in usual.items():
        note(number, currency, row)
        flags += its_flags
    others = [number for number in wanted if number not in usual]
    for number, one in facts(session, account_id, others, known).items() if others else ():
        opens: set[str] = set()
        for currency, balance in balances(one.invoices, one.payments).items():
            opens.update([each.invoice.external_id for each in balance.invoices])
            note(number, currency, _row(number, account_id, balance, today, now))
        for bill in known.get(number, ()):
            if bill[1] is not None and bill[2] != (bill[3] in opens):
                flags.append((not bill[2], bill[1]))
    for (number, currency), (_digest, was_owed) in before.items():
        gone.append((number, currency))
        moved.append(Moved(number, currency, was_owed, 0))
    # Elsewhere another node may have written one meanwhile.
    session.many(_ADD if session.sqlite else _SET, added)
    session.many(_SET, made)
    session.many(_DROP, gone)
    session.many(_FLAG, flags)
    return moved


def _usual(
    session: Session, account_id: int, known: Mapping[int, Sequence[Row]], now: int
) -> dict[int, tuple[str, Row | None, list[Row]]]:
    """Returns for whoever has paid nothing, and whose invoices are all open and in one currency, that currency, what is
    owed, and which invoices are open otherwise than is known: what most owe, by a way that is short for them."""
    found = {}
    for number, bills in known.items():
        row = usual_row(number, account_id, bills, now)
        if row is not None:
            found[number] = row
    for number in payers(session, account_id, {number: known[number] for number in found}):
        del found[number]
    return found


def usual_row(number: int, account_id: int, bills: Sequence[Row], now: int) -> tuple[str, Row | None, list[Row]] | None:
    """Returns what `_usual` says of one customer by its invoices alone (`invoice_rows`); None where the long way is
    needed. Both ways give the same row."""
    own = bills[0][5]
    opens: list[Row] = []
    flags: list[Row] = []
    for bill in bills:
        _, invoice, is_open, name, shown, currency, due, _, total, balance, _, state, link, _, policy, since, _ = bill
        rest = (total if balance is None else balance) or 0
        if currency != own or rest < 0 or state != "open" or since is not None:
            return None
        if rest:
            opens.append((due or _NEVER, name, shown, rest, due, link, policy))
        if invoice is not None and is_open != (rest > 0):
            flags.append((rest > 0, invoice))
    if not opens:
        return own, None, flags
    opens.sort()
    said: list[Any] = [0]
    owed = 0
    for _by, name, shown, rest, due, link, policy in opens:
        said += (name, shown, rest, on_day(due), "open", None, link, policy)
        owed += rest
    first = opens[0][4]
    row = (number, own, account_id, owed, 0, 0, len(opens), first, first, None, _digest(said), now)
    return own, row, flags


def _digest(said: Sequence[Any]) -> str:
    return blake2b(repr(said).encode("utf-8", "replace"), digest_size=12).hexdigest()


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
    return (
        *(number, found.currency, account_id, owed, found.credit, in_dispute, count, _iso(due), _iso(cycle)),
        *(None if until is None else _iso(until + timedelta(days=1)), _digest(said), now),
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()

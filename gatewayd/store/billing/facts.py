"""What billing said of customers, read as facts: the invoices of which something may be open, and what was paid.

A customer of whom billing has no invoice at all, but a sheet of customers a debt, owes that one: the two ways of saying
it have one meaning, and the better one replaces the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import literal_column, select

from gatewayd.billing.balance import OPEN_STATES, share
from gatewayd.billing.facts import Allocation, Invoice, Payment
from gatewayd.store import tables
from gatewayd.store.session import Row, Session, Statement, among, given

SHEETS: Final = "-"
"""External id of what a sheet of customers says is owed, where it gives no number."""

INVOICE: Final = (
    "external_id number currency due issued total balance as_of state link pdf policy disputed_at disputed_until"
)
PAYMENT: Final = (
    "id external_id currency amount posted_at value_date kind allocated method reversal_of cancelled reason"
)
_INVOICE: Final = tables.invoice.c
_PAYMENT: Final = tables.payment.c
_PART: Final = tables.payment_part.c
_DEBT: Final = tables.debt.c
_ACCOUNT: Final = tables.account.c

_OF_CUSTOMERS: Final = Statement(
    select(_INVOICE.customer_id, _INVOICE.id, _INVOICE.open, *(_INVOICE[name] for name in INVOICE.split())).where(
        _INVOICE.state.in_(OPEN_STATES), among(_INVOICE.customer_id)
    )
)
_OF_CUSTOMERS_BEFORE: Final = Statement(
    select(_INVOICE.customer_id, _INVOICE.id, _INVOICE.open, *(_INVOICE[name] for name in INVOICE.split())).where(
        _INVOICE.state.in_(OPEN_STATES), _INVOICE.id < given(_INVOICE.id, "p_before"), among(_INVOICE.customer_id)
    ),
    "p_before",
)
_HAVE: Final = Statement(select(_INVOICE.customer_id).where(among(_INVOICE.customer_id)).distinct())
_DEBTS: Final = Statement(
    select(_DEBT.customer_id, _DEBT.balance, _DEBT.due, _DEBT.number, _DEBT.currency, _DEBT.as_of).where(
        _DEBT.balance.is_not(None), among(_DEBT.customer_id)
    )
)
_PAID: Final = Statement(
    select(_PAYMENT.customer_id, *(_PAYMENT[name] for name in PAYMENT.split())).where(among(_PAYMENT.customer_id))
)
_FOR_INVOICES: Final = Statement(
    select(_PART.payment_id).where(_PART.account_id == given(_PART.account_id), among(_PART.invoice)).distinct(),
    "p_account_id",
)
_PAYERS: Final = Statement(select(_PAYMENT.customer_id).where(among(_PAYMENT.customer_id)).distinct())
_PAID_FOR: Final = Statement(
    select(_PART.invoice).where(_PART.account_id == given(_PART.account_id), among(_PART.invoice)).distinct(),
    "p_account_id",
)
_BY_ID: Final = Statement(
    select(_PAYMENT.customer_id, *(_PAYMENT[name] for name in PAYMENT.split())).where(among(_PAYMENT.id))
)
_TAKING_BACK: Final = Statement(
    select(_PAYMENT.customer_id, *(_PAYMENT[name] for name in PAYMENT.split())).where(
        _PAYMENT.account_id == given(_PAYMENT.account_id),
        _PAYMENT.reversal_of.is_not(None),
        among(_PAYMENT.reversal_of),
    ),
    "p_account_id",
)
_PARTS: Final = Statement(
    select(_PART.payment_id, _PART.invoice, _PART.amount)
    .where(among(_PART.payment_id))
    .order_by(_PART.payment_id, _PART.place)
)
_ANY_PAID: Final = Statement(
    select(literal_column("1"))
    .select_from(tables.payment)
    .where(_PAYMENT.account_id == given(_PAYMENT.account_id))
    .limit(1),
    "p_account_id",
)
_ANY_BACK: Final = Statement(
    select(literal_column("1"))
    .select_from(tables.payment)
    .where(_PAYMENT.account_id == given(_PAYMENT.account_id), _PAYMENT.reversal_of.is_not(None))
    .limit(1),
    "p_account_id",
)
_CURRENCY: Final = Statement(select(_ACCOUNT.currency).where(_ACCOUNT.id == given(_ACCOUNT.id)), "p_id")


@dataclass(frozen=True, slots=True)
class Facts:
    """What billing said of one customer."""

    invoices: tuple[Invoice, ...]
    """Those of which something may be open."""
    payments: tuple[Payment, ...] = ()
    """What others paid of these invoices too, reduced to that."""


NOTHING: Final = Facts(())


def invoice_rows(
    session: Session, account_id: int, customers: Iterable[int], fresh: Mapping[int, Sequence[Row]] | None = None
) -> dict[int, list[Row]]:
    """Returns the invoices of customers of which something may be open, as they are kept (`customer_id id open` and
    `INVOICE`), by customer. What a sheet says that somebody owes of whom billing has never had an invoice is one
    without a number of its own. `fresh` are all those of them that were written last, with the highest numbers: they
    are not read back."""
    wanted = sorted(set(customers))
    found: dict[int, list[Row]] = {}
    if fresh:
        first = min(row[1] for rows in fresh.values() for row in rows)
        found = {number: list(rows) for number, rows in fresh.items()}
        before = session.among(_OF_CUSTOMERS_BEFORE, wanted, first)
    else:
        before = session.among(_OF_CUSTOMERS, wanted)
    for row in before:
        found.setdefault(row[0], []).append(row)
    bare = [number for number in wanted if number not in found]
    debts = session.among(_DEBTS, bare) if bare else []
    if debts:
        have = {row[0] for row in session.among(_HAVE, [row[0] for row in debts])}
        own = currency_of(session, account_id)
        found |= {debt[0]: [sheet_bill(debt, own)] for debt in debts if debt[0] not in have}
    return found


def sheet_bill(debt: Row, own: str) -> Row:
    """Returns what a sheet says that somebody owes as one of `invoice_rows`; `debt` is a row of debts (customer,
    balance, due date, number, currency, moment), `own` the account's currency."""
    customer, balance, due, number, currency, as_of = debt
    return (
        *(customer, None, None, number or SHEETS, number or "", currency or own, due, None, None, balance, as_of),
        *("open", "", "", None, None, None),
    )


def payers(session: Session, account_id: int, rows: Mapping[int, Sequence[Row]]) -> set[int]:
    """Returns those customers, of some with their `invoice_rows`, who have paid anything or of whose invoices somebody
    has."""
    if not rows or not session.all(_ANY_PAID, account_id):
        return set()
    found = {row[0] for row in session.among(_PAYERS, sorted(rows))}
    owners = {row[3]: number for number, own in rows.items() if number not in found for row in own}
    return found | {owners[row[0]] for row in session.among(_PAID_FOR, sorted(owners), account_id)}


def facts(
    session: Session, account_id: int, customers: Iterable[int], rows: Mapping[int, Sequence[Row]] | None = None
) -> dict[int, Facts]:
    """Returns what billing said of these customers of an account. `rows` are their `invoice_rows`, where the caller has
    read them."""
    wanted = sorted(set(customers))
    known = invoice_rows(session, account_id, wanted) if rows is None else rows
    invoices = {number: [read_invoice(row[3:]) for row in known[number]] for number in wanted if number in known}
    if not session.all(_ANY_PAID, account_id):
        return {number: Facts(tuple(invoices.get(number, ()))) for number in wanted}
    payments = _payments(session, account_id, wanted, invoices)
    return {number: Facts(tuple(invoices.get(number, ())), tuple(payments.get(number, ()))) for number in wanted}


def currency_of(session: Session, account_id: int) -> str:
    """Returns the currency that an account is kept in: that of bills which name none."""
    row = session.one(_CURRENCY, account_id)
    assert row is not None
    return str(row[0])


def _payments(
    session: Session, account_id: int, customers: Sequence[int], invoices: dict[int, list[Invoice]]
) -> dict[int, list[Payment]]:
    rows: dict[int, Row] = {row[1]: row for row in session.among(_PAID, customers)}
    whose = {one.external_id: number for number, own in invoices.items() for one in own}
    ids = {row[0] for row in session.among(_FOR_INVOICES, sorted(whose), account_id)} if whose else set()
    foreign = sorted(ids - rows.keys())
    rows |= {row[1]: row for row in session.among(_BY_ID, foreign)}
    others: dict[int, Row] = {}
    if session.all(_ANY_BACK, account_id):
        names = [row[2] for row in rows.values()]
        while names:
            found = {row[1]: row for row in session.among(_TAKING_BACK, names, account_id)}
            fresh = {number: row for number, row in found.items() if number not in rows and number not in others}
            others |= fresh
            names = [row[2] for row in fresh.values()]
    parts: dict[int, list[Allocation]] = {}
    for payment, invoice, amount in session.among(_PARTS, sorted(number for number, row in rows.items() if row[8])):
        parts.setdefault(payment, []).append(Allocation(invoice, amount))
    result: dict[int, list[Payment]] = {number: [] for number in customers}
    own_names: dict[int, set[str]] = {}
    for name, customer in whose.items():
        own_names.setdefault(customer, set()).add(name)
    for number, row in rows.items():
        made = read_payment(row[1:], parts.get(number, ()))
        if row[0] in result:
            result[row[0]].append(made)
        for customer in {whose[part.invoice] for part in made.invoices or () if part.invoice in whose} - {row[0]}:
            result[customer].append(share(made, own_names[customer]))
    if others or any(row[10] for row in rows.values()):
        _add_back(result, [*others.values(), *rows.values()])
    return result


def _add_back(result: dict[int, list[Payment]], rows: Sequence[Row]) -> None:
    """Adds what takes back payments that a customer has, whoever it is written down for."""
    back: dict[str, list[Payment]] = {}
    for row in rows:
        if row[10] is not None:
            back.setdefault(row[10], []).append(read_payment(row[1:], ()))
    for own in result.values():
        have = {one.external_id for one in own}
        names = sorted(have)
        while names:
            fresh = [one for name in names for one in back.get(name, ()) if one.external_id not in have]
            own.extend(fresh)
            have.update(one.external_id for one in fresh)
            names = [one.external_id for one in fresh]


def read_invoice(row: Sequence[Any]) -> Invoice:
    """Returns the invoice of `INVOICE`. What a person disputes here is disputed, whatever billing says of it."""
    external_id, number, currency, due, issued, total, balance, as_of, state, link, pdf, policy, since, until = row
    if since is not None and state == "open":
        return Invoice(
            *(external_id, number, currency, on_day(due), on_day(issued), total, balance, as_of, "disputed"),
            on_day(until),
            *(link, pdf, policy),
        )
    return Invoice(
        *(external_id, number, currency, on_day(due), on_day(issued), total, balance, as_of, state),
        None,
        *(link, pdf, policy),
    )


def read_payment(row: Sequence[Any], parts: Collection[Allocation]) -> Payment:
    """Returns the payment of `PAYMENT`."""
    _id, external_id, currency, amount, posted_at, value_date, kind, allocated, method, back, cancelled, reason = row
    return Payment(
        external_id=external_id,
        currency=currency,
        amount=amount,
        posted_at=posted_at,
        value_date=on_day(value_date),
        kind=kind,
        invoices=tuple(parts) if allocated else None,
        method=method,
        reversal_of=back,
        cancelled=bool(cancelled),
        reason=reason,
    )


@lru_cache(maxsize=4_096)
def on_day(value: str | None) -> date | None:
    """Returns the day of YYYY-MM-DD: a list of bills has few of them."""
    return None if value is None else date.fromisoformat(value)

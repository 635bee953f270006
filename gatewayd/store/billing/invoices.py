"""Invoices as they are written by whole portions: what is new, what a row changes, what it only confirms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, func, literal_column, select, update

from gatewayd.billing.balance import OPEN_STATES
from gatewayd.billing.fields import BillRow
from gatewayd.billing.portion import BillPortion
from gatewayd.store import tables
from gatewayd.store.billing.loads import Fault, Load, Written, whose
from gatewayd.store.session import Row, Session, Statement, adding, among, given, setting

PANEL: Final = "panel"
"""Source of what people enter: no list of billing has to have it."""

_INVOICE: Final = tables.invoice.c
_PAYMENT: Final = tables.payment.c
_PART: Final = tables.payment_part.c
_SAID: Final = "customer number issued due currency total balance state link pdf policy"
_KEYS: Final = tuple(_SAID.split())
_READ: Final = ("id", "external_id", "customer_id", "as_of", "seen", *_KEYS)
_AT: Final = {key: place for place, key in enumerate(_KEYS, 5)}
_BALANCE, _STATE, _TOTAL = _AT["balance"], _AT["state"], _AT["total"]
_ADD: Final = adding(
    tables.invoice,
    f"id account_id external_id customer_id as_of open source seen first_seen initial updated_at {_SAID}",
)
_SET: Final = setting(tables.invoice, f"customer_id as_of open seen updated_at version {_SAID}", "id")
_FOUND: Final = Statement(
    select(*(_INVOICE[name] for name in _READ), _INVOICE.version).where(
        _INVOICE.account_id == given(_INVOICE.account_id), among(_INVOICE.external_id)
    ),
    "p_account_id",
)
_CONFIRM: Final = Statement(
    update(tables.invoice)
    .where(_INVOICE.as_of <= given(_INVOICE.as_of, "k_as_of"), among(_INVOICE.id))
    .values(as_of=given(_INVOICE.as_of), seen=given(_INVOICE.seen)),
    "p_as_of p_seen k_as_of",
)
_SEE: Final = Statement(
    update(tables.invoice)
    .where(_INVOICE.seen < given(_INVOICE.seen, "k_seen"), among(_INVOICE.id))
    .values(seen=given(_INVOICE.seen)),
    "p_seen k_seen",
)
_CONFIRM_ONE: Final = setting(tables.invoice, "as_of seen", "id")
_NEWER_PAID: Final = Statement(
    select(literal_column("1"))
    .select_from(tables.payment)
    .where(_PAYMENT.account_id == given(_PAYMENT.account_id), _PAYMENT.posted_at > given(_PAYMENT.posted_at))
    .limit(1),
    "p_account_id p_posted_at",
)
_PAYERS: Final = Statement(
    select(_PAYMENT.customer_id)
    .where(_PAYMENT.posted_at > given(_PAYMENT.posted_at), among(_PAYMENT.customer_id))
    .distinct(),
    "p_posted_at",
)
_PAID_FOR: Final = Statement(
    select(_PART.invoice).where(_PART.account_id == given(_PART.account_id), among(_PART.invoice)).distinct(),
    "p_account_id",
)
# A list that is complete lacks what has not been seen since; what people entered is in no list.
_MISSING: Final[tuple[ColumnElement[bool], ...]] = (
    _INVOICE.account_id == given(_INVOICE.account_id),
    literal_column("invoice.open"),
    _INVOICE.seen < given(_INVOICE.seen),
    _INVOICE.source != PANEL,
)
_COUNT_MISSING: Final = Statement(
    select(func.count()).select_from(tables.invoice).where(*_MISSING), "p_account_id p_seen"
)
_COUNT_OPEN: Final = Statement(
    select(func.count())
    .select_from(tables.invoice)
    .where(
        _INVOICE.account_id == given(_INVOICE.account_id),
        literal_column("invoice.open"),
        _INVOICE.source != PANEL,
        _INVOICE.first_seen < given(_INVOICE.first_seen),
    ),
    "p_account_id p_first_seen",
)
_ABSENT: Final = Statement(
    select(_INVOICE.id, _INVOICE.customer_id)
    .where(*_MISSING)
    .order_by(_INVOICE.id)
    .limit(given(_INVOICE.id, "p_limit")),
    "p_account_id p_seen p_limit",
)
_CLOSE: Final = Statement(
    update(tables.invoice)
    .where(_INVOICE.id == given(_INVOICE.id, "k_id"))
    .values(
        state="closed", open=given(_INVOICE.open), updated_at=given(_INVOICE.updated_at), version=_INVOICE.version + 1
    ),
    "p_open p_updated_at k_id",
)


@dataclass(slots=True)
class _Sorted:
    """Rows told apart by what is to be written."""

    names: Mapping[str, int] = field(default_factory=dict)
    """Customers by external id: those of the rows that are new or say something else."""
    fresh: list[Row] = field(default_factory=list)
    """External id, as of when, whether it is open, and what is said."""
    changed: list[Row] = field(default_factory=list)
    confirmed: list[tuple[Row, int]] = field(default_factory=list)
    """Rows as they are, and the later moment as of which they still are."""
    seen: list[int] = field(default_factory=list)


def put(unit: Any, load: Load, rows: Sequence[BillRow] | BillPortion) -> Written:
    """Writes invoices; returns what became of each row. No external id twice: the caller has seen to it. Of a portion
    no row says by itself as of when it is so.

    An older row never replaces a newer one, and the same one again changes nothing."""
    session: Session = unit.session
    written = Written()
    found = _apart(session, load, rows, written)
    _add(unit, load, found, written)
    session.many(_SET, found.changed)
    session.among(_SEE, found.seen, load.as_of, load.as_of)
    written.touched |= _confirm(session, load, found.confirmed)
    return written


def tried(session: Session, load: Load, rows: Sequence[BillRow] | BillPortion) -> Written:
    """Returns what would become of each row; writes nothing."""
    written = Written()
    written.new += range(len(_apart(session, load, rows, written).fresh))
    return written


def _apart(session: Session, load: Load, rows: Sequence[BillRow] | BillPortion, written: Written) -> _Sorted:
    if not isinstance(rows, BillPortion):
        known = {row[1]: row for row in session.among(_FOUND, [row.external_id for row in rows], load.account_id)}
        return _sorted(session, load, rows, known, written)
    known = {row[1]: row for row in session.among(_FOUND, rows.ids, load.account_id)}
    money = [rows.columns[key] for key in ("balance", "total") if key in rows.columns]
    if None in rows.columns["customer"] or all(None in column for column in money):
        return _sorted(session, load, list(rows.plainly()), known, written)
    return _by_columns(session, load, rows, known, written)


def _by_columns(
    session: Session, load: Load, portion: BillPortion, known: Mapping[str, Row], written: Written
) -> _Sorted:
    """Tells rows apart by whole columns, none of which lacks what an invoice must have: most rows of most lists are
    new, or as they were. Each of the others is looked at by itself."""
    keys = [key for key in portion.columns if key in _AT]
    said = itemgetter(*(_AT[key] for key in keys))
    fresh: list[int] = []
    confirmed: list[tuple[Row, int]] = []
    others: list[int] = []
    tells = "balance" in keys
    values = zip(*(portion.columns[key] for key in keys), strict=True)
    for place, (name, own) in enumerate(zip(portion.ids, values, strict=True)):
        was = known.get(name)
        if was is None:
            fresh.append(place)
        elif said(was) == own and was[_STATE] != "closed" and was[3] <= load.as_of:
            confirmed.append((was, load.as_of if tells or was[_BALANCE] is None else was[3]))
        else:
            others.append(place)
    found = _sorted(session, load, list(portion.only(others).plainly()), known, written)
    found.confirmed += confirmed
    written.same += len(confirmed)
    if fresh:
        found.fresh += _made(load, portion if len(fresh) == len(portion.ids) else portion.only(fresh))
        found.names = {**found.names, **whose(session, load.account_id, {row[3] for row in found.fresh})}
    return found


def _made(load: Load, portion: BillPortion) -> Iterator[Row]:
    """Yields new invoices, as `_Sorted.fresh` has them."""
    usual = {"currency": load.currency, "state": "open", "link": "", "pdf": ""}

    def column(key: str) -> Iterable[Any]:
        own = portion.columns.get(key, (None,) * len(portion.ids))
        if key == "number":
            return [one or name for one, name in zip(own, portion.ids, strict=True)]
        nothing = usual.get(key)
        return own if nothing is None or (None not in own and "" not in own) else [one or nothing for one in own]

    rows = zip(*map(column, _KEYS), strict=True)
    for name, said in zip(portion.ids, rows, strict=True):
        rest = said[_BALANCE - 5] if said[_BALANCE - 5] is not None else said[_TOTAL - 5]
        yield (name, load.as_of, said[_STATE - 5] in OPEN_STATES and rest > 0, *said)


def _sorted(
    session: Session, load: Load, rows: Sequence[BillRow], known: Mapping[str, Row], written: Written
) -> _Sorted:
    names = {str(row.values["customer"]) for row in rows if "customer" in row.values}
    found = _Sorted(whose(session, load.account_id, names))
    for row in rows:
        was = known.get(row.external_id)
        if was is None:
            made = _new(row, load, written)
            if made is not None:
                found.fresh.append(made)
            continue
        at = row.values.get("as_of") or load.as_of
        if at < was[3]:
            written.older += 1
            found.seen.append(was[0])
            continue
        if "balance" not in row.values and was[_BALANCE] is not None:
            # Only a balance says when it was so.
            at = was[3]
        values = None if _as_before(row, was) else _merged(row, was, load)
        if values is None or all(values[key] == was[place] for key, place in _AT.items()):
            written.same += 1
            found.confirmed.append((was, at))
            continue
        written.changed += 1
        customer = found.names.get(values["customer"]) if values["customer"] != was[5] else was[2]
        written.unknown += customer is None
        written.touched.update(number for number in (customer, was[2]) if number is not None)
        if values["state"] == "paid" and customer is not None:
            written.paid.add(customer)
        found.changed.append(
            (
                *(customer, at, _open(values), max(was[4], load.as_of), load.now, was[-1] + 1),
                *(values[key] for key in _KEYS),
                was[0],
            )
        )
    return found


def _new(row: BillRow, load: Load, written: Written) -> Row | None:
    values = row.values
    lacking = (
        ("customer", "customer_missing")
        if not values.get("customer")
        else ("balance", "invoice_amount_missing")
        if values.get("total") is None and values.get("balance") is None
        else None
    )
    if lacking is not None:
        written.faults.append(Fault(row.row, row.external_id, *lacking))
        return None
    made = {
        "customer": values["customer"],
        "number": values.get("number") or row.external_id,
        "issued": values.get("issued"),
        "due": values.get("due"),
        "currency": values.get("currency") or load.currency,
        "total": values.get("total"),
        "balance": values.get("balance"),
        "state": values.get("state") or "open",
        "link": values.get("link") or "",
        "pdf": values.get("pdf") or "",
        "policy": values.get("policy"),
    }
    at = values.get("as_of") or load.as_of
    return (row.external_id, at, _open(made), *(made[key] for key in _KEYS))


def _as_before(row: BillRow, was: Row) -> bool:
    """Returns whether a row says what is known, without making anything of it: most rows of most lists do."""
    if was[_STATE] == "closed":
        return False
    for key, value in row.values.items():
        place = _AT.get(key)
        if value is None or (place is not None and was[place] != value):
            return False
    return True


def _merged(row: BillRow, was: Row, load: Load) -> dict[str, Any]:
    """Returns an invoice as a row has it: what that does not name stays, and one that is seen again is open again."""
    values = dict(zip(_KEYS, was[5:], strict=False))
    values.update({key: value for key, value in row.values.items() if key in values})
    values["currency"] = values["currency"] or load.currency
    values["number"] = values["number"] or row.external_id
    if was[_READ.index("state")] == "closed" and "state" not in row.values:
        values["state"] = "open"
    if values["total"] is None and values["balance"] is None:
        values["balance"] = was[_READ.index("balance")]
        values["total"] = was[_READ.index("total")]
    return values


def _open(values: Mapping[str, Any]) -> bool:
    rest = values["total"] if values["balance"] is None else values["balance"]
    return values["state"] in OPEN_STATES and rest > 0


def _add(unit: Any, load: Load, found: _Sorted, written: Written) -> None:
    fresh, names = found.fresh, found.names
    if not fresh:
        return
    first = unit.memory.ids.take(unit.session, tables.invoice, len(fresh))
    written.new += range(first, first + len(fresh))
    rows = []
    newest = unit.session.sqlite
    account, source, seen, now, initial = load.account_id, load.source, load.as_of, load.now, load.initial
    for number, (name, at, is_open, whose_, *said) in enumerate(fresh, first):
        customer = names.get(whose_)
        if customer is None:
            written.unknown += 1
        else:
            written.touched.add(customer)
            shown, issued, due, currency, total, balance, state, link, pdf, policy = said
            if newest and state in OPEN_STATES:
                own = written.fresh.get(customer)
                bill = (
                    *(customer, number, is_open, name, shown, currency, due, issued, total, balance, at),
                    *(state, link, pdf, policy, None, None),
                )
                if own is None:
                    written.fresh[customer] = [bill]
                else:
                    own.append(bill)
        rows.append((number, account, name, customer, at, is_open, source, seen, now, initial, now, whose_, *said))
    unit.session.many(_ADD, rows)


def _confirm(session: Session, load: Load, confirmed: Sequence[tuple[Row, int]]) -> set[int]:
    """Notes that balances are so as of a later moment; returns the customers for whom that changes what was paid since:
    a payment that the balance did not know of, it knows of now."""
    moved = [(row, at) for row, at in confirmed if at > row[3]]
    usual = [row[0] for row, at in moved if at == load.as_of]
    session.among(_CONFIRM, usual, load.as_of, load.as_of, load.as_of)
    own = [(at, max(row[4], load.as_of), row[0]) for row, at in moved if at != load.as_of]
    session.many(_CONFIRM_ONE, own)
    still = [row[0] for row, at in confirmed if at <= row[3] and row[4] < load.as_of]
    session.among(_SEE, still, load.as_of, load.as_of)
    if not moved:
        return set()
    since = min(row[3] for row, _at in moved)
    if not session.all(_NEWER_PAID, load.account_id, since):
        return set()
    owners = {row[1]: row[2] for row, _at in moved if row[2] is not None}
    found = {row[0] for row in session.among(_PAYERS, sorted(set(owners.values())), since)}
    paid_for = session.among(_PAID_FOR, sorted(owners), load.account_id)
    return found | {owners[row[0]] for row in paid_for}


# ------------------------------------------------------------------------------------------------------------- absence


def lacking(session: Session, account_id: int, as_of: int, since: int) -> tuple[int, int]:
    """Returns how many open invoices a complete list of that moment lacks, and how many there were before its load
    began."""
    missing = session.one(_COUNT_MISSING, account_id, as_of)
    known = session.one(_COUNT_OPEN, account_id, since)
    assert missing is not None
    assert known is not None
    return int(missing[0]), int(known[0])


def close_absent(session: Session, account_id: int, as_of: int, now: int, limit: int) -> tuple[int, set[int]]:
    """Closes some of the invoices that a complete list of that moment lacks; returns how many, and whose they were.
    Nobody says that they were paid."""
    rows = session.all(_ABSENT, account_id, as_of, limit)
    session.many(_CLOSE, [(False, now, row[0]) for row in rows])
    return len(rows), {row[1] for row in rows if row[1] is not None}


def numbers(session: Session, account_id: int, external_ids: Iterable[str]) -> dict[str, Row]:
    """Returns rows (id, external id, customer's number, …) of invoices by external id."""
    return {row[1]: row for row in session.among(_FOUND, sorted(set(external_ids)), account_id)}

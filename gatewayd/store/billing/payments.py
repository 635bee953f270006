"""Payments and credit notes as they are written by whole portions, with what of them is for which invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, select

from gatewayd.billing.facts import Allocation
from gatewayd.billing.fields import BillRow
from gatewayd.store import tables
from gatewayd.store.billing.loads import Fault, Load, Written, whose
from gatewayd.store.session import Row, Session, Statement, adding, among, given, setting

_PAYMENT: Final = tables.payment.c
_PART: Final = tables.payment_part.c
_INVOICE: Final = tables.invoice.c
_SAID: Final = "customer currency amount posted_at value_date method allocated reversal_of cancelled reason"
_KEYS: Final = tuple(_SAID.split())
_READ: Final = ("id", "external_id", "customer_id", "version", *_KEYS)
_ADD: Final = adding(
    tables.payment, f"id account_id external_id customer_id kind source first_seen initial updated_at {_SAID}"
)
_SET: Final = setting(tables.payment, f"customer_id updated_at version {_SAID}", "id")
_FOUND: Final = Statement(
    select(*(_PAYMENT[name] for name in _READ)).where(
        _PAYMENT.account_id == given(_PAYMENT.account_id), among(_PAYMENT.external_id)
    ),
    "p_account_id",
)
_PARTS: Final = Statement(
    select(_PART.payment_id, _PART.invoice, _PART.amount)
    .where(among(_PART.payment_id))
    .order_by(_PART.payment_id, _PART.place)
)
_ADD_PART: Final = adding(tables.payment_part, "payment_id place account_id invoice amount")
_DROP_PARTS: Final = Statement(delete(tables.payment_part).where(among(_PART.payment_id)))
_OWNERS: Final = Statement(
    select(_INVOICE.external_id, _INVOICE.customer_id, _INVOICE.customer).where(
        _INVOICE.account_id == given(_INVOICE.account_id), among(_INVOICE.external_id)
    ),
    "p_account_id",
)


@dataclass(slots=True)
class _Sorted:
    """Rows told apart by what is to be written."""

    names: Mapping[str, int]
    fresh: list[tuple[BillRow, dict[str, Any]]] = field(default_factory=list)
    changed: list[Row] = field(default_factory=list)
    renewed: list[tuple[int, Sequence[Allocation]]] = field(default_factory=list)
    """Payments that are for other invoices than before."""


def put(unit: Any, load: Load, rows: Sequence[BillRow], kind: str) -> Written:
    """Writes payments (`payment`) or credit notes (`credit_note`); returns what became of each row. No external id
    twice: the caller has seen to it. The same one again changes nothing."""
    session: Session = unit.session
    written = Written()
    found = _sorted(session, load, rows, written)
    written.new += _add(unit, load, found, kind)
    session.many(_SET, found.changed)
    session.among(_DROP_PARTS, [number for number, _own in found.renewed])
    session.many(_ADD_PART, [row for number, own in found.renewed for row in _part_rows(load, number, own)])
    return written


def tried(session: Session, load: Load, rows: Sequence[BillRow]) -> Written:
    """Returns what would become of each row; writes nothing."""
    written = Written()
    written.new += range(len(_sorted(session, load, rows, written).fresh))
    return written


def _sorted(session: Session, load: Load, rows: Sequence[BillRow], written: Written) -> _Sorted:
    known = {row[1]: row for row in session.among(_FOUND, [row.external_id for row in rows], load.account_id)}
    parts = _parts(session, [row[0] for row in known.values()])
    made = [(row, known.get(row.external_id), _merged(row, known.get(row.external_id), load)) for row in rows]
    # What is paid back is of whom paid it; what names no customer is of the first invoice's.
    backs = {str(values["reversal_of"]) for _row, _was, values in made if values["reversal_of"]}
    earlier = {row[1]: row for row in session.among(_FOUND, sorted(backs), load.account_id)} if backs else {}
    back_parts = _parts(session, [row[0] for row in earlier.values()])
    invoices = {part.invoice for row in rows for part in row.values.get("invoices") or ()}
    invoices |= {part.invoice for own in (*parts.values(), *back_parts.values()) for part in own}
    owners = {row[0]: row for row in session.among(_OWNERS, sorted(invoices), load.account_id)}
    for row, _was, values in made:
        if not values["customer"]:
            values["customer"] = _named(row, values, owners, earlier)
    names = whose(session, load.account_id, {str(values["customer"]) for _row, _was, values in made} - {""})
    found = _Sorted(names)
    for row, was, values in made:
        fault = _fault(row, values, parts.get(was[0], ()) if was is not None else ())
        if fault is not None:
            written.faults.append(fault)
            continue
        own = row.values.get("invoices", parts.get(was[0], ()) if was is not None else ()) or ()
        before = parts.get(was[0], ()) if was is not None else ()
        touched = {names.get(values["customer"]), *(owners[part.invoice][1] for part in own if part.invoice in owners)}
        if values["reversal_of"] in earlier:
            paid = earlier[values["reversal_of"]]
            touched.add(paid[2])
            touched.update(owners[one.invoice][1] for one in back_parts.get(paid[0], ()) if one.invoice in owners)
        if was is None:
            found.fresh.append((row, values))
        elif tuple(own) == tuple(before) and all(values[key] == was[at] for at, key in enumerate(_KEYS, 4)):
            written.same += 1
            continue
        else:
            written.changed += 1
            touched.add(was[2])
            touched.update(owners[part.invoice][1] for part in before if part.invoice in owners)
            found.changed.append(
                (names.get(values["customer"]), load.now, was[3] + 1, *(values[key] for key in _KEYS), was[0])
            )
            if tuple(own) != tuple(before):
                found.renewed.append((was[0], own))
        written.unknown += names.get(values["customer"]) is None
        written.touched.update(number for number in touched if number is not None)
    return found


def _parts(session: Session, numbers: Sequence[int]) -> dict[int, tuple[Allocation, ...]]:
    found: dict[int, list[Allocation]] = {}
    for payment, invoice, amount in session.among(_PARTS, sorted(numbers)):
        found.setdefault(payment, []).append(Allocation(invoice, amount))
    return {number: tuple(own) for number, own in found.items()}


def _merged(row: BillRow, was: Row | None, load: Load) -> dict[str, Any]:
    values: dict[str, Any] = (
        {
            "customer": "",
            "currency": "",
            "amount": None,
            "posted_at": load.as_of,
            "value_date": None,
            "method": "manual",
            "allocated": False,
            "reversal_of": None,
            "cancelled": False,
            "reason": "",
        }
        if was is None
        else dict(zip(_KEYS, was[4:], strict=True))
    )
    values["cancelled"], values["allocated"] = bool(values["cancelled"]), bool(values["allocated"])
    values.update({key: value for key, value in row.values.items() if key in values and value is not None})
    if "invoices" in row.values:
        values["allocated"] = row.values["invoices"] is not None
    values["currency"] = values["currency"] or load.currency
    return values


def _named(row: BillRow, values: dict[str, Any], owners: dict[str, Row], earlier: dict[str, Row]) -> str:
    if values["reversal_of"] in earlier:
        return str(earlier[values["reversal_of"]][_READ.index("customer")])
    for part in row.values.get("invoices") or ():
        if part.invoice in owners:
            return str(owners[part.invoice][2])
    return ""


def _fault(row: BillRow, values: dict[str, Any], before: Sequence[Allocation]) -> Fault | None:
    own = row.values.get("invoices", before) or ()
    if values["amount"] is None:
        return Fault(row.row, row.external_id, "amount", "amount_missing")
    if not values["customer"] and not own and not values["reversal_of"]:
        return Fault(row.row, row.external_id, "customer", "customer_missing")
    if values["reversal_of"] == row.external_id:
        return Fault(row.row, row.external_id, "reversal_of", "value_invalid")
    if sum(part.amount for part in own) > values["amount"]:
        return Fault(row.row, row.external_id, "invoices", "parts_over")
    return None


def _part_rows(load: Load, number: int, own: Sequence[Allocation]) -> list[Row]:
    return [(number, place, load.account_id, part.invoice, part.amount) for place, part in enumerate(own)]


def _add(unit: Any, load: Load, found: _Sorted, kind: str) -> range:
    fresh, names = found.fresh, found.names
    if not fresh:
        return range(0)
    first = unit.memory.ids.take(unit.session, tables.payment, len(fresh))
    rows, parts = [], []
    for number, (row, values) in enumerate(fresh, first):
        rows.append(
            (
                *(number, load.account_id, row.external_id, names.get(values["customer"]), kind, load.source),
                *(load.now, load.initial, load.now),
                *(values[key] for key in _KEYS),
            )
        )
        parts += _part_rows(load, number, row.values.get("invoices") or ())
    unit.session.many(_ADD, rows)
    unit.session.many(_ADD_PART, parts)
    return range(first, first + len(fresh))

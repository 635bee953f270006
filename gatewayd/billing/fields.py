"""Rows of invoices, payments and credit notes as they come: what each key is, and whether its value can be. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from gatewayd.billing.facts import METHODS, Allocation
from gatewayd.customers import fields
from gatewayd.customers.faults import FieldError
from gatewayd.values.money import parse_money

Kind = Literal["invoices", "payments", "credit_notes"]
KINDS: Final = ("invoices", "payments", "credit_notes")
TEXT_MAX: Final = 200
LINK_MAX: Final = 2_000
PARTS_MAX: Final = 1_000
SAID_STATES: Final = ("open", "paid", "cancelled", "disputed")
"""States that billing may say; `closed` follows from what a complete list lacks."""
INVOICE_KEYS: Final = (
    "customer",
    "number",
    "issued",
    "due",
    "currency",
    "total",
    "balance",
    "as_of",
    "state",
    "link",
    "pdf",
    "policy",
)
PAYMENT_KEYS: Final = (
    "customer",
    "invoices",
    "amount",
    "currency",
    "value_date",
    "posted_at",
    "method",
    "reversal_of",
    "cancelled",
    "reason",
)

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BillRow:
    """What a row says of one invoice, payment or credit note. What it does not name stays as it was."""

    external_id: str
    values: Mapping[str, Any]
    """By key: amounts in millionths, days as YYYY-MM-DD, moments as Unix ms, `invoices` as a tuple of Allocation."""
    row: int = 0
    """Of the sheet or list that it came by, for what is told of it."""


def invoice(document: Mapping[str, Any], *, external_id: str | None = None, row: int = 0) -> BillRow:
    """Returns what a document says of an invoice; `external_id` where its address says it. FieldError."""
    return _row(document, _INVOICE, external_id, row)


def payment(document: Mapping[str, Any], *, external_id: str | None = None, row: int = 0) -> BillRow:
    """Returns what a document says of a payment or credit note. FieldError."""
    return _row(document, _PAYMENT, external_id, row)


def _row(
    document: Mapping[str, Any], keys: Mapping[str, Callable[[str, Any], Any]], external_id: str | None, row: int
) -> BillRow:
    values: dict[str, Any] = {}
    said = document.get("external_id", external_id)
    for key, value in document.items():
        if key == "external_id":
            continue
        judge = keys.get(key)
        if judge is None:
            raise FieldError(str(key)[:60], "key_unknown")
        values[key] = judge(key, value)
    if not isinstance(said, str) or (external_id is not None and said != external_id):
        raise FieldError("external_id", "id_missing" if said is None else "id_invalid", str(said or ""))
    return BillRow(fields.external_id(said), values, row)


# -------------------------------------------------------------------------------------------------------------- values


def _customer(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError(key, "customer_missing")
    try:
        return fields.external_id(value)
    except FieldError as error:
        raise FieldError(key, "customer_missing" if error.reason == "id_missing" else error.reason, value) from None


def _id(key: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise FieldError(key, "id_invalid", str(value))
    return fields.external_id(value)


def bill_id(value: str) -> str:
    """Returns an external id as it is kept. FieldError."""
    return fields.external_id(value)


def text(key: str, value: Any) -> str:
    """Returns one line of text; empty where there is none. FieldError."""
    if value is not None and not isinstance(value, str):
        raise FieldError(key, "value_invalid", str(value))
    return fields.line(key, value, TEXT_MAX) or ""


def _name(key: str, value: Any) -> str | None:
    return text(key, value) or None


def money(key: str, value: Any) -> int | None:
    """Returns an amount in millionths: a decimal text, or a whole number. FieldError."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise FieldError(key, "amount_invalid", str(value))
    try:
        return parse_money(str(value))
    except ValueError:
        raise FieldError(key, "amount_invalid", str(value)) from None


def _paid(key: str, value: Any) -> int:
    found = money(key, value)
    if found is None:
        raise FieldError(key, "amount_missing")
    if found <= 0:
        raise FieldError(key, "amount_not_positive", str(value))
    return found


def day(key: str, value: Any) -> str | None:
    """Returns a day as YYYY-MM-DD. FieldError."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise FieldError(key, "date_invalid", str(value))
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise FieldError(key, "date_invalid", value) from None
    if not 1990 <= found.year <= 2099:
        raise FieldError(key, "date_invalid", value)
    return value


def moment(key: str, value: Any) -> int | None:
    """Returns a moment as Unix ms: ISO 8601 with its zone. FieldError."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 40:
        raise FieldError(key, "instant_invalid", str(value))
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise FieldError(key, "instant_invalid", value) from None
    if found.tzinfo is None or not 1990 <= found.year <= 2099:
        raise FieldError(key, "instant_invalid", value)
    return int(found.timestamp() * 1000)


def currency(key: str, value: Any) -> str | None:
    """Returns the three letters of a currency; None: the account's. FieldError."""
    if value is not None and not isinstance(value, str):
        raise FieldError(key, "currency_invalid", str(value))
    try:
        return fields.currency(value)
    except FieldError as error:
        raise FieldError(key, error.reason, value or "") from None


def state(key: str, value: Any) -> str:
    """Returns a state that billing may say. FieldError."""
    if value not in SAID_STATES:
        raise FieldError(key, "bill_state_invalid", str(value))
    return str(value)


def method(key: str, value: Any) -> str:
    if value not in METHODS:
        raise FieldError(key, "method_invalid", str(value))
    return str(value)


def link(key: str, value: Any) -> str:
    """Returns a web address, http or https; empty where there is none. FieldError."""
    if value is None or value == "":
        return ""
    if not isinstance(value, str):
        raise FieldError(key, "link_invalid", str(value))
    address = value.strip()
    try:
        parts = urlsplit(address)
        good = parts.scheme.lower() in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or len(address) > LINK_MAX or not address.isprintable() or any(one in address for one in " \"'<>\\"):
        raise FieldError(key, "link_invalid", address)
    return address


def _switch(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise FieldError(key, "switch_invalid", str(value))
    return value


def _parts(key: str, value: Any) -> tuple[Allocation, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > PARTS_MAX:
        raise FieldError(key, "value_invalid")
    found: dict[str, int] = {}
    for one in value:
        if not isinstance(one, Mapping) or not set(one) <= {"external_id", "amount"}:
            raise FieldError(key, "value_invalid", str(one))
        name = _id(f"{key}.external_id", one.get("external_id"))
        if name is None:
            raise FieldError(f"{key}.external_id", "id_missing")
        found[name] = found.get(name, 0) + _paid(f"{key}.amount", one.get("amount"))
    return tuple(Allocation(name, amount) for name, amount in found.items())


_INVOICE: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "customer": _customer,
    "number": text,
    "issued": day,
    "due": day,
    "currency": currency,
    "total": money,
    "balance": money,
    "as_of": moment,
    "state": state,
    "link": link,
    "pdf": link,
    "policy": _name,
}
_PAYMENT: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    "customer": _customer,
    "invoices": _parts,
    "amount": _paid,
    "currency": currency,
    "value_date": day,
    "posted_at": moment,
    "method": method,
    "reversal_of": _id,
    "cancelled": _switch,
    "reason": text,
}

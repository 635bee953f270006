"""What a row of a query says, as the document that a program would post. Pure.

A database gives numbers where a program writes texts, and moments where it writes days: this is all that is made good
here. Whether a value can be is judged where all rows are judged (`gatewayd.billing.fields`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from gatewayd.billing.fields import INVOICE_KEYS, PAYMENT_KEYS

_REQUIRED: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "customers": (("external_id",),),
    "invoices": (("external_id",), ("customer",), ("balance", "total")),
    "payments": (("external_id",), ("customer",), ("amount",), ("posted_at",)),
    "credit_notes": (("external_id",), ("customer",), ("amount",), ("posted_at",)),
}
"""By kind: of each of these, one has to be there."""
_KNOWN: Final[Mapping[str, frozenset[str] | None]] = {
    "customers": None,
    "invoices": frozenset({"external_id", *INVOICE_KEYS}),
    "payments": frozenset({"external_id", *PAYMENT_KEYS}),
    "credit_notes": frozenset({"external_id", *PAYMENT_KEYS}),
}
"""None: columns are found as those of a sheet are."""
_DAYS: Final = frozenset({"issued", "due", "value_date"})
_MOMENTS: Final = frozenset({"as_of", "posted_at"})
_SWITCHES: Final = frozenset({"cancelled"})
_NOTHING_SAID: Final = frozenset({"state", "method", "cancelled", "as_of", "posted_at", "invoices"})
"""Where a database has nothing, nothing is said of these."""
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NO_DAY: Final = "0000-00-00"
"""What MariaDB keeps where there is none."""


def head_fault(kind: str, columns: Sequence[str]) -> tuple[str, str] | None:
    """Returns code and column of what is wrong with the columns of a query; None where they can be read."""
    seen: set[str] = set()
    for name in columns:
        if name in seen:
            return "column_twice", name
        seen.add(name)
    for names in _REQUIRED[kind]:
        if not seen.intersection(names):
            return "column_absent", names[0]
    known = _KNOWN[kind]
    unknown = [] if known is None else [name for name in columns if name not in known]
    return ("column_unknown", unknown[0]) if unknown else None


def heads(columns: Iterable[str]) -> list[str]:
    """Returns the columns of a query as keys."""
    return [name.strip().lower() for name in columns]


def document(columns: Sequence[str], row: Sequence[Any], zone: tzinfo) -> dict[str, Any]:
    """Returns what a row of texts says; moments without an offset are of that zone."""
    found = {}
    for key, value in zip(columns, row, strict=True):
        if value is None and key in _NOTHING_SAID:
            continue
        found[key] = _value(key, value, zone) if isinstance(value, str) else value
    return found


def _value(key: str, value: str, zone: tzinfo) -> Any:
    if value.startswith(_NO_DAY):
        return None
    if key in _DAYS:
        return value[:10] if _DAY.match(value) and value[10:11] in {"T", " "} else value
    if key in _MOMENTS:
        return _moment(value, zone)
    if key in _SWITCHES:
        return {"0": False, "1": True, "false": False, "true": True}.get(value.lower(), value)
    return _parts(value) if key == "invoices" else value


def _moment(value: str, zone: tzinfo) -> str:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return value
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).isoformat()


def _parts(value: str) -> Any:
    """Returns what a payment pays, of a cell with JSON; another text is left for whoever judges it."""
    try:
        found = json.loads(value, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return value
    return found


def cell(value: Any) -> str | bool | None:
    """Returns a value of a database as text. ValueError where it is none of text, number, date and time."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return str(value)
        case Decimal() if value.is_finite():
            return f"{value:f}"
        case float() if math.isfinite(value):
            return _number(value)
        case date() | time():
            return value.isoformat()
        case UUID() | timedelta():
            return str(value)
        case list() | dict():  # a column of JSON
            return json.dumps(value, default=str)
        case bytes():
            return value.decode()
        case _:
            raise ValueError("no text")


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.15g}"
    return f"{value:.20f}".rstrip("0").rstrip(".") if "e" in text else text

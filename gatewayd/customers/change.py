"""What a document changes of a customer: what it does not name stays as it is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final

from gatewayd.customers import fields
from gatewayd.customers.document import Customer, Debt, NoClaim, Point
from gatewayd.customers.faults import FieldError
from gatewayd.numbers import Numbers
from gatewayd.values.money import parse_money

KEYS: Final = (
    "document_type",
    "document_number",
    "name",
    "language",
    "zone",
    "portfolio_type",
    "portfolio_name",
    "assigned",
    "tags",
    "columns",
    "mails",
    "no_claim",
    "contacts",
    "debt",
)
"""What a document may name, but its id."""
LAST_MS: Final = 253_370_764_800_000
"""The year 9999: what comes later is no time."""
READ_ONLY: Final = frozenset(
    {"customer", "account", "external_id", "absent_since", "forgotten_at", "version", "created_at", "updated_at"}
)
"""What a document that was read may bear, so that it can be sent back as it came."""


def changed(
    was: Customer, given: Mapping[str, Any], *, numbers: Numbers, user: Callable[[str], int | None], now: int
) -> Customer:
    """Returns a customer as a document wants it. `user` finds the number of a user by name. FieldError."""
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key in READ_ONLY:
            continue
        if key not in KEYS:
            raise FieldError(key[:60], "value_invalid")
        values[key] = _JUDGES.get(key, _line)(_Given(was, key, value, numbers, user, now))
    return replace(was, **values)


@dataclass(frozen=True, slots=True)
class _Given:
    """One value of a document, and what judging it needs."""

    was: Customer
    key: str
    value: Any
    numbers: Numbers
    user: Callable[[str], int | None]
    now: int

    @property
    def text(self) -> str | None:
        if self.value is not None and not isinstance(self.value, str):
            raise FieldError(self.key, "value_invalid")
        return self.value

    @property
    def texts(self) -> list[str]:
        if self.value is None:
            return []
        if not isinstance(self.value, list | tuple) or not all(isinstance(one, str) for one in self.value):
            raise FieldError(self.key, "value_invalid")
        return list(self.value)

    def columns(self) -> dict[str, str]:
        found = {} if self.value is None else self.value
        if not isinstance(found, Mapping) or not all(isinstance(one, str) for one in found.values()):
            raise FieldError(self.key, "value_invalid")
        return fields.columns({str(name): text for name, text in found.items()})

    def mails(self) -> int:
        if not isinstance(self.value, Mapping):
            raise FieldError(self.key, "value_invalid")
        return fields.mails(self.value, self.was.mails)

    def contacts(self) -> tuple[Point, ...]:
        if not isinstance(self.value, list | tuple):
            raise FieldError(self.key, "value_invalid")
        return fields.points(self.value, self.numbers, self.was.contacts)


def _line(one: _Given) -> str | None:
    return fields.line(one.key, one.text)


_JUDGES: Final[Mapping[str, Callable[[_Given], Any]]] = {
    "name": lambda one: fields.line(one.key, one.text) or "",
    "language": lambda one: fields.language(one.text),
    "zone": lambda one: fields.zone(one.text),
    "portfolio_type": lambda one: fields.portfolio(one.text),
    "assigned": lambda one: assigned(one.text, one.user),
    "tags": lambda one: fields.tags(one.texts),
    "columns": lambda one: one.columns(),
    "mails": lambda one: one.mails(),
    "no_claim": lambda one: _no_claim(one.value),
    "contacts": lambda one: one.contacts(),
    "debt": lambda one: _debt(one.value, one.now),
}
"""By key; the others are lines of text."""


def assigned(value: str | None, user: Callable[[str], int | None]) -> int | None:
    """Returns the number of the user who has that name. FieldError."""
    text = fields.line("assigned", value)
    if text is None:
        return None
    number = user(text)
    if number is None:
        raise FieldError("assigned", "user_unknown", text)
    return number


def instant(field: str, value: Any) -> int | None:
    """Returns Unix ms of ISO 8601; None for none. FieldError."""
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
        ms = int(at.replace(tzinfo=at.tzinfo or UTC).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        raise FieldError(field, "date_invalid", str(value)) from None
    if not 0 <= ms < LAST_MS:
        raise FieldError(field, "date_invalid", str(value))
    return ms


def _no_claim(value: Any) -> NoClaim | None:
    if value is None or value is False:
        return None
    if value is True:
        return NoClaim(None, "")
    if not isinstance(value, Mapping) or not value.keys() <= {"until", "reason"}:
        raise FieldError("no_claim", "value_invalid")
    reason = value.get("reason")
    if reason is not None and not isinstance(reason, str):
        raise FieldError("no_claim.reason", "value_invalid")
    return NoClaim(
        instant("no_claim.until", value.get("until")),
        fields.line("no_claim.reason", reason, fields.REASON_MAX) or "",
    )


def _debt(value: Any, now: int) -> Debt | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or not value.keys() <= {"balance", "due", "number", "currency", "as_of"}:
        raise FieldError("debt", "value_invalid")
    for key in ("due", "number", "currency"):
        if value.get(key) is not None and not isinstance(value[key], str):
            raise FieldError(f"debt.{key}", "value_invalid")
    balance = value.get("balance")
    if balance is not None:
        try:
            balance = parse_money(balance if isinstance(balance, str) else "")
        except ValueError:
            raise FieldError("debt.balance", "amount_invalid", str(balance)) from None
    due = value.get("due")
    if due is not None:
        try:
            due = date.fromisoformat(due).isoformat()
        except ValueError:
            raise FieldError("debt.due", "date_invalid", due) from None
    as_of = instant("debt.as_of", value.get("as_of"))
    return Debt(
        balance,
        due,
        fields.line("debt.number", value.get("number")),
        fields.currency(value.get("currency")),
        now if as_of is None else as_of,
    )

"""What a text may say of a customer: `%nombre%`, `%deuda%` and the further columns, as people of a country write
amounts and dates. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from gatewayd.customers.document import Customer, Debt
from gatewayd.values.money import MICROS
from spool.names import variable_name

DEBT: Final = frozenset({"deuda", "vencimiento", "factura", "dias", "facturas"})
"""Variables that say what is owed: a text with one of them speaks of a debt."""
OF_CUSTOMER: Final = ("nombre", "id", "documento", "cartera")

_POINT_MARKS: Final = frozenset({"MX", "US", "PE", "PR", "GT", "HN", "SV", "NI", "PA", "DO", "GB", "CA"})
"""Countries with a decimal point; the others of those that this serves have a comma."""
_WHOLE: Final = frozenset({"CLP", "PYG"})
"""Currencies without cents."""


def amount(micros: int, currency: str | None, region: str) -> str:
    """Returns an amount as a country writes it: `1.500,50`."""
    whole, rest = divmod(abs(micros), MICROS)
    grouped = f"{whole:,}"
    if not (currency in _WHOLE and rest == 0):
        cents = f"{rest:06d}".rstrip("0").ljust(2, "0")
        grouped = f"{grouped}.{cents}"
    if region not in _POINT_MARKS:
        grouped = grouped.translate({ord(","): ".", ord("."): ","})
    return f"-{grouped}" if micros < 0 else grouped


def day(value: str, region: str) -> str:
    """Returns a date (YYYY-MM-DD) as a country writes it."""
    year, month, of_month = value.split("-")
    return f"{month}/{of_month}/{year}" if region == "US" else f"{of_month}/{month}/{year}"


def of_debt(debt: Debt | None, today: date, region: str) -> dict[str, str]:
    """Returns what a text may say of a debt; days count from its due date, below zero before it."""
    if debt is None:
        return {}
    found: dict[str, str] = {}
    if debt.balance is not None:
        found["deuda"] = amount(debt.balance, debt.currency, region)
    if debt.due is not None:
        found["vencimiento"] = day(debt.due, region)
        found["dias"] = str((today - date.fromisoformat(debt.due)).days)
    if debt.number:
        found["factura"] = debt.number
    return found


def variables(customer: Customer, today: date, region: str) -> dict[str, str]:
    """Returns every variable of a customer by its plain name; a further column never hides one of the customer's."""
    return joined(
        customer.columns,
        (customer.name, customer.external_id, customer.document_number, customer.portfolio_name),
        of_debt(customer.debt, today, region),
    )


def joined(columns: Mapping[str, str], own: tuple[str | None, ...], owed: Mapping[str, str]) -> dict[str, str]:
    """Returns further columns by their plain names, `OF_CUSTOMER` and what is owed over them."""
    found = {variable_name(header): text for header, text in columns.items()} if columns else {}
    found |= {name: text for name, text in zip(OF_CUSTOMER, own, strict=True) if text}
    if owed:
        found |= owed
    return found

"""Whose row a template is shown with: a customer's, what somebody gave, or invented values. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from html import escape
from typing import Final, Literal

from gatewayd.customers.variables import DEBT, OF_CUSTOMER, amount, day
from gatewayd.operations.template_words import MENU, pieces_of
from gatewayd.values.characters import visible
from gatewayd.values.money import MICROS
from gatewayd.values.templates import Variables, named_in
from gatewayd.words.translation import gettext as _
from spool.document import JobDocument
from spool.names import variable_name

Source = Literal["given", "customer", "account", "example", "missing", "unknown"]

_AMOUNTS: Final = ("deuda", "monto", "saldo", "importe", "total", "precio")
_DATES: Final = ("fecha", "vence", "vencimiento", "dia_de", "hasta")
_DEBT_MICROS: Final = 15_340 * MICROS + MICROS // 2
_SOON_DAYS: Final = 5


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a template, and what stands for it in this row."""

    written: str
    value: str
    source: Source
    hint: str | None = None
    """The known name that was probably meant, of one that nobody knows."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the row, by plain names."""

    given: Mapping[str, str]
    customer: Mapping[str, str] | None
    account: Mapping[str, str]
    columns: Sequence[str] = ()
    """Further names that rows of this account have."""


@dataclass(frozen=True, slots=True)
class Country:
    """How amounts and dates are written, and which day it is."""

    today: date
    region: str
    currency: str


def example(name: str, country: Country) -> str:
    """Returns an invented value for a variable, as the country writes it."""
    fixed = {
        "nombre": "María Fernández",
        "id": "C-1042",
        "documento": "27345678",
        "cartera": "Norte",
        "facturas": "2",
        "factura": "A-0001-00012345",
        "dias": str(_SOON_DAYS),
        "enlace_de_pago": "https://example.com/p/8Kq2",
        "operador": "Laura Paz",
    }
    if name in fixed:
        return fixed[name]
    if any(word in name for word in _AMOUNTS):
        return amount(_DEBT_MICROS, country.currency, country.region)
    if any(word in name for word in _DATES):
        return day((country.today + timedelta(days=_SOON_DAYS)).isoformat(), country.region)
    return _("example")


def variables_in(document: JobDocument, known: Known, country: Country) -> list[Variable]:
    """Returns the variables of a template in order, each once, with their values in this row."""
    found: dict[str, Variable] = {}
    for _field, text in pieces_of(document):
        for written in named_in(text):
            name = variable_name(written)
            if name not in found:
                found[name] = _variable(written, name, known, country)
    return list(found.values())


def _variable(written: str, name: str, known: Known, country: Country) -> Variable:
    if value := known.given.get(name):
        return Variable(written, value, "given")
    if known.customer is not None and name in known.customer:
        value = known.customer[name]
        return Variable(written, value, "customer") if value.strip() else Variable(written, "", "missing")
    if name in known.account:
        return Variable(written, known.account[name], "account")
    if name in MENU or name in known.columns:
        if known.customer is not None and name in {*OF_CUSTOMER, *DEBT, *known.columns}:
            return Variable(written, "", "missing")
        return Variable(written, example(name, country), "example")
    names = [*known.given, *(known.customer or ()), *known.account, *known.columns, *MENU]
    close = get_close_matches(name, names, 1, 0.6)
    return Variable(written, example(name, country), "unknown", close[0] if close else None)


def rendered(document: JobDocument, variables: Sequence[Variable]) -> dict[str, str]:
    """Returns each text of a template as it goes out to this row, by its field; a variable without a value stands as
    it is written. VariableUnknownError for what is another program's."""
    names = [variable_name(one.written) for one in variables]
    cells = [one.value or f"%{one.written}%" for one in variables]
    bound = Variables(names, {})
    shown: dict[str, str] = {}
    for field, text in pieces_of(document):
        if field == "html":
            made = bound.bind(text, tags=True)([escape(cell) for cell in cells])
        else:
            made = bound.bind(visible(text))([visible(cell) for cell in cells])
        shown[field] = made or ""
    return shown

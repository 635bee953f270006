"""An answer as a message: which words, with which values, over which line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from gatewayd.answers.bodies import BILL, NO_OPERATOR, NOBODY, body
from gatewayd.answers.engine.accounts import Account
from gatewayd.answers.judge import EXPIRES_MS
from gatewayd.answers.known import Bill, Incoming, Known, Owed, Person, Verdict
from gatewayd.customers.variables import amount, day
from gatewayd.values.templates import named_in
from spool.names import variable_name

SUBJECTS: Final[Mapping[str, str]] = {"es": "Su mensaje", "en": "Your message"}
STEP_MS: Final = 5 * 60_000
"""Answers that end within the same five minutes share a job."""
STATES: Final[Mapping[str, Mapping[str, str]]] = {
    "es": {
        "open": "recibido", "working": "en curso", "waiting": "esperamos su respuesta", "closed": "resuelto",
    },
    "en": {"open": "received", "working": "in progress", "waiting": "we wait for your answer", "closed": "solved"},
}  # fmt: skip
_EXAMPLE_DAYS: Final = 3
_VARIABLE: Final = re.compile(r"%([^%\s]+)%")


def expires(at: int) -> int:
    """Returns when an answer that was made then is none any more: half an hour later, on a whole five minutes."""
    return (at + EXPIRES_MS) // STEP_MS * STEP_MS


def words_of(account: Account, kind: str) -> str:
    """Returns the words of an answer of a kind, the account's own where it has written them."""
    settings = account.settings
    own: Mapping[str, str | None] = {
        "debt": settings.debt.body,
        "other": settings.debt.other,
        "confirm": settings.debt.confirm,
        "ticket": settings.ticket.body,
        "tickets": settings.ticket.tickets,
        "change": settings.ticket.change,
        "payment": settings.payment.body,
        "paid": settings.paid.body,
        "promise": settings.promise.body,
        "day": settings.promise.day,
    }
    return body(kind, account.language, own.get(kind))


def values(account: Account, person: Person | None, today: date) -> dict[str, str]:
    """Returns what every answer may say."""
    language = "en" if account.language == "en" else "es"
    return {
        "nombre": (person.name if person else "") or NOBODY[language],
        "id": person.external_id if person else "",
        "empresa": account.company,
        "operador": NO_OPERATOR[language],
        "ejemplo": short_day(today + timedelta(days=_EXAMPLE_DAYS), account.region),
    }


def full_day(when: date, region: str) -> str:
    """Returns a day as a country writes it."""
    return day(when.isoformat(), region)


def short_day(when: date, region: str) -> str:
    """Returns a day without its year, as a country writes it."""
    return day(when.isoformat(), region).rpartition("/")[0]


def given(account: Account, verdict: Verdict, found: Known, today: date, ticket: int | None = None) -> dict[str, str]:
    """Returns what an answer may say; `ticket` is the number of one that it has just opened."""
    person = verdict.people[0] if len(verdict.people) == 1 else None
    said = values(account, person, today)
    if verdict.kind == "debt" and person is not None:
        said |= of_debts(found.owed.get(person.id, ()), account.region, today)
        said |= of_bill(found.bills.get(person.id))
    if verdict.kind in {"ticket", "tickets"}:
        if ticket is None and found.open_ticket is not None:
            ticket = found.open_ticket.number
        said["id"] = str(ticket or "")
        said["operador"] = account.settings.ticket.operator or said["operador"]
    if verdict.day is not None:
        said["vencimiento"] = full_day(verdict.day, account.region)
    return said


def shown(account: Account, verdict: Verdict, found: Known, today: date) -> str:
    """Returns the words of an answer as they would go out, for a person who tries it."""
    opens = (found.open_ticket.number if found.open_ticket else 0) + 1 if verdict.kind == "ticket" else None
    said = given(account, verdict, found, today, opens)
    return _VARIABLE.sub(lambda one: said.get(variable_name(one[1]), one[0]), sayable(account, verdict.kind, said))


def of_debts(debts: Sequence[Owed], region: str, today: date) -> dict[str, str]:
    """Returns what an answer may say of all that a customer owes; several currencies by their names."""
    open_ones = [one for one in debts if one.balance > 0]
    several = len(open_ones) > 1
    said = " + ".join(
        amount(one.balance, one.currency, region) + (f" {one.currency}" if several else "") for one in open_ones
    )
    due = min((one.due for one in open_ones if one.due is not None), default=None)
    return {
        "deuda": said or amount(0, debts[0].currency if debts else None, region),
        "vencimiento": "-" if due is None else day(due.isoformat(), region),
        "dias": "0" if due is None else str((today - due).days),
        "facturas": str(sum(one.invoices for one in open_ones)),
    }


def of_bill(bill: Bill | None) -> dict[str, str]:
    """Returns what an answer may say of the invoice that is owed longest: what billing has said of it."""
    if bill is None:
        return {}
    return {"factura": bill.number} | ({"enlace_de_pago": bill.link} if bill.link else {})


def names_bill(account: Account) -> bool:
    """Returns whether the account's answer about a balance names an invoice or its link."""
    return not BILL.isdisjoint(map(variable_name, named_in(words_of(account, "debt"))))


def sayable(account: Account, kind: str, given: Mapping[str, str]) -> str:
    """Returns the words of an answer: the account's own, or ours where they name what is not known."""
    own = words_of(account, kind)
    known = all(variable_name(name) in given for name in named_in(own))
    return own if known else body(kind, account.language)


def message(account: Account, text: Incoming, said: str, given: Mapping[str, str], until: int) -> dict[str, Any]:
    """Returns an answer to a text as a message that is posted: over the line by which it came."""
    made: dict[str, Any] = {
        "to": text.sender,
        "channel": text.channel,
        "text": said,
        "values": dict(given),
        "priority": "urgent",
        "class": "reply",
        "lines": [text.line],
        "not_after": datetime.fromtimestamp(until / 1000, UTC).isoformat(),
    }
    if text.channel == "email":
        made["subject"] = SUBJECTS["en" if account.language == "en" else "es"]
    return made

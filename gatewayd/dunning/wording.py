"""What a claim's text may say of the debt: its variables, and the words that go where none of it may be named. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from gatewayd.billing.facts import Invoice
from gatewayd.customers.variables import amount, day, joined
from gatewayd.dunning import step_key
from gatewayd.dunning.decision import Decision
from gatewayd.words.claim_reasons import AWAITS, TOUCH
from gatewayd.words.translation import gettext_in

COMPANY: Final = "empresa"
"""The variable of neutral words."""
NUMBERS_SHOWN: Final = 10
"""Invoices that a text names; of more the rest is counted."""


def of_claim(decision: Decision, invoices: Sequence[Invoice], today: date, region: str) -> dict[str, str]:
    """Returns the variables of what a decision lists, the oldest invoice first."""
    named = set(decision.invoices)
    listed = sorted(
        (one for one in invoices if one.external_id in named), key=lambda one: (one.due or date.max, one.external_id)
    )
    found = {"deuda": amount(decision.amount, decision.currency, region), "moneda": decision.currency}
    numbers = [one.number or one.external_id for one in listed]
    if not listed:
        return found
    first = listed[0]
    shown = numbers[:NUMBERS_SHOWN]
    rest = len(numbers) - len(shown)
    found["factura"] = numbers[0]
    found["facturas"] = ", ".join(shown) + (f" (+{rest})" if rest else "")
    if first.due is not None:
        found["vencimiento"] = day(first.due.isoformat(), region)
        found["dias"] = str((today - first.due).days)
    link = next((one.link for one in listed if one.link), "")
    if link:
        found["enlace_de_pago"] = link
    return found


def cells(
    columns: Mapping[str, str], own: tuple[str | None, ...], owed: Mapping[str, str], step: str
) -> dict[str, str]:
    """Returns the columns of a recipient: its own, what is owed, and which step it is."""
    found = {name: text for name, text in joined(columns, own, owed).items() if name not in {"to", "ref"}}
    return {**found, step_key.COLUMN: step}


def neutral(channel: str, language: str) -> dict[str, object]:
    """Returns the words for somebody of whom nobody knows whether it is the customer: no name, no amount, no debt."""
    text = gettext_in(language, AWAITS)
    if channel == "email":
        return {"subject": gettext_in(language, TOUCH), "text": text}
    if channel == "push":
        return {"text": text, "push": {"title": f"%{COMPANY}%"}}
    if channel == "call":
        return {"call": {"script": {"message": text, "language": language}}}
    return {"text": text}

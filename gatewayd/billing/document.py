"""Invoices, payments and what is owed, as the JSON that operations, the API and pages speak. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from gatewayd.billing.balance import Balance, disputed
from gatewayd.billing.facts import Invoice, Payment
from gatewayd.values.clock import iso
from gatewayd.values.money import format_money


@dataclass(frozen=True, slots=True)
class KeptInvoice:
    """An invoice as the store has it. Times are Unix ms."""

    id: int
    account: str
    customer: str
    customer_known: bool
    invoice: Invoice
    dispute_reason: str | None
    source: str
    first_seen: int
    updated_at: int
    version: int
    open: int = 0
    """What of it is open, with payments taken off but not free credit; millionths."""
    name: str | None = None
    """Of the customer."""


@dataclass(frozen=True, slots=True)
class KeptPayment:
    """A payment or credit note as the store has it. Times are Unix ms."""

    id: int
    account: str
    customer: str
    customer_known: bool
    payment: Payment
    source: str
    first_seen: int
    updated_at: int
    version: int
    name: str | None = None
    """Of the customer."""


def money(amount: int | None) -> str | None:
    """Returns an amount as decimal text."""
    return None if amount is None else format_money(amount)


def invoice_document(kept: KeptInvoice, today: date) -> dict[str, Any]:
    """Returns an invoice as JSON; `days` past its due date, below zero before it."""
    one = kept.invoice
    return {
        "external_id": one.external_id,
        "account": kept.account,
        "customer": kept.customer,
        "customer_known": kept.customer_known,
        "customer_name": kept.name,
        "number": one.number,
        "issued": _day(one.issued),
        "due": _day(one.due),
        "days": None if one.due is None or not kept.open else (today - one.due).days,
        "currency": one.currency,
        "total": money(one.total),
        "balance": money(one.balance),
        "open": money(kept.open),
        "as_of": iso(one.as_of),
        "state": one.state,
        "disputed": disputed(one, today),
        "disputed_until": _day(one.disputed_until),
        "dispute_reason": kept.dispute_reason,
        "link": one.link,
        "pdf": one.pdf,
        "policy": one.policy,
        "source": kept.source,
        "first_seen": iso(kept.first_seen),
        "updated_at": iso(kept.updated_at),
        "version": kept.version,
    }


def payment_document(kept: KeptPayment) -> dict[str, Any]:
    """Returns a payment or credit note as JSON."""
    one = kept.payment
    return {
        "external_id": one.external_id,
        "account": kept.account,
        "customer": kept.customer,
        "customer_known": kept.customer_known,
        "customer_name": kept.name,
        "kind": one.kind,
        "currency": one.currency,
        "amount": money(one.amount),
        "posted_at": iso(one.posted_at),
        "value_date": _day(one.value_date),
        "method": one.method,
        "invoices": None
        if one.invoices is None
        else [{"external_id": part.invoice, "amount": money(part.amount)} for part in one.invoices],
        "reversal_of": one.reversal_of,
        "cancelled": one.cancelled,
        "reason": one.reason,
        "source": kept.source,
        "first_seen": iso(kept.first_seen),
        "updated_at": iso(kept.updated_at),
        "version": kept.version,
    }


def balance_document(found: Balance, today: date) -> dict[str, Any]:
    """Returns what a person owes in a currency as JSON."""
    due = found.due()
    return {
        "currency": found.currency,
        "balance": money(found.balance),
        "overdue": money(sum(one.net for one in found.overdue(today))),
        "disputed": money(found.disputed(today)),
        "credit": money(found.credit),
        "due": _day(due),
        "days": None if due is None else (today - due).days,
        "invoices": [
            {
                "external_id": one.invoice.external_id,
                "number": one.invoice.number,
                "due": _day(one.invoice.due),
                "open": money(one.gross),
                "owed": money(one.net),
                "disputed": disputed(one.invoice, today),
                "link": one.invoice.link,
            }
            for one in found.invoices
        ],
    }


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()

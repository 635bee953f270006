"""An invoice and a payment as frozen records. Money is integers, millionths of the currency; instants are Unix ms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

InvoiceState = Literal["open", "paid", "cancelled", "disputed", "closed"]
STATES: Final = ("open", "paid", "cancelled", "disputed", "closed")
"""`closed`: a complete list no longer had it. Nobody says that it was paid."""
PaymentKind = Literal["payment", "credit_note"]
METHODS: Final = ("automatic", "manual")


@dataclass(frozen=True, slots=True)
class Invoice:
    """What was charged, and what billing said of it last."""

    external_id: str
    number: str
    currency: str
    due: date | None
    """In the account's zone; None: it is never claimed."""
    issued: date | None = None
    total: int | None = None
    balance: int | None = None
    """What was open at `as_of`; None: billing tells totals alone, and every payment counts."""
    as_of: int = 0
    state: InvoiceState = "open"
    disputed_until: date | None = None
    """The last day of a dispute; None with `disputed`: until somebody ends it."""
    link: str = ""
    """Where it can be paid: http or https."""
    pdf: str = ""
    policy: str | None = None
    """Its own rule for claims, before that of its customer."""


@dataclass(frozen=True, slots=True)
class Allocation:
    invoice: str
    """External id."""
    amount: int


@dataclass(frozen=True, slots=True)
class Payment:
    """What was paid or credited."""

    external_id: str
    currency: str
    amount: int
    posted_at: int
    """When billing wrote it down; what counts against a balance."""
    value_date: date | None = None
    """The day that it is dated; never asked by a rule, shown to people."""
    kind: PaymentKind = "payment"
    invoices: tuple[Allocation, ...] | None = None
    """What it pays; None: billing does not say. What it says leaves over is free credit."""
    method: str = "manual"
    reversal_of: str | None = None
    """External id of the payment that it takes back."""
    cancelled: bool = False
    reason: str = ""

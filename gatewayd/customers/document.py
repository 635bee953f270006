"""A customer as a frozen record, and as the JSON that operations, the API and imports speak. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from gatewayd.values.clock import iso
from gatewayd.values.money import format_money

PointChannel = Literal["phone", "email", "push", "whatsapp"]
PointState = Literal["unknown", "confirmed", "wrong_person"]
CHANNELS: Final = ("phone", "email", "push", "whatsapp")
STATES: Final = ("unknown", "confirmed", "wrong_person")
PORTFOLIOS: Final = ("vigente", "castigada")
MAILS: Final = {"invoices": 1, "payments": 2, "tickets": 4}
"""The bit of each kind of mail that a customer may switch off."""
ALL_MAILS: Final = 7

POINTS_MAX: Final = 20
TAGS_MAX: Final = 50
COLUMNS_MAX: Final = 200
TEXT_MAX: Final = 10_000
"""Characters of one further column: what a sheet has is kept as it is written."""
COLUMNS_OCTETS_MAX: Final = 65_536
"""Octets of all further columns of a customer together."""

MOBILE, LANDLINE = "mobile", "landline"
"""Kinds of a telephone that the number itself says; people may write others."""


@dataclass(frozen=True, slots=True)
class Point:
    """One way to reach a person."""

    channel: str
    address: str
    """Telephones in E.164, mails in lower case, tokens as they are."""
    kind: str = ""
    state: str = "unknown"
    consent: Mapping[str, bool] = field(default_factory=dict)
    """By class of a message; what is not named was never asked."""
    source: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.channel, self.address


@dataclass(frozen=True, slots=True)
class Debt:
    """What a person owes: one open invoice."""

    balance: int | None
    """Millionths of the currency."""
    due: str | None
    """YYYY-MM-DD, in the account's zone."""
    number: str | None
    currency: str | None
    as_of: int
    """Unix ms at which this was so."""


@dataclass(frozen=True, slots=True)
class NoClaim:
    """Nobody claims anything from the person."""

    until: int | None
    """Unix ms; None: until somebody lifts it."""
    reason: str


@dataclass(frozen=True, slots=True)
class Customer:
    """What an account knows of a person."""

    external_id: str
    document_type: str | None = None
    document_number: str | None = None
    name: str = ""
    language: str | None = None
    zone: str | None = None
    portfolio_type: str | None = None
    portfolio_name: str | None = None
    assigned: int | None = None
    """Row of the user."""
    tags: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    """Further columns of a sheet, by header."""
    mails: int = ALL_MAILS
    no_claim: NoClaim | None = None
    contacts: tuple[Point, ...] = ()
    """The preferred first."""
    debt: Debt | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A customer as the store has it. Times are Unix ms."""

    id: int
    account: str
    customer: Customer
    assigned: str | None
    """Name of the user."""
    version: int
    created_at: int
    updated_at: int
    absent_at: int | None
    """Since when a sheet that said it was complete has lacked it."""
    forgotten_at: int | None
    """When what was known of the person was erased."""


def document(kept: Kept) -> dict[str, Any]:
    """Returns a customer as JSON: amounts as decimal text, times in ISO 8601."""
    customer = kept.customer
    return {
        "customer": kept.id,
        "account": kept.account,
        "external_id": customer.external_id,
        "document_type": customer.document_type,
        "document_number": customer.document_number,
        "name": customer.name,
        "language": customer.language,
        "zone": customer.zone,
        "portfolio_type": customer.portfolio_type,
        "portfolio_name": customer.portfolio_name,
        "assigned": kept.assigned,
        "tags": list(customer.tags),
        "columns": dict(customer.columns),
        "mails": {name: bool(customer.mails & bit) for name, bit in MAILS.items()},
        "no_claim": None
        if customer.no_claim is None
        else {"until": iso(customer.no_claim.until), "reason": customer.no_claim.reason},
        "contacts": [point_document(point) for point in customer.contacts],
        "debt": debt_document(customer.debt),
        "absent_since": iso(kept.absent_at),
        "forgotten_at": iso(kept.forgotten_at),
        "version": kept.version,
        "created_at": iso(kept.created_at),
        "updated_at": iso(kept.updated_at),
    }


def point_document(point: Point) -> dict[str, Any]:
    return {
        "channel": point.channel,
        "address": point.address,
        "kind": point.kind,
        "state": point.state,
        "consent": dict(point.consent),
        "source": point.source,
    }


def debt_document(debt: Debt | None) -> dict[str, Any] | None:
    if debt is None:
        return None
    return {
        "balance": None if debt.balance is None else format_money(debt.balance),
        "due": debt.due,
        "number": debt.number,
        "currency": debt.currency,
        "as_of": iso(debt.as_of),
    }

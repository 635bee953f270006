"""The shapes of invoices, payments and billing, as JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Final

from gatewayd.web.v1.forms import (
    COUNT,
    COUNT_OR_NULL,
    FLAG,
    TEXT,
    TEXT_OR_NULL,
    Schema,
    closed,
    free,
    named,
    page,
    ref,
    shown,
    text,
)

_AMOUNT: Final[Schema] = named("^-?[0-9]{1,12}(\\.[0-9]{1,6})?$")
_AMOUNT_OR_NULL: Final[Schema] = {"anyOf": [_AMOUNT, {"type": "null"}]}
_DAY: Final[Schema] = {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}
_AT: Final[Schema] = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}
_CURRENCY: Final[Schema] = {"anyOf": [named("^[A-Za-z]{3}$"), {"type": "null"}]}
_LINK: Final[Schema] = {"anyOf": [text(2000), {"type": "null"}]}
_ID: Final[Schema] = text(200, least=1)
_LINE: Final[Schema] = text(200)
_INVOICE: Final[dict[str, Schema]] = {
    "customer": _ID,
    "number": _LINE,
    "issued": _DAY,
    "due": _DAY,
    "currency": _CURRENCY,
    "total": _AMOUNT_OR_NULL,
    "balance": _AMOUNT_OR_NULL,
    "as_of": _AT,
    "state": {"enum": ["open", "paid", "cancelled", "disputed"]},
    "link": _LINK,
    "pdf": _LINK,
    "policy": {"anyOf": [_LINE, {"type": "null"}]},
}
_PAYMENT: Final[dict[str, Schema]] = {
    "customer": _ID,
    "invoices": {
        "anyOf": [
            {
                "type": "array",
                "maxItems": 1000,
                "items": closed({"external_id": _ID, "amount": _AMOUNT}, ["external_id", "amount"]),
            },
            {"type": "null"},
        ]
    },
    "amount": _AMOUNT,
    "currency": _CURRENCY,
    "value_date": _DAY,
    "posted_at": _AT,
    "method": {"enum": ["automatic", "manual"]},
    "reversal_of": {"anyOf": [_ID, {"type": "null"}]},
    "cancelled": FLAG,
    "reason": _LINE,
}
_KIND: Final[Schema] = {"enum": ["payment", "credit_note"], "default": "payment"}
_ROWS: Final[Schema] = {
    "type": "array",
    "minItems": 1,
    "maxItems": 1000,
    "items": free(40),
}
_PUT: Final[dict[str, Schema]] = {
    "external_id": TEXT,
    "outcome": TEXT,
    "withdrawn": COUNT,
    "open": {"type": "array", "items": TEXT},
}

SCHEMAS: Final[dict[str, Schema]] = {
    "NewInvoice": closed(_INVOICE, []),
    "NewInvoices": closed({"invoices": _ROWS}, ["invoices"]),
    "NewPayment": closed({"kind": _KIND, **_PAYMENT}, ["amount"]),
    "NewPayments": closed({"kind": _KIND, "payments": _ROWS}, ["payments"]),
    "Invoice": shown(
        {"external_id": TEXT, "customer": TEXT, "currency": TEXT, "state": TEXT, "open": TEXT, "version": COUNT},
        *("external_id", "customer", "currency", "state", "open", "version"),
    ),
    "Invoices": page(ref("Invoice")),
    "Payment": shown(
        {"external_id": TEXT, "customer": TEXT, "kind": TEXT, "amount": TEXT, "currency": TEXT, "version": COUNT},
        *("external_id", "customer", "kind", "amount", "currency", "version"),
    ),
    "Payments": page(ref("Payment")),
    "PutBill": shown(_PUT, "external_id", "outcome", "withdrawn"),
    "PutBills": shown(
        {
            **dict.fromkeys(("new", "changed", "same", "older", "unknown", "refused", "withdrawn"), COUNT),
            "refused_rows": {
                "type": "array",
                "items": shown({"row": COUNT, "field": TEXT, "reason": TEXT, "text": TEXT}, "row", "field", "reason"),
            },
            "open": {"type": "array", "items": TEXT},
        },
        *("new", "changed", "same", "older", "unknown", "refused", "refused_rows", "withdrawn", "open"),
    ),
    "CustomerAccount": shown(
        {
            "customer": TEXT,
            "balances": {"type": "array"},
            "invoices": {"type": "array", "items": ref("Invoice")},
            "payments": {"type": "array", "items": ref("Payment")},
            "as_of": TEXT_OR_NULL,
            "stale": FLAG,
        },
        *("customer", "balances", "invoices", "payments", "as_of", "stale"),
    ),
    "Billing": shown(
        {"account": TEXT, "as_of": TEXT_OR_NULL, "age_s": COUNT_OR_NULL, "max_age_s": COUNT, "stale": FLAG},
        *("account", "as_of", "age_s", "max_age_s", "stale", "pending", "owed", "unknown"),
    ),
    "ConfirmBilling": closed({"close": FLAG}, ["close"]),
    "ConfirmedBilling": shown({"account": TEXT, "closed": COUNT}, "account", "closed"),
    "VouchedBilling": shown({"account": TEXT, "as_of": TEXT}, "account", "as_of"),
}

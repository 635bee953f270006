"""The shapes of customers and imports, as JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Final

from gatewayd.web.v1.forms import (
    CLASSES,
    COUNT,
    COUNT_OR_NULL,
    FLAG,
    NO_NUL,
    TEXT,
    TEXT_OR_NULL,
    UPLOAD_ID,
    Schema,
    closed,
    free,
    named,
    page,
    ref,
    shown,
    text,
)

_LINE: Final[Schema] = {"anyOf": [text(200), {"type": "null"}]}
_CONTACT: Final[Schema] = closed(
    {
        "channel": {"enum": ["phone", "email", "push", "whatsapp"]},
        "address": text(8192, least=1),
        "kind": text(40),
        "state": {"enum": ["unknown", "confirmed", "wrong_person"]},
        "consent": {"type": "object", "propertyNames": {"enum": CLASSES}, "additionalProperties": FLAG},
        "source": text(40),
    },
    ["channel", "address"],
)
_DEBT: Final[Schema] = closed(
    {
        "balance": {"anyOf": [named("^-?[0-9]{1,12}(\\.[0-9]{1,6})?$"), {"type": "null"}]},
        "due": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "number": _LINE,
        "currency": {"anyOf": [named("^[A-Za-z]{3}$"), {"type": "null"}]},
        "as_of": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
    },
    [],
)
_NO_CLAIM: Final[Schema] = closed(
    {"until": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}, "reason": text(500)}, []
)
_SAID: Final[dict[str, Schema]] = {
    "document_type": _LINE,
    "document_number": _LINE,
    "name": text(200),
    "language": {"enum": ["es", "en", "pt", None]},
    "zone": _LINE,
    "portfolio_type": {"enum": ["vigente", "castigada", None]},
    "portfolio_name": _LINE,
    "assigned": _LINE,
    "tags": {"type": "array", "maxItems": 50, "items": text(60)},
    "columns": {
        "type": "object",
        "maxProperties": 200,
        "propertyNames": {"maxLength": 200, "pattern": NO_NUL},
        "additionalProperties": text(10_000),
    },
    "mails": closed({"invoices": FLAG, "payments": FLAG, "tickets": FLAG}, []),
    "no_claim": {"anyOf": [_NO_CLAIM, {"type": "null"}]},
    "contacts": {"type": "array", "maxItems": 20, "items": _CONTACT},
    "debt": {"anyOf": [_DEBT, {"type": "null"}]},
}
_MAPPING: Final[Schema] = free(40)
_READING: Final[Schema] = closed(
    {
        "sheet": text(200),
        "header_row": {"type": "integer", "minimum": 0, "maximum": 1_048_576},
        "hidden_rows": {"enum": ["send", "skip"]},
        "encoding": text(40),
    },
    [],
)
_AS_OF: Final[Schema] = {"type": "string", "format": "date-time"}

SCHEMAS: Final[dict[str, Schema]] = {
    "NewCustomer": closed({**_SAID, "version": COUNT}, []),
    "ManyCustomers": closed(
        {
            "customers": {
                "type": "array",
                "minItems": 1,
                "maxItems": 1000,
                "items": closed({"external_id": text(200, least=1), **_SAID}, ["external_id"]),
            }
        },
        ["customers"],
    ),
    "PutCustomers": shown({"items": {"type": "array"}}, "items"),
    "Customer": shown({"external_id": TEXT, "name": TEXT, "version": COUNT}, "external_id", "name", "version"),
    "Customers": page(ref("Customer")),
    "NewContact": closed(
        {
            "channel": {"enum": ["phone", "email", "push", "whatsapp"], "default": "push"},
            "address": {"anyOf": [text(8192, least=1), {"type": "null"}]},
        },
        [],
    ),
    "CustomerContact": shown({"external_id": TEXT, "version": COUNT}, "external_id", "version"),
    "MergeCustomers": closed({"gone": text(200, least=1), "version": COUNT}, ["gone"]),
    "CustomerKnowledge": shown({"customer": {"type": "object"}, "messages": {"type": "array"}}, "customer", "messages"),
    "ForgottenCustomer": shown(
        {"forgotten": FLAG, "messages": COUNT, "received": COUNT, "contacts": COUNT, "blocks": COUNT}, "forgotten"
    ),
    "NewImport": closed(
        {
            "upload": named(UPLOAD_ID),
            "name": text(200, least=1),
            "reading": _READING,
            "columns": _MAPPING,
            "complete": FLAG,
            "as_of": _AS_OF,
        },
        ["upload"],
    ),
    "ImportMapping": closed(
        {"reading": _READING, "columns": _MAPPING, "complete": FLAG, "as_of": _AS_OF, "version": COUNT}, []
    ),
    "RunImport": closed({"absent": {"enum": ["mark", "skip"]}, "version": COUNT}, []),
    "Import": shown(
        {"import": COUNT, "account": TEXT, "file": TEXT, "state": TEXT, "task": COUNT_OR_NULL, "reason": TEXT_OR_NULL},
        *("import", "account", "file", "state"),
    ),
    "Imports": page(ref("Import")),
}

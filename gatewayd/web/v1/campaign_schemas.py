"""The shapes of campaigns and lists of people, as JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Final
from zoneinfo import available_timezones

from gatewayd.web.v1.contents import CALL, PUSH, WHATSAPP
from gatewayd.web.v1.forms import (
    CHANNELS,
    COUNT,
    COUNT_OR_NULL,
    FLAG,
    LINE_NAME,
    NO_NUL,
    TEXT,
    TEXT_MAX,
    TEXT_OR_NULL,
    UPLOAD_ID,
    Schema,
    closed,
    named,
    page,
    ref,
    shown,
    text,
    texts,
)
from gatewayd.web.v1.template_schemas import UPLOADS

_LINE_OF_TEXT: Final = "^[^\\u0000-\\u001f\\u007f]+$"
_TITLE: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 120, "pattern": _LINE_OF_TEXT}
_OBJECT: Final[Schema] = {"type": "object"}
_VERSION: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 1_000_000}
_CONTENT: Final = closed(
    {
        "text": text(TEXT_MAX),
        "subject": text(1000),
        "html": text(1_000_000),
        "cc": texts(20),
        "area": {"enum": ["all", "tickets", "invoices", "customers"]},
        "call": CALL,
        "push": PUSH,
        "whatsapp": WHATSAPP,
        "max_segments": {"type": "integer", "minimum": 1, "maximum": 255},
    },
    [],
)
_DAY: Final = "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_HOUR: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
_ZONE: Final[Schema] = {"enum": sorted(available_timezones())}
_SAID: Final[dict[str, Schema]] = {
    "channel": {"enum": CHANNELS},
    "template": _TITLE,
    "version": _VERSION,
    "content": _CONTENT,
}
_RUNG: Final = closed(
    {**_SAID, "wait": named("^[0-9]{1,5}[smhd]$"), "column": _TITLE},
    ["channel"],
)
_FILTER: Final = closed(
    {
        "search": text(200),
        "portfolio_type": {"enum": ["vigente", "castigada"]},
        "portfolio_name": text(200),
        "assigned": text(200),
        "tags": {"type": "array", "maxItems": 50, "items": text(100)},
        "channel": {"enum": ["phone", "email", "push", "whatsapp"]},
        "state": {"enum": ["unknown", "confirmed", "wrong_person"]},
        "changed_since": {"type": "integer", "minimum": 0, "maximum": 1 << 50},
        "absent": FLAG,
        "owing": FLAG,
        "campaign": {"type": "integer", "minimum": 1, "maximum": 1 << 50},
        "outcome": {"enum": ["meant", "reached", "not_reached", "answered", "not_answered", "not_meant"]},
        "not_contacted_days": {"type": "integer", "minimum": 1, "maximum": 3650},
        "ids": {"type": "array", "maxItems": 10_000, "items": text(100)},
    },
    [],
)
_INSTRUCTIONS: Final = closed(
    {
        "columns": {
            "type": "object",
            "maxProperties": 2,
            "propertyNames": {"pattern": NO_NUL},
            "additionalProperties": text(200),
        },
        "sheet": text(200),
        "header_row": {"type": "integer", "minimum": 0, "maximum": 1_048_576},
        "hidden_rows": {"enum": ["send", "skip"]},
        "recipients_encoding": text(40),
    },
    [],
)
_CUSTOMERS: Final[Schema] = {"type": "array", "minItems": 1, "maxItems": 10_000, "items": text(120, least=1)}
_AUDIENCE: Final[Schema] = {
    "oneOf": [
        closed({"list": _TITLE}, ["list"]),
        closed({"filter": _FILTER}, ["filter"]),
        closed({"customers": _CUSTOMERS}, ["customers"]),
        closed({"upload": named(UPLOAD_ID), "instructions": _INSTRUCTIONS}, ["upload"]),
    ]
}
_WHEN: Final[dict[str, Schema]] = {"zone": _ZONE, "missed": {"enum": ["late", "skip", "ask"]}}
_SCHEDULE: Final[Schema] = {
    "oneOf": [
        closed({"kind": {"const": "now"}}, ["kind"]),
        closed({"kind": {"const": "at"}, "at": named(f"^{_DAY}T{_HOUR}$"), **_WHEN}, ["kind", "at"]),
        closed(
            {
                "kind": {"const": "every"},
                "days": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 7,
                    "items": {"enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]},
                },
                "hour": named(f"^{_HOUR}$"),
                "until": named(f"^{_DAY}$"),
                "audience": {"enum": ["frozen", "live"]},
                **_WHEN,
            },
            ["kind", "days", "hour"],
        ),
    ]
}
_OPTIONS: Final = closed(
    {
        "lines": {"type": "array", "maxItems": 200, "items": named(LINE_NAME)},
        "priority": {"enum": ["urgent", "normal", "bulk"]},
        "not_after": {"type": "string", "format": "date-time"},
        "encoding": {"enum": ["auto", "gsm7", "ucs2"]},
        "count_as_reached": {"type": "array", "maxItems": 2, "items": {"enum": ["submitted", "uncertain"]}},
    },
    [],
)
_CAMPAIGN: Final[dict[str, Schema]] = {
    "name": _TITLE,
    "seen_version": _VERSION,
    "audience": _AUDIENCE,
    "class": {"enum": ["collections", "notice", "transactional"]},
    "schedule": _SCHEDULE,
    "options": _OPTIONS,
    "uploads": UPLOADS,
}
_LADDER: Final[Schema] = {"type": "array", "minItems": 1, "maxItems": 5, "items": _RUNG}

SCHEMAS: Final[dict[str, Schema]] = {
    "NewCampaign": {
        "oneOf": [
            closed({**_CAMPAIGN, **_SAID}, ["name", "channel"]),
            closed({**_CAMPAIGN, "ladder": _LADDER}, ["name", "ladder"]),
        ]
    },
    "Campaign": shown(
        {
            "campaign": COUNT,
            "name": TEXT,
            "account": TEXT,
            "state": TEXT,
            "actions": {"type": "array", "items": TEXT},
            "people": COUNT,
            "messages": COUNT,
            "counts": _OBJECT,
            "segments": COUNT,
            "cost": TEXT,
            "due": TEXT_OR_NULL,
            "version": COUNT,
        },
        *("campaign", "name", "account", "state", "people", "counts", "version"),
    ),
    "Campaigns": page(ref("Campaign")),
    "CampaignLaunch": closed(
        {"version": _VERSION, "missed": {"enum": ["run", "skip"]}, "password": text(1000, least=1)}, []
    ),
    "CampaignPace": closed(
        {"segments": {"type": ["integer", "null"], "minimum": 1, "maximum": 1_000_000}}, ["segments"]
    ),
    "CampaignLines": closed({"lines": {"type": "array", "maxItems": 200, "items": named(LINE_NAME)}}, ["lines"]),
    "CampaignPeople": page(
        shown(
            {
                "row": COUNT,
                "external_id": TEXT_OR_NULL,
                "address": TEXT,
                "rung": COUNT,
                "job": TEXT_OR_NULL,
                "state": TEXT_OR_NULL,
                "reason": TEXT_OR_NULL,
                "line": TEXT_OR_NULL,
                "text": TEXT_OR_NULL,
                "at": TEXT_OR_NULL,
            },
            *("row", "address", "rung"),
        )
    ),
    "LeftOut": shown({"name": TEXT, "data": TEXT}, "name", "data"),
    "CampaignReview": closed({"wait": {"type": "number", "minimum": 0, "maximum": 20}, "again": FLAG}, []),
    "CampaignResend": closed(
        {
            "name": _TITLE,
            "states": {
                "type": "array",
                "maxItems": 8,
                "items": {
                    "enum": [
                        *("submitted", "delivered", "read", "undelivered", "failed", "expired", "invalid", "cancelled")
                    ]
                },
            },
        },
        [],
    ),
    "Review": shown(
        {
            "campaign": COUNT,
            "state": {"enum": ["running", "done"]},
            "seen": COUNT,
            "people": COUNT,
            "segments": COUNT,
            "segments_least": COUNT,
            "cost": TEXT,
            "cost_least": TEXT,
            "ladder": {"type": ["array", "null"], "items": {"type": "object"}},
            "attachments": {"type": "array", "items": {"type": "object"}},
            "left_out": _OBJECT,
            "faults": {"type": "array", "items": _OBJECT},
        },
        *("campaign", "state"),
    ),
    "CampaignEvents": page(shown({"id": COUNT, "at": TEXT, "kind": TEXT, "by": TEXT}, "id", "at", "kind")),
    "Removed": shown({"campaign": COUNT, "removed": FLAG}, "removed"),
    "NewList": {
        "oneOf": [
            closed(
                {
                    "name": _TITLE,
                    "upload": named(UPLOAD_ID),
                    "channel": {"enum": CHANNELS},
                    "instructions": _INSTRUCTIONS,
                },
                ["name", "upload"],
            ),
            closed({"name": _TITLE, "filter": _FILTER}, ["name", "filter"]),
            closed({"name": _TITLE, "customers": _CUSTOMERS}, ["name", "customers"]),
        ]
    },
    "List": shown(
        {
            "list": COUNT,
            "name": TEXT,
            "account": TEXT,
            "kind": {"enum": ["fixed", "live"]},
            "state": TEXT,
            "members": COUNT_OR_NULL,
            "refused": _OBJECT,
            "columns": {"type": "array", "items": TEXT},
            "reason": TEXT_OR_NULL,
            "used_by": {
                "type": "array",
                "items": shown({"campaign": COUNT, "name": TEXT, "state": TEXT}, "campaign", "name", "state"),
            },
        },
        *("list", "name", "account", "kind", "state"),
    ),
    "Lists": page(ref("List")),
    "Members": page(
        shown(
            {
                "row": COUNT,
                "external_id": TEXT_OR_NULL,
                "name": TEXT_OR_NULL,
                "address": TEXT_OR_NULL,
                "columns": _OBJECT,
            },
            *("row", "columns"),
        )
    ),
}

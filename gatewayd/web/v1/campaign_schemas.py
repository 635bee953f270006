"""The shapes of campaigns and lists of people, as JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Final

from gatewayd.web.v1.forms import (
    CHANNELS,
    COUNT,
    COUNT_OR_NULL,
    FLAG,
    TEXT,
    TEXT_OR_NULL,
    UPLOAD_ID,
    Schema,
    closed,
    named,
    page,
    ref,
    shown,
    text,
)

_TITLE: Final = text(120, least=1)
_OBJECT: Final[Schema] = {"type": "object"}
_VERSION: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 1_000_000}
_CONTENT: Final[Schema] = {"type": "object", "maxProperties": 20}
_RUNG: Final = closed(
    {
        "channel": {"enum": CHANNELS},
        "template": text(120, least=1),
        "version": _VERSION,
        "content": _CONTENT,
        "wait": named("^[0-9]{1,5}[smhd]$"),
        "column": text(120, least=1),
    },
    ["channel"],
)

SCHEMAS: Final[dict[str, Schema]] = {
    "NewCampaign": closed(
        {
            "name": _TITLE,
            "seen_version": _VERSION,
            "channel": {"enum": CHANNELS},
            "template": text(120, least=1),
            "version": _VERSION,
            "content": _CONTENT,
            "ladder": {"type": "array", "minItems": 1, "maxItems": 5, "items": _RUNG},
            "audience": _OBJECT,
            "class": {"enum": ["collections", "notice", "transactional"]},
            "schedule": _OBJECT,
            "options": _OBJECT,
        },
        ["name"],
    ),
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
            "cost": TEXT,
            "left_out": _OBJECT,
            "faults": {"type": "array", "items": _OBJECT},
        },
        *("campaign", "state"),
    ),
    "CampaignEvents": page(shown({"id": COUNT, "at": TEXT, "kind": TEXT, "by": TEXT}, "id", "at", "kind")),
    "Removed": shown({"campaign": COUNT, "removed": FLAG}, "removed"),
    "NewList": closed(
        {
            "name": _TITLE,
            "upload": named(UPLOAD_ID),
            "channel": {"enum": CHANNELS},
            "instructions": {"type": "object", "maxProperties": 10},
            "filter": _OBJECT,
        },
        ["name"],
    ),
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
        },
        *("list", "name", "account", "kind", "state"),
    ),
    "Lists": page(ref("List")),
    "Members": page(
        shown(
            {"row": COUNT, "external_id": TEXT_OR_NULL, "address": TEXT_OR_NULL, "columns": _OBJECT}, "row", "columns"
        )
    ),
}

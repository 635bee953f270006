"""The shapes of rules of contact, as JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Final

from gatewayd.web.v1.forms import COUNT, FLAG, TEXT, TEXT_OR_NULL, TIME, Schema, closed, free, page, shown

SCHEMAS: Final[dict[str, Schema]] = {
    "NewContactRules": closed(
        {
            "contact": free(20, null=True),
            "version": COUNT,
        },
        ["contact"],
    ),
    "ContactRules": shown(
        {
            "account": TEXT_OR_NULL,
            "own": {"type": ["object", "null"]},
            "file": {"type": ["object", "null"]},
            "version": COUNT,
            "zone": TEXT,
            "rules": {"type": ["object", "null"]},
            "rules_version": TEXT_OR_NULL,
            "said": {"type": ["object", "null"]},
            "next": {"type": "object"},
        },
        *("account", "own", "version", "zone", "rules", "rules_version", "next"),
    ),
    "KeptBack": shown(
        {"messages": COUNT, "items": {"type": "array", "items": {"type": "object"}}}, "messages", "items"
    ),
    "ContactVerdict": shown(
        {
            "go": FLAG,
            "reason": TEXT_OR_NULL,
            "until": TEXT_OR_NULL,
            "ends": TEXT_OR_NULL,
            "rule": TEXT_OR_NULL,
            "version": TEXT_OR_NULL,
            "sentence": TEXT,
        },
        *("go", "reason", "sentence"),
    ),
    "Evidence": page(
        shown(
            {
                "at": TIME,
                "to": TEXT_OR_NULL,
                "channel": TEXT,
                "class": TEXT,
                "verdict": TEXT,
                "rule": TEXT,
                "version": TEXT,
                "until": TEXT_OR_NULL,
            },
            *("at", "verdict", "rule", "version"),
        )
    ),
    "ContactPresets": shown(
        {
            "items": {
                "type": "array",
                "items": shown(
                    {"name": TEXT, "country": TEXT, "law": TEXT, "rules": {"type": "object"}}, "name", "law"
                ),
            }
        },
        "items",
    ),
    "ContactYear": shown(
        {
            "year": COUNT,
            "class": TEXT,
            "zone": TEXT,
            "days": {
                "type": "array",
                "items": shown(
                    {"date": TEXT, "slots": TEXT, "why": TEXT_OR_NULL, "holiday": TEXT_OR_NULL}, "date", "slots"
                ),
            },
        },
        *("year", "class", "days"),
    ),
}

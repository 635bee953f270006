"""The shapes of templates, as JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Final

from gatewayd.web.v1.forms import (
    CHANNELS,
    COUNT,
    COUNT_OR_NULL,
    FLAG,
    NO_NUL,
    TEXT,
    TEXT_MAX,
    TEXT_OR_NULL,
    TIME,
    Schema,
    closed,
    free,
    page,
    shown,
    text,
)

_CONTENT: Final[Schema] = free(20)
UPLOADS: Final[Schema] = {
    "type": "array",
    "maxItems": 10,
    "uniqueItems": True,
    "items": {"type": "string", "pattern": "^[0-9a-f]{24}$"},
}
"""Uploads whose files a mail attaches."""
_VALUES: Final[Schema] = {
    "type": "object",
    "maxProperties": 200,
    "propertyNames": {"pattern": NO_NUL},
    "additionalProperties": text(TEXT_MAX),
}
_TEMPLATE: Final = {
    "template": TEXT,
    "account": TEXT,
    "channel": {"enum": CHANNELS},
    "version": COUNT,
    "newest": COUNT,
    "class": TEXT_OR_NULL,
    "variables": {"type": "array", "items": TEXT},
    "files": {
        "type": "array",
        "items": shown({"name": TEXT, "size": COUNT_OR_NULL, "kind": TEXT_OR_NULL}, "name", "size", "kind"),
    },
    "archived": FLAG,
    "used": FLAG,
    "changed_at": TIME,
    "changed_by": TEXT,
}
_WORDS: Final[dict[str, Schema]] = {
    "template": text(80, least=1),
    "channel": {"enum": CHANNELS},
    "version": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
    "content": _CONTENT,
}

SCHEMAS: Final[dict[str, Schema]] = {
    "NewTemplate": closed(
        {
            "content": _CONTENT,
            "uploads": UPLOADS,
            "seen": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
            "fresh": FLAG,
        },
        ["content"],
    ),
    "NewTemplatePreview": closed(
        {
            **_WORDS,
            "values": _VALUES,
            "customer": text(200, least=1),
            "rows_of": {"type": "integer", "minimum": 1, "maximum": 1 << 53},
            "after": {"type": "integer", "minimum": 0, "maximum": 1 << 53},
        },
        [],
    ),
    "NewTemplateCost": closed({**_WORDS, "audience": free(20)}, []),
    "NewTemplateTest": closed(
        {"to": text(2048, least=1), "group": FLAG, "values": _VALUES, "customer": text(200, least=1)}, []
    ),
    "Template": shown(
        {**_TEMPLATE, "content": {"type": "object"}}, "template", "channel", "version", "newest", "content"
    ),
    "Templates": page(shown({**_TEMPLATE, "text": TEXT}, "template", "channel", "version")),
    "TemplateState": shown({"template": TEXT, "channel": TEXT, "archived": FLAG}, "template", "channel", "archived"),
    "TemplatePreview": shown(
        {
            "fields": {"type": "object", "additionalProperties": TEXT},
            "variables": {"type": "array"},
            "faults": {"type": "array"},
            "amount_early": TEXT_OR_NULL,
            "sms": {"type": ["object", "null"]},
            "cost": TEXT_OR_NULL,
            "currency": TEXT,
        },
        *("fields", "variables", "faults", "amount_early", "sms", "cost", "currency"),
    ),
    "TemplateCost": shown({"people": COUNT, "segments": COUNT_OR_NULL}, "people", "segments"),
    "TemplateTest": shown({"job": TEXT, "messages": COUNT, "to": {"type": "array", "items": TEXT}}, "job", "messages"),
}

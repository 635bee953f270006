"""The shapes of rules for claims, of their runs and of what they decide, as JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Final

from gatewayd.customers.document import CHANNELS as POINTS
from gatewayd.customers.document import PORTFOLIOS, STATES
from gatewayd.dunning.policy import DAYS_MAX, LEVELS_MAX
from gatewayd.web.v1.forms import (
    CHANNELS,
    COUNT,
    COUNT_OR_NULL,
    FLAG,
    TEXT,
    TEXT_OR_NULL,
    Schema,
    closed,
    named,
    page,
    ref,
    shown,
    text,
)

RULE_NAME: Final = "^[^/\\u0000-\\u001f\\u007f]{1,80}$"
DAY: Final[Schema] = {"type": "string", "format": "date"}
LINE: Final[Schema] = {"type": "string", "maxLength": 100, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}
_OBJECT: Final[Schema] = {"type": "object"}
_WORD: Final = text(200, least=1)


def _whole(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


_LEVEL: Final = closed(
    {
        "id": named("^[a-z0-9][a-z0-9_-]{0,39}$"),
        "days": _whole(-DAYS_MAX, DAYS_MAX),
        "basis": {"enum": ["due", "contact"], "default": "due"},
        "name": LINE,
        "action": {"enum": ["message", "event", "visit"], "default": "message"},
        "channels": {"type": "array", "maxItems": len(CHANNELS), "uniqueItems": True, "items": {"enum": CHANNELS}},
        "templates": closed(dict.fromkeys(CHANNELS, text(100, least=1)), []),
        "approval": {**FLAG, "default": False},
    },
    ["id"],
)
_AUDIENCE: Final = closed(
    {
        "search": _WORD,
        "portfolio_type": {"enum": list(PORTFOLIOS)},
        "portfolio_name": _WORD,
        "assigned": _WORD,
        "tags": {"type": "array", "maxItems": 100, "items": _WORD},
        "channel": {"enum": list(POINTS)},
        "state": {"enum": list(STATES)},
        "owing": FLAG,
        "campaign": {"type": "integer", "minimum": 1, "maximum": 1 << 50},
        "outcome": {"enum": ["meant", "reached", "not_reached", "answered", "not_answered", "not_meant"]},
        "ids": {"type": "array", "maxItems": 10_000, "items": _WORD},
    },
    [],
)
_DOCUMENT: Final = closed(
    {
        "levels": {"type": "array", "maxItems": LEVELS_MAX, "items": _LEVEL},
        "nothing": {**FLAG, "default": False},
        "tolerance_days": _whole(0, 365),
        "reclaim_days": _whole(0, DAYS_MAX),
        "repeats": _whole(0, 100),
        "minimums": {
            "type": "object",
            "propertyNames": {"pattern": "^[A-Z]{3}$"},
            "maxProperties": 20,
            "additionalProperties": named("^[0-9]{1,12}(\\.[0-9]{1,6})?$"),
        },
        "hour": named("^([01][0-9]|2[0-3]):[0-5][0-9]$"),
        "hold_out": _whole(0, 10),
        "audience": _AUDIENCE,
    },
    [],
)
_POLICY: Final[dict[str, Schema]] = {
    "policy": TEXT,
    "account": TEXT,
    "state": {"enum": ["active", "archived"]},
    "standard": FLAG,
    "place": COUNT,
    "version": COUNT,
    "document": _OBJECT,
    "created_at": TEXT,
    "created_by": TEXT,
    "updated_at": TEXT,
    "versions": {"type": "array", "items": _OBJECT},
}
_COUNTED: Final = {"type": "array", "items": _OBJECT}
_SIMULATION: Final = shown(
    {
        "account": TEXT,
        "date": TEXT,
        "stale": FLAG,
        "complete": FLAG,
        "customers": COUNT,
        "decisions": {
            "type": "array",
            "items": shown({"reason": TEXT, "words": TEXT, "count": COUNT}, "reason", "words", "count"),
        },
        "claims": {
            "type": "array",
            "items": shown(
                {"policy": TEXT, "level": TEXT, "channel": TEXT_OR_NULL, "people": COUNT}, "policy", "people"
            ),
        },
        "amounts": {"type": "object", "additionalProperties": TEXT},
        "cost": TEXT,
        "people": _COUNTED,
    },
    *("account", "date", "stale", "complete", "customers", "decisions", "claims", "amounts", "cost", "people"),
)
_RUN: Final = shown(
    {
        "account": TEXT,
        "day": TEXT,
        "hour": TEXT,
        "state": TEXT,
        "reason": TEXT_OR_NULL,
        "counts": _OBJECT,
        "started_at": TEXT,
        "ended_at": TEXT_OR_NULL,
    },
    *("account", "day", "state", "counts", "started_at", "ended_at"),
)
_WAITING: Final = shown(
    {
        "batch": COUNT,
        "account": TEXT,
        "policy": TEXT_OR_NULL,
        "level": TEXT,
        "channel": TEXT,
        "people": COUNT,
        "created_at": TEXT,
    },
    *("batch", "account", "level", "channel", "people", "created_at"),
)
_STANDING: Final = shown(
    {"reason": TEXT, "words": TEXT, "level": TEXT_OR_NULL, "customers": COUNT}, "reason", "words", "customers"
)
_DECISION: Final = shown(
    {
        "decision": COUNT,
        "account": TEXT,
        "customer": TEXT,
        "name": TEXT_OR_NULL,
        "currency": TEXT,
        "from": TEXT,
        "to": TEXT_OR_NULL,
        "verdict": TEXT,
        "reason": TEXT,
        "words": TEXT,
        "level": TEXT_OR_NULL,
        "cycle": TEXT_OR_NULL,
        "channel": TEXT_OR_NULL,
        "amount": TEXT,
        "invoices": {"type": "array"},
        "stands": _OBJECT,
        "again": TEXT_OR_NULL,
        "warnings": {"type": "array"},
        "policy": TEXT_OR_NULL,
        "version": COUNT_OR_NULL,
        "at": TEXT,
    },
    *("decision", "account", "customer", "currency", "from", "to", "verdict", "reason", "words", "stands", "at"),
)
_GROUP: Final = shown(
    {
        "name": TEXT,
        "currency": TEXT,
        "contacts": COUNT,
        "recovered": TEXT,
        "cost": TEXT,
        "wrong_person": COUNT,
        "opted_out": COUNT,
    },
    "contacts",
)

SCHEMAS: Final[dict[str, Schema]] = {
    "NewPolicy": closed(
        {
            "document": _DOCUMENT,
            "standard": {**FLAG, "default": False},
            "place": {**_whole(0, 1_000), "default": 0},
            "version": _whole(1, 1_000_000),
        },
        ["document"],
    ),
    "TriedPolicy": closed(
        {
            "document": _DOCUMENT,
            "standard": {**FLAG, "default": False},
            "due": DAY,
            "people": {**FLAG, "default": True},
        },
        ["document"],
    ),
    "GivenPolicy": closed(
        {"policy": {"anyOf": [named(RULE_NAME), {"type": "null"}]}},
        ["policy"],
    ),
    "CustomerPolicy": shown({"customer": TEXT, "policy": TEXT_OR_NULL}, "customer", "policy"),
    "Policy": shown(_POLICY, "policy", "account", "state", "standard", "place", "version", "document"),
    "Policies": shown({"items": {"type": "array", "items": ref("Policy")}}, "items"),
    "PolicyState": shown({"policy": TEXT, "state": TEXT}, "policy", "state"),
    "PolicyTrial": shown(
        {"due": TEXT, "calendar": _COUNTED, "moved": _COUNTED, "contacted": COUNT, "complete": FLAG},
        *("due", "calendar", "moved", "contacted", "complete"),
    ),
    "Simulation": _SIMULATION,
    "WokenCollections": shown({"woken": FLAG}, "woken"),
    "Collections": shown(
        {
            "standing": {"type": "array", "items": _STANDING},
            "runs": {"type": "array", "items": _RUN},
            "waiting": {"type": "array", "items": _WAITING},
        },
        *("standing", "runs", "waiting"),
    ),
    "Decisions": page(_DECISION),
    "Effectiveness": shown(
        {
            "by": TEXT,
            "days": COUNT,
            "groups": {"type": "array", "items": _GROUP},
            "left_alone": {"type": "array", "items": _GROUP},
            "promises": {"type": "object", "additionalProperties": COUNT},
            "promises_kept": {"type": ["number", "null"]},
        },
        *("by", "days", "groups", "left_alone", "promises", "promises_kept"),
    ),
}

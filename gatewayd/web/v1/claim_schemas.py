"""The shapes of novelties, promises, pauses, disputes, feeds and answers, as JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Final

from gatewayd.dunning.novelty import NOVELTY_KINDS, RESULTS
from gatewayd.web.v1.forms import (
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
from gatewayd.web.v1.policy_schemas import DAY

_OBJECT: Final[Schema] = {"type": "object"}
_CUSTOMER: Final = text(200, least=1)
_NOTE: Final = text(1_000)
_REASON: Final = text(1_000, least=1)
PROMISE_STATES: Final = ("pending", "kept", "partly", "broken", "withdrawn")

_NOVELTY: Final[dict[str, Schema]] = {
    "novelty": COUNT,
    "account": TEXT,
    "customer": TEXT,
    "name": TEXT_OR_NULL,
    "kind": {"enum": list(NOVELTY_KINDS)},
    "words": TEXT,
    "text": TEXT,
    "detail": _OBJECT,
    "assigned": TEXT_OR_NULL,
    "due": TEXT,
    "state": {"enum": ["open", "done"]},
    "result": TEXT_OR_NULL,
    "note": TEXT_OR_NULL,
    "next": COUNT_OR_NULL,
    "made_at": TEXT,
    "by": TEXT,
    "done_at": TEXT_OR_NULL,
    "done_by": TEXT_OR_NULL,
}
_PROMISE: Final[dict[str, Schema]] = {
    "promise": COUNT,
    "account": TEXT,
    "customer": TEXT,
    "name": TEXT_OR_NULL,
    "currency": TEXT,
    "day": TEXT,
    "amount": TEXT_OR_NULL,
    "tolerance_days": COUNT,
    "state": {"enum": list(PROMISE_STATES)},
    "words": TEXT,
    "source": TEXT,
    "note": TEXT_OR_NULL,
    "made_at": TEXT,
    "by": TEXT,
    "ended_at": TEXT_OR_NULL,
}
_PAUSE: Final[dict[str, Schema]] = {
    "pause": COUNT,
    "account": TEXT,
    "reason": TEXT,
    "until": TEXT_OR_NULL,
    "note": TEXT,
    "made_at": TEXT,
    "by": TEXT,
    "lifted_at": TEXT_OR_NULL,
    "lifted_by": TEXT_OR_NULL,
}
_FEED: Final[dict[str, Schema]] = {
    "account": TEXT,
    "feed": TEXT,
    "node": TEXT_OR_NULL,
    "database": TEXT_OR_NULL,
    "asks": {"type": "array", "items": TEXT},
    "running": FLAG,
    "began_at": TEXT_OR_NULL,
    "read_at": TEXT_OR_NULL,
    "as_of": TEXT_OR_NULL,
    "age_s": COUNT_OR_NULL,
    "stale": FLAG,
    "rows": COUNT_OR_NULL,
    "kinds": _OBJECT,
    "fault": {"type": ["object", "null"]},
}
_NOTICES: Final = shown(
    {
        "batch": COUNT,
        "account": TEXT,
        "kind": TEXT,
        "people": COUNT,
        "customers": COUNT,
        "at": TEXT,
        "state": TEXT,
        "decided_at": TEXT_OR_NULL,
        "decided_by": TEXT_OR_NULL,
    },
    *("batch", "account", "kind", "people", "at", "state"),
)

SCHEMAS: Final[dict[str, Schema]] = {
    "NewNovelty": closed(
        {
            "customer": _CUSTOMER,
            "kind": {"enum": list(NOVELTY_KINDS), "default": "note"},
            "text": _NOTE,
            "due": DAY,
        },
        ["customer"],
    ),
    "NoveltyResult": closed({"result": {"enum": list(RESULTS)}, "note": _NOTE, "next_date": DAY}, ["result"]),
    "Novelty": shown(_NOVELTY, "novelty", "account", "customer", "kind", "words", "text", "due", "state", "made_at"),
    "Novelties": page(ref("Novelty")),
    "NewPromise": closed(
        {
            "customer": _CUSTOMER,
            "day": DAY,
            "currency": named("^[A-Z]{3}$"),
            "amount": named("^[0-9]{1,12}(\\.[0-9]{1,6})?$"),
            "tolerance_days": {"type": "integer", "minimum": 0, "maximum": 30, "default": 0},
            "note": _NOTE,
        },
        ["customer", "day"],
    ),
    "Promise": shown(_PROMISE, "promise", "account", "customer", "currency", "day", "amount", "state", "source"),
    "Promises": page(ref("Promise")),
    "NewPause": closed(
        {
            "reason": {"enum": ["blocked", "claims_paid"], "default": "blocked"},
            "days": {"type": "integer", "minimum": 1, "maximum": 366},
            "note": _REASON,
        },
        ["note"],
    ),
    "Pause": shown(_PAUSE, "pause", "account", "reason", "until", "note", "made_at", "lifted_at"),
    "Pauses": shown({"items": {"type": "array", "items": ref("Pause")}}, "items"),
    "NewDispute": closed({"until": DAY, "note": _NOTE}, []),
    "Dispute": shown(
        {"customer": TEXT, "invoice": TEXT, "disputed": FLAG, "until": TEXT_OR_NULL}, "customer", "invoice", "disputed"
    ),
    "Feed": shown(_FEED, "account", "feed", "running", "as_of", "stale", "fault"),
    "Feeds": page(ref("Feed")),
    "Answers": shown({"account": TEXT, "since": _OBJECT, "version": COUNT, "defaults": _OBJECT}, "account", "version"),
    "NewTrialText": closed(
        {
            "text": text(1_600),
            "address": text(254),
            "channel": {"enum": ["sms", "whatsapp", "email"], "default": "sms"},
        },
        ["text"],
    ),
    "TrialAnswer": shown(
        {
            "account": TEXT,
            "kind": TEXT_OR_NULL,
            "answered": FLAG,
            "reason": TEXT_OR_NULL,
            "customers": {"type": "array", "items": TEXT},
            "day": TEXT_OR_NULL,
            "text": TEXT_OR_NULL,
        },
        *("account", "answered", "customers", "text"),
    ),
    "Notices": page(_NOTICES),
}

"""The shapes of what is sent and answered, as JSON Schema (2020-12): published as they are, and checked against."""

from __future__ import annotations

from typing import Final

from gatewayd.operations.tokens import SCOPES
from gatewayd.web.v1 import (
    bill_schemas,
    campaign_schemas,
    claim_schemas,
    contact_schemas,
    customer_schemas,
    forecast_schemas,
    house_schemas,
    policy_schemas,
    reminder_schemas,
    template_schemas,
    tickets,
)
from gatewayd.web.v1.contents import CALL, PUSH, WHATSAPP
from gatewayd.web.v1.forms import (
    CHANNELS,
    CLASSES,
    COUNT,
    COUNT_OR_NULL,
    EVENTS,
    FILE_NAME,
    FLAG,
    LINE_NAME,
    MESSAGES_MAX,
    NAME,
    RECIPIENTS_MAX,
    STATES,
    TEXT,
    TEXT_MAX,
    TEXT_OR_NULL,
    TIME,
    UPLOAD_ID,
    USER_NAME,
    Schema,
    closed,
    named,
    page,
    ref,
    shown,
    text,
    texts,
)
from gatewayd.web.words import spoken

VALUES: Final[Schema] = {
    "type": "object",
    "maxProperties": 100,
    "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9_]{0,63}$"},
    "additionalProperties": text(TEXT_MAX),
    "description": spoken("What the variables of the text stand for."),
}
CELL: Final[Schema] = {
    "anyOf": [text(TEXT_MAX), {"type": "number", "minimum": -1e15, "maximum": 1e15}, {"type": "null"}]
}
LINES: Final[Schema] = {"type": "array", "maxItems": 100, "uniqueItems": True, "items": named(LINE_NAME)}


_SENDING: Final[dict[str, Schema]] = {
    "channel": {"enum": CHANNELS, "description": spoken("Default of single messages: sms.")},
    "priority": {"enum": ["urgent", "normal", "bulk"], "default": "normal"},
    "lines": {**LINES, "description": spoken("The only lines to use; default: any line of the channel.")},
    "template": text(200, least=1, description=spoken("A stored template, in place of a text.")),
    "template_version": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
    "encoding": {"enum": ["auto", "gsm7", "ucs2"], "default": "auto"},
    "max_segments": {"type": "integer", "minimum": 1, "maximum": 255, "default": 10},
    "resend": {"enum": ["never", "allow"], "default": "never"},
    "class": {"enum": CLASSES, "description": spoken("What it is for; default: the account's own.")},
    "not_before": {**TIME, "description": spoken("When sending may begin.")},
    "not_after": {**TIME, "description": spoken("After which an unsent message expires.")},
    "subject": text(1000, least=1, description=spoken("Of a mail.")),
    "html": text(2_000_000, least=1, description=spoken("Of a mail.")),
    "area": {"enum": ["all", "tickets", "invoices", "customers"]},
    "cc": {"type": "array", "maxItems": 20, "items": text(320, least=1)},
    "push": {**PUSH, "description": spoken("As `push` of a job file.")},
    "whatsapp": {**WHATSAPP, "description": spoken("As `whatsapp` of a job file.")},
    "call": {**CALL, "description": spoken("As `call` of a job file.")},
}

MESSAGE: Final = closed(
    {
        "to": text(2048, least=1, description=spoken("Number, mail address or push token.")),
        "text": text(TEXT_MAX, least=1, description=spoken("With variables, between percent signs, of `values`.")),
        "values": VALUES,
        "ref": text(200, least=1, description=spoken("The sender's own reference; receipts bear it.")),
        "ref_unique": {
            **FLAG,
            "description": spoken("A second message with this `ref` and token, within 72 hours, is the first one."),
        },
        **_SENDING,
        "html": text(300_000, least=1, description=spoken("Of a mail.")),
    },
    ["to"],
)
JOB: Final = closed(
    {
        "job": named(NAME, description=spoken("The job's id in its account; default: one is made.")),
        "text": text(TEXT_MAX, least=1),
        "values": {**VALUES, "additionalProperties": CELL},
        "recipients": {
            "type": "array",
            "minItems": 1,
            "maxItems": RECIPIENTS_MAX,
            "items": {
                "type": "object",
                "required": ["to"],
                "maxProperties": 100,
                "properties": {"to": text(2048, least=1), "ref": CELL},
                "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9_ ]{0,63}$"},
                "additionalProperties": CELL,
            },
        },
        "recipients_file": named(
            FILE_NAME, description=spoken("A list that was uploaded, by the name that `uploads` gives it.")
        ),
        "recipients_rows": {"type": "integer", "minimum": 0, "maximum": 10_000_000},
        "recipients_sha256": named("^[0-9a-f]{64}$"),
        "recipients_encoding": text(40, least=1),
        "columns": closed(
            {"to": {"anyOf": [text(200, least=1), texts(10)]}, "ref": text(200, least=1)},
            [],
            description=spoken("Which columns of the list are the address and the reference."),
        ),
        "sheet": text(100, least=1),
        "header_row": {"type": "integer", "minimum": 0, "maximum": 1_048_576},
        "hidden_rows": {"enum": ["send", "skip"]},
        "attachments": {"type": "array", "maxItems": 20, "uniqueItems": True, "items": named(FILE_NAME)},
        "uploads": {
            "type": "object",
            "maxProperties": 21,
            "propertyNames": {"pattern": FILE_NAME},
            "additionalProperties": named(UPLOAD_ID),
            "description": spoken("By the name that the job uses for a file, the id of its upload."),
        },
        **_SENDING,
    },
    ["channel"],
)
PROBLEM: Final = shown(
    {
        "type": {"type": "string", "format": "uri-reference", "description": spoken("A page that says what to do.")},
        "title": TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": TEXT,
        "errors": {
            "type": "array",
            "items": shown({"pointer": TEXT, "parameter": TEXT, "code": TEXT, "detail": TEXT}, "code", "detail"),
        },
    },
    "type",
    "title",
    "status",
    "detail",
)
_RESULT: Final = shown(
    {
        "status": {"enum": ["accepted", "rejected"]},
        "account": TEXT,
        "job": TEXT_OR_NULL,
        "id": TEXT_OR_NULL,
        "ref": TEXT_OR_NULL,
        "to": TEXT_OR_NULL,
        "state": {"enum": STATES},
        "reason": TEXT_OR_NULL,
        "detail": TEXT,
        "segments": COUNT_OR_NULL,
        "price": TEXT_OR_NULL,
        "test": FLAG,
        "repeated": FLAG,
    },
    "status",
    "account",
    "job",
    "state",
)
_URL: Final = named("^https?://[a-z0-9-]{1,60}([.][a-z0-9-]{1,60}){0,5}(:[1-9][0-9]{0,3})?(/[A-Za-z0-9._~-]{0,200})?$")
_EVENTS: Final[Schema] = {"type": "array", "minItems": 1, "maxItems": 8, "uniqueItems": True, "items": {"enum": EVENTS}}
_USER: Final = shown(
    {
        "name": TEXT,
        "role": TEXT,
        "account": TEXT_OR_NULL,
        "mail": TEXT_OR_NULL,
        "totp": FLAG,
        "disabled": FLAG,
        "created_at": TIME,
    },
    *("name", "role", "account", "disabled", "created_at"),
)
_TOKEN: Final = shown(
    {
        "token": COUNT,
        "prefix": TEXT,
        "name": TEXT,
        "account": TEXT_OR_NULL,
        "kind": TEXT,
        "scopes": {"type": "array", "items": TEXT},
        "state": {"enum": ["good", "expired", "revoked"]},
        "secret": TEXT,
    },
    *("token", "prefix", "name", "kind", "scopes", "state"),
)
_WEBHOOK: Final = shown(
    {
        "id": COUNT,
        "account": TEXT,
        "url": TEXT,
        "events": {"type": "array", "items": TEXT},
        "enabled": FLAG,
        "state": TEXT,
        "secret": TEXT,
    },
    *("id", "account", "url", "events", "enabled", "state"),
)
_TALKED: Final = shown(
    {"account": TEXT, "address": TEXT, "last_at": TIME, "channel": TEXT, "unread": {}, "text": TEXT_OR_NULL},
    *("account", "address", "last_at", "channel"),
)
_JOB_STATE: Final[Schema] = {"enum": ["running", "paused", "sent", "done", "cancelled"]}

SCHEMAS: Final[dict[str, Schema]] = {
    "NewMessage": MESSAGE,
    "NewMessages": closed(
        {"messages": {"type": "array", "minItems": 1, "maxItems": MESSAGES_MAX, "items": ref("NewMessage")}},
        ["messages"],
    ),
    "NewJob": JOB,
    "Verdict": closed({"verdict": {"enum": ["sent", "not-sent", "resend"]}}, ["verdict"]),
    "NewBlocks": closed(
        {
            "numbers": {"type": "array", "minItems": 1, "maxItems": 1000, "items": text(2048, least=1)},
            "note": text(200),
        },
        ["numbers"],
    ),
    "NewUser": closed(
        {
            "user": named(USER_NAME),
            "role": {"enum": ["administrator", "supervisor", "user"]},
            "mail": named("^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,60}[.][A-Za-z]{2,20}$"),
            "supervisor": named(USER_NAME),
            "language": {"enum": ["es", "en"]},
            "password": text(200, least=10),
        },
        ["user", "role", "password"],
    ),
    "NewToken": closed(
        {
            "name": named("^[^\\u0000-\\u001f\\u007f]{1,64}$"),
            "kind": {"enum": ["live", "test"], "default": "live"},
            "scopes": {
                "type": "array",
                "minItems": 1,
                "maxItems": len(SCOPES),
                "uniqueItems": True,
                "items": {"enum": list(SCOPES)},
            },
            "expires": named("^[1-9][0-9]{0,2}d$"),
            "admin": {**FLAG, "default": False},
        },
        ["name"],
    ),
    "NewWebhook": closed(
        {"url": _URL, "events": _EVENTS, "secret": named("^whsec_[A-Za-z0-9+/]{32,84}={0,2}$")}, ["url"]
    ),
    "WebhookChange": closed({"url": _URL, "events": _EVENTS, "rotate": FLAG}, []),
    "NewReplay": closed({"since": TIME, "until": TIME, "all": FLAG}, ["since"]),
    "Problem": PROBLEM,
    "Posted": _RESULT,
    "PostedMessages": shown({"results": {"type": "array", "items": ref("Posted")}}, "results"),
    "PostedJob": shown(
        {"account": TEXT, "job": TEXT, "state": TEXT, "messages": COUNT, "test": FLAG}, "account", "job", "state"
    ),
    "Job": shown(
        {
            "account": TEXT,
            "job": TEXT,
            "channel": {"enum": CHANNELS},
            "class": TEXT,
            "priority": TEXT,
            "state": _JOB_STATE,
            "messages": COUNT,
            "segments": COUNT,
            "counts": {"type": "object", "additionalProperties": COUNT},
            "held": {"type": "object", "additionalProperties": COUNT},
            "held_until": {"anyOf": [TIME, {"type": "null"}]},
            "cost": TEXT,
            "currency": TEXT,
            "created_at": TIME,
            "last_seq": COUNT,
        },
        *("account", "job", "channel", "state", "messages", "counts", "cost", "currency", "created_at"),
    ),
    "Message": shown(
        {
            "account": TEXT,
            "job": TEXT,
            "message": TEXT,
            "ref": TEXT_OR_NULL,
            "row": COUNT_OR_NULL,
            "to": TEXT_OR_NULL,
            "channel": {"enum": CHANNELS},
            "class": TEXT,
            "state": {"enum": STATES},
            "final": FLAG,
            "reason": TEXT_OR_NULL,
            "line": TEXT_OR_NULL,
            "segments": COUNT_OR_NULL,
            "cost": TEXT,
            "detail": {"type": "object"},
        },
        *("account", "job", "message", "channel", "state", "final", "cost"),
    ),
    "Line": shown(
        {
            "name": TEXT,
            "driver": TEXT,
            "channel": TEXT,
            "enabled": FLAG,
            "state": TEXT,
            "reason": TEXT_OR_NULL,
            "rate": TEXT,
            "signal": {},
            "operator": TEXT_OR_NULL,
            "sent_today": COUNT,
        },
        *("name", "driver", "channel", "enabled", "state"),
    ),
    "Account": shown(
        {"name": TEXT, "currency": TEXT, "balance": TEXT, "held": TEXT, "charged": TEXT, "granted": TEXT},
        *("name", "currency", "balance", "held", "charged", "granted"),
    ),
    "Transfer": shown(
        {"id": COUNT, "at": TIME, "kind": TEXT, "amount": TEXT, "note": TEXT_OR_NULL}, "id", "at", "kind"
    ),
    "Blocked": shown({"to": TEXT, "at": TIME, "source": TEXT, "note": TEXT_OR_NULL}, "to", "at"),
    "Blocks": shown(
        {"added": COUNT, "known": COUNT, "cancelled": COUNT, "refused": {"type": "array"}},
        *("added", "known", "refused"),
    ),
    "Upload": shown(
        {"id": TEXT, "name": TEXT, "kind": TEXT, "size": COUNT, "sha256": TEXT, "expires_at": TIME},
        *("id", "name", "kind", "size", "sha256", "expires_at"),
    ),
    "User": _USER,
    "Users": page(ref("User")),
    "Token": _TOKEN,
    "Tokens": page(ref("Token")),
    "Webhook": _WEBHOOK,
    "Webhooks": page(ref("Webhook")),
    "WebhookVerdict": shown({"ok": FLAG, "status": COUNT_OR_NULL, "reason": TEXT_OR_NULL}, "ok"),
    "Failures": page({"type": "object"}),
    "Replay": shown({"webhook": COUNT, "all": FLAG, "count": COUNT}, "count"),
    "Interaction": shown({"direction": TEXT, "channel": TEXT, "state": TEXT}, "direction"),
    "NewInteraction": closed(
        {
            "channel": {"enum": ["call", "visit", "note", "sms", "email", "whatsapp", "push", "web"]},
            "direction": {"enum": ["out", "in"], "default": "out"},
            "at": {**TIME, "description": spoken("When it was; left out: now.")},
            "customer": text(200, least=1, description=spoken("The customer's external id.")),
            "document_type": text(200, least=1),
            "document_number": text(200, least=1),
            "address": text(2048, least=1, description=spoken("A number with its country's code, or an address.")),
            "text": text(1000),
            "reached": {**FLAG, "default": True, "description": spoken("Whether the person was reached.")},
            "answered": {**FLAG, "default": False},
            "kind": {"enum": ["collections", "notice", "transactional", "reply"], "default": "collections"},
            "ref": text(200, least=1, description=spoken("Your own id: the same again changes it.")),
        },
        ["channel"],
    ),
    "NewContactUpload": closed({"upload": named(UPLOAD_ID), "file": text(200)}, ["upload"]),
    "Task": shown({"task": COUNT, "kind": TEXT, "state": TEXT, "rows": COUNT}, "task", "kind", "state"),
    "Interactions": page(ref("Interaction")),
    "Conversation": _TALKED,
    "Conversations": page(ref("Conversation")),
    "Statistics": shown({"items": {"type": "array"}, "total": {"type": "object"}}, "items", "total"),
    "Jobs": page(ref("Job")),
    "Messages": page(ref("Message")),
    "Lines": page(ref("Line")),
    "Accounts": page(ref("Account")),
    "Statement": page(ref("Transfer")),
    "Blocklist": page(ref("Blocked")),
    **house_schemas.SCHEMAS,
    **campaign_schemas.SCHEMAS,
    **contact_schemas.SCHEMAS,
    **customer_schemas.SCHEMAS,
    **bill_schemas.SCHEMAS,
    **reminder_schemas.SCHEMAS,
    **policy_schemas.SCHEMAS,
    **claim_schemas.SCHEMAS,
    **tickets.SCHEMAS,
    **forecast_schemas.SCHEMAS,
    **template_schemas.SCHEMAS,
}

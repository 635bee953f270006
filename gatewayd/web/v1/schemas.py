"""The shapes of what is sent and answered, as JSON Schema (2020-12): published as they are, and checked against."""

from __future__ import annotations

from typing import Any, Final

from gatewayd.model import State
from gatewayd.web.words import spoken

Schema = dict[str, Any]

CHANNELS: Final = ["sms", "call", "email", "push", "whatsapp"]
STATES: Final = [str(state) for state in State]
MESSAGES_MAX: Final = 1000
RECIPIENTS_MAX: Final = 100_000
TEXT_MAX: Final = 20_000

NO_NUL: Final = "^[^\\u0000]*$"
NAME: Final = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
FILE_NAME: Final = "^[A-Za-z0-9_][A-Za-z0-9._ -]{0,150}$"
MESSAGE_ID: Final = "^[0-9A-HJKMNP-TV-Z]{26}$"
UPLOAD_ID: Final = "^[0-9a-f]{24}$"
DIGITS: Final = "^[0-9]{1,18}$"
LINE_NAME: Final = NAME
KEY: Final = "^[!-~]{1,255}$"
ADDRESS: Final = "^[^\\u0000-\\u001f/]{1,300}$"


def text(most: int, *, least: int = 0, **more: Any) -> Schema:
    """Returns the schema of a text of at most so many characters."""
    return {"type": "string", "minLength": least, "maxLength": most, "pattern": NO_NUL, **more}


def named(pattern: str, **more: Any) -> Schema:
    """Returns the schema of a string of one form."""
    return {"type": "string", "pattern": pattern, **more}


def closed(properties: dict[str, Schema], required: list[str], **more: Any) -> Schema:
    """Returns the schema of an object that has these keys and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
        **more,
    }


def shown(properties: dict[str, Schema], *required: str) -> Schema:
    """Returns the schema of an object that is answered: later versions may add keys."""
    return {"type": "object", "required": list(required), "properties": properties}


def ref(name: str) -> Schema:
    """Returns a reference to a schema by name."""
    return {"$ref": f"#/components/schemas/{name}"}


def page(item: Schema) -> Schema:
    """Returns the schema of a page of a list."""
    return shown({"items": {"type": "array", "items": item}, "next": TEXT_OR_NULL}, "items", "next")


TEXT: Final[Schema] = {"type": "string"}
TEXT_OR_NULL: Final[Schema] = {"type": ["string", "null"]}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
COUNT_OR_NULL: Final[Schema] = {"type": ["integer", "null"]}
FLAG: Final[Schema] = {"type": "boolean"}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}
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


def _texts(most: int) -> Schema:
    return {"type": "array", "minItems": 1, "maxItems": most, "items": text(1000, least=1)}


def _keyed(names: str, most: int, value: Schema) -> Schema:
    return {
        "type": "object",
        "maxProperties": most,
        "propertyNames": {"pattern": names},
        "additionalProperties": value,
    }


_DURATION: Final[Schema] = {"anyOf": [named("^[0-9]{1,6}[smhd]$"), {"type": "integer", "minimum": 0, "maximum": 10**7}]}
_SPOKEN: Final[Schema] = {
    "anyOf": [
        text(5000, least=1),
        {
            "type": "array",
            "minItems": 1,
            "maxItems": 60,
            "items": {**_keyed("^(say|play|amount)$", 1, text(5000, least=1)), "minProperties": 1},
        },
    ]
}
_ACTION: Final = named("^(repeat|promise|opt_out|transfer:[A-Za-z0-9_-]{1,40})$")
_LABEL: Final = named("^[a-z][a-z0-9_]{0,23}$")
_STEP: Final = closed(
    {
        "label": _LABEL,
        **{verb: text(5000, least=1) for verb in ("say", "play", "amount")},
        **dict.fromkeys(("spell", "ask", "if", "goto", "then", "else"), _LABEL),
        "do": _ACTION,
        "prompt": _SPOKEN,
        "digits": {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 20},
                {
                    "type": "array",
                    "minItems": 2,
                    "maxItems": 2,
                    "items": {"type": "integer", "minimum": 1, "maximum": 20},
                },
            ]
        },
        "keys": _keyed("^[0-9]$", 10, _LABEL),
        "wait_s": {"type": "integer", "minimum": 1, "maximum": 60},
        "tries": {"type": "integer", "minimum": 1, "maximum": 9},
        "equals": text(1000, least=1),
    },
    [],
)
CALL: Final = closed(
    {
        "script": closed(
            {
                "message": _SPOKEN,
                "menu": _keyed("^[0-9]$", 10, _ACTION),
                "menu_prompt": text(5000, least=1),
                "goodbye": text(5000, least=1),
                "confirm": _keyed("^(promise|opt_out)$", 2, text(5000, least=1)),
                "steps": {"type": "array", "minItems": 1, "maxItems": 60, "items": _STEP},
                "language": named("^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$"),
                "voice": {"anyOf": [named("^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$"), {"type": "null"}]},
            },
            [],
        ),
        "amd": {"enum": ["off", "detect", "leave_message"]},
        "min_heard_s": {"type": "number", "minimum": 0, "maximum": 3600},
        "ring_s": {"type": "number", "minimum": 1, "maximum": 300},
        "limit_s": {"type": "integer", "minimum": 10, "maximum": 3600},
        "retries": _keyed(
            "^(machine|busy|no_answer|congestion|rejected|failed)$",
            6,
            closed({"times": {"type": "integer", "minimum": 0, "maximum": 20}, "pause": _DURATION}, []),
        ),
    },
    [],
)
PUSH: Final = closed(
    {"title": text(1000, least=1), "data": _keyed("^[A-Za-z0-9_.-]{1,64}$", 64, text(1000)), "ttl": _DURATION}, []
)
WHATSAPP: Final = closed(
    {
        "template": named("^[a-z0-9_]{1,512}$"),
        "language": named("^[a-z]{2,3}(_[A-Z]{2})?$"),
        "parameters": {"anyOf": [_texts(30), _keyed("^[a-z0-9_]{1,64}$", 30, text(1000, least=1))]},
    },
    ["template", "language"],
)

_SENDING: Final[dict[str, Schema]] = {
    "channel": {"enum": CHANNELS, "description": spoken("Default of single messages: sms.")},
    "priority": {"enum": ["urgent", "normal", "bulk"], "default": "normal"},
    "lines": {**LINES, "description": spoken("The only lines to use; default: any line of the channel.")},
    "encoding": {"enum": ["auto", "gsm7", "ucs2"], "default": "auto"},
    "max_segments": {"type": "integer", "minimum": 1, "maximum": 255, "default": 10},
    "resend": {"enum": ["never", "allow"], "default": "never"},
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
            {"to": {"anyOf": [text(200, least=1), _texts(10)]}, "ref": text(200, least=1)},
            [],
            description=spoken("Which columns of the list are the address and the reference."),
        ),
        "sheet": text(100, least=1),
        "header_row": {"type": "integer", "minimum": 0, "maximum": 1_048_576},
        "hidden_rows": {"enum": ["send", "skip"]},
        "template": text(200, least=1),
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
            "priority": TEXT,
            "state": _JOB_STATE,
            "messages": COUNT,
            "segments": COUNT,
            "counts": {"type": "object", "additionalProperties": COUNT},
            "held": {"type": "object", "additionalProperties": COUNT},
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
    "Jobs": page(ref("Job")),
    "Messages": page(ref("Message")),
    "Lines": page(ref("Line")),
    "Accounts": page(ref("Account")),
    "Statement": page(ref("Transfer")),
    "Blocklist": page(ref("Blocked")),
}

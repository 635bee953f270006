"""The shapes of settings: of accounts, lines, users; of tasks and what people do in the inbox and the log."""

from __future__ import annotations

from typing import Any, Final

from gatewayd.answers.settings import SWITCHES
from gatewayd.answers.tickets import NOTE_MAX
from gatewayd.web.v1.forms import (
    COUNT,
    COUNT_OR_NULL,
    FLAG,
    LINE_NAME,
    MESSAGE_ID,
    NAME,
    TEXT,
    TEXT_OR_NULL,
    TIME,
    USER_NAME,
    Schema,
    closed,
    free,
    named,
    page,
    ref,
    shown,
    text,
)
from gatewayd.web.words import spoken

_OBJECT: Final[Schema] = {"type": "object"}
_VERSION: Final[Schema] = {
    **COUNT,
    "maximum": 1 << 31,
    "description": spoken("The one that was looked at: where somebody has changed it since, 409."),
}
_LANGUAGE: Final[Schema] = {"enum": ["es", "en"]}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _some(item: Schema, most: int, *, least: int = 0) -> dict[str, Any]:
    return {"type": "array", "minItems": least, "maxItems": most, "items": item}


_PICKED: Final = named("^(out|in|noted)-[0-9A-HJKMNP-TV-Z]{26}$")
_ADDRESS: Final = text(40, least=1)

SCHEMAS: Final[dict[str, Schema]] = {
    "NewAccount": closed({"name": named(NAME), "currency": named("^[A-Z]{3}$")}, ["name"]),
    "Credit": closed(
        {
            "amount": named("^-?[0-9]{1,9}([.][0-9]{1,6})?$"),
            "note": text(1000, description=spoken("Why; it stands in the statement.")),
        },
        ["amount"],
    ),
    "Sums": page(shown({"group": TEXT_OR_NULL, "granted": TEXT, "charged": TEXT, "held": TEXT, "last_at": TEXT})),
    "SettingsChange": closed(
        {
            "company": _or_null(text(100, least=1)),
            "language": _or_null(_LANGUAGE),
            "zone": _or_null(text(64, least=1)),
            "low_credit": _or_null(named("^[0-9]{1,9}([.][0-9]{1,6})?$")),
            "billing_max_age": _or_null({"type": "integer", "minimum": 60, "maximum": 366 * 86_400}),
            "test_group": _or_null(
                _some(
                    closed(
                        {
                            "name": text(80, least=1),
                            "phone": _ADDRESS,
                            "mail": text(254, least=1),
                            "push": text(2048, least=1),
                        },
                        ["name"],
                    ),
                    20,
                )
            ),
            "version": _VERSION,
        },
        [],
    ),
    "AccountSettings": shown(
        {
            "account": TEXT,
            "company": TEXT_OR_NULL,
            "language": TEXT_OR_NULL,
            "zone": TEXT_OR_NULL,
            "low_credit": TEXT_OR_NULL,
            "billing_max_age": COUNT_OR_NULL,
            "version": COUNT,
            "effective": _OBJECT,
        },
        *("account", "version", "effective"),
    ),
    "MassSends": shown({"account": TEXT, "password": FLAG, "approve_above": COUNT_OR_NULL}, "account", "password"),
    "Doubtful": page(shown({"id": TEXT, "at": TIME, "line": TEXT, "from": TEXT, "text": TEXT}, "id", "at", "text")),
    "NewLine": closed(
        {
            "name": named(LINE_NAME),
            "driver": named("^[a-z][a-z0-9_]{0,63}$"),
            "keys": free(60),
            "secrets": {
                "type": "object",
                "maxProperties": 60,
                "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,63}$"},
                "additionalProperties": text(65_536, least=1),
            },
            "enabled": {**FLAG, "default": True},
        },
        ["name", "driver"],
    ),
    "LineChange": closed({"keys": free(60), "enabled": FLAG, "version": _VERSION}, []),
    "LineSecret": closed({"secret": _or_null(text(65_536, least=1))}, ["secret"]),
    "LineTest": closed({"to": text(2048, least=1), "text": text(1000, least=1)}, ["to"]),
    "LineQuestion": closed({"question": named("^[a-z][a-z0-9_]{0,39}$"), "argument": text(200)}, ["question"]),
    "LineAnswer": _OBJECT,
    "Devices": page(shown({"driver": TEXT, "keys": _OBJECT, "busy": FLAG, "line": TEXT_OR_NULL, "detail": _OBJECT})),
    "Reply": closed(
        {
            "text": text(1600, least=1),
            "key": text(64, least=1, description=spoken("Your own id of this reply: the same again sends nothing.")),
        },
        ["text"],
    ),
    "Replied": _OBJECT,
    "Assignment": closed({"user": _or_null(named(USER_NAME))}, ["user"]),
    "Unread": shown({"count": COUNT, "more": FLAG}, "count", "more"),
    "Resend": {
        "oneOf": [
            closed(
                {
                    "ids": _some(named(MESSAGE_ID), 500, least=1),
                    "preview": {**FLAG, "default": False},
                    "key": text(64, least=1),
                },
                ["ids"],
            ),
            closed({"filter": free(30), "preview": {**FLAG, "default": False}, "key": text(64, least=1)}, ["filter"]),
        ]
    },
    "Resent": shown(
        {
            "messages": COUNT,
            "people": COUNT,
            "left_out": _OBJECT,
            "cost": TEXT,
            "jobs": {"type": "array"},
        },
        *("messages", "people"),
    ),
    "ListChange": closed({"name": text(120, least=1), "filter": free(40), "version": _VERSION}, ["name", "version"]),
    "ListArchived": closed({"archived": {**FLAG, "default": True}}, []),
    "UserChange": closed(
        {
            "name": named(USER_NAME, description=spoken("Another name.")),
            "mail": {
                "anyOf": [named("^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,60}[.][A-Za-z]{2,20}$"), {"const": ""}],
                "description": spoken("Empty: none."),
            },
            "supervisor": {"anyOf": [named(USER_NAME), {"const": ""}]},
            "monthly_limit": named("^([0-9]{1,9}([.][0-9]{1,6})?)?$"),
            "language": {"enum": ["es", "en", ""]},
            "version": _VERSION,
        },
        [],
    ),
    "UserRole": closed(
        {"role": {"enum": ["administrator", "supervisor", "user"]}, "account": named(NAME), "version": _VERSION},
        ["role"],
    ),
    "UserPassword": closed({"password": text(200, least=10)}, ["password"]),
    "EndedSessions": shown({"ended": COUNT}, "ended"),
    "TicketNote": closed({"note": text(NOTE_MAX, least=1), "version": _VERSION}, ["note"]),
    "AnswersChange": closed(
        {
            **{name: free(20) for name in SWITCHES},
            "per_number": {"type": "integer", "minimum": 1, "maximum": 60},
            "per_account": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
            "version": _VERSION,
        },
        [],
    ),
    "TemplateName": closed({"name": text(80, least=1)}, ["name"]),
    "RenamedTemplate": shown({"template": TEXT, "channel": TEXT}, "template", "channel"),
    "TemplateDefaults": page(
        shown({"default": TEXT, "channel": TEXT, "language": TEXT, "template": TEXT, "content": _OBJECT})
    ),
    "CustomerCount": shown({"count": COUNT_OR_NULL, "counted_to": COUNT}, "count"),
    "CustomersFilter": closed({"filter": free(40)}, ["filter"]),
    "CustomerMarks": closed(
        {
            "filter": free(40),
            "add_tags": _some(text(60, least=1), 50),
            "remove_tags": _some(text(60, least=1), 50),
            "assigned": {"anyOf": [named(USER_NAME), {"const": ""}]},
        },
        ["filter"],
    ),
    "MarkedCustomers": shown({"customers": COUNT, "changed": COUNT}, "customers", "changed"),
    "Stretch": _OBJECT,
    "NewExport": closed(
        {
            "filter": free(30),
            "picked": _some(_PICKED, 500),
            "columns": _some(text(60, least=1), 28),
            "format": {"enum": ["csv", "xlsx"], "default": "xlsx"},
            "night": {**FLAG, "default": False},
        },
        [],
    ),
    "ExportFile": _OBJECT,
    "Tasks": page(ref("Task")),
    "Status": shown({"at": TIME, "node": TEXT, "ok": FLAG, "needs": {"type": "array"}}, "at", "ok", "needs"),
    "Audit": page(
        shown(
            {
                "id": COUNT,
                "at": TIME,
                "kind": TEXT,
                "actor": TEXT,
                "address": TEXT,
                "account": TEXT_OR_NULL,
                "operation": TEXT,
                "subject": TEXT,
                "outcome": TEXT,
            },
            *("id", "at", "kind", "actor", "operation", "outcome"),
        )
    ),
    "Bearer": shown(
        {
            "kind": TEXT,
            "name": TEXT,
            "role": TEXT_OR_NULL,
            "account": TEXT_OR_NULL,
            "scopes": {"type": "array", "items": TEXT},
            "test": FLAG,
        },
        *("kind", "name", "scopes", "test"),
    ),
    "Causes": shown({"causes": _OBJECT}, "causes"),
    "Verdicts": closed(
        {
            "messages": _some(named(MESSAGE_ID), 500, least=1),
            "verdict": {"enum": ["sent", "not-sent", "resend"]},
        },
        ["messages", "verdict"],
    ),
    "Settled": shown({"settled": COUNT, "refused": {"type": "array"}}, "settled", "refused"),
}

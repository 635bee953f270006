"""The shapes of reminders, as JSON Schema (2020-12)."""

from __future__ import annotations

from typing import Final

from gatewayd.web.v1.forms import COUNT, FLAG, TEXT, TEXT_MAX, TEXT_OR_NULL, Schema, closed, named, page, shown, text

_DAY: Final[Schema] = {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}
_LINE: Final[Schema] = {"type": "string", "maxLength": 200, "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}
_VERSION: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 1_000_000}
_TIMING: Final[dict[str, Schema]] = {
    "first": _DAY,
    "every_days": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 365}, {"type": "null"}]},
    "times": {"type": "integer", "minimum": 1, "maximum": 60},
    "hour": named("^([01][0-9]|2[0-3]):[0-5][0-9]$"),
}
_WRITTEN: Final[dict[str, Schema]] = {
    "customer": text(200, least=1),
    "invoice": _LINE,
    "due": _DAY,
    "amount": {"anyOf": [named("^[0-9]{1,12}(\\.[0-9]{1,6})?$"), {"type": "null"}]},
    "currency": named("^[A-Z]{3}$"),
    "channel": {"enum": ["sms", "email", "whatsapp", "push"]},
    "subject": _LINE,
    "text": text(TEXT_MAX, least=1),
    **_TIMING,
}
_EVENT: Final = shown(
    {"at": TEXT_OR_NULL, "kind": TEXT, "by": TEXT, "detail": {"type": "object"}, "state": TEXT_OR_NULL}, "kind", "by"
)
_REMINDER: Final[dict[str, Schema]] = {
    "reminder": COUNT,
    "account": TEXT,
    "customer": TEXT,
    "customer_name": TEXT,
    "invoice": TEXT,
    "due": TEXT_OR_NULL,
    "amount": TEXT_OR_NULL,
    "currency": TEXT,
    "channel": TEXT,
    "subject": TEXT,
    "text": TEXT,
    "state": {"enum": ["active", "paid", "cancelled"]},
    "archived": FLAG,
    "first": TEXT_OR_NULL,
    "next_at": TEXT_OR_NULL,
    "sends": COUNT,
    "sent_at": TEXT_OR_NULL,
    "version": COUNT,
    "withheld": {"enum": ["shared_number", "first_contact", None]},
    "history": {"type": "array", "items": _EVENT},
}
_SHOWN: Final = ("reminder", "customer", "channel", "state", "sends", "version")

SCHEMAS: Final[dict[str, Schema]] = {
    "NewReminder": closed(_WRITTEN, ["customer", "currency", "text"]),
    "ChangedReminder": closed({**_WRITTEN, "version": _VERSION}, ["customer", "currency", "text", "version"]),
    "ReminderSend": closed({"anyway": FLAG}, []),
    "ReminderRepeat": closed({**_TIMING, "version": _VERSION}, ["version"]),
    "ReminderState": closed({"state": {"enum": ["paid", "cancelled", "active"]}}, []),
    "ReminderArchived": closed({"archived": FLAG}, []),
    "Reminder": shown(_REMINDER, *_SHOWN),
    "Reminders": page(shown(_REMINDER, *_SHOWN)),
}

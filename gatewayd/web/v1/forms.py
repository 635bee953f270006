"""Pieces of JSON Schema (2020-12): texts, names, objects that are closed or may grow, pages of a list."""

from __future__ import annotations

from typing import Any, Final

from gatewayd.values.model import State

Schema = dict[str, Any]

CHANNELS: Final = ["sms", "call", "email", "push", "whatsapp"]
CLASSES: Final = ["collections", "notice", "transactional", "reply"]
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
USER_NAME: Final = "^[^\\s\\u0000-\\u001f\\u007f/@]{1,64}$"
GROUPS: Final = ["hour", "day", "weekday", "hour_of_day", "channel", "line", "account"]
EVENTS: Final = ["receipt", "inbound", "credit_low", "line", "campaign", "ticket", "payment_notice", "event"]
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


def free(most: int, *, null: bool = False) -> Schema:
    """Returns the schema of an object whose keys an operation judges; what cannot be kept deep in it is refused."""
    return {
        "type": ["object", "null"] if null else "object",
        "maxProperties": most,
        "propertyNames": {"pattern": NO_NUL},
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


def texts(most: int) -> Schema:
    """Returns the schema of a list of at most so many texts."""
    return {"type": "array", "minItems": 1, "maxItems": most, "items": text(1000, least=1)}


TEXT: Final[Schema] = {"type": "string"}
TEXT_OR_NULL: Final[Schema] = {"type": ["string", "null"]}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
COUNT_OR_NULL: Final[Schema] = {"type": ["integer", "null"]}
FLAG: Final[Schema] = {"type": "boolean"}
TIME: Final[Schema] = {"type": "string", "format": "date-time"}

"""What a call of Meta's tells: states of messages of ours, and messages received. Pure.

Source: Meta's reference of the `messages` webhook. Calls repeat, batches mix, states come out of order, `delivered` is
left out where `read` comes at once: all of that the store bears. One app calls for all its numbers at one address: what
is of another number is told all the same, rather than lost.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from drivers.base import DeliveryReport, Event, HookRefusedError, InboundMessage
from drivers.whatsapp.answers import api_error

STATES: Final[Mapping[str, Literal["delivered", "read", "undelivered", "pending"]]] = {
    "sent": "pending",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "undelivered",
}
ATTEMPT_LENGTH: Final = 26
_CROCKFORD: Final = frozenset("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def read(body: bytes) -> list[Event]:
    """Everything of use in the call, in its order; raises `HookRefusedError` for what is no JSON object."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise HookRefusedError(400, "no JSON object")
    events: list[Event] = []
    for entry in _tables(given.get("entry")):
        for change in _tables(entry.get("changes")):
            value = change.get("value")
            if isinstance(value, dict):
                events += [told for status in _tables(value.get("statuses")) if (told := _state(status)) is not None]
                to = _display_number(value)
                events += [got for one in _tables(value.get("messages")) if (got := _received(one, to)) is not None]
    return events


def _tables(value: Any) -> Iterator[dict[str, Any]]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())


def _state(status: Mapping[str, Any]) -> DeliveryReport | None:
    reference, word = status.get("id"), STATES.get(str(status.get("status")))
    if not isinstance(reference, str) or not reference or word is None:
        return None
    error = next(filter(None, map(api_error, _tables(status.get("errors")))), None)
    attempt = status.get("biz_opaque_callback_data")
    ours = isinstance(attempt, str) and len(attempt) == ATTEMPT_LENGTH and _CROCKFORD.issuperset(attempt)
    return DeliveryReport(
        reference=reference,
        to=_number(status.get("recipient_id")),
        status=word,
        reason=(error.reason if error is not None else "failed") if word == "undelivered" else None,
        at=_moment(status.get("timestamp")),
        attempt=attempt if ours else None,
        part=1 if ours else None,
    )


def _received(message: Mapping[str, Any], to: str | None) -> InboundMessage | None:
    key = message.get("id")
    sender = _number(message.get("from") or message.get("from_user_id"))
    text = words(message)
    if not isinstance(key, str) or not key or sender is None or text is None:
        return None
    return InboundMessage(key, sender, to, text, _moment(message.get("timestamp")))


def words(message: Mapping[str, Any]) -> str | None:
    """What the person wrote or chose; `[image]` and the like for what has no words, None for what is no message."""
    kind = message.get("type")
    content = message.get(str(kind))
    table = content if isinstance(content, dict) else {}
    match kind:
        case "text":
            found = table.get("body")
        case "button":
            found = table.get("text")
        case "interactive":
            reply = next((table[name] for name in ("button_reply", "list_reply") if name in table), None)
            found = reply.get("title") if isinstance(reply, dict) else None
        case "reaction":
            # A reaction taken back has no emoji.
            found = table.get("emoji")
            if not found:
                return None
        case "system" | "ephemeral" | "revoke":
            return None
        case "edit":
            edited = table.get("message")
            return words(edited) if isinstance(edited, dict) and edited.get("type") != "edit" else None
        case "location":
            return f"[location] {table.get('latitude')},{table.get('longitude')}"
        case _:
            found = table.get("caption")
    if isinstance(found, str) and found.strip():
        return found
    return f"[{kind}]" if isinstance(kind, str) and kind else None


def _number(said: Any) -> str | None:
    """Meta writes numbers as digits without a plus; a person who hides theirs has an id of letters."""
    if not isinstance(said, str) or not said:
        return None
    return f"+{said}" if said.isdecimal() and said.isascii() else said


def _display_number(value: Mapping[str, Any]) -> str | None:
    metadata = value.get("metadata")
    said = metadata.get("display_phone_number") if isinstance(metadata, dict) else None
    digits = "".join(filter(str.isdecimal, said)) if isinstance(said, str) else ""
    return f"+{digits}" if digits else None


def _moment(said: Any) -> float:
    """Unix time in seconds, as a string; now where there is none."""
    try:
        at = float(said)
    except (TypeError, ValueError):
        return time.time()
    return at if 0 < at < 1e11 else time.time()

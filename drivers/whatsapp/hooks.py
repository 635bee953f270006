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
from drivers.whatsapp import optout
from drivers.whatsapp.answers import OPTED_OUT, api_error

STATES: Final[Mapping[str, Literal["delivered", "read", "undelivered", "pending"]]] = {
    "sent": "pending",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "undelivered",
}
CHANGED: Final = frozenset({"user_changed_number", "customer_changed_number"})
"""Types of the system message that somebody has another number now."""
ATTEMPT_LENGTH: Final = 26
_CROCKFORD: Final = frozenset("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def read(body: bytes) -> list[Event]:
    """Returns everything of use in the call, in its order; raises `HookRefusedError` for what is no JSON object."""
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
                to, people = _display_number(value), list(_tables(value.get("contacts")))
                received = (_received(one, to, people) for one in _tables(value.get("messages")))
                events += [got for got in received if got is not None]
                chosen = (_preference(one, to) for one in _tables(value.get("user_preferences")))
                events += [got for got in chosen if got is not None]
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
    if attempt and not ours:
        # Another system sends over this number, and marks its messages in its own way.
        return None
    return DeliveryReport(
        reference=reference,
        to=_address(status.get("recipient_id")) or _address(status.get("recipient_user_id")),
        status=word,
        reason=(error.reason if error is not None else "failed") if word == "undelivered" else None,
        at=_moment(status.get("timestamp")),
        attempt=attempt if ours else None,
        part=1 if ours else None,
        opt_out=error is not None and error.code == OPTED_OUT,
    )


def _received(message: Mapping[str, Any], to: str | None, people: list[dict[str, Any]]) -> InboundMessage | None:
    key = message.get("id")
    addresses = _addresses(message, people)
    text = words(message)
    if not isinstance(key, str) or not key or not addresses or text is None:
        return None
    return InboundMessage(
        key,
        addresses[0],
        to,
        text,
        _moment(message.get("timestamp")),
        answers_reference=_answered(message),
        opt_out=optout.chosen(message),
        aliases=tuple(addresses[1:]),
    )


def _addresses(message: Mapping[str, Any], people: list[dict[str, Any]]) -> list[str]:
    """All addresses of the sender, the number first where it is known: Meta names people by their number, by an id that
    holds for one business (`user_id`, the BSUID), or by both; and a changed number by the old one and the new."""
    given = [message.get("from"), message.get("from_user_id")]
    for person in people:
        names = [person.get("wa_id"), person.get("user_id")]
        if len(people) == 1 or any(name and name in given for name in names):
            given += names
    system = message.get("system")
    if isinstance(system, dict) and system.get("type") in CHANGED:
        # Only the old address and the new one: that the contact is named by either is Meta's to choose.
        given = [message.get("from"), message.get("from_user_id"), system.get("wa_id"), system.get("new_wa_id")]
    found = [address for each in given if (address := _address(each)) is not None]
    numbers = [address for address in found if address.startswith("+")]
    return list(dict.fromkeys([*numbers, *found]))


def _answered(message: Mapping[str, Any]) -> str | None:
    """Returns the reference of the message of ours that it answers, or reacts to."""
    for name, key in (("context", "id"), ("reaction", "message_id")):
        table = message.get(name)
        found = table.get(key) if isinstance(table, dict) else None
        if isinstance(found, str) and found:
            return found
    return None


def _preference(choice: Mapping[str, Any], to: str | None) -> InboundMessage | None:
    """Returns what a person has set in WhatsApp itself: no more marketing from this business, or marketing again."""
    named = [address for name in ("wa_id", "user_id") if (address := _address(choice.get(name))) is not None]
    value = choice.get("value")
    if not named or not isinstance(value, str):
        return None
    category, at = choice.get("category"), choice.get("timestamp")
    text = f"[{category if isinstance(category, str) else 'preference'}: {value}]"
    key = f"preference:{named[0]}:{value}:{at}"
    stopped = value.strip().lower() == "stop"
    return InboundMessage(key, named[0], to, text, _moment(at), opt_out=stopped, aliases=tuple(named[1:]))


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
            reply = next((table[name] for name in optout.REPLIES if name in table), None)
            found = reply.get("title") if isinstance(reply, dict) else None
        case "reaction":
            # A reaction taken back has no emoji.
            found = table.get("emoji")
            if not found:
                return None
        case "system" if table.get("type") in CHANGED:
            found = table.get("body")
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


def _address(said: Any) -> str | None:
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

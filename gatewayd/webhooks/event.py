"""Events as receivers get them: their names, ids, ranks and bodies. Pure.

An id is worked out from what the event says (a message's from its id, state, try and whether that is its last word), so
that whatever is posted again, by another try, a replay, or a store that was put back, bears the same one.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.values.model import State

RECEIPT: Final = "receipt"
INBOUND: Final = "inbound"
CREDIT_LOW: Final = "credit_low"
LINE: Final = "line"
TEST: Final = "test"

CAMPAIGN: Final = "campaign"

TICKET: Final = "ticket"
PAYMENT_NOTICE: Final = "payment_notice"
COLLECTION: Final = "event"

NAMES: Final = (RECEIPT, INBOUND, CREDIT_LOW, LINE, CAMPAIGN, TICKET, PAYMENT_NOTICE, COLLECTION)
"""Events that there are; an endpoint asks for some of them."""

BODY_MAX: Final = 20_000
"""Octets; a body is shorter (Standard Webhooks 1.0.0, "Payload size")."""
_CUTS: Final = (4_000, 2_000, 1_000, 400, 100, 30)
"""Characters to which long texts of a document are cut, until its body fits."""

RANKS: Final[Mapping[str, int]] = {
    State.HELD: 0,
    State.UNCERTAIN: 1,
    State.SUBMITTED: 2,
    State.UNDELIVERED: 3,
    State.FAILED: 3,
    State.EXPIRED: 3,
    State.CANCELLED: 3,
    State.INVALID: 3,
    State.DELIVERED: 4,
    State.READ: 5,
}
"""Of states that have a receipt. What a message may become later never has a lower one, so that a receiver may drop
whatever is below what it knows."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it is posted."""

    id: str
    type: str
    key: str
    """Events of one key are posted in order, one acknowledged before the next."""
    seq: int
    """Grows within a key."""
    body: bytes


def event_id(*said: object) -> str:
    """Returns the id of an event that says this: `msg_` and 26 letters, never a point."""
    text = json.dumps(said, ensure_ascii=True, separators=(",", ":"))
    return "msg_" + base64.b32encode(hashlib.sha256(text.encode()).digest())[:26].decode().lower()


def receipt(line: str) -> Event:
    """Returns the event of a receipt, given as its line of JSON."""
    data = json.loads(line)
    message, state, seq = data["message"], data["state"], int(data["seq"])
    if message is None:
        # A whole queue waits: there is no message, and each time is news.
        known = event_id(RECEIPT, data["job"], data["at"], seq)
        key = f"job {data['job']}"
    else:
        known = event_id(RECEIPT, message, state, data["attempt"], data["final"])
        key = f"message {message}"
    return _event(known, RECEIPT, key, seq=seq, at=data["at"], data=data, text=line, rank=RANKS.get(state))


def inbound(document: Mapping[str, Any]) -> Event:
    """Returns the event of a message received, given as its inbox file has it."""
    number = document["id"]
    return _event(event_id(INBOUND, number), INBOUND, f"inbound {number}", seq=1, at=document["at"], data=document)


def occurrence(
    kind: str, subject: str, number: int, at: str, document: Mapping[str, Any], *, known: str | None = None
) -> Event:
    """Returns the event of something that happened to a subject; `number` is that of its row and grows. `known` names
    it where more than one thing may happen to the subject in one instant."""
    return _event(
        event_id(kind, subject, at) if known is None else event_id(kind, known),
        kind,
        f"{kind} {subject}",
        seq=number,
        at=at,
        data=document,
    )


def trial(endpoint: int, at: str) -> Event:
    """Returns the event by which a person tries an endpoint."""
    return _event(event_id(TEST, endpoint, at), TEST, TEST, seq=1, at=at, data={"webhook": endpoint})


def _event(
    known: str,
    kind: str,
    key: str,
    *,
    seq: int,
    at: str,
    data: Mapping[str, Any],
    text: str | None = None,
    rank: int | None = None,
) -> Event:
    ranked = "" if rank is None else f',"rank":{rank}'
    head = f'{{"id":"{known}","seq":{seq},"type":"{kind}","at":{json.dumps(at)}{ranked},"data":'
    body = f"{head}{text or _json(data)}}}".encode()
    for most in _CUTS:
        if len(body) < BODY_MAX:
            break
        body = f"{head}{_json({**_cut(data, most), 'truncated': True})}}}".encode()
    if len(body) >= BODY_MAX:
        body = f'{head}{{"truncated":true}}}}'.encode()
    return Event(known, kind, key, seq, body)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _cut(value: Any, most: int) -> Any:
    """Returns a document with every text of it cut to `most` characters, every list to as many items."""
    if isinstance(value, str):
        return value[:most]
    if isinstance(value, Mapping):
        return {key[:most]: _cut(item, most) for key, item in list(value.items())[: max(most, 30)]}
    if isinstance(value, list):
        return [_cut(item, most) for item in value[:most]]
    return value

"""The calls by which a phone tells at once what polling would find later (SMSGate webhooks). Pure.

A call bears `X-Timestamp` and `X-Signature`, the hex HMAC-SHA256 of the raw body followed by the time stamp. The app
repeats a call that was not answered by 2xx, with the same message id: all that a call tells may be told again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from drivers.android.errors import SignatureError
from drivers.android.inbox import key
from drivers.android.states import Rank, Told, moment
from drivers.base import InboundMessage

RECEIVED: Final = "sms:received"
RANKS: Final = {
    "sms:sent": Rank.SENT,
    "sms:delivered": Rank.DELIVERED,
    "sms:failed": Rank.FAILED,
    "sms:cancelled": Rank.CANCELLED,
}
EVENTS: Final = (RECEIVED, "sms:sent", "sms:delivered", "sms:failed")
"""What a phone is asked to call for."""
MOST_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """What one call says: of a message of ours (`told`), or a message received by the SIM `sim`. Or nothing of use."""

    event: str
    told: Told | None = None
    received: InboundMessage | None = None
    sim: int | None = None


def verify(headers: Mapping[str, str], body: bytes, secret: str) -> None:
    """Raises `SignatureError` unless the body was signed with `secret`."""
    given = {name.lower(): value for name, value in headers.items()}
    stamp, signature = given.get("x-timestamp", ""), given.get("x-signature", "")
    if not secret or not stamp or not signature or len(body) > MOST_BYTES:
        raise SignatureError("the call is not signed")
    wanted = hmac.new(secret.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), signature.strip().lower().encode()):
        raise SignatureError("the signature does not fit")


def read(headers: Mapping[str, str], body: bytes, secret: str) -> Call:
    """Reads a call that this phone has signed; raises `SignatureError`. Junk that is signed says nothing of use."""
    verify(headers, body, secret)
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        return Call("")
    payload = given.get("payload") if isinstance(given, dict) else None
    event = str(given.get("event", "")) if isinstance(given, dict) else ""
    if not isinstance(payload, dict) or not isinstance(payload.get("messageId"), str):
        return Call(event)
    if event == RECEIVED:
        return _received(event, payload)
    if event not in RANKS:
        return Call(event)
    at = next((at for name in ("sentAt", "deliveredAt", "failedAt") if (at := moment(payload.get(name)))), None)
    error = payload.get("reason")
    told = Told(payload["messageId"], RANKS[event], str(error) if error else None, at, None)
    return Call(event, told=told)


def _received(event: str, payload: dict[str, Any]) -> Call:
    at = moment(payload.get("receivedAt"))
    sim = payload.get("simNumber")
    message = InboundMessage(
        key=key(payload["messageId"], at),
        sender=str(payload.get("sender") or payload.get("phoneNumber") or ""),
        to=str(payload.get("recipient") or "") or None,
        text=str(payload.get("message") or ""),
        at=time.time() if at is None else at,
    )
    return Call(event, received=message, sim=sim if isinstance(sim, int) else None)

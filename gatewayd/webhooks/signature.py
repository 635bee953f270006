"""Signatures by which a receiver knows that an event is ours. Pure.

Source: Standard Webhooks 1.0.0, "Signature scheme" (symmetric): HMAC-SHA256 over `id.timestamp.body`, in base64 behind
`v1,`; one signature for each secret that is in force, a blank between.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

PREFIX: Final = "whsec_"
OCTETS_MIN: Final = 24
OCTETS_MAX: Final = 64
OCTETS_NEW: Final = 32

IN_FORCE_MAX: Final = 4
"""Secrets that sign at once: each makes the header longer by 47 letters, and nobody rotates that often in a day."""

_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{1,96}={0,2}", re.ASCII)


class SecretError(ValueError):
    """The text is no secret of a webhook; says why without repeating it."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret as people write it, and until when (ms of Unix time) it signs beside its successor."""

    text: str
    until: int | None = None

    def __repr__(self) -> str:
        return f"Secret(until={self.until})"


def key_of(text: str) -> bytes:
    """Returns the octets of a secret `whsec_…`; SecretError."""
    if not text.startswith(PREFIX):
        raise SecretError("no_prefix")
    encoded = text.removeprefix(PREFIX)
    if not _BASE64.fullmatch(encoded):
        raise SecretError("no_base64")
    plain = encoded.rstrip("=")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        raise SecretError("no_base64") from None
    if not OCTETS_MIN <= len(key) <= OCTETS_MAX:
        raise SecretError("length")
    return key


def new_secret() -> str:
    """Returns a fresh secret of 32 octets."""
    return PREFIX + base64.b64encode(secrets.token_bytes(OCTETS_NEW)).decode()


def rotated(old: Sequence[Secret], text: str, *, now: int, overlap_ms: int) -> tuple[Secret, ...]:
    """Returns the secrets once `text` is the one in force: the one before it goes on signing for `overlap_ms`."""
    left = [
        each if each.until is not None else replace(each, until=now + overlap_ms)
        for each in in_force(old, now)
        if each.text != text
    ]
    return (Secret(text), *left[: IN_FORCE_MAX - 1])


def in_force(known: Iterable[Secret], now: int) -> tuple[Secret, ...]:
    """Returns the secrets that sign at `now`, the newest first."""
    return tuple(each for each in known if each.until is None or each.until > now)


def written(known: Iterable[Secret]) -> list[dict[str, Any]]:
    """Returns secrets as JSON, to be sealed."""
    return [{"secret": each.text, "until": each.until} for each in known]


def read(document: Any) -> tuple[Secret, ...]:
    """Returns the secrets that `written` wrote."""
    return tuple(Secret(str(each["secret"]), each["until"]) for each in document)


def sealed_for(account: str) -> str:
    """Returns the place for which an account's secrets are sealed: in another account's row they do not open."""
    return f"webhook.{account}"


def signature(event_id: str, timestamp: int, body: bytes, known: Iterable[Secret]) -> str:
    """Returns the value of `webhook-signature`; `timestamp` is in seconds of Unix time."""
    signed = f"{event_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_mac(key_of(each.text), signed)}" for each in known)


def headers(event_id: str, timestamp: int, body: bytes, known: Iterable[Secret]) -> dict[str, str]:
    """Returns the three headers of a call."""
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(event_id, timestamp, body, known),
    }


def _mac(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()

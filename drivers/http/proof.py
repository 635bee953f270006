"""Whether a call to us comes from whom it says: a signature of the raw body, or a secret in a header. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from drivers.base import HookRefusedError

MOST_BYTES: Final = 4 * 1024 * 1024
"""Of one call: a batch of some thousand states or replies (Meta: up to 3 MB)."""


def prove(headers: Mapping[str, str], body: bytes, *, header: str, secret: str) -> None:
    """Raises `HookRefusedError` unless `header` is the hex HMAC-SHA256 of `body` by `secret`, with or without
    `sha256=` before it. Names in `headers` are in lower case."""
    wanted = hmac.new(secret.encode(), _bounded(body), hashlib.sha256).hexdigest()
    said = headers.get(header.lower(), "").strip().removeprefix("sha256=").lower()
    _same(said, wanted)


def prove_token(headers: Mapping[str, str], body: bytes, *, header: str, secret: str) -> None:
    """Raises `HookRefusedError` unless `header` is `secret` itself."""
    _bounded(body)
    _same(headers.get(header.lower(), ""), secret)


def prove_word(said: str, body: bytes, *, secret: str) -> None:
    """Raises `HookRefusedError` unless the word that the call's address bears is `secret`."""
    _bounded(body)
    _same(said, secret)


def _bounded(body: bytes) -> bytes:
    if len(body) > MOST_BYTES:
        raise HookRefusedError(413, "too large")
    return body


def _same(said: str, wanted: str) -> None:
    if not wanted or not hmac.compare_digest(said.encode(), wanted.encode()):
        raise HookRefusedError(401, "signature")

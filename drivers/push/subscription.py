"""A browser's push subscription, and where one may lead. Pure.

Its form is what `JSON.stringify(subscription)` gives in the browser (W3C Push API §7.5): `endpoint`, and in `keys`
`p256dh` (65 octets) and `auth` (16 octets) in base64url.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from drivers.push.tokens import from_b64url

ENDPOINT_MAX: Final = 2048
"""Characters of an endpoint; those in use are below 500."""
HOST: Final = re.compile(r"[a-z0-9_.-]{1,253}|[0-9a-f:.]{2,45}")
"""A name or an address, as `SplitResult.hostname` has it."""


@dataclass(frozen=True, slots=True)
class Subscription:
    endpoint: str
    parts: SplitResult
    key: ec.EllipticCurvePublicKey = field(repr=False)
    auth: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Subscription:
        """ValueError for anything else."""
        given: Any = json.loads(text)
        keys = given.get("keys") if isinstance(given, dict) else None
        endpoint = _text(given, "endpoint")
        parts = urlsplit(endpoint)
        if not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint or len(endpoint) > ENDPOINT_MAX:
            raise ValueError("no address")
        if HOST.fullmatch(parts.hostname or "") is None:
            raise ValueError("no host")
        _ = parts.port  # ValueError for one that is none
        public, auth = _text(keys, "p256dh"), _text(keys, "auth")
        secret = from_b64url(auth)
        if len(secret) != 16:
            raise ValueError("no secret of 16 octets")
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_b64url(public))
        return cls(endpoint, parts, key, secret)

    @property
    def origin(self) -> str:
        """The audience of a VAPID token (RFC 8292 §2)."""
        return origin_of(self.parts)

    def leads_to(self, hosts: Sequence[str], own: str) -> bool:
        """Returns whether it is a push service's: one of `hosts` over https, or `own` (an origin)."""
        if self.parts.username is not None or self.parts.password is not None:
            return False
        if own and self.origin == own:
            return True
        host = self.parts.hostname or ""
        return self.parts.scheme == "https" and self.parts.port in (None, 443) and any(_fits(host, p) for p in hosts)


def origin_of(parts: SplitResult) -> str:
    """Scheme, host and port as RFC 6454 §6.2 writes them: lower case, the usual port left out."""
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")


def _text(table: Any, key: str) -> str:
    value = table.get(key) if isinstance(table, dict) else None
    if not isinstance(value, str):
        raise ValueError(f"no {key}")  # noqa: TRY004 - all that is wrong with a subscription is a wrong value
    return value


def _fits(host: str, pattern: str) -> bool:
    return fnmatchcase(host, pattern.lower())

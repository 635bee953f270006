"""Web Push (RFC 8030): an encrypted message posted to the push service that a browser subscribed with."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from drivers.base import Accepted, Blame, NotSent, Outcome, Refused, spoken
from drivers.http.answer import Answer, Request
from drivers.http.exchange import NotWrittenError
from drivers.http.flight import Flight
from drivers.http.keeping import Health
from drivers.http.verdict import ServerErrors, judge
from drivers.push.encryption import PLAIN_MAX, encrypt, raw_point
from drivers.push.notification import Notification
from drivers.push.options import PushOptions, secret, unusable
from drivers.push.service import INVALID, UNREGISTERED, elsewhere
from drivers.push.subscription import Subscription, origin_of
from drivers.push.timing import Timing
from drivers.push.tokens import b64url, es256, from_b64url

ORIGINS_MAX: Final = 256
"""Signed tokens kept, one for each push service; there are a handful."""

REFERENCE_MAX: Final = 512
"""Characters of a Location that are kept as the message's reference; those in use are some 100 long."""


def vapid_key(text: str) -> ec.EllipticCurvePrivateKey:
    """The P-256 key of a PEM file, or its 32 octets in base64url; raises `MisconfiguredError`, which quotes nothing."""
    text = text.strip()
    try:
        if text.startswith("-----"):
            key = load_pem_private_key(text.encode(), None)
        else:
            key = ec.derive_private_key(int.from_bytes(from_b64url(text), "big"), ec.SECP256R1())
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise unusable(spoken("the file holds no private key on the curve P-256 (prime256v1)"))
    return key


def payload(told: Notification) -> bytes:
    """Returns what the page's service worker reads with `event.data.json()`."""
    document = {"title": told.title, "body": told.body, "data": dict(told.data), "id": told.id}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def read(answer: Answer, attempt: str, now: float, server_errors: ServerErrors) -> Outcome:
    """Returns what the answer to a push means (RFC 8030 §5, §7.3)."""
    if answer.status in (201, 202) and not answer.html and not answer.truncated:
        location = answer.headers.get("location", "")
        return Accepted({1: location if 0 < len(location) <= REFERENCE_MAX else attempt}, reported=False)
    if answer.status in (404, 410):
        return Refused(UNREGISTERED, Blame.PERSON)
    if answer.status in (401, 403):
        # Most often a subscription made with another VAPID key than ours (RFC 8292 §4.2).
        return Refused("key_refused", Blame.EITHER)
    verdict = judge(answer, now, server_errors)
    # One of several push services, not all of them.
    return replace(verdict, blame=Blame.EITHER) if isinstance(verdict, NotSent) else verdict


class WebPush:
    """Implements `drivers.push.service.PushService`."""

    def __init__(self, options: PushOptions, key: ec.EllipticCurvePrivateKey, timing: Timing) -> None:
        self._options, self._key, self._timing = options, key, timing
        self._public = b64url(raw_point(key.public_key()))
        self._own = origin_of(urlsplit(options.base)) if options.base else ""
        self._signed: dict[str, tuple[str, float]] = {}
        self._answered: dict[str, float] = {}
        """When (monotonic) each push service has answered last."""

    async def look(self) -> Health:
        """There is nobody to ask: each subscription has a push service of its own."""
        return Health(detail={"public_key": self._public})

    def carries(self, told: Notification) -> str | None:
        subscription = self._subscription(told)
        return subscription if isinstance(subscription, str) else None

    def _subscription(self, told: Notification) -> Subscription | str:
        """Whom it is to, or why it cannot go."""
        try:
            subscription = Subscription.parse(told.to)
        except (ValueError, RecursionError):
            return INVALID
        if not subscription.leads_to(self._options.hosts, self._own):
            return "endpoint_not_allowed"
        return subscription if len(payload(told)) <= PLAIN_MAX else "too_large"

    async def send(self, flight: Flight, told: Notification) -> Outcome:
        subscription = self._subscription(told)
        if isinstance(subscription, str):
            return elsewhere(subscription)
        headers = {
            "Authorization": f"vapid t={self._token(subscription.origin, time.time())}, k={self._public}",
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(told.ttl_s),
            "Urgency": "normal",
        }
        body = encrypt(payload(told), subscription.key, subscription.auth)
        try:
            answer = await flight.ask(Request("POST", subscription.endpoint, headers, body))
        except NotWrittenError as error:
            return NotSent(error.reason, blame=self._blame(subscription.origin))
        self._note(subscription.origin)
        return read(answer, told.id, time.time(), self._options.server_errors)

    def _blame(self, origin: str) -> Blame:
        """Whose fault it is that a push service cannot be reached. The writer of a subscription names its host: one
        that never answered, while others do, is that subscription's own."""
        now = time.monotonic()
        others = any(now - at < self._timing.others_s for at in self._answered.values())
        return Blame.PERSON if others and origin not in self._answered else Blame.EITHER

    def _note(self, origin: str) -> None:
        if len(self._answered) >= ORIGINS_MAX and origin not in self._answered:
            self._answered.clear()
        self._answered[origin] = time.monotonic()

    def _token(self, origin: str, now: float) -> str:
        """Signed anew every some hours: signing for each message would tell a service nothing new."""
        token, until = self._signed.get(origin, ("", 0.0))
        if now >= until - self._timing.vapid_renew_s:
            until = now + self._timing.vapid_s
            token = es256(self._key, {"aud": origin, "exp": int(until), "sub": self._options.subject or ""})
            if len(self._signed) >= ORIGINS_MAX:
                self._signed.clear()
            self._signed[origin] = (token, until)
        return token

    def facts(self) -> Mapping[str, Any]:
        return {"public_key": self._public}


def key_of(options: PushOptions) -> ec.EllipticCurvePrivateKey:
    """Raises `MisconfiguredError`."""
    return vapid_key(secret(options.credentials))

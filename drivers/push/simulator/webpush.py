"""A simulated Web Push service (RFC 8030) with the browsers that subscribed at it."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from drivers.push.simulator.browser import Browser, UnreadableError
from drivers.push.simulator.jose import TokenError, unb64, verified
from drivers.simulation.http import Incoming, Reply
from drivers.simulation.record import Record
from drivers.simulation.service import Ask

BODY_MAX = 4096
DAY_S = 86_400
VAPID = re.compile(r"vapid\s+t=([\w.-]+)\s*,\s*k=([\w-]+)")


@dataclass(slots=True)
class Settings:
    latency_s: float = 0.0


class PushEndpoint:
    """Implements `drivers.simulation.service.Kind`."""

    def __init__(self, index: int, record: Record) -> None:
        self.index, self.record = index, record
        self.settings = Settings()
        self.counters: Counter[str] = Counter()
        self._browsers: dict[str, Browser] = {}
        self._subscribed = 0
        self._base = ""

    def device(self, base: str) -> dict[str, Any]:
        self._base = base
        if not self._subscribed:
            self.subscribe()
        return {"service": "webpush", "url": base, "subscription": self._browsers["1"].subscription}

    def credentials(self, base: str) -> str:
        """Returns a VAPID private key to try it with."""
        self._base = base
        key = ec.generate_private_key(ec.SECP256R1())
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def subscribe(self, server_key: str | None = None) -> dict[str, Any]:
        self._subscribed += 1
        name = str(self._subscribed)
        self._browsers[name] = Browser(f"{self._base}/push/{name}", server_key)
        return self._browsers[name].subscription

    def unsubscribe(self, endpoint: str) -> bool:
        return self._browsers.pop(endpoint.rpartition("/")[2], None) is not None

    def read(self, request: Incoming) -> Ask | Reply:
        match = re.fullmatch(r"/push/(\w+)", request.path)
        if request.method != "POST" or match is None:
            return Reply(404, b"{}")
        headers = request.headers
        if not headers.get("ttl", "").isdecimal():
            return Reply(400, b'{"error":"TTL"}')
        if headers.get("content-encoding") != "aes128gcm":
            return Reply(400, b'{"error":"Content-Encoding"}')
        key = self._server_key(headers.get("authorization", ""))
        if isinstance(key, Reply):
            return key
        if len(request.body) > BODY_MAX:
            return Reply(413, b'{"error":"too large"}')
        browser = self._browsers.get(match[1])
        if browser is None:
            self.counters["gone"] += 1
            return Reply(410, b'{"error":"unsubscribed"}')
        if browser.server_key is not None and browser.server_key != key:
            return Reply(403, b'{"error":"another key"}')
        return Ask("send", partial(self._take, browser, request))

    def _server_key(self, authorization: str) -> str | Reply:
        """Returns the key that signed for the request (RFC 8292 §4.2), or why it did not."""
        match = VAPID.fullmatch(authorization)
        if match is None:
            return Reply(401, b'{"error":"vapid"}')
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(match[2]))
            claims = verified(match[1], key)
        except (TokenError, ValueError):
            return Reply(403, b'{"error":"signature"}')
        now = time.time()
        ends = claims.get("exp", 0)
        if claims.get("aud") != self._base or not now < ends <= now + DAY_S or not claims.get("sub"):
            return Reply(403, b'{"error":"claims"}')
        return match[2]

    def _take(self, browser: Browser, request: Incoming) -> Reply:
        self.counters["taken"] += 1
        told: dict[str, Any] = {}
        try:
            plain = browser.read(request.body)
            told = json.loads(plain)
        except UnreadableError:
            self.counters["unreadable"] += 1
        except ValueError:
            told = {"body": plain.decode("utf-8", "replace")}
        entry = self.record.add(
            device=self.index,
            to=browser.endpoint,
            title=told.get("title", ""),
            text=told.get("body", ""),
            data=told.get("data", {}),
            id=told.get("id", ""),
            ttl_s=int(request.headers["ttl"]),
        )
        return Reply(201, b"", headers={"Location": f"{self._base}/message/{entry['seq']}"})

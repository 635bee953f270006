"""A simulated Firebase project: the token endpoint of its service account, and `messages:send`."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from drivers.push.simulator.jose import TokenError, verified
from drivers.simulation.http import Incoming, Reply
from drivers.simulation.record import Record
from drivers.simulation.service import Ask

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
PAYLOAD_MAX = 4096


@dataclass(slots=True)
class Settings:
    latency_s: float = 0.0
    project: str = "norte-app"
    token_life_s: float = 3600.0
    gone: list[str] = field(default_factory=list)
    """Tokens whose app was uninstalled."""
    foreign: list[str] = field(default_factory=list)
    """Tokens of another project's apps."""


def _json(status: int, document: Any) -> Reply:
    return Reply(status, json.dumps(document).encode(), "application/json; charset=UTF-8")


def error(status: int, word: str, code: str | None = None) -> Reply:
    """Returns an error as Google's APIs write it, with FCM's own code."""
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    details = {"details": [{"@type": kind, "errorCode": code}]} if code else {}
    return _json(status, {"error": {"code": status, "message": word.lower(), "status": word, **details}})


class FcmProject:
    """Implements `drivers.simulation.service.Kind`."""

    def __init__(self, index: int, record: Record) -> None:
        self.index, self.record = index, record
        self.settings = Settings()
        self.counters: Counter[str] = Counter()
        self.email = f"gatewayd-{index}@norte-app.iam.gserviceaccount.com"
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._tokens: dict[str, float] = {}
        self._base = ""

    def device(self, base: str) -> dict[str, Any]:
        self._base = base
        return {"service": "fcm", "url": base, "project": self.settings.project, "email": self.email}

    def credentials(self, base: str) -> str:
        """Returns the service account's JSON, as Google's console hands it out."""
        self._base = base
        pem = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        account = {
            "type": "service_account",
            "project_id": self.settings.project,
            "private_key_id": f"key{self.index}",
            "private_key": pem,
            "client_email": self.email,
            "client_id": "1",
            "token_uri": f"{base}/token",
        }
        return json.dumps(account, indent=2)

    def read(self, request: Incoming) -> Ask | Reply:
        if request.method == "POST" and request.path == "/token":
            return Ask("token", partial(self._token, request))
        match = re.fullmatch(r"/v1/projects/([^/]+)/messages:send", request.path)
        if request.method != "POST" or match is None:
            return Reply(404, b"<!DOCTYPE html><html><title>404</title></html>", "text/html")
        given = request.headers.get("authorization", "")
        if self._tokens.get(given.removeprefix("Bearer "), 0.0) <= time.monotonic():
            return error(401, "UNAUTHENTICATED")
        if match[1] != self.settings.project:
            return error(403, "PERMISSION_DENIED")
        try:
            message = json.loads(request.body)["message"]
        except (ValueError, KeyError, TypeError):
            return error(400, "INVALID_ARGUMENT")
        refused = self._refusal(message)
        return refused or Ask("send", partial(self._take, message))

    def _token(self, request: Incoming) -> Reply:
        pairs = request.pairs()
        try:
            claims = verified(pairs.get("assertion", ""), self._key.public_key())
        except TokenError:
            claims = {}
        now = time.time()
        good = (
            pairs.get("grant_type") == GRANT
            and claims.get("iss") == self.email
            # Google's own library names Google's address, whichever it asks.
            and claims.get("aud") in (f"{self._base}/token", "https://oauth2.googleapis.com/token")
            and SCOPE in str(claims.get("scope")).split()
            and claims.get("iat", now + 99) <= now + 10
            and now < claims.get("exp", 0) <= now + 3610
        )
        if not good:
            return _json(400, {"error": "invalid_grant", "error_description": "Invalid JWT"})
        self.counters["tokens"] += 1
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self._tokens[token] = time.monotonic() + self.settings.token_life_s
        return _json(
            200, {"access_token": token, "expires_in": int(self.settings.token_life_s), "token_type": "Bearer"}
        )

    def revoke(self) -> None:
        """Every access token ends now."""
        self._tokens.clear()

    def _refusal(self, message: Any) -> Reply | None:
        bad = error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
        if not isinstance(message, dict):
            return bad
        targets = [message[name] for name in ("token", "topic", "condition") if name in message]
        data, notification = message.get("data", {}), message.get("notification", {})
        ttl = message.get("android", {}).get("ttl", "0s")
        if len(targets) != 1 or not isinstance(targets[0], str) or not targets[0] or not isinstance(data, dict):
            return bad
        if not all(isinstance(value, str) for value in data.values()) or not re.fullmatch(r"\d+s", ttl):
            return bad
        if any(re.match(r"(google|gcm|from$)", name) for name in data):
            return bad
        if len(json.dumps([data, notification], ensure_ascii=False).encode()) > PAYLOAD_MAX:
            return bad
        if message.get("token") in self.settings.gone:
            self.counters["gone"] += 1
            return error(404, "NOT_FOUND", "UNREGISTERED")
        if message.get("token") in self.settings.foreign:
            return error(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH")
        return None

    def _take(self, message: dict[str, Any]) -> Reply:
        self.counters["taken"] += 1
        notification, data = message.get("notification", {}), message.get("data", {})
        entry = self.record.add(
            device=self.index,
            to=message.get("token") or f"/topics/{message.get('topic')}",
            title=notification.get("title", ""),
            text=notification.get("body", ""),
            data=data,
            id=data.get("gatewayd_id", ""),
            ttl_s=int(message.get("android", {}).get("ttl", "0s")[:-1]),
        )
        return _json(200, {"name": f"projects/{self.settings.project}/messages/0:{entry['seq']}%{self.index}"})

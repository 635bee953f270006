"""A simulated ntfy server: publishing by POST or PUT, polling a topic, health."""

from __future__ import annotations

import base64
import json
import re
import secrets
import time
from collections import Counter
from dataclasses import dataclass
from email.header import decode_header, make_header
from functools import partial
from typing import Any

from drivers.simulation.http import Incoming, Reply
from drivers.simulation.record import Record
from drivers.simulation.service import Ask

TOPIC = re.compile(r"/([-_A-Za-z0-9]{1,64})(/json)?")
NAMES = ("click", "tags", "icon", "attach", "filename", "priority")
BODY_MAX = 4096


@dataclass(slots=True)
class Settings:
    latency_s: float = 0.0
    token: str = "tk_norte0000000000000000000000"  # noqa: S105 - a simulator's
    """"" lets anybody publish."""


def _json(status: int, document: Any) -> Reply:
    return Reply(status, json.dumps(document, ensure_ascii=False).encode() + b"\n")


def _error(status: int, code: int, words: str) -> Reply:
    return _json(status, {"code": code, "http": status, "error": words})


class NtfyServer:
    """Implements `drivers.simulation.service.Kind`."""

    def __init__(self, index: int, record: Record) -> None:
        self.index, self.record = index, record
        self.settings = Settings()
        self.counters: Counter[str] = Counter()
        self._messages: list[dict[str, Any]] = []

    def device(self, base: str) -> dict[str, Any]:
        return {"service": "ntfy", "url": base, "token": self.settings.token}

    def read(self, request: Incoming) -> Ask | Reply:
        if request.path == "/v1/health":
            return Ask("health", self._health)
        match = TOPIC.fullmatch(request.path)
        if match is None:
            return _error(404, 40401, "page not found")
        if not self._admits(request.headers.get("authorization", "")):
            return _error(401, 40101, "unauthorized")
        if match[2] and request.method == "GET":
            return Ask("poll", partial(self._poll, match[1]))
        if match[2] or request.method not in ("POST", "PUT"):
            return _error(404, 40401, "page not found")
        if len(request.body) > BODY_MAX:
            return _error(413, 41301, "attachment too large, or bandwidth limit reached")
        try:
            text = request.body.decode()
        except UnicodeDecodeError:
            return _error(400, 40011, "invalid request: message must be UTF-8")
        return Ask("send", partial(self._take, match[1], text, request))

    def _admits(self, authorization: str) -> bool:
        """Takes a token as Bearer, or as the password of nobody."""
        token = self.settings.token
        nobody = base64.b64encode(f":{token}".encode()).decode()
        return not token or authorization in (f"Bearer {token}", f"Basic {nobody}")

    def _health(self) -> Reply:
        self.counters["health"] += 1
        return _json(200, {"healthy": True})

    def _take(self, topic: str, text: str, request: Incoming) -> Reply:
        self.counters["taken"] += 1
        told = {name: value for name in ("title", *NAMES) if (value := _header(request, name))}
        title = told.pop("title", "")
        now = int(time.time())
        message = {"id": secrets.token_urlsafe(9)[:12], "time": now, "expires": now + 43_200, "event": "message"}
        message |= {"topic": topic, "message": text} | ({"title": title} if title else {}) | told
        self._messages.append(message)
        self.record.add(device=self.index, to=topic, title=title, text=text, data=told, id="", ttl_s=None)
        return _json(200, message)

    def _poll(self, topic: str) -> Reply:
        self.counters["polls"] += 1
        rows = [json.dumps(message) for message in self._messages if message["topic"] == topic]
        return Reply(200, "".join(f"{row}\n" for row in rows).encode(), "application/x-ndjson")


def _header(request: Incoming, name: str) -> str:
    """`Title` or `X-Title`, plain or in RFC 2047's words."""
    said = request.headers.get(name) or request.headers.get(f"x-{name}") or ""
    return str(make_header(decode_header(said)))

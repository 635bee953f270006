"""ntfy: a message posted to a topic. Source: ntfy's documentation, "Publishing"."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Mapping
from typing import Any, Final

from drivers.base import Accepted, Blame, Outcome, Refused
from drivers.http.answer import Answer, Request
from drivers.http.exchange import Exchange, LostError, NotWrittenError
from drivers.http.flight import Flight
from drivers.http.keeping import Health, UnusableError
from drivers.http.verdict import ServerErrors, judge
from drivers.push.notification import Notification
from drivers.push.options import PushOptions, secret
from drivers.push.service import INVALID, elsewhere

TOPIC: Final = re.compile(r"[-_A-Za-z0-9]{1,64}")
HEADERS: Final = {name: name.capitalize() for name in ("click", "tags", "icon", "attach", "filename", "priority")}
"""Keys of `data` that ntfy has a header for. It has no place for any other."""


def request(base: str, token: str, told: Notification) -> Request | Refused:
    """Returns the request that publishes `told`, or why there can be none."""
    if TOPIC.fullmatch(told.to) is None:
        return elsewhere(INVALID)
    if told.data.keys() - HEADERS.keys():
        return elsewhere("data_unsupported")
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if told.title:
        headers["Title"] = header_text(told.title)
    headers |= {HEADERS[name]: header_text(text) for name, text in told.data.items() if text}
    return Request("POST", f"{base}/{told.to}", headers, told.body.encode())


def header_text(text: str) -> str:
    """A header's value: as it is where it is plain ASCII, else as an encoded word (RFC 2047 §2), which ntfy reads."""
    plain = " ".join(text.split())
    if plain.isascii() and plain.isprintable() and not plain.startswith("=?"):
        return plain
    return f"=?UTF-8?B?{base64.b64encode(plain.encode()).decode('ascii')}?="


def read(answer: Answer, now: float, server_errors: ServerErrors) -> Outcome:
    """Returns what the answer to a publish means."""
    said = answer.json if isinstance(answer.json, dict) else {}
    if answer.status == 200 and said.get("event") == "message" and isinstance(said.get("id"), str):
        return Accepted({1: said["id"]}, reported=False)
    if answer.status == 403:
        # Rights are given by topic (ntfy's documentation, "Access control").
        return Refused("forbidden", Blame.EITHER)
    return judge(answer, now, server_errors)


class Ntfy:
    """Implements `drivers.push.service.PushService`."""

    def __init__(self, options: PushOptions, exchange: Exchange) -> None:
        self._options, self._exchange = options, exchange
        self._token = secret(options.token)

    async def look(self) -> Health:
        try:
            answer = await self._exchange(Request("GET", f"{self._options.base}/v1/health"))
        except (NotWrittenError, LostError) as error:
            raise UnusableError(error.reason) from None
        said = answer.json if isinstance(answer.json, dict) else {}
        # An old server knows no such address: that it answers at all must do.
        if answer.status >= 500 or said.get("healthy") is False:
            raise UnusableError(f"http_{answer.status}")
        if answer.status < 400 and answer.html:
            raise UnusableError("html_page")
        return Health()

    async def send(self, flight: Flight, told: Notification) -> Outcome:
        asked = request(self._options.base, self._token, told)
        if isinstance(asked, Refused):
            return asked
        return read(await flight.ask(asked), time.time(), self._options.server_errors)

    def carries(self, told: Notification) -> str | None:
        asked = request(self._options.base, "", told)
        return asked.reason if isinstance(asked, Refused) else None

    def facts(self) -> Mapping[str, Any]:
        return {"server": self._options.base}

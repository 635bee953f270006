"""Somebody at the panel, without a browser."""

from __future__ import annotations

import http.client
import ssl
import time
from typing import Any
from urllib.parse import urlencode

from tests.rig.panel import ADMINISTRATOR, PASSWORD


class Visitor:
    """Somebody at the panel, without a browser."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._port = port
        self._tls = tls
        self.cookie = ""

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        if self._tls is None:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        else:
            connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=20, context=self._tls)
        headers = {"Cookie": self.cookie} if self.cookie else {}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, None if form is None else urlencode(form), headers)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie") or ():
                if cookie.startswith("gatewayd="):
                    self.set_cookie, self.cookie = cookie, cookie.partition(";")[0]
            self.headers = {name.lower() for name, _value in answer.getheaders()}
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def sign_in(self, name: str = ADMINISTRATOR) -> None:
        status, _body = self.ask("POST", "/entrar", {"user": name, "password": PASSWORD})
        assert status == 303


def until(done: Any, within_s: float) -> float:
    """Waits until something holds; returns the seconds it took."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < within_s, "not in time"
        time.sleep(0.02)
    return time.monotonic() - began

"""Strangers guess passwords as fast as they can: they are bounded, and the right person is let in meanwhile."""

from __future__ import annotations

import http.client
import re
import threading
import time
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

import pytest

from tests.rig.panel import PASSWORD, Panel, panel

GUESSERS = 24
IN_TIME_S = 3.0


class Visitor:
    """Somebody at the sign-in page, on one connection."""

    def __init__(self, port: int, address: str, cookies: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": address}
        if cookies:
            self._headers["Cookie"] = cookies

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def move(self, address: str) -> None:
        """Comes from another address from now on."""
        self._headers["X-Forwarded-For"] = address

    def guess(self, name: str, password: str) -> tuple[int, str]:
        """Returns the status, and the cookies that were set."""
        body = urlencode({"user": name, "password": password})
        self._connection.request("POST", "/entrar", body, self._headers)
        answer = self._connection.getresponse()
        answer.read()
        cookies = answer.headers.get_all("Set-Cookie") or []
        return answer.status, "; ".join(one.partition(";")[0] for one in cookies)


def _guess(port: int, number: int, guesses: int, answers: list[int], ended: threading.Event) -> None:
    """Half of the guessers stay at one address, half change theirs with every guess."""
    with Visitor(port, f"198.51.100.{number}") as visitor:
        for count in range(guesses):
            if ended.is_set():
                return
            if number % 2:
                visitor.move(f"198.18.{number}.{count % 250}")
            status, _cookies = visitor.guess("ana" if count % 10 else f"nobody-{number}-{count}", f"wrong-{count}")
            answers.append(status)


def _let_in(shown: Panel, name: str, address: str, cookies: str = "") -> float:
    """Returns the seconds it took to sign in."""
    began = time.monotonic()
    with Visitor(shown.port, address, cookies) as visitor:
        status, given = visitor.guess(name, PASSWORD)
    assert status == 303, f"{name} is not let in: {status}"
    assert "gatewayd=" in given
    return time.monotonic() - began


def _memory_kib(pid: int) -> int:
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


@pytest.mark.timeout(240)
@pytest.mark.parametrize("guesses", [2_000, pytest.param(10_000, marks=pytest.mark.fault)])
def test_the_right_password_is_let_in_during_a_flood_of_guesses(tmp_path: Path, guesses: int) -> None:
    with panel(tmp_path, modems=0, web='proxies = ["127.0.0.1"]') as shown:
        shown.user("luz")
        shown.user("eva")
        with Visitor(shown.port, "203.0.113.1") as visitor:
            status, cookies = visitor.guess("ana", PASSWORD)
        assert status == 303
        device = next(one for one in cookies.split("; ") if one.startswith("gatewayd_device="))
        before = _memory_kib(shown.gateway.pid)
        answers: list[int] = []
        ended = threading.Event()
        guessers = [
            threading.Thread(target=_guess, args=(shown.port, number, guesses // GUESSERS, answers, ended))
            for number in range(GUESSERS)
        ]
        for guesser in guessers:
            guesser.start()
        try:
            waits: list[float] = []
            while len(answers) < guesses // 8:
                time.sleep(0.05)
            while any(guesser.is_alive() for guesser in guessers) and len(waits) < 20:
                # A browser that is known, wherever it is; and somebody else in a browser that is not.
                waits.append(_let_in(shown, "ana", "203.0.113.77", device))
                if len(waits) in {3, 6}:
                    waits.append(_let_in(shown, "luz" if len(waits) == 3 else "eva", "203.0.113.8"))
                time.sleep(0.2)
        finally:
            if len(waits) >= 20 and guesses < 10_000:
                ended.set()
            for guesser in guessers:
                guesser.join()
        assert len(waits) >= 4, "the flood was over before anybody signed in"
        assert max(waits) < IN_TIME_S, sorted(waits)[-3:]
        assert set(answers) <= {401, 429}, set(answers)
        compared = answers.count(401)
        assert compared <= len(answers) // 4, f"{compared} of {len(answers)} were compared"
        grown = _memory_kib(shown.gateway.pid) - before
        assert grown < 80 * 1024, f"the daemon took {grown} KiB more"
        rows = shown.gateway.call("audit.list", act="session.open", actor="ana", refused=True, limit=1000)["items"]
        assert [row for row in rows if row["outcome"] == "throttled"]
        rows = shown.gateway.call("audit.list", act="session.open", refused=True, limit=1000)["items"]
        assert len([row for row in rows if row["outcome"] == "throttled"]) <= 200
        print(f"{len(answers)} guesses, {compared} compared, {len(waits)} let in, slowest {max(waits):.2f} s")

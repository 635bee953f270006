"""The web process beside the lines: its death, a daemon that starts again under it, and a flood of half requests."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import FULL, Scale
from tests.rig.panel import ADMINISTRATOR, PASSWORD, Panel, panel

BACK_S: Final = 5.0
HALF_OPEN: Final = 1000
AGAIN_S: Final = 5.0
"""A flood renews what was ended so often."""
MODEMS: Final = 8
RATE: Final = "60/min"
SHARE: Final = 95.0


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    full = scale is FULL
    with _shown(base) as shown:
        cookie = _sign_in(shown)
        deaths = [_killed(shown) for _ in range(5 if full else 1)]
        yield Figure("web process killed: back, the slowest", max(deaths), "s", BACK_S, "<=", runs=tuple(deaths))
        starts = [_started_again(shown) for _ in range(3 if full else 1)]
        yield Figure(
            "daemon killed under it and started: signs in again", max(starts), "s", BACK_S, "<=", runs=tuple(starts)
        )
        assert _page(shown, cookie) < BACK_S, "the session is gone"
        yield from _flooded(shown, cookie, 30.0 if full else 5.0)


@contextmanager
def _shown(base: Path) -> Iterator[Panel]:
    with tempfile.TemporaryDirectory(dir=base) as folder, panel(Path(folder), modems=MODEMS, rate=RATE) as shown:
        yield shown


def _sign_in(shown: Panel) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", shown.port, timeout=20)
    form = urlencode({"user": ADMINISTRATOR, "password": PASSWORD})
    connection.request("POST", "/entrar", form, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    assert answer.status == 303, answer.read()
    cookies = [one.partition(";")[0] for one in answer.headers.get_all("Set-Cookie") or ()]
    connection.close()
    return "; ".join(cookies)


def _page(shown: Panel, cookie: str) -> float:
    """Loads the first page; returns the seconds it took. AssertionError where it does not come."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", shown.port, timeout=20)
    connection.request("GET", "/", headers={"Cookie": cookie})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200, answer.status
    return time.monotonic() - began


def _killed(shown: Panel) -> float:
    killed = shown.web_pid()
    began = time.monotonic()
    os.kill(killed, signal.SIGKILL)
    while shown.answers():
        time.sleep(0.001)
    shown.wait_web()
    return time.monotonic() - began


def _started_again(shown: Panel) -> float:
    """Kills the daemon; returns the seconds from its new control socket to a person who signs in."""
    shown.gateway.kill()
    shown.gateway.start()
    began = time.monotonic()
    while True:
        try:
            _sign_in(shown)
        except (OSError, AssertionError, http.client.HTTPException):
            time.sleep(0.02)
        else:
            return time.monotonic() - began


def _flooded(shown: Panel, cookie: str, seconds: float) -> Iterator[Figure]:
    """The pace of all lines, alone and with half requests at the door; and how long a page takes meanwhile."""
    assert shown.simulator is not None
    shown.gateway.campaign(int(MODEMS * (seconds * 2 + 20)), name="flood", text="Hola")
    shown.simulator.wait_taken(MODEMS)
    alone = _taken(shown, seconds)
    pages: list[float] = []
    with _half_open(shown.port):
        time.sleep(1.0)
        waiting = threading.Event()

        def visit() -> None:
            while not waiting.is_set():
                pages.append(_page(shown, cookie))
                waiting.wait(0.2)

        visitor = threading.Thread(target=visit)
        visitor.start()
        beside = _taken(shown, seconds)
        waiting.set()
        visitor.join()
    yield Figure(f"{HALF_OPEN:,} half requests: the lines' pace beside", beside / alone * 100, "%", SHARE)
    yield Figure(f"{HALF_OPEN:,} half requests: the slowest first page", max(pages), "s", BACK_S, "<=")
    shown.gateway.call("job.cancel", job="norte/flood")


def _taken(shown: Panel, seconds: float) -> float:
    """Returns how many messages a second the network takes."""
    assert shown.simulator is not None
    before, began = len(shown.simulator.texts()), time.monotonic()
    time.sleep(seconds)
    return (len(shown.simulator.texts()) - before) / (time.monotonic() - began)


@contextmanager
def _half_open(port: int) -> Iterator[None]:
    """Keeps so many connections that have said half a request; those that are ended come again."""
    over = threading.Event()

    def keep() -> None:
        with ExitStack() as held:
            while not over.is_set():
                held.close()
                for _ in range(HALF_OPEN):
                    one = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
                    one.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
                over.wait(AGAIN_S)

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

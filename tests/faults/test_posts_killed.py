"""The same post, retried by 50 clients at once with one key while daemon and web process are killed: recorded once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from gatewayd.process.failpoints import VARIABLE
from tests.rig.panel import Panel, panel
from tests.rig.programs import token

CLIENTS: Final = 50
PATIENCE_S: Final = 120.0

MESSAGE: Final[dict[str, Any]] = {"to": "1159876543", "text": "Su turno es a las 15."}
LATER: Final = "2099-01-01T00:00:00Z"
JOB: Final[dict[str, Any]] = {
    "channel": "sms",
    "text": "Hola %nombre%",
    "recipients": [{"to": f"11{50_000_000 + n}", "nombre": f"Ana {n}"} for n in range(300)],
    "not_before": LATER,
}
BATCH: Final[dict[str, Any]] = {"messages": [{**MESSAGE, "not_before": LATER, "ref": f"R{n}"} for n in range(40)]}

POSTS: Final[dict[str, tuple[str, dict[str, Any], int]]] = {
    "a message": ("/v1/messages", {**MESSAGE, "not_before": LATER}, 1),
    "a batch": ("/v1/messages/batch", BATCH, 40),
    "a job": ("/v1/jobs", JOB, 300),
}
"""Address, body, and how many messages it is."""


def _insist(shown: Panel, secret: str, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    """Posts until it is answered 202, as a program does that knows nothing but its key; the answer."""
    until = time.monotonic() + PATIENCE_S
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key}
    while True:
        try:
            answer = httpx.post(f"{shown.url}{path}", json=body, headers=headers, timeout=10.0, trust_env=False)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == 202:
            found: dict[str, Any] = answer.json()
            return found
        # 409: the first is being recorded; 429, 503: come again. Anything else is wrong.
        assert answer is None or answer.status_code in {409, 429, 503}, answer.text
        assert time.monotonic() < until, "never answered"
        time.sleep(0.05)


@contextmanager
def _clients(shown: Panel, secret: str, kind: str, key: str) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Lets all clients go at once; yields what waits for their answers."""
    path, body, _count = POSTS[kind]
    gate = threading.Barrier(CLIENTS)

    def one() -> dict[str, Any]:
        gate.wait(30)
        return _insist(shown, secret, path, body, key)

    with ThreadPoolExecutor(CLIENTS) as pool:
        futures = [pool.submit(one) for _ in range(CLIENTS)]
        yield lambda: [future.result(PATIENCE_S + 30) for future in futures]


def _restart(shown: Panel) -> None:
    shown.gateway.kill()
    shown.gateway.start()


def _kill_web(shown: Panel) -> None:
    os.kill(shown.web_pid(), signal.SIGKILL)


def _recorded(shown: Panel) -> tuple[int, int, int]:
    """Visible jobs, half recorded ones, and messages."""
    [[jobs]] = shown.gateway.sql("SELECT count(*) FROM job WHERE state != 'loading'")
    [[loading]] = shown.gateway.sql("SELECT count(*) FROM job WHERE state = 'loading'")
    [[messages]] = shown.gateway.sql("SELECT count(*) FROM message")
    return int(jobs), int(loading), int(messages)


@pytest.mark.parametrize("kind", sorted(POSTS))
def test_a_post_of_fifty_clients_is_recorded_once(kind: str, tmp_path: Path) -> None:
    with panel(tmp_path, modems=0) as shown:
        secret = token(shown, "read", "send")
        with _clients(shown, secret, kind, "one-key") as answers:
            time.sleep(0.15)
            _kill_web(shown)
            time.sleep(0.4)
            _restart(shown)
            found = answers()
        assert all(answer == found[0] for answer in found)
        assert _recorded(shown) == (1, 0, POSTS[kind][2])
        if kind == "a job":
            accepted = shown.gateway.spool.folder("accepted", "norte", found[0]["job"])
            assert (accepted / f"{found[0]['job']}.json").exists()


PLACES: Final = (
    pytest.param("a message", "store.before_commit", marks=pytest.mark.fault),
    ("a message", "store.after_commit"),
    pytest.param("a job", "intake.begun", marks=pytest.mark.fault),
    pytest.param("a job", "intake.loaded", marks=pytest.mark.fault),
    ("a job", "intake.recorded"),
    pytest.param("a job", "spool.accepting", marks=pytest.mark.fault),
    pytest.param("a job", "spool.accepted", marks=pytest.mark.fault),
    pytest.param("a job", "intake.accepted", marks=pytest.mark.fault),
)
"""What is short enough for every run, and the rest."""


@pytest.mark.parametrize(("kind", "place"), PLACES)
def test_a_daemon_that_dies_over_a_post_records_it_once(kind: str, place: str, tmp_path: Path) -> None:
    path, body, count = POSTS[kind]
    with panel(tmp_path, modems=0) as shown:
        secret = token(shown, "read", "send")
        shown.gateway.stop()
        # The web process looks at the token, and the store is written when a daemon starts: some commits come before.
        at = {"store.before_commit": 12, "store.after_commit": 12}.get(place, 1)
        process = shown.gateway.launch({**os.environ, VARIABLE: f"{place}:{at}"})
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(_insist, shown, secret, path, body, "one-key")
            until = time.monotonic() + 60
            while process.poll() is None and time.monotonic() < until and not answer.done():
                time.sleep(0.02)
            if process.poll() is None:
                shown.gateway.kill()  # that many commits never came
            else:
                shown.gateway.died()
            shown.gateway.start()
            first = answer.result(PATIENCE_S)
        assert _insist(shown, secret, path, body, "one-key") == first
        assert _recorded(shown) == (1, 0, count)
        if kind == "a job":
            accepted = shown.gateway.spool.folder("accepted", "norte", first["job"])
            assert [one.name for one in accepted.iterdir()] == [f"{first['job']}.json"]
            assert list(shown.gateway.spool.folder(".intake", "norte").iterdir()) == []


@pytest.mark.fault
@pytest.mark.parametrize("kind", sorted(POSTS))
@pytest.mark.parametrize("turn", range(5))
def test_kills_at_any_instant(kind: str, turn: int, tmp_path: Path) -> None:
    with panel(tmp_path, modems=0) as shown:
        secret = token(shown, "read", "send")
        with _clients(shown, secret, kind, "one-key") as answers:
            for step in range(3):
                time.sleep(0.05 + 0.13 * ((turn * 3 + step) % 7))
                (_restart if (turn + step) % 2 else _kill_web)(shown)
                shown.wait_web()
            found = answers()
        assert all(answer == found[0] for answer in found)
        assert _recorded(shown) == (1, 0, POSTS[kind][2])

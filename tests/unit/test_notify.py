import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewayd.process.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A service manager's end of the socket, and what `$NOTIFY_SOCKET` would say."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(2)
        if request.param == "path":
            address = str(tmp_path / "notify")
            listener.bind(address)
        else:
            address = f"@gatewayd-test-{os.getpid()}-{time.monotonic_ns()}"
            listener.bind(f"\0{address[1:]}")
        yield listener, address


def test_tells_the_whole_life(manager: tuple[socket.socket, str]) -> None:
    listener, address = manager
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": address})
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000

    notifier.ready("3 lines\nready")
    notifier.watchdog()
    notifier.status("7 queued")
    notifier.reloading()
    notifier.stopping()

    told = [listener.recv(4096).decode().split("\n") for _ in range(5)]
    assert told[:3] == [["READY=1", "STATUS=3 lines ready"], ["WATCHDOG=1"], ["STATUS=7 queued"]]
    assert told[3][0] == "RELOADING=1"
    key, _, usec = told[3][1].partition("=")
    assert key == "MONOTONIC_USEC"
    assert before <= int(usec) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert told[4] == ["STOPPING=1"]


def test_a_manager_that_is_gone_does_not_hurt(tmp_path: Path) -> None:
    Notifier(str(tmp_path / "nobody")).ready()


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_without_a_socket_nothing_is_sent_and_nothing_watched(environ: dict[str, str]) -> None:
    notifier = Notifier.from_environment({"WATCHDOG_USEC": "30000000", **environ})
    notifier.ready()
    assert notifier.watchdog_interval_s is None


@pytest.mark.parametrize(
    ("environ", "interval"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "ours"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_wants_a_sign_at_half_its_time(environ: dict[str, str], interval: float | None) -> None:
    given = {name: str(os.getpid()) if value == "ours" else value for name, value in environ.items()}
    assert Notifier.from_environment({"NOTIFY_SOCKET": "/run/x", **given}).watchdog_interval_s == interval

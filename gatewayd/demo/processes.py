"""The demo's processes: every one a gatewayd of this installation, ended and waited for at the end."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from gatewayd.control import ControlClient
from gatewayd.values.errors import UnavailableError

START_S: Final = 20.0
"""A daemon is up in one second; a machine that is busy with its first import may take some."""
STOP_S: Final = 20.0
"""The daemon's own drain is shorter."""
LOOK_S: Final = 0.02
_ROOT: Final = str(Path(__file__).parents[2])


@contextmanager
def simulated(kind: str, folder: Path, arguments: Sequence[str]) -> Iterator[Sequence[dict[str, Any]]]:
    """The devices that `gatewayd simulate KIND` announces, running; raises `UnavailableError`."""
    folder.mkdir(exist_ok=True)
    with process(["simulate", kind, "--dir", str(folder), *arguments], stdout=subprocess.PIPE, text=True) as simulator:
        assert simulator.stdout is not None
        told, _, _ = select.select([simulator.stdout], [], [], START_S)
        line = simulator.stdout.readline() if told else ""
        if not line:
            raise UnavailableError(f"the simulator of {kind} did not start")
        devices: list[dict[str, Any]] = json.loads(line)["devices"]
        yield devices


@contextmanager
def daemon(config: Path, control: Path, log: Path) -> Iterator[ControlClient]:
    """A daemon, and its control socket once it answers; raises `UnavailableError`."""
    with log.open("ab") as output, process(["--config", str(config), "run"], stdout=output, stderr=output) as running:
        client = _connected(running, control, log)
        try:
            yield client
        finally:
            client.close()


def _connected(running: subprocess.Popen[Any], control: Path, log: Path) -> ControlClient:
    until = time.monotonic() + START_S
    while running.poll() is None and time.monotonic() < until:
        client = ControlClient.connect([control])
        if client is not None:
            return client
        time.sleep(LOOK_S)
    raise UnavailableError(f"the daemon did not start: see {log}")


@contextmanager
def process(arguments: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A gatewayd with these arguments. A Ctrl-C at the terminal is ours to tell it."""
    path = os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))
    started = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-P", "-m", "gatewayd", *arguments],
        start_new_session=True,
        env=os.environ | {"NO_COLOR": "1", "PYTHONPATH": path},
        **options,
    )
    try:
        yield started
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGTERM)
        try:
            started.wait(STOP_S)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
        if started.stdout is not None:
            started.stdout.close()

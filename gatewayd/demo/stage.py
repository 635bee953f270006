"""The demo's processes: the simulated modems, and a daemon of its own over a fresh store and spool."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gatewayd.control import ControlClient
from gatewayd.errors import UnavailableError

START_S: Final = 20.0
"""A daemon is up in one second; a machine that is busy with its first import may take some."""
STOP_S: Final = 20.0
"""The daemon's own drain is shorter."""
LOOK_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the play takes place."""

    folder: Path
    config: Path
    spool: Path
    log: Path
    devices: Sequence[dict[str, Any]]
    simulator: Path
    """Control socket of the simulator."""
    client: ControlClient


CONFIG: Final = """\
node = "demo"
locale = "{locale}"
control = "{folder}/control.sock"

[store]
url = "sqlite:///{folder}/gatewayd.db"

[spool]
path = "{folder}/spool"

[numbers]
region = "AR"
home_area = "11"

[http]
listen = ""

[tariff]
currency = "ARS"
sms = "0.85"

[inbox]
default = "norte"
"""

LINE: Final = """
[[line]]
name = "{name}"
driver = "gsm"
port = "{port}"
rate = "120/min"
"""


@contextmanager
def stage(folder: Path, *, modems: int, locale: str, latency_s: float) -> Iterator[Stage]:
    """Simulator and daemon running; both ended, and waited for, at the end."""
    with _simulator(folder, modems, latency_s) as announced:
        config = folder / "gatewayd.toml"
        lines = [
            LINE.format(name=f"modem-{index}", port=device["port"])
            for index, device in enumerate(announced["devices"], 1)
        ]
        config.write_text(CONFIG.format(folder=folder, locale=locale) + "".join(lines), encoding="utf-8")
        log = folder / "gatewayd.log"
        with _daemon(config, log) as client:
            yield Stage(
                folder=folder,
                config=config,
                spool=folder / "spool",
                log=log,
                devices=announced["devices"],
                simulator=Path(announced["control"]),
                client=client,
            )


@contextmanager
def _simulator(folder: Path, modems: int, latency_s: float) -> Iterator[dict[str, Any]]:
    devices = folder / "devices"
    devices.mkdir(exist_ok=True)
    arguments = ["simulate", "gsm", "-n", str(modems), "--dir", str(devices), "--latency", str(latency_s)]
    arguments += ["--report-delay", "0.5"]
    with _process(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise UnavailableError("the simulator did not start")
        yield json.loads(line)


@contextmanager
def _daemon(config: Path, log: Path) -> Iterator[ControlClient]:
    with log.open("ab") as output, _process(["--config", str(config), "run"], stdout=output, stderr=output) as process:
        client = _connected(process, config.parent / "control.sock", log)
        try:
            yield client
        finally:
            client.close()


def _connected(process: subprocess.Popen[Any], control: Path, log: Path) -> ControlClient:
    until = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < until:
        client = ControlClient.connect([control])
        if client is not None:
            return client
        time.sleep(LOOK_S)
    raise UnavailableError(f"the daemon did not start: see {log}")


@contextmanager
def _process(arguments: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A gatewayd of this installation. A Ctrl-C at the terminal is ours to tell it."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "gatewayd", *arguments],
        start_new_session=True,
        env=os.environ | {"NO_COLOR": "1"},
        **options,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

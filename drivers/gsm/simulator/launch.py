"""A simulator as a process of its own, so that what it costs is told apart from what it tests."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from drivers.control import ControlClient, ControlError
from drivers.gsm.simulator.process import Device

START_S = 30.0
"""Until the announcement: an interpreter's start and the imports, on a machine that is busy with the rest."""
STOP_S = 10.0
"""From SIGTERM to the end: it only hangs up ports."""
_ROOT = Path(__file__).parents[3]


class GsmSimulatorProcess:
    """`with GsmSimulatorProcess("-n", "4") as sim: sim.ask("wait", taken=3)`: takes the options of `simulate gsm`."""

    def __init__(self, *options: str) -> None:
        self._options: Sequence[str] = options
        self._process: subprocess.Popen[bytes] | None = None
        self.devices: list[Device] = []
        self.control: str
        self.ask: ControlClient
        """Asks the control socket: `ask("stats")`."""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def port(self) -> str:
        """The first modem's."""
        return self.devices[0].port

    def __enter__(self) -> GsmSimulatorProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, our own module
            [sys.executable, "-m", "drivers.gsm.simulator", *self._options],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        output = self._process.stdout
        assert output is not None
        ready, _, _ = select.select([output], [], [], START_S)
        line = output.readline() if ready else b""
        if not line:
            self.stop()
            raise ControlError("the simulator did not start")
        announcement = json.loads(line)
        self.devices = [Device(**each) for each in announcement["devices"]]
        self.control = announcement["control"]
        self.ask = ControlClient(self.control)

    def stop(self) -> int | None:
        """End it, and tell its exit status; harmless when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return None
        if self.devices:
            self.ask.close()
        process.terminate()
        try:
            status = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        if process.stdout is not None:
            process.stdout.close()
        return status

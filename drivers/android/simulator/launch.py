"""The phones as a process of their own, so that what they cost is told apart from what they test."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Final

from drivers.android.simulator.process import Device
from drivers.control import ControlClient, ControlError

START_S: Final = 30.0
"""Until the announcement: an interpreter's start and the imports, on a machine that is busy with the rest."""
STOP_S: Final = 10.0
"""From SIGTERM to the end: it only closes sockets."""
_ROOT: Final = Path(__file__).parents[3]


class AndroidSimulatorProcess:
    """`with AndroidSimulatorProcess("-n", "2") as sim: sim.ask("stats")`: takes the options of `simulate android`."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.devices: list[Device] = []
        self.control: str
        self.ask: ControlClient
        """Asks the control socket: `ask("wait", taken=3, timeout=10)`."""

    def __enter__(self) -> AndroidSimulatorProcess:
        path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, our own module
            [sys.executable, "-m", "drivers.android.simulator", *self._options],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        output = self._process.stdout
        assert output is not None
        ready, _, _ = select.select([output], [], [], START_S)
        announced = output.readline() if ready else b""
        if not announced:
            self.stop()
            raise ControlError("the simulator did not start")
        known = json.loads(announced)
        self.devices = [Device(**each) for each in known["devices"]]
        self.control = known["control"]
        self.ask = ControlClient(self.control)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

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

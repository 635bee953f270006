"""A simulator in a process of its own, so that what it costs is told apart from what it tests."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from drivers.control import ControlClient, ControlError

START_S = 30.0
"""Until the announcement: an interpreter's start and the imports, on a machine that is busy with the rest."""
STOP_S = 10.0
"""It hangs up and removes a folder: a moment, unless the machine is starved."""
_ROOT = Path(__file__).parents[2]


class SimulatorProcess:
    """`with SimulatorProcess("drivers.push.simulator", "-n", "2") as sim: sim.ask("stats")`."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._module, self._arguments = module, arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._client: ControlClient | None = None
        self.devices: list[Any] = []
        self.control = Path()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Raises `ControlError` when it announces nothing."""
        path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, our own module
            [sys.executable, "-P", "-m", self._module, *self._arguments],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        output = self._process.stdout
        assert output is not None
        ready, _, _ = select.select([output], [], [], START_S)
        line = output.readline() if ready else b""
        if not line:
            raise ControlError(f"the simulator did not start; it ended with status {self.stop()}")
        announcement = json.loads(line)
        self.devices, self.control = announcement["devices"], Path(announcement["control"])
        self._client = ControlClient(self.control)

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        """Asks the control socket: `ask("stats")`."""
        assert self._client is not None
        return self._client(op, **arguments)

    def stop(self) -> int | None:
        """Ends it and returns its exit status; harmless when it does not run."""
        if self._client is not None:
            self._client.close()
            self._client = None
        process, self._process = self._process, None
        if process is None:
            return None
        process.terminate()
        try:
            status = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        if process.stdout is not None:
            process.stdout.close()
        return status

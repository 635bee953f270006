"""A simulator in a process of its own, for a program beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from drivers.control import ControlClient

STOP_S = 10.0
"""It hangs up and removes a folder: a moment, unless the machine is starved."""


class SimulatorProcess:
    """`with SimulatorProcess("drivers.push.simulator", "-n", "2") as sim: sim.ask("stats")`."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._module, self._arguments = module, arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._client: ControlClient | None = None
        self.devices: list[dict[str, Any]] = []
        self.control = Path()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", self._module, *self._arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - this program itself
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the simulator ended with status {self._process.wait(STOP_S)}")
        announcement = json.loads(line)
        self.devices, self.control = announcement["devices"], Path(announcement["control"])
        self._client = ControlClient(self.control)
        return self

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        assert self._client is not None
        return self._client(op, **arguments)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()

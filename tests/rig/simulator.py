"""Simulated modems as a subprocess, with their control socket and the network's record."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.rig.processes import Lines, end, gatewayd


class Simulator:
    """`gatewayd simulate gsm`; outlives any daemon that is killed beside it."""

    def __init__(
        self, folder: Path, modems: int = 1, *, options: Sequence[str] = (), recording: bool = True
    ) -> None:  # fmt: skip
        """`recording`: the network's record goes to `record` as well, a write a message."""
        self.record = folder / "network.jsonl"
        devices = folder / "devices"
        devices.mkdir(parents=True, exist_ok=True)
        arguments = ["simulate", "gsm", "-n", str(modems), "--dir", str(devices)]
        arguments += ["--record", str(self.record)] if recording else []
        self.process = gatewayd([*arguments, *options], stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        with ExitStack() as ends:
            ends.callback(self.process.stdout.close)
            ends.callback(end, self.process)
            announced = json.loads(self.process.stdout.readline())
            self.devices: list[dict[str, Any]] = announced["devices"]
            self.control = Path(announced["control"])
            self._lines = Lines(self.control)
            ends.callback(self._lines.close)
            self._ends = ends.pop_all()

    @property
    def ports(self) -> list[str]:
        return [device["port"] for device in self.devices]

    def ask(self, op: str, **request: Any) -> dict[str, Any]:
        answer = self._lines.ask(op=op, **request)
        if not answer.get("ok", True):
            raise AssertionError(answer)
        return answer

    def texts(self, since: int = 0, **request: Any) -> list[dict[str, Any]]:
        """Everything the network took after its first `since` messages, in order."""
        taken: list[dict[str, Any]] = []
        while True:
            page = self.ask("texts", since=since + len(taken), **request)
            items = page["texts"]
            if not items:
                return taken
            taken += items

    def wait_taken(self, count: int, timeout_s: float = 60.0) -> dict[str, Any]:
        """Until the network has taken so many submits since the last reset."""
        return self.ask("wait", taken=count, timeout=timeout_s)

    def close(self) -> None:
        self._ends.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

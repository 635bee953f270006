"""Simulated push services: FCM with its token endpoint, ntfy, a Web Push service with its browsers, and their faults.

Each reads what it is sent by itself: it verifies assertions and VAPID tokens, and decrypts with its own reading of RFC
8291. `PushSimulator` runs inside a program, `PushSimulatorProcess` beside one, `main` as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivers.push.simulator.process import PushSimulator, PushSimulatorProcess

__all__ = ["PushSimulator", "PushSimulatorProcess", "main"]


def main(arguments: Sequence[str] | None = None, program: str = "gatewayd simulate push") -> int:
    """Run as a program until SIGTERM; the exit status. What `gatewayd simulate` looks for beside a driver."""
    from drivers.base import spoken
    from drivers.push.simulator.process import BRANDS, PushSimulator
    from drivers.simulation.command import run

    return run(arguments, program, spoken("Simulated push services."), tuple(BRANDS), PushSimulator)


def __getattr__(name: str) -> Any:
    if name in ("PushSimulator", "PushSimulatorProcess"):
        from drivers.push.simulator import process

        return getattr(process, name)
    raise AttributeError(name)

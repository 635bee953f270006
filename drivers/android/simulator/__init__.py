"""Simulated Android phones over HTTP, with the faces of SMSGate, Traccar and REST SMS Gateway on one port each.

`phone` is the device, `web` its faces, `settings` how it differs and fails, `process` the operations over all phones.
`AndroidSimulator` runs them inside a program, `AndroidSimulatorProcess` beside one, `main` as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivers.android.simulator.launch import AndroidSimulatorProcess
    from drivers.android.simulator.process import AndroidSimulator

__all__ = ["AndroidSimulator", "AndroidSimulatorProcess", "main"]


def main(arguments: Sequence[str] | None = None, program: str = "gatewayd simulate android") -> int:
    """Run as a program until SIGTERM; the exit status. What `gatewayd simulate` looks for beside a driver."""
    from drivers.android.simulator.command import main as run

    return run(arguments, program)


def __getattr__(name: str) -> Any:
    if name == "AndroidSimulator":
        from drivers.android.simulator.process import AndroidSimulator

        return AndroidSimulator
    if name == "AndroidSimulatorProcess":
        from drivers.android.simulator.launch import AndroidSimulatorProcess

        return AndroidSimulatorProcess
    raise AttributeError(name)

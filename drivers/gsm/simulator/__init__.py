"""Simulated GSM modems on pseudo-terminals: the device as an executable specification.

`modem` is the AT command line, pure; `commands`, `messages`, `submission` and `reception` are what it can do;
`brands` and `settings` how it differs and fails; `network` the operator behind it; `terminal`, `control` and `process`
the edges. `GsmSimulator` runs it inside a program, `GsmSimulatorProcess` beside one, `main` as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivers.control import ControlClient, ControlError
    from drivers.gsm.simulator.launch import GsmSimulatorProcess
    from drivers.gsm.simulator.process import GsmSimulator

__all__ = ["ControlClient", "ControlError", "GsmSimulator", "GsmSimulatorProcess", "main"]


def main(arguments: Sequence[str] | None = None, program: str = "gatewayd simulate gsm") -> int:
    """Run as a program until SIGTERM; the exit status. What `gatewayd simulate` looks for beside a driver."""
    from drivers.gsm.simulator.command import main as run

    return run(arguments, program)


def __getattr__(name: str) -> Any:
    # Loaded when asked for: `python -m` and the modem's unit tests need no sockets or terminals.
    if name in ("ControlClient", "ControlError"):
        from drivers import control

        return getattr(control, name)
    if name == "GsmSimulator":
        from drivers.gsm.simulator.process import GsmSimulator

        return GsmSimulator
    if name == "GsmSimulatorProcess":
        from drivers.gsm.simulator.launch import GsmSimulatorProcess

        return GsmSimulatorProcess
    raise AttributeError(name)

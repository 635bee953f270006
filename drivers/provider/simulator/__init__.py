"""Simulated HTTP providers: a generic JSON API, and the dialects of SMS Masivos and Connectus, with their faults.

`dialects` is how they speak, `provider` what they do and how they fail, both without I/O but the answer itself;
`process` the whole, made of `drivers.simulation`. `ProviderSimulator` runs inside a program,
`ProviderSimulatorProcess` beside one, `main` as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivers.control import ControlClient, ControlError
    from drivers.provider.simulator.launch import ProviderSimulatorProcess
    from drivers.provider.simulator.process import ProviderSimulator

__all__ = ["ControlClient", "ControlError", "ProviderSimulator", "ProviderSimulatorProcess", "main"]


def main(arguments: Sequence[str] | None = None, program: str = "gatewayd simulate provider") -> int:
    """Run as a program until SIGTERM; the exit status. What `gatewayd simulate` looks for beside a driver."""
    from drivers.provider.simulator.command import main as run

    return run(arguments, program)


def __getattr__(name: str) -> Any:
    # Loaded when asked for: `python -m` needs none of it twice.
    if name in ("ControlClient", "ControlError"):
        from drivers import control

        return getattr(control, name)
    if name == "ProviderSimulator":
        from drivers.provider.simulator.process import ProviderSimulator

        return ProviderSimulator
    if name == "ProviderSimulatorProcess":
        from drivers.provider.simulator.launch import ProviderSimulatorProcess

        return ProviderSimulatorProcess
    raise AttributeError(name)

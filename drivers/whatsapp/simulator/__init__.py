"""A simulated Cloud API: takes templates and texts, calls its webhook for states and replies, and fails on order.

`WhatsappSimulator` runs inside a program, `WhatsappSimulatorProcess` beside one, `main` as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivers.whatsapp.simulator.process import WhatsappSimulator, WhatsappSimulatorProcess

__all__ = ["WhatsappSimulator", "WhatsappSimulatorProcess", "main"]


def main(arguments: Sequence[str] | None = None, program: str = "gatewayd simulate whatsapp") -> int:
    """Run as a program until SIGTERM; the exit status. What `gatewayd simulate` looks for beside a driver."""
    from drivers.base import spoken
    from drivers.simulation.command import run
    from drivers.whatsapp.simulator.process import BRANDS, WhatsappSimulator

    return run(arguments, program, spoken("Simulated numbers of WhatsApp Business."), BRANDS, WhatsappSimulator)


def __getattr__(name: str) -> Any:
    if name in ("WhatsappSimulator", "WhatsappSimulatorProcess"):
        from drivers.whatsapp.simulator import process

        return getattr(process, name)
    raise AttributeError(name)

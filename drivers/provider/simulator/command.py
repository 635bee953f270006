"""The simulator as a program."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.base import spoken
from drivers.provider.simulator.dialects import DIALECTS
from drivers.provider.simulator.process import ProviderSimulator
from drivers.simulation.command import run


def main(arguments: Sequence[str] | None = None, program: str = "gatewayd simulate provider") -> int:
    return run(arguments, program, spoken("Simulated HTTP providers."), tuple(DIALECTS), ProviderSimulator)

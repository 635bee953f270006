"""The simulator in a process of its own, for a program beside it."""

from __future__ import annotations

from drivers.simulation.launch import SimulatorProcess


class ProviderSimulatorProcess(SimulatorProcess):
    """`with ProviderSimulatorProcess("-n", "2") as sim: sim.ask("stats")`."""

    def __init__(self, *arguments: str) -> None:
        super().__init__("drivers.provider.simulator", *arguments)

"""Simulated phones in a process of their own."""

from __future__ import annotations

from drivers.android.simulator.process import Device
from drivers.simulation.launch import SimulatorProcess


class AndroidSimulatorProcess(SimulatorProcess):
    """`with AndroidSimulatorProcess("-n", "2") as sim: sim.ask("stats")`: takes the options of `simulate android`."""

    devices: list[Device]

    def __init__(self, *options: str) -> None:
        super().__init__("drivers.android.simulator", *options)

    def start(self) -> None:
        super().start()
        self.devices = [Device(**each) for each in self.devices]  # type: ignore[arg-type]  # as announced

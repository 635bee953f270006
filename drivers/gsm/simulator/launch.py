"""Simulated modems in a process of their own."""

from __future__ import annotations

from drivers.gsm.simulator.process import Device
from drivers.simulation.launch import SimulatorProcess


class GsmSimulatorProcess(SimulatorProcess):
    """`with GsmSimulatorProcess("-n", "4") as sim: sim.ask("wait", taken=3)`: takes the options of `simulate gsm`."""

    devices: list[Device]

    def __init__(self, *options: str) -> None:
        super().__init__("drivers.gsm.simulator", *options)

    @property
    def port(self) -> str:
        """The first modem's."""
        return self.devices[0].port

    def start(self) -> None:
        super().start()
        self.devices = [Device(**each) for each in self.devices]  # type: ignore[arg-type]  # as announced

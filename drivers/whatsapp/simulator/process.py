"""The simulator of the Cloud API as a whole."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drivers.simulation.launch import SimulatorProcess
from drivers.simulation.process import Selection, ServiceSimulator
from drivers.simulation.record import Record
from drivers.simulation.settings import SettingError
from drivers.whatsapp.simulator.calls import Caller
from drivers.whatsapp.simulator.number import BusinessNumber

BRANDS = ("cloud",)
COUNTERS = ("taken", "health", "calls", "told")


class WhatsappSimulator(ServiceSimulator):
    """`async with WhatsappSimulator(1) as sim:` — listening when the block begins."""

    def __init__(
        self,
        n: int = 1,
        *,
        brand: str = "cloud",
        directory: Path | None = None,
        record: Path | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        if brand not in BRANDS:
            raise SettingError(f"no brand is called {brand!r}; there are: {', '.join(BRANDS)}")
        self.numbers: list[BusinessNumber] = []
        self._caller = Caller(self.progress)
        super().__init__(
            n,
            self._made,
            kind="whatsapp",
            unit="device",
            counters=COUNTERS,
            settings=settings,
            directory=directory,
            record=record,
            operations={"inject": self.inject, "state": self.state, "challenge": self.challenge},
        )

    def _made(self, index: int, record: Record) -> BusinessNumber:
        number = BusinessNumber(index, record, self._caller.tell)
        self.numbers.append(number)
        return number

    async def start(self) -> None:
        self._caller.start()
        await super().start()

    async def stop(self) -> None:
        await self._caller.stop()
        await super().stop()

    @property
    def waiting(self) -> int:
        """How much is still to be told, or was not answered yet."""
        return self._caller.waiting

    # ------------------------------------------------------------------------------------------------------ operations

    def inject(
        self,
        device: Selection = 0,
        *,
        sender: str = "+5491144440000",
        text: str = "",
        count: int = 1,
        id: str | None = None,  # noqa: A002 - an operation's argument
        content: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Lets a person write `text`, or send `content` (`{"type": …, TYPE: …}`): the webhook is called."""
        said = dict(content or {"type": "text", "text": {"body": text}})
        ids = []
        for service in self.select(device):
            number = self.numbers[service.index]
            for _ in range(count):
                key, call = number.message(sender, said, id)
                ids.append(key)
                self._caller.tell(number, call, 0.0)
        return {"ids": ids}

    def state(self, word: str, seq: int, device: int = 0) -> dict[str, Any]:
        """Tells a state of the message taken as `seq`, again or for the first time."""
        number = self.numbers[device]
        entry = number.record.entries[seq - 1]
        call = number.state(entry["reference"], entry["to"].lstrip("+"), word, entry["id"] or None)
        self._caller.tell(number, call, 0.0)
        return {"reference": entry["reference"]}

    async def challenge(self, device: int = 0) -> dict[str, Any]:
        """Meta's question whether the webhook's address is ours: `{"verified": bool}`."""
        return {"verified": await self._caller.challenge(self.numbers[device], secrets.token_hex(8))}


class WhatsappSimulatorProcess(SimulatorProcess):
    """`with WhatsappSimulatorProcess() as sim: sim.ask("set", hook="http://…/hooks/wa")`."""

    def __init__(self, *arguments: str) -> None:
        super().__init__("drivers.whatsapp.simulator", *arguments)

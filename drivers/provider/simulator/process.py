"""The simulator of providers as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drivers.provider.simulator.dialects import DIALECTS
from drivers.provider.simulator.provider import COUNTERS, Provider
from drivers.simulation.process import Selection, ServiceSimulator
from drivers.simulation.record import Record
from drivers.simulation.settings import SettingError


class ProviderSimulator(ServiceSimulator):
    """`async with ProviderSimulator(1, brand="smsmasivos") as sim:` — listening when the block begins."""

    def __init__(
        self,
        n: int = 1,
        *,
        brand: str = "generic",
        latency_s: float = 0.0,
        directory: Path | None = None,
        record: Path | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        if brand not in DIALECTS:
            raise SettingError(f"no brand is called {brand!r}; there are: {', '.join(DIALECTS)}")
        self.providers: list[Provider] = []
        super().__init__(
            n,
            lambda index, record: self._made(index, record, brand),
            kind="provider",
            unit="provider",
            counters=COUNTERS,
            settings={"latency_s": latency_s, **(settings or {})},
            directory=directory,
            record=record,
            operations={"inject": self.inject, "process": self.process},
        )

    def _made(self, index: int, record: Record, brand: str) -> Provider:
        provider = Provider(index, record, brand)
        provider.progress = self.progress
        self.providers.append(provider)
        return provider

    def inject(
        self,
        device: Selection = 0,
        *,
        sender: str = "+5491144440000",
        text: str = "",
        count: int = 1,
        at: str | None = None,
        id: str | None = None,  # noqa: A002 - an operation's argument
    ) -> dict[str, Any]:
        """Lets a reply come in; it lies in the inbox until it is acknowledged."""
        chosen = [self.providers[each.index] for each in self.select(device)]
        return {"ids": [one.receive(sender, text, at, id) for one in chosen for _ in range(count)]}

    def process(self, device: Selection = None) -> dict[str, Any]:
        """Blocks that are pending are processed now."""
        return {"processed": sum(self.providers[each.index].process() for each in self.select(device))}

"""A simulated provider: one that knows the messages' ids, and one that does not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from drivers.base import Line, LineSetup, OutboundMessage
from drivers.conformance import Device, Fault, Hook, Report, Traits, sms
from drivers.provider import driver
from drivers.provider.line import ProviderLine
from drivers.provider.options import ProviderOptions
from drivers.provider.simulator import ProviderSimulator
from tests.conformance.services import ServiceDevice

KEY = "k-9f31c2"
KEYS: Mapping[str, Any] = {
    "auth": "bearer",
    "json": {"id": "{id}", "to": "{number}", "text": "{text}"},
    "id": "$.id",
    "timeout": 1.0,
    "inbox_interval": 0.05,
    "poll_interval": 0.05,
    "rules": (
        {"status": 201, "json": "$.status", "matches": "accepted", "result": "accepted"},
        {"status": 409, "json": "$.error", "matches": "duplicate", "result": "accepted"},
    ),
    "inbox": {"items": "$.messages", "at": "$.at", "ack_url": "BASE/v1/inbox/{reference}"},
    "inbox_url": "BASE/v1/inbox",
}
STATES: Mapping[str, Any] = {"states": {"delivered": "delivered", "failed": "undelivered"}, "reason": "$.reason"}


class Account(ServiceDevice):
    secrets = (KEY,)

    def __init__(self, sim: ProviderSimulator, keys: Mapping[str, Any]) -> None:
        super().__init__(sim, 422, '{"error":"invalid"}')
        self._provider = sim
        self._options = ProviderOptions.model_validate(_based({**keys, "url": "BASE/v1/messages"}, sim.base()))

    def setup(self) -> LineSetup:
        return LineSetup("p1", self._options)

    def line(self) -> Line:
        return ProviderLine("p1", self._options, doubt_pauses_s=(0.0, 0.1, 0.1))

    def message(self, number: int, text: str, parts: int = 1) -> OutboundMessage:
        return sms(number, text, parts)

    def left(self) -> Sequence[str]:
        return [row["to"] for row in self._sim.texts()["texts"]]

    async def report(self, message: OutboundMessage, status: str) -> None:
        self._sim.set(report="delivered" if status == "delivered" else "failed")

    async def receive(self, sender: str, text: str) -> None:
        self._provider.inject(sender=sender, text=text)

    def held(self) -> int:
        return len(self._provider.providers[0].inbox)

    def connect(self, hook: Hook) -> None:
        """Everything is asked for."""


def _based(keys: Any, base: str) -> Any:
    if isinstance(keys, str):
        return keys.replace("BASE", base)
    if isinstance(keys, dict):
        return {name: _based(value, base) for name, value in keys.items()}
    return keys


class ProviderAdapter:
    driver = driver

    def __init__(self, name: str, traits: Traits, *, unique: bool, **keys: Any) -> None:
        self.name, self.traits = name, traits
        self._unique, self._keys = unique, {**KEYS, "key": KEY, **keys}

    def missing(self) -> str | None:
        return None

    @asynccontextmanager
    async def device(self, folder: Path) -> AsyncIterator[Device]:
        settings = {"key": KEY, "unique": self._unique, "report": "queued"}
        async with ProviderSimulator(1, directory=folder, settings=settings) as sim:
            yield Account(sim, self._keys)


REPORTS: Final[frozenset[Report]] = frozenset({"delivered", "undelivered"})
adapters = (
    ProviderAdapter(
        "provider",
        Traits(frozenset(Fault), receives=True, keeps=True, reports=REPORTS),
        unique=False,
        poll_url="BASE/v1/messages/{reference}",
        report=STATES,
    ),
    ProviderAdapter(
        "provider-by-id",
        Traits(frozenset(Fault), idempotent=True, resumes=True, receives=True, keeps=True, reports=REPORTS),
        unique=True,
        idempotent=True,
        poll_url="BASE/v1/messages/{id}",
        report={**STATES, "by": "id"},
    ),
)

"""One simulated provider: takes messages, knows their states, keeps replies."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from typing import Any

from drivers.provider.simulator import dialects
from drivers.provider.simulator.settings import Settings
from drivers.simulation.http import Incoming, Reply
from drivers.simulation.record import Record
from drivers.simulation.service import Ask

COUNTERS = ("taken", "duplicates", "status", "inbox", "ack", "balance")


class Provider:
    """Implements `drivers.simulation.service.Kind`."""

    def __init__(self, index: int, record: Record, brand: str) -> None:
        self.index = index
        self.record = record
        self.settings = Settings()
        self.counters: Counter[str] = Counter()
        self.brand = brand
        self.dialect = dialects.DIALECTS[brand]
        self.inbox: list[dict[str, Any]] = []
        self._by_id: dict[str, dict[str, Any]] = {}
        self._received = 0

    def device(self, base: str) -> dict[str, Any]:
        return {
            "url": f"{base}{self.dialect.path}",
            "brand": self.brand,
            "user": self.settings.user,
            "password": self.settings.password,
            "key": self.settings.key,
        }

    def read(self, request: Incoming) -> Ask | Reply:
        ask = self.dialect.read(request, self.settings)
        return ask if isinstance(ask, Reply) else Ask(ask.op, partial(self._perform, ask))

    def _perform(self, ask: dialects.Ask) -> Reply:
        match ask.op:
            case "send":
                return self._take(ask)
            case "status":
                self.counters["status"] += 1
                entry = self._by_id.get(ask.reference) or next(
                    (each for each in self.record.entries if each["reference"] == ask.reference), None
                )
                return self.dialect.status(entry, self._state(entry))
            case "inbox":
                self.counters["inbox"] += 1
                return self.dialect.inbox(self.inbox)
            case "ack":
                self.counters["ack"] += 1
                self.inbox = [row for row in self.inbox if row["id"] != ask.reference]
                return Reply(200, b"{}")
        self.counters["balance"] += 1
        return self.dialect.balance(self.settings)

    def _take(self, ask: dialects.Ask) -> Reply:
        known = self._by_id.get(ask.id) if ask.id and self.settings.unique else None
        if known is not None:
            self.counters["duplicates"] += 1
            return self.dialect.duplicate(known)
        reference = f"p{self.index}-{len(self.record) + 1}"
        entry = self.record.add(provider=self.index, to=ask.to, text=ask.text, id=ask.id, reference=reference)
        if ask.id:
            self._by_id[ask.id] = entry
        self.counters["taken"] += 1
        return self.dialect.taken(entry)

    def _state(self, entry: dict[str, Any] | None) -> str:
        if entry is None or not self.settings.report:
            return "queued"
        return (
            self.settings.report if time.monotonic() - entry["monotonic"] >= self.settings.report_delay_s else "queued"
        )

    def receive(self, sender: str, text: str, at: str | None, key: str | None) -> str:
        """A reply comes in; answers its id."""
        self._received += 1
        key = key or f"in-{self.index}-{self._received}"
        stamp = at or datetime.now(UTC).replace(microsecond=0).isoformat()
        self.inbox.append({"id": key, "from": sender, "text": text, "at": stamp})
        return key

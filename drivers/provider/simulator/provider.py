"""One simulated provider: takes messages, knows their states, keeps replies."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from drivers.provider.simulator import dialects
from drivers.provider.simulator.dialects import Outcome
from drivers.provider.simulator.settings import Settings
from drivers.simulation.http import Incoming, Reply
from drivers.simulation.record import Record
from drivers.simulation.service import Ask

COUNTERS = ("taken", "duplicates", "blocks", "results", "status", "inbox", "ack", "balance")


class _Block:
    """A block that was taken; `outcomes` once it is processed."""

    def __init__(self, rows: tuple[dialects.Ask, ...]) -> None:
        self.rows = rows
        self.outcomes: list[Outcome] | None = None


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
        self.progress: Callable[[], None] = lambda: None
        """Told when a block was processed by itself."""
        self._by_id: dict[str, dict[str, Any]] = {}
        self._blocks: dict[str, _Block] = {}
        self._received = 0

    def device(self, base: str) -> dict[str, Any]:
        return {
            "url": f"{base}{self.dialect.path}",
            "imei": "",
            "number": f"provider-{self.index}",
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
                if self._rejects(ask):
                    self.counters["refused"] += 1
                    return self.dialect.refused()
                return self._take(ask)
            case "block":
                self.counters["blocks"] += 1
                return self._take_block(ask)
            case "result":
                self.counters["results"] += 1
                return self.dialect.results(self._results(ask.reference))
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

    def _rejects(self, ask: dialects.Ask) -> bool:
        return bool(self.settings.rejects) and re.fullmatch(self.settings.rejects, ask.to) is not None

    def _take_block(self, ask: dialects.Ask) -> Reply:
        """Takes its messages at once, or when it is processed; `record` then has them."""
        block = _Block(ask.rows)
        self._blocks.update((row.id, block) for row in ask.rows)
        if self.settings.block_loses:
            return self.dialect.block(None)
        if self.settings.block_delay_s > 0:
            asyncio.get_running_loop().call_later(self.settings.block_delay_s, self._process, block)
            return self.dialect.block(None)
        self._process(block)
        return self.dialect.block(block.outcomes)

    def process(self) -> int:
        """Processes the blocks that wait for it; answers how many."""
        waiting = {id(block): block for block in self._blocks.values() if block.outcomes is None}
        for block in waiting.values():
            self._process(block)
        return len(waiting)

    def _process(self, block: _Block) -> None:
        if block.outcomes is not None:
            return
        outcomes = []
        for row in block.rows:
            rejected = self._rejects(row)
            if rejected:
                self.counters["refused"] += 1
            reference = "" if rejected else str(self._entered(row)[0]["reference"])
            outcomes.append(Outcome(row.id, reference, "Error: telefono fijo" if rejected else "", time.time()))
        block.outcomes = outcomes
        self.progress()

    def _results(self, own: str) -> list[Outcome] | None:
        block = self._blocks.get(own)
        if block is None:
            return []
        if block.outcomes is None or self.settings.block_told == "all":
            return block.outcomes
        return [each for each in block.outcomes if each.id == own]

    def _take(self, ask: dialects.Ask) -> Reply:
        entry, known = self._entered(ask)
        return self.dialect.duplicate(entry) if known else self.dialect.taken(entry)

    def _entered(self, ask: dialects.Ask) -> tuple[dict[str, Any], bool]:
        """Returns its entry in the record, and whether it was there before."""
        known = self._by_id.get(ask.id) if ask.id and self.settings.unique else None
        if known is not None:
            self.counters["duplicates"] += 1
            return known, True
        reference = f"p{self.index}-{len(self.record) + 1}"
        entry = self.record.add(provider=self.index, to=ask.to, text=ask.text, id=ask.id, reference=reference)
        if ask.id:
            self._by_id[ask.id] = entry
        self.counters["taken"] += 1
        return entry, False

    def _state(self, entry: dict[str, Any] | None) -> str:
        if entry is None or not self.settings.report:
            return "queued"
        return (
            self.settings.report if time.monotonic() - entry["monotonic"] >= self.settings.report_delay_s else "queued"
        )

    def receive(self, sender: str, text: str, at: str | None, key: str | None) -> str:
        """Lets a reply come in; returns its id."""
        self._received += 1
        key = key or f"in-{self.index}-{self._received}"
        stamp = at or datetime.now(UTC).replace(microsecond=0).isoformat()
        self.inbox.append({"id": key, "from": sender, "text": text, "at": stamp})
        return key

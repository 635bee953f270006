"""One simulated provider: takes messages, knows their states, keeps replies, and fails on order."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from drivers.provider.simulator.dialects import Ask, Dialect, Outcome
from drivers.provider.simulator.http import Connection, Incoming, Reply
from drivers.provider.simulator.settings import Fault, Settings

LOGIN = b"<!DOCTYPE html><html><head><title>Login</title></head><body>OK<form>login</form></body></html>"
COUNTERS = (
    *("requests", "taken", "duplicates", "refused", "blocks", "results", "status", "inbox", "ack", "balance"),
    *("faults", "connections"),
)


class _Block:
    """A block that was taken; `outcomes` once it is processed."""

    def __init__(self, rows: tuple[Ask, ...]) -> None:
        self.rows = rows
        self.outcomes: list[Outcome] | None = None


class Provider:
    def __init__(self, index: int, dialect: Dialect, settings: Settings, progress: Callable[[], None]) -> None:
        self.index = index
        self.dialect = dialect
        self.settings = settings
        self.faults: list[Fault] = []
        self.record: list[dict[str, Any]] = []
        self.counters: Counter[str] = Counter()
        self.inbox: list[dict[str, Any]] = []
        self.record_file: int | None = None
        self.connections: set[Connection] = set()
        self._by_id: dict[str, dict[str, Any]] = {}
        self._blocks: dict[str, _Block] = {}
        self._progress = progress
        self._received = 0
        self.closed = False

    def connection(self) -> Connection:
        return Connection(self._handle, self._opened, self.connections.discard)

    def _opened(self, connection: Connection) -> None:
        self.counters["connections"] += 1
        self.connections.add(connection)

    def close(self) -> None:
        self.closed = True
        for connection in self.connections:
            connection.drop()

    # -------------------------------------------------------------------------------------------------------- requests

    def _handle(self, connection: Connection, request: Incoming) -> None:
        self.counters["requests"] += 1
        ask = self.dialect.read(request, self.settings)
        if isinstance(ask, Reply):
            self.counters["refused"] += 1
            self._answer(connection, ask)
            return
        fault = self._strikes(ask.op) if self.faults else None
        delay = self.settings.latency_s
        if fault is not None:
            self.counters["faults"] += 1
            delay += float(fault.arguments.get("delay_s", 0.0))
        if delay <= 0:
            self._do(connection, ask, fault)
            return
        asyncio.get_running_loop().call_later(delay, self._do, connection, ask, fault)

    def _strikes(self, op: str) -> Fault | None:
        for fault in self.faults:
            if op not in fault.ops:
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.count is not None:
                fault.count -= 1
                if fault.count <= 0:
                    self.faults.remove(fault)
            return fault
        return None

    def _do(self, connection: Connection, ask: Ask, fault: Fault | None) -> None:
        if self.closed:
            return
        if fault is None:
            self._answer(connection, self._perform(ask))
            return
        reply = self._perform(ask) if fault.arguments["taken"] else None
        self._break(connection, fault, reply)
        self._progress()

    def _answer(self, connection: Connection, reply: Reply) -> None:
        connection.answer(reply.encode())
        self._progress()

    def _perform(self, ask: Ask) -> Reply:
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
                    (each for each in self.record if each["reference"] == ask.reference), None
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

    def _rejects(self, ask: Ask) -> bool:
        return bool(self.settings.rejects) and re.fullmatch(self.settings.rejects, ask.to) is not None

    def _take_block(self, ask: Ask) -> Reply:
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
        if self.closed or block.outcomes is not None:
            return
        outcomes = []
        for row in block.rows:
            rejected = self._rejects(row)
            if rejected:
                self.counters["refused"] += 1
            reference = "" if rejected else str(self._entered(row)[0]["reference"])
            outcomes.append(Outcome(row.id, reference, "Error: telefono fijo" if rejected else "", time.time()))
        block.outcomes = outcomes
        self._progress()

    def _results(self, own: str) -> list[Outcome] | None:
        block = self._blocks.get(own)
        if block is None:
            return []
        if block.outcomes is None or self.settings.block_told == "all":
            return block.outcomes
        return [each for each in block.outcomes if each.id == own]

    def _take(self, ask: Ask) -> Reply:
        entry, known = self._entered(ask)
        return self.dialect.duplicate(entry) if known else self.dialect.taken(entry)

    def _entered(self, ask: Ask) -> tuple[dict[str, Any], bool]:
        """Its entry in the record, and whether it was there before."""
        known = self._by_id.get(ask.id) if ask.id and self.settings.unique else None
        if known is not None:
            self.counters["duplicates"] += 1
            return known, True
        entry = {
            "seq": len(self.record) + 1,
            "provider": self.index,
            "to": ask.to,
            "text": ask.text,
            "id": ask.id,
            "reference": f"p{self.index}-{len(self.record) + 1}",
            "at": datetime.now(UTC).isoformat(),
            "monotonic": time.monotonic(),
        }
        self.record.append(entry)
        if ask.id:
            self._by_id[ask.id] = entry
        if self.record_file is not None:
            # One write a line, unbuffered: it survives this process's death at any instant.
            os.write(self.record_file, json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        self.counters["taken"] += 1
        return entry, False

    def _state(self, entry: dict[str, Any] | None) -> str:
        if entry is None or not self.settings.report:
            return "queued"
        return (
            self.settings.report if time.monotonic() - entry["monotonic"] >= self.settings.report_delay_s else "queued"
        )

    # ---------------------------------------------------------------------------------------------------------- faults

    def _break(self, connection: Connection, fault: Fault, reply: Reply | None) -> None:
        arguments = fault.arguments
        usual = (reply or Reply(500)).encode()
        match fault.kind:
            case "slow":
                connection.answer(usual)
            case "silence":
                pass
            case "drop":
                connection.drop()
            case "status" | "wrong_json":
                connection.answer(Reply(arguments["status"], str(arguments["body"]).encode()).encode())
            case "limit":
                headers = {"Retry-After": arguments["retry_after"]} if arguments["retry_after"] else {}
                connection.answer(Reply(429, b"{}", headers=headers).encode())
            case "html":
                connection.answer(Reply(arguments["status"], LOGIN, "text/html").encode())
            case "garbage":
                connection.answer(Reply(200, bytes(range(256))).encode())
            case "no_http":
                connection.answer(b"\x00\x01 not HTTP at all\r\n\r\n", close=True)
            case "cut":
                connection.answer(usual[: usual.index(b"\r\n\r\n") + 6], close=True)
            case "huge":
                connection.answer(
                    Reply(200, b'{"status":"accepted","id":"' + b"x" * arguments["bytes"] + b'"}').encode()
                )
            case "redirect":
                connection.answer(Reply(302, b"", headers={"Location": arguments["to"]}).encode())

    def receive(self, sender: str, text: str, at: str | None, key: str | None) -> str:
        """A reply comes in; answers its id."""
        self._received += 1
        key = key or f"in-{self.index}-{self._received}"
        stamp = at or datetime.now(UTC).replace(microsecond=0).isoformat()
        self.inbox.append({"id": key, "from": sender, "text": text, "at": stamp})
        return key

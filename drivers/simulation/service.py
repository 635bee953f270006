"""One simulated HTTP service: reads requests, is as slow as told, fails on order, does the rest as its kind does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from drivers.simulation.faults import Fault, break_answer, strikes
from drivers.simulation.http import Connection, Incoming, Reply
from drivers.simulation.record import Record


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request wants: `op` is the word by which faults know it, `do` performs it."""

    op: str
    do: Callable[[], Reply]


class Kind(Protocol):
    """What makes a service the one it is."""

    settings: Any
    """A dataclass with `latency_s`, the seconds from the whole request to the answer."""
    record: Record
    counters: Counter[str]

    def read(self, request: Incoming) -> Ask | Reply:
        """What the request wants, or the answer to one that is refused."""

    def device(self, base: str) -> dict[str, Any]:
        """What the announcement says of it; `base` is its `http://host:port`."""


class Service:
    """A `Kind` behind a port."""

    def __init__(self, index: int, kind: Kind, progress: Callable[[], None]) -> None:
        self.index = index
        self.kind = kind
        self.faults: list[Fault] = []
        self.connections: set[Connection] = set()
        self._progress = progress
        self._closed = False

    @property
    def counters(self) -> Counter[str]:
        return self.kind.counters

    def connection(self) -> Connection:
        return Connection(self._handle, self._opened, self.connections.discard)

    def close(self) -> None:
        self._closed = True
        for connection in self.connections:
            connection.drop()

    def _opened(self, connection: Connection) -> None:
        self.counters["connections"] += 1
        self.connections.add(connection)

    def _handle(self, connection: Connection, request: Incoming) -> None:
        self.counters["requests"] += 1
        ask = self.kind.read(request)
        if isinstance(ask, Reply):
            self.counters["refused"] += 1
            self._answer(connection, ask)
            return
        fault = strikes(self.faults, ask.op) if self.faults else None
        delay = float(self.kind.settings.latency_s)
        if fault is not None:
            self.counters["faults"] += 1
            delay += float(fault.arguments.get("delay_s", 0.0))
        if delay <= 0:
            self._do(connection, ask, fault)
            return
        asyncio.get_running_loop().call_later(delay, self._do, connection, ask, fault)

    def _do(self, connection: Connection, ask: Ask, fault: Fault | None) -> None:
        if self._closed:
            return
        if fault is None:
            self._answer(connection, ask.do())
            return
        break_answer(connection, fault, ask.do() if fault.arguments["taken"] else None)
        self._progress()

    def _answer(self, connection: Connection, reply: Reply) -> None:
        connection.answer(reply.encode())
        self._progress()

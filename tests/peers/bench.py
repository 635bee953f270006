"""A simulated modem on a table, its clock turned by hand."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from random import Random
from typing import Any

from drivers.gsm import pdu as codec
from drivers.gsm.simulator.brands import BRANDS
from drivers.gsm.simulator.card import Card
from drivers.gsm.simulator.modem import Modem
from drivers.gsm.simulator.network import Network
from drivers.gsm.simulator.process import GsmSimulator
from drivers.gsm.simulator.settings import Settings, make_fault

TO = "+5491159876543"
ESC, CTRL_Z = "\x1b", "\x1a"
PDU, LENGTH = codec.Submit(TO, "Hola ñ", "gsm7").encode()


class HandClock:
    """Monotonic time that passes when told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self._order = itertools.count()
        self._timers: list[tuple[float, int, _HandTimer]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> _HandTimer:
        timer = _HandTimer(callback, args)
        heapq.heappush(self._timers, (self.now + delay, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while self._timers and self._timers[0][0] <= end:
            self.now, _, timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                timer.callback(*timer.arguments)
        self.now = end


class _HandTimer:
    def __init__(self, callback: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        self.callback, self.arguments, self.cancelled = callback, arguments, False

    def cancel(self) -> None:
        self.cancelled = True


class Bench:
    """A modem on a table: write to it, read what it says as lines."""

    def __init__(self, brand: str = "generic", pin: str | None = None, echo: bool = False, **settings: Any) -> None:
        self.clock = HandClock()
        self.network = Network(self.clock, Random(1))
        card = Card("722340000000001", "+5491150000001", "8954340000000000001", pin)
        self.modem = Modem(
            0, "352099000000006", card, brand=BRANDS[brand], settings=Settings(), random=Random(1), clock=self.clock
        )
        self.network.attach(self.modem)
        GsmSimulator._apply(self.modem, settings)
        self.said = b""
        self.writes: list[bytes] = []
        self.modem.sink = self._hear
        self.modem.power_on()
        if not echo and BRANDS[brand].pin_first is False:
            self.write("ATE0\r")
        self.read()

    def _hear(self, data: bytes) -> None:
        self.said += data
        self.writes.append(data)

    def write(self, text: str) -> None:
        self.modem.feed(text.encode("latin-1"))

    def read(self) -> list[str]:
        said, self.said = self.said, b""
        self.writes.clear()
        return [line for line in said.decode("latin-1").replace("\r", "\n").split("\n") if line]

    def at(self, command: str) -> list[str]:
        self.write(f"AT{command}\r")
        return self.read()

    def send(self, pdu: str = PDU, length: int = LENGTH) -> list[str]:
        assert self.at(f"+CMGS={length}") == ["> "]
        self.write(pdu + CTRL_Z)
        return self.read()

    def fault(self, kind: str, **arguments: Any) -> None:
        self.modem.faults.add(make_fault(kind, arguments))

    def inject(self, text: str = "Hola", **how: Any) -> None:
        self.network.inject_text(self.modem, "+5491144440000", text, **how)

    @property
    def taken(self) -> int:
        return len(self.network.record)


def reports(lines: list[str]) -> list[int]:
    """TP-ST of each status report among the lines."""
    found = [codec.decode(line) for line in lines if line[:2] == "07"]
    return [each.status for each in found if isinstance(each, codec.StatusReport)]

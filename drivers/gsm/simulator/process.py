"""The simulator as a whole: modems, their network and their ports on one event loop, and what can be asked of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

from drivers.gsm.simulator.brands import BRANDS
from drivers.gsm.simulator.card import Card
from drivers.gsm.simulator.commands import registration_changed
from drivers.gsm.simulator.modem import Modem
from drivers.gsm.simulator.network import COUNTERS, Network
from drivers.gsm.simulator.record import Record
from drivers.gsm.simulator.settings import Settings, change, make_fault
from drivers.gsm.simulator.terminal import Terminal
from drivers.simulation.control_point import ControlPoint
from drivers.simulation.settings import SettingError
from drivers.simulation.waiting import Waiters

Selection = int | str | Sequence[int | str] | None
"""Modems: an index, a port, an IMEI, a number, several of them, or all (`"all"`, None)."""


@dataclass(frozen=True, slots=True)
class Device:
    """One simulated stick as its user sees it."""

    port: str
    imei: str
    number: str


def luhn(digits: str) -> str:
    """`digits` with their check digit (IMEI, 23.003 §B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return digits + str(-total % 10)


class GsmSimulator:
    """`async with GsmSimulator(4, brand="huawei") as sim:` — four modems, ready; gone when the block ends.

    The methods from `list` on are the operations of the control socket as well.
    """

    def __init__(
        self,
        n: int = 1,
        *,
        brand: str = "generic",
        latency_s: float = 0.0,
        directory: Path | None = None,
        seed: int = 0,
        pin: str | None = None,
        record: Path | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        if brand not in BRANDS:
            raise SettingError(f"no brand is called {brand!r}; there are: {', '.join(BRANDS)}")
        if n < 1:
            raise SettingError("a simulator has at least one modem")
        self._n, self._brand, self._seed, self._pin = n, BRANDS[brand], seed, pin
        self._settings = {"latency_s": latency_s, **(settings or {})}
        change(Settings(), self._settings)  # complain now, not when it starts
        self.kind = "gsm"
        self._record_path = record
        self._terminals: list[Terminal] = []
        self._waiters = Waiters(self._figure)
        self._strangers = 0
        self._control = ControlPoint(self.kind, {each: getattr(self, each) for each in OPERATIONS}, directory=directory)
        self.operate = self._control.operate
        self.network: Network

    # ------------------------------------------------------------------------------------------------------- life

    async def __aenter__(self) -> GsmSimulator:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        directory = self._control.make_folder()
        random = Random(self._seed)  # noqa: S311 - a simulation, to be repeated by its seed
        self.network = Network(loop, random, Record(self._record_path))
        self.network.on_progress = self._waiters.progress
        for index in range(self._n):
            modem = Modem(
                index, *self._identity(index), brand=self._brand, settings=Settings(), random=random, clock=loop
            )
            self.network.attach(modem)
            self._apply(modem, self._settings)
            terminal = Terminal(directory / f"modem{index}", loop)
            self._wire(terminal, modem)
            self._terminals.append(terminal)
            self._plug(index)
        await self._control.open()

    @property
    def control(self) -> Path:
        """The control socket."""
        return self._control.path

    async def stop(self) -> None:
        """Hang up all ports and remove what was made; harmless when nothing runs."""
        await self._control.close()
        for terminal in self._terminals:
            terminal.unplug()
        if self._terminals:
            for modem in self.network.modems:
                modem.power_off()
            self.network.close()
        self._terminals.clear()
        self._control.remove()

    def _identity(self, index: int) -> tuple[str, Card]:
        serial = self._seed * 1000 + index
        card = Card(
            imsi=f"72234{serial % 10**10:010d}",
            number=f"+54911{50000000 + serial % 10**7:08d}",
            iccid=luhn(f"895434{serial % 10**12:012d}"),
            pin=self._pin,
        )
        return luhn(f"35209900{serial % 10**6:06d}"), card

    def _wire(self, terminal: Terminal, modem: Modem) -> None:
        def arrive(data: bytes) -> None:
            modem.feed(data)
            if self._waiters:
                self._waiters.progress()

        terminal.on_input = arrive
        modem.sink = terminal.write

    def _plug(self, index: int) -> None:
        self._terminals[index].plug()
        self.network.modems[index].power_on()

    # ----------------------------------------------------------------------------------------------------- waiting

    def _figure(self, name: str, modem: int | None) -> int:
        if name in COUNTERS:
            return self.network.count(name, modem)
        modems = self.network.modems if modem is None else [self.network.modems[modem]]
        return sum(each.commands[name.upper().removeprefix("AT")] for each in modems)

    async def wait(self, modem: Selection = None, timeout: float = 30.0, **goals: int) -> dict[str, Any]:  # noqa: ASYNC109 - an operation's argument
        """Until every counter (`taken=3`, `reports_acknowledged=3`) or command (`**{"+CMGS": 2}`) has come that far.

        Answers `{"reached": bool, NAME: value …}`; of one modem, or of all together.
        """
        for name, goal in goals.items():
            if not isinstance(goal, int) or not (name in COUNTERS or name.upper().removeprefix("AT")[:1] in "+^"):
                raise SettingError(f"cannot wait for {name}={goal!r}; counters are: {', '.join(COUNTERS)}")
        index = None if modem is None or modem == "all" else self._one(modem)
        return await self._waiters.wait(goals, index, timeout)

    # -------------------------------------------------------------------------------------------------- operations

    @property
    def devices(self) -> list[Device]:
        return [
            Device(str(terminal.link), modem.imei, modem.card.number)
            for terminal, modem in zip(self._terminals, self.network.modems, strict=True)
        ]

    def list(self) -> dict[str, Any]:
        """What there is, and in what state."""
        rows = []
        for terminal, modem in zip(self._terminals, self.network.modems, strict=True):
            row = {"modem": modem.index, "port": str(terminal.link), "imei": modem.imei, "imsi": modem.card.imsi}
            row |= {"number": modem.card.number, "brand": modem.brand.name, "plugged": terminal.plugged}
            row |= {"frozen": modem.frozen, "pin": modem.card.state, "prompt": modem.prompt is not None}
            row |= {"settings": {name: getattr(modem.settings, name) for name in Settings.__slots__}}
            row |= {"faults": [{"kind": each.kind, "count": each.count, **each.arguments} for each in modem.faults]}
            rows.append(row)
        return {"devices": rows}

    def stats(self) -> dict[str, Any]:
        return self.network.stats()

    def reset_stats(self) -> dict[str, Any]:
        self.network.reset_stats()
        return {}

    def texts(
        self, since: int = 0, limit: int | None = None, modem: Selection = None, joined: bool = False
    ) -> dict[str, Any]:
        """The network's record above `since`: parts, or with `joined` whole messages; `next` where `limit` cut it."""
        record = self.network.record
        if joined:
            return {"texts": record.joined(since), "total": len(record), "next": None}
        index = None if modem is None or modem == "all" else self._one(modem)
        rows = record.texts(since, limit, index)
        more = limit is not None and len(rows) == limit and rows and rows[-1]["seq"] < len(record)
        return {"texts": rows, "total": len(record), "next": rows[-1]["seq"] if more else None}

    def set(
        self,
        modem: Selection = None,
        fault: Mapping[str, Any] | None = None,
        faults: Iterable[Mapping[str, Any]] = (),
        clear_faults: bool = False,
        settings: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Change settings (by name) of some or all modems, and add faults `{"kind": …, argument: …}`."""
        values = {**(settings or {}), **more}
        change(Settings(), values)
        wanted = [*([fault] if fault else []), *faults]
        for each in wanted:
            self._fault(each)
        for each_modem in self._select(modem):
            if clear_faults:
                each_modem.faults.clear()
            for each in wanted:
                each_modem.faults.add(self._fault(each))
            self._apply(each_modem, values)
            each_modem.flush()
        return {}

    @staticmethod
    def _fault(given: Mapping[str, Any]) -> Any:
        arguments = dict(given)
        return make_fault(str(arguments.pop("kind", "")), arguments)

    @staticmethod
    def _apply(modem: Modem, values: Mapping[str, Any]) -> None:
        names = change(modem.settings, values)
        if "reference_next" in names and modem.settings.reference_next is not None:
            modem.reference = modem.settings.reference_next % 256
        if "capacity" in names:
            for memory in modem.memories.values():
                memory.capacity = modem.settings.capacity
        if "radio" in names:
            modem.radio = modem.settings.radio
        if names & {"registration", "radio", "searching_until", "sim_present"}:
            registration_changed(modem)
        if names & {"chatter", "chatter_s"}:
            modem.speech.chatter()
        if names & {"capacity", "registration", "radio", "searching_until", "unrouted_reports", "sim_present"}:
            modem.on_ready()

    def inject(
        self,
        modem: Selection = 0,
        sender: str = "+5491144440000",
        text: str | None = None,
        *,
        report: Mapping[str, Any] | None = None,
        pdu: str | None = None,
        raw: str | None = None,
        line: str | None = None,
        count: int = 1,
        **how: Any,
    ) -> dict[str, Any]:
        """Something arrives at `modem`: a `text`, a `report`, a `pdu` in hex, an unsolicited `line`, or `raw` bytes.

        A text may come `count` times, with its parts in another `order` (numbers) or at random (`shuffle`), with
        `wide` references, `encoding` "ucs2", another `smsc`. A report has `reference`, `to`, `status`.
        """
        parts = 0
        for each in self._select(modem):
            for _ in range(count):
                if text is not None:
                    parts += self.network.inject_text(each, sender, text, **how)
                elif report is not None:
                    self.network.inject_report(
                        each, int(report["reference"]), str(report["to"]), int(report.get("status", 0))
                    )
                elif pdu is not None:
                    first = int(pdu[(int(pdu[:2], 16) + 1) * 2 :][:2], 16)
                    self.network.inject_pdus(each, "report" if first & 3 == 2 else "deliver", [pdu])
                elif line is not None:
                    each.unsolicited(line)
                elif raw is not None:
                    each.raw(raw)
                else:
                    raise SettingError("inject what? One of text, report, pdu, line, raw")
            each.flush()
        return {"parts": parts}

    def unplug(self, modem: Selection = 0) -> dict[str, Any]:
        for each in self._select(modem):
            each.power_off()
            self._terminals[each.index].unplug()
        return {}

    def replug(
        self, modem: Selection = 0, another: bool = False, imei: str | None = None, link: int | str | None = None
    ) -> dict[str, Any]:
        """Back behind the same link, or behind that of another modem (`link`); `another` stick in its place."""
        for each in self._select(modem):
            self.unplug(each.index)
            if another:
                self._strangers += 1
                each.imei, each.card = self._identity(900 + self._strangers)
            if imei is not None:
                each.imei = imei
            if link is not None:
                self._terminals[each.index].link = self._terminals[self._one(link)].link
            self._plug(each.index)
        return {"devices": [{"port": each.port, "imei": each.imei, "number": each.number} for each in self.devices]}

    def reboot(self, modem: Selection = 0, silent: bool = True) -> dict[str, Any]:
        """The modem restarts by itself, its port staying open; `silent` says nothing of it."""
        for each in self._select(modem):
            each.reboot(silent)
        return {}

    def freeze(self, modem: Selection = 0, seconds: float | None = None, cfun: bool = False) -> dict[str, Any]:
        for each in self._select(modem):
            each.freeze(seconds, cfun)
        return {}

    def meddle(self, modem: Selection = 0, command: str = "AT+CMGF=1", heard: bool = False) -> dict[str, Any]:
        """Another program writes a command line on the same port; it reads the answer, unless ours has `heard` it."""
        for each in self._select(modem):
            each.meddle(command, heard)
        return {}

    # --------------------------------------------------------------------------------------------------- selection

    def _select(self, selection: Selection) -> Sequence[Modem]:
        if selection is None or selection == "all":
            return self.network.modems
        if isinstance(selection, (int, str)):
            return [self.network.modems[self._one(selection)]]
        return [self.network.modems[self._one(each)] for each in selection]

    def _one(self, wanted: Selection) -> int:
        for index, device in enumerate(self.devices):
            if wanted in (index, str(index), device.port, Path(device.port).name, device.imei, device.number):
                return index
        raise SettingError(f"no modem is {wanted!r}; there are {len(self._terminals)}, counted from 0")


OPERATIONS = frozenset(
    {"list", "stats", "reset_stats", "texts", "wait", "set", "inject", "unplug", "replug", "reboot", "freeze"}
    | {"meddle"}
)

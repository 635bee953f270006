"""The simulated phones of one event loop, with the operations of their control socket."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from drivers.android.simulator.phone import Phone, Record
from drivers.android.simulator.settings import Settings, change, make_fault
from drivers.android.simulator.web import PhoneServer, dumped
from drivers.simulation.control_point import ControlPoint, Operation
from drivers.simulation.record import RecordFile
from drivers.simulation.settings import SettingError
from drivers.simulation.waiting import Waiters

Selection = int | str | Sequence[int | str] | None

WAIT_S: Final = 10.0
HOOK_S: Final = 5.0
"""The app gives a webhook's receiver this long."""
HOOK_TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class Device:
    url: str
    imei: str
    number: str


class AndroidSimulator:
    """`async with AndroidSimulator(2) as sim: sim.devices[0].url`. Settings are those of `Settings`, for all phones."""

    def __init__(
        self,
        phones: int = 1,
        *,
        directory: Path | None = None,
        record: Path | None = None,
        seed: int = 0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        change(Settings(), settings or {})
        self._count, self._seed, self._values = phones, seed, dict(settings or {})
        self.kind = "android"
        self._waiters = Waiters(self._count_of)
        self._record_file = RecordFile(record)
        self._record = Record(on_progress=self._waiters.progress, keep=self._record_file.write)
        self._control = ControlPoint(self.kind, self._operations(), directory=directory)
        self.operate = self._control.operate
        self._hooks: set[asyncio.Task[None]] = set()
        self.phones: list[Phone] = []
        self._servers: list[PhoneServer] = []

    @property
    def devices(self) -> list[Device]:
        return [Device(server.url, server.phone.imei, server.phone.number) for server in self._servers]

    @property
    def control(self) -> Path:
        """The control socket."""
        return self._control.path

    @property
    def url(self) -> str:
        """The first phone's."""
        return self._servers[0].url

    async def __aenter__(self) -> AndroidSimulator:
        self._record_file.open()
        for index in range(self._count):
            phone = Phone(index, self._record, self._seed)
            change(phone.settings, self._values)
            phone.on_event = self._caller(phone)
            phone.start()
            server = PhoneServer(phone)
            await server.plug()
            self.phones.append(phone)
            self._servers.append(server)
        await self._control.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._control.close()
        for server in self._servers:
            server.phone.settings.asleep = False
            server.wake()
            await server.unplug()
            await server.phone.stop()
        for task in self._hooks:
            task.cancel()
        await asyncio.gather(*self._hooks, return_exceptions=True)
        self._record_file.close()
        self._control.remove()

    # ---------------------------------------------------------------------------------------------------- operations

    def _operations(self) -> dict[str, Operation]:
        async def replug(**arguments: Any) -> dict[str, Any]:
            await self.replug(**arguments)
            return {"devices": [asdict(each) for each in self.devices]}

        return {
            "list": lambda: {"devices": self.list()},
            "stats": self.stats,
            "texts": self.texts,
            "wait": self.wait,
            "set": self.set,
            "inject": self.inject,
            "report": self.report,
            "unplug": self.unplug,
            "replug": replug,
        }

    def report(self, device: Selection = None) -> dict[str, Any]:
        """Lets the network report now on what was sent."""
        return {"reported": sum(phone.report_sent() for phone in self._select(device))}

    def list(self) -> list[dict[str, Any]]:
        return [
            {**asdict(device), "settings": asdict(phone.settings), "faults": [asdict(f) for f in phone.faults.waiting]}
            for device, phone in zip(self.devices, self.phones, strict=True)
        ]

    def stats(self) -> dict[str, Any]:
        """Counters of each phone, and of all in `total`: requests, posted, taken, duplicates, reported, received …"""
        total: Counter[str] = Counter()
        for phone in self.phones:
            total.update(phone.stats)
        return {"devices": [dict(phone.stats) for phone in self.phones], "total": dict(total)}

    def texts(self, since: int = 0, limit: int | None = None, device: Selection = None) -> dict[str, Any]:
        """Returns what the network took: `seq, device, id, from, to, text, sim, at`."""
        chosen = {phone.index for phone in self._select(device)}
        rows = [row for row in self._record.texts[since:] if row["device"] in chosen]
        rows = rows if limit is None else rows[:limit]
        more = bool(rows) and limit is not None and rows[-1]["seq"] < len(self._record.texts)
        return {"texts": rows, "total": len(self._record.texts), "next": rows[-1]["seq"] if more else None}

    async def wait(self, timeout: float = WAIT_S, **counters: int) -> dict[str, Any]:  # noqa: ASYNC109 - an operation's key
        """Returns once all named counters have come that far, or `timeout` seconds are over: `reached` tells which."""
        answer = await self._waiters.wait(counters, None, timeout)
        return {"reached": answer["reached"]}

    def _count_of(self, name: str, device: int | None) -> int:
        chosen = self.phones if device is None else [self.phones[device]]
        return sum(phone.stats[name] for phone in chosen)

    def set(
        self,
        device: Selection = None,
        fault: Mapping[str, Any] | None = None,
        faults: Iterable[Mapping[str, Any]] = (),
        clear_faults: bool = False,
        **settings: Any,
    ) -> None:
        """Changes settings by name, adds faults `{"kind": …}`."""
        wanted = [*([fault] if fault else []), *faults]
        for each in wanted:
            make_fault(each)
        change(Settings(), settings)
        chosen = self._select(device)
        for phone in chosen:
            if clear_faults:
                phone.faults.waiting.clear()
                self._servers[phone.index].hurry()
            phone.faults.waiting.extend(make_fault(each) for each in wanted)
            change(phone.settings, settings)
            phone.wake()
            self._servers[phone.index].wake()

    def inject(
        self,
        device: Selection = 0,
        sender: str = "+5491144440000",
        text: str = "",
        *,
        count: int = 1,
        at: float | None = None,
        sim: int = 1,
    ) -> dict[str, Any]:
        """Lets an SMS arrive `count` times, a millisecond apart; `at` is the network's time, default now."""
        ids = []
        begin = time.time() - count / 1000 if at is None else at
        for phone in self._select(device):
            ids += [phone.receive(sender, text, begin + number / 1000, sim).id for number in range(count)]
        return {"ids": ids}

    async def unplug(self, device: Selection = 0) -> None:
        """Wi-Fi lost: port and connections are gone; the phone itself goes on."""
        for phone in self._select(device):
            await self._servers[phone.index].unplug()

    async def replug(self, device: Selection = 0, host: str | None = None) -> None:
        """Back at the same port; at another address where `host` (of the loopback network) says so."""
        for phone in self._select(device):
            self._servers[phone.index].host = host or self._servers[phone.index].host
            await self._servers[phone.index].plug()

    def _select(self, selection: Selection) -> Sequence[Phone]:
        if selection is None or selection == "all":
            return self.phones
        wanted = [selection] if isinstance(selection, (int, str)) else list(selection)
        return [self._one(each) for each in wanted]

    def _one(self, wanted: int | str) -> Phone:
        for phone, device in zip(self.phones, self.devices, strict=True):
            if wanted in (phone.index, str(phone.index), device.url, device.imei, device.number):
                return phone
        raise SettingError(f"no phone is {wanted!r}; there are {len(self.phones)}, counted from 0")

    # ------------------------------------------------------------------------------------------------------ webhooks

    def _caller(self, phone: Phone) -> Any:
        def call(event: str, payload: dict[str, Any]) -> None:
            for hook in phone.webhooks.values():
                if hook.get("event") == event:
                    task = asyncio.create_task(self._call(phone, hook, event, payload))
                    self._hooks.add(task)
                    task.add_done_callback(self._hooks.discard)

        return call

    async def _call(self, phone: Phone, hook: dict[str, Any], event: str, payload: dict[str, Any]) -> None:
        body = dumped(
            {
                "id": uuid.uuid4().hex,
                "webhookId": hook["id"],
                "event": event,
                "deviceId": phone.imei,
                "payload": payload,
            }
        )
        pause = 0.2
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=HOOK_S)) as session:
            for _ in range(HOOK_TRIES):
                try:
                    async with session.post(
                        hook["url"], data=body, headers=sign(phone.settings.webhook_key, body)
                    ) as answer:
                        if answer.status < 300:
                            phone.count("hooked")
                            return
                except (aiohttp.ClientError, TimeoutError):
                    pass  # as any other failure: again, later
                await asyncio.sleep(pause)
                pause *= 2


def sign(key: str, body: bytes, moment: float | None = None) -> dict[str, str]:
    """Returns the headers of a webhook: hex HMAC-SHA256 over body and time stamp."""
    stamp = str(int(time.time() if moment is None else moment))
    signature = hmac.new(key.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Signature": signature, "X-Timestamp": stamp}

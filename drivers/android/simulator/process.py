"""The simulated phones of one event loop, with the operations of their control socket."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import shutil
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from drivers.android.simulator.phone import Phone, Record
from drivers.android.simulator.settings import SettingError, Settings, change, make_fault
from drivers.android.simulator.web import PhoneServer, dumped
from drivers.control import ControlServer

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
        seed: int = 0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        change(Settings(), settings or {})
        self._count, self._seed, self._values = phones, seed, dict(settings or {})
        self._given = directory
        self._directory: Path | None = None
        self._record = Record(on_progress=self._progress)
        self._moved = asyncio.Event()
        self._hooks: set[asyncio.Task[None]] = set()
        self._control: ControlServer | None = None
        self.control = Path()
        self.phones: list[Phone] = []
        self._servers: list[PhoneServer] = []

    @property
    def devices(self) -> list[Device]:
        return [Device(server.url, server.phone.imei, server.phone.number) for server in self._servers]

    @property
    def url(self) -> str:
        """The first phone's."""
        return self._servers[0].url

    async def __aenter__(self) -> AndroidSimulator:
        self._directory = self._given or Path(tempfile.mkdtemp(prefix="gatewayd-android-"))
        self._directory.mkdir(parents=True, exist_ok=True)
        self.control = self._directory / "control.sock"
        for index in range(self._count):
            phone = Phone(index, self._record, self._seed)
            change(phone.settings, self._values)
            phone.on_event = self._caller(phone)
            phone.start()
            server = PhoneServer(phone)
            await server.plug()
            self.phones.append(phone)
            self._servers.append(server)
        self._control = ControlServer(self.control, self.operate)
        await self._control.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._control is not None:
            await self._control.stop()
        for server in self._servers:
            server.phone.settings.asleep = False
            server.wake()
            await server.unplug()
            await server.phone.stop()
        for task in self._hooks:
            task.cancel()
        await asyncio.gather(*self._hooks, return_exceptions=True)
        if self._given is None and self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)

    # ---------------------------------------------------------------------------------------------------- operations

    async def operate(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """One request of the control socket; raises ValueError, TypeError or KeyError for what it cannot do."""
        arguments = dict(request)
        match arguments.pop("op", None):
            case "wait":
                return await self.wait(**arguments)
            case "unplug":
                await self.unplug(**arguments)
                return {}
            case "replug":
                await self.replug(**arguments)
                return {"devices": [asdict(each) for each in self.devices]}
            case "list":
                return {"devices": self.list()}
            case "stats":
                return self.stats()
            case "texts":
                return self.texts(**arguments)
            case "set":
                self.set(**arguments)
                return {}
            case "inject":
                arguments["sender"] = arguments.pop("from", "+5491144440000")
                return self.inject(**arguments)
            case "report":
                return {"reported": sum(phone.report_sent() for phone in self._select(arguments.get("device")))}
            case name:
                known = "list, stats, texts, wait, set, inject, report, unplug, replug"
                raise SettingError(f"no operation {name!r}: {known}")

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
        """What the network took: `seq, device, id, from, to, text, sim, at`."""
        chosen = {phone.index for phone in self._select(device)}
        rows = [row for row in self._record.texts[since:] if row["device"] in chosen]
        rows = rows if limit is None else rows[:limit]
        more = bool(rows) and limit is not None and rows[-1]["seq"] < len(self._record.texts)
        return {"texts": rows, "total": len(self._record.texts), "next": rows[-1]["seq"] if more else None}

    async def wait(self, timeout: float = WAIT_S, **counters: int) -> dict[str, Any]:  # noqa: ASYNC109 - an operation's key
        """Until all named counters have come that far, or `timeout` seconds are over: `reached` tells which."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        while True:
            self._moved.clear()
            total = self.stats()["total"]
            if all(total.get(name, 0) >= value for name, value in counters.items()):
                return {"reached": True}
            try:
                async with asyncio.timeout_at(until):
                    await self._moved.wait()
            except TimeoutError:
                return {"reached": False}

    def set(
        self,
        device: Selection = None,
        fault: Mapping[str, Any] | None = None,
        faults: Iterable[Mapping[str, Any]] = (),
        clear_faults: bool = False,
        **settings: Any,
    ) -> None:
        """Change settings by name, add faults `{"kind": …}`."""
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
        """An SMS arrives `count` times, a millisecond apart; `at` is the network's time, default now."""
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

    def _progress(self) -> None:
        self._moved.set()

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
    """The headers of a webhook: hex HMAC-SHA256 over body and time stamp."""
    stamp = str(int(time.time() if moment is None else moment))
    signature = hmac.new(key.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Signature": signature, "X-Timestamp": stamp}

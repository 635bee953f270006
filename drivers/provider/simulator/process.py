"""The simulator as a whole: providers behind ports of this machine on one event loop, and what can be asked of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import TracebackType
from typing import Any

from drivers.control import ControlServer
from drivers.provider.simulator.dialects import DIALECTS
from drivers.provider.simulator.provider import COUNTERS, Provider
from drivers.provider.simulator.settings import SettingError, Settings, change, make_fault

MAX_SOCKET_PATH = 100
"""A Unix socket's address holds 108 octets."""

Selection = int | str | Sequence[int | str] | None


@dataclass(slots=True)
class _Waiter:
    goals: Mapping[str, int]
    provider: int | None
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class ProviderSimulator:
    """`async with ProviderSimulator(1, brand="smsmasivos") as sim:` — listening when the block begins.

    The methods from `list` on are the operations of the control socket as well.
    """

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
        if n < 1:
            raise SettingError("a simulator has at least one provider")
        self.brand = brand
        self._directory, self._record_path = directory, record
        self.providers = [Provider(index, DIALECTS[brand], Settings(), self._progress) for index in range(n)]
        for provider in self.providers:
            change(provider.settings, {"latency_s": latency_s, **(settings or {})})
        self._servers: dict[int, asyncio.Server] = {}
        self._waiters: list[_Waiter] = []
        self._temporary: list[Path] = []
        self._control: ControlServer | None = None
        self._record_file: int | None = None
        self._ports: list[int] = []
        self.control: Path

    async def __aenter__(self) -> ProviderSimulator:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        if self._record_path is not None:
            self._record_file = os.open(self._record_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for provider in self.providers:
            provider.record_file = self._record_file
            self._ports.append(await self._plug(provider, 0))
        directory = self._directory or self._folder()
        directory.mkdir(parents=True, exist_ok=True)
        self.control = directory / "control.sock"
        if len(bytes(self.control)) > MAX_SOCKET_PATH:
            self.control = self._folder() / "control.sock"
        self._control = ControlServer(self.control, self.operate)
        await self._control.start()

    async def _plug(self, provider: Provider, port: int) -> int:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(provider.connection, "127.0.0.1", port, backlog=512)
        self._servers[provider.index] = server
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Hang up and remove what was made; harmless when nothing runs."""
        if self._control is not None:
            await self._control.stop()
            self._control = None
        for server in self._servers.values():
            server.close()
        for provider in self.providers:
            provider.close()
        for server in self._servers.values():
            await server.wait_closed()
        self._servers.clear()
        if self._record_file is not None:
            os.close(self._record_file)
            self._record_file = None
        for folder in self._temporary:
            shutil.rmtree(folder, ignore_errors=True)
        self._temporary.clear()

    def _folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="gatewayd-provider-"))
        self._temporary.append(folder)
        return folder

    @property
    def devices(self) -> list[dict[str, str]]:
        """What the announcement says of each: where to send to, and with what."""
        return [
            {
                "url": f"{self.base(each.index)}{each.dialect.path}",
                "imei": "",
                "number": f"provider-{each.index}",
                "brand": self.brand,
                "user": each.settings.user,
                "password": each.settings.password,
                "key": each.settings.key,
            }
            for each in self.providers
        ]

    def base(self, index: int = 0) -> str:
        return f"http://127.0.0.1:{self._ports[index]}"

    def _progress(self) -> None:
        for waiter in self._waiters[:]:
            if not waiter.done.done() and self._reached(waiter.goals, waiter.provider):
                waiter.done.set_result(None)

    def _reached(self, goals: Mapping[str, int], index: int | None) -> bool:
        return all(self.count(name, index) >= goal for name, goal in goals.items())

    def count(self, name: str, index: int | None = None) -> int:
        chosen = self.providers if index is None else [self.providers[index]]
        return sum(each.counters[name] for each in chosen)

    # ------------------------------------------------------------------------------------------------------ operations

    async def operate(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """One request of the control socket; raises `ValueError` or `TypeError` where it makes no sense."""
        arguments = dict(request)
        name = str(arguments.pop("op", ""))
        if name not in OPERATIONS:
            raise SettingError(f"no operation is called {name!r}; there are: {', '.join(sorted(OPERATIONS))}")
        if "from" in arguments:
            arguments["sender"] = arguments.pop("from")
        if "device" in arguments:  # as the other kinds call it
            arguments["provider"] = arguments.pop("device")
        answer = getattr(self, name)(**arguments)
        if asyncio.iscoroutine(answer):
            answer = await answer
        return dict(answer)

    def list(self) -> dict[str, Any]:
        rows = []
        for device, each in zip(self.devices, self.providers, strict=True):
            settings = {name.name: getattr(each.settings, name.name) for name in fields(Settings)}
            faults = [{"kind": fault.kind, "count": fault.count, **fault.arguments} for fault in each.faults]
            rows.append({"provider": each.index, **device, "settings": settings, "faults": faults})
        return {"devices": rows}

    def stats(self) -> dict[str, Any]:
        total: Counter[str] = Counter()
        for each in self.providers:
            total.update(each.counters)
        rows = [{name: each.counters[name] for name in COUNTERS} for each in self.providers]
        return {"total": {name: total[name] for name in COUNTERS}, "devices": rows}

    def reset_stats(self) -> dict[str, Any]:
        for each in self.providers:
            each.counters.clear()
        return {}

    def texts(self, since: int = 0, limit: int | None = None, provider: int = 0) -> dict[str, Any]:
        """What was taken, above `since`, whatever became of the answer; `next` where `limit` cut it."""
        record = self.providers[provider].record
        rows = record[since:] if limit is None else record[since : since + limit]
        more = bool(rows) and rows[-1]["seq"] < len(record)
        return {"texts": rows, "total": len(record), "next": rows[-1]["seq"] if more else None}

    async def wait(self, provider: int | None = None, timeout: float = 30.0, **goals: int) -> dict[str, Any]:  # noqa: ASYNC109 - an operation's argument
        """Until every counter has come that far: `{"reached": bool, NAME: value …}`."""
        for name, goal in goals.items():
            if not isinstance(goal, int) or name not in COUNTERS:
                raise SettingError(f"cannot wait for {name}={goal!r}; counters are: {', '.join(COUNTERS)}")
        reached = self._reached(goals, provider)
        if not reached:
            waiter = _Waiter(goals, provider)
            self._waiters.append(waiter)
            try:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(waiter.done, timeout)
                    reached = True
            finally:
                self._waiters.remove(waiter)
        return {"reached": reached, **{name: self.count(name, provider) for name in goals}}

    def set(
        self,
        provider: Selection = None,
        fault: Mapping[str, Any] | None = None,
        faults: Iterable[Mapping[str, Any]] = (),
        clear_faults: bool = False,
        settings: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Change settings (by name) of some or all providers, and add faults `{"kind": …, argument: …}`."""
        wanted = [*([fault] if fault else []), *faults]
        values = {**(settings or {}), **more}
        change(Settings(), values)
        for each in wanted:
            make_fault(each)
        for one in self._select(provider):
            if clear_faults:
                one.faults.clear()
            one.faults += [make_fault(each) for each in wanted]
            change(one.settings, values)
        return {}

    def inject(
        self,
        provider: Selection = 0,
        *,
        sender: str = "+5491144440000",
        text: str = "",
        count: int = 1,
        at: str | None = None,
        id: str | None = None,  # noqa: A002 - an operation's argument
    ) -> dict[str, Any]:
        """A reply comes in; it lies in the inbox until it is acknowledged."""
        ids = [one.receive(sender, text, at, id) for one in self._select(provider) for _ in range(count)]
        return {"ids": ids}

    def process(self, provider: Selection = None) -> dict[str, Any]:
        """Blocks that are pending are processed now."""
        return {"processed": sum(one.process() for one in self._select(provider))}

    async def unplug(self, provider: Selection = 0) -> dict[str, Any]:
        """Nobody answers at its address, and connections are cut; what it has, it keeps."""
        for one in self._select(provider):
            server = self._servers.pop(one.index, None)
            if server is not None:
                server.close()
                for connection in tuple(one.connections):
                    connection.drop()
                await server.wait_closed()
        return {}

    async def replug(self, provider: Selection = 0) -> dict[str, Any]:
        """Back at the same address."""
        for one in self._select(provider):
            if one.index not in self._servers:
                await self._plug(one, self._ports[one.index])
        return {"devices": self.devices}

    def _select(self, selection: Selection) -> Sequence[Provider]:
        if selection is None or selection == "all":
            return self.providers
        chosen = [selection] if isinstance(selection, int | str) else selection
        try:
            return [self.providers[int(each)] for each in chosen]
        except (ValueError, IndexError):
            raise SettingError(f"no provider is {selection!r}; there are {len(self.providers)}, from 0") from None


OPERATIONS = frozenset(
    {"list", "stats", "reset_stats", "texts", "wait", "set", "inject", "process", "unplug", "replug"}
)

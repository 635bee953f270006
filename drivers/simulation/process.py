"""A simulator as a whole: services behind ports of this machine on one event loop, and what can be asked of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from drivers.simulation.control_point import ControlPoint, Operation
from drivers.simulation.faults import make_fault
from drivers.simulation.record import Record, RecordFile
from drivers.simulation.service import Kind, Service
from drivers.simulation.settings import SettingError, change, told
from drivers.simulation.waiting import Waiters

COMMON_COUNTERS = ("requests", "refused", "faults", "connections")
"""What every service counts by itself."""

Selection = int | str | Sequence[int | str] | None


class ServiceSimulator:
    """`async with …:` — listening when the block begins.

    The methods from `list` on are the operations of the control socket as well. In a request a device is an index from
    0 under `unit`, its kind's own word (`provider` …), or under `device`.
    """

    def __init__(
        self,
        n: int,
        make: Callable[[int, Record], Kind],
        *,
        kind: str,
        unit: str,
        counters: Iterable[str],
        settings: Mapping[str, Any] | None = None,
        directory: Path | None = None,
        record: Path | None = None,
        operations: Mapping[str, Operation] | None = None,
    ) -> None:
        if n < 1:
            raise SettingError(f"a simulator has at least one {unit}")
        self.kind, self.unit = kind, unit
        self.counters = (*counters, *COMMON_COUNTERS)
        self._record_file = RecordFile(record)
        self.services = [Service(i, make(i, Record(self._record_file)), self.progress) for i in range(n)]
        for service in self.services:
            change(service.kind.settings, settings or {})
        taken: dict[str, Operation] = {
            "list": self.list,
            "stats": self.stats,
            "reset_stats": self.reset_stats,
            "texts": self.texts,
            "wait": self.wait,
            "set": self.set,
            "unplug": self.unplug,
            "replug": self.replug,
            **(operations or {}),
        }
        self._control = ControlPoint(kind, taken, directory=directory, unit=unit)
        self.operate = self._control.operate
        self._servers: list[asyncio.Server] = []
        self._waiters = Waiters(self.count)
        self._ports: list[int] = []

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        self._record_file.open()
        for service in self.services:
            self._servers.append(await self._listen(service, 0))
            self._ports.append(self._servers[-1].sockets[0].getsockname()[1])
        await self._control.open()

    @property
    def control(self) -> Path:
        """The control socket."""
        return self._control.path

    async def stop(self) -> None:
        """Hang up and remove what was made; harmless when nothing runs."""
        await self._control.close()
        for server in self._servers:
            server.close()
        for service in self.services:
            service.close()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()
        self._record_file.close()
        self._control.remove()

    @staticmethod
    async def _listen(service: Service, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(service.connection, "127.0.0.1", port, backlog=512)

    @property
    def devices(self) -> list[dict[str, Any]]:
        """What the announcement says of each: where it is, and with what it is spoken to."""
        return [each.kind.device(self.base(each.index)) for each in self.services]

    def base(self, index: int = 0) -> str:
        return f"http://127.0.0.1:{self._ports[index]}"

    def progress(self) -> None:
        """Wakes those who wait for a counter that has come far enough."""
        self._waiters.progress()

    def count(self, name: str, index: int | None = None) -> int:
        chosen = self.services if index is None else [self.services[index]]
        return sum(each.counters[name] for each in chosen)

    # ------------------------------------------------------------------------------------------------------ operations

    def list(self) -> dict[str, Any]:
        rows = []
        for device, each in zip(self.devices, self.services, strict=True):
            faults = [{"kind": fault.kind, "count": fault.count, **fault.arguments} for fault in each.faults]
            rows.append({self.unit: each.index, **device, "settings": told(each.kind.settings), "faults": faults})
        return {"devices": rows}

    def stats(self) -> dict[str, Any]:
        total: Counter[str] = Counter()
        for each in self.services:
            total.update(each.counters)
        rows = [{name: each.counters[name] for name in self.counters} for each in self.services]
        return {"total": {name: total[name] for name in self.counters}, "devices": rows}

    def reset_stats(self) -> dict[str, Any]:
        for each in self.services:
            each.counters.clear()
        return {}

    def texts(self, since: int = 0, limit: int | None = None, device: int = 0) -> dict[str, Any]:
        """What was taken, above `since`, whatever became of the answer; `next` where `limit` cut it."""
        return self.services[device].kind.record.since(since, limit)

    async def wait(self, device: int | None = None, timeout: float = 30.0, **goals: int) -> dict[str, Any]:  # noqa: ASYNC109 - an operation's argument
        """Until every counter has come that far: `{"reached": bool, NAME: value …}`."""
        for name, goal in goals.items():
            if not isinstance(goal, int) or name not in self.counters:
                raise SettingError(f"cannot wait for {name}={goal!r}; counters are: {', '.join(self.counters)}")
        return await self._waiters.wait(goals, device, timeout)

    def set(
        self,
        device: Selection = None,
        fault: Mapping[str, Any] | None = None,
        faults: Iterable[Mapping[str, Any]] = (),
        clear_faults: bool = False,
        settings: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Change settings (by name) of some or all devices, and add faults `{"kind": …, argument: …}`."""
        wanted = [*([fault] if fault else []), *faults]
        values = {**(settings or {}), **more}
        change(type(self.services[0].kind.settings)(), values)
        for each in wanted:
            make_fault(each)
        for one in self.select(device):
            if clear_faults:
                one.faults.clear()
            one.faults += [make_fault(each) for each in wanted]
            change(one.kind.settings, values)
        return {}

    async def unplug(self, device: Selection = 0) -> dict[str, Any]:
        """Its service is gone: no new connections, the old ones cut."""
        for one in self.select(device):
            self._servers[one.index].close()
            for connection in [*one.connections]:
                connection.drop()
        return {}

    async def replug(self, device: Selection = 0) -> dict[str, Any]:
        """Back at the same port."""
        for one in self.select(device):
            if not self._servers[one.index].is_serving():
                self._servers[one.index] = await self._listen(one, self._ports[one.index])
        return {}

    def select(self, selection: Selection) -> Sequence[Service]:
        if selection is None or selection == "all":
            return self.services
        chosen = [selection] if isinstance(selection, int | str) else selection
        try:
            return [self.services[int(each)] for each in chosen]
        except (ValueError, IndexError):
            raise SettingError(f"no {self.unit} is {selection!r}; there are {len(self.services)}, from 0") from None

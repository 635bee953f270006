"""Where a simulator takes orders: its folder with the control socket, and operations by name."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from drivers.control import ControlServer
from drivers.simulation.settings import SettingError

MAX_SOCKET_PATH = 100
"""A Unix socket's address holds 108 octets."""

Operation = Callable[..., "dict[str, Any] | Awaitable[dict[str, Any] | None] | None"]


class ControlPoint:
    """Serves operations while a simulator runs."""

    def __init__(
        self, kind: str, operations: Mapping[str, Operation], *, directory: Path | None = None, unit: str = "device"
    ) -> None:
        """Without a `directory` it makes one, and removes it at the end. `unit` is the simulator's own word for what a
        request calls `device`."""
        self._kind, self._unit = kind, unit
        self._operations = operations
        self._given = directory
        self._temporary: list[Path] = []
        self._server: ControlServer | None = None
        self.folder = Path()
        self.path = Path()
        """Of the socket, once it is open."""

    def make_folder(self) -> Path:
        """Makes the simulator's folder, where others' files may lie as well."""
        self.folder = self._given or self._new_folder()
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder

    async def open(self) -> None:
        """Takes orders from now on."""
        if self.folder == Path():
            self.make_folder()
        self.path = self.folder / "control.sock"
        if len(bytes(self.path)) > MAX_SOCKET_PATH:
            self.path = self._new_folder() / "control.sock"
        self._server = ControlServer(self.path, self.operate)
        await self._server.start()

    async def close(self) -> None:
        """Takes no more orders; harmless when it never did. The folder stays until `remove`."""
        if self._server is not None:
            await self._server.stop()
            self._server = None

    def remove(self) -> None:
        """Removes the folders that it made."""
        for folder in self._temporary:
            shutil.rmtree(folder, ignore_errors=True)
        self._temporary.clear()

    async def operate(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """One request; raises `ValueError`, `TypeError` or `KeyError` where it makes no sense."""
        arguments = dict(request)
        name = str(arguments.pop("op", ""))
        operation = self._operations.get(name)
        if operation is None:
            raise SettingError(f"no operation is called {name!r}; there are: {', '.join(sorted(self._operations))}")
        if "from" in arguments:
            arguments["sender"] = arguments.pop("from")
        if self._unit in arguments:
            arguments["device"] = arguments.pop(self._unit)
        answer = operation(**arguments)
        answer = await answer if isinstance(answer, Awaitable) else answer
        return dict(answer or {})

    def _new_folder(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix=f"gatewayd-{self._kind}-"))
        self._temporary.append(folder)
        return folder

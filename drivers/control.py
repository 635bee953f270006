"""The control socket of simulators: one JSON object a line in, one a line out, in order; and the client of it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

MAX_LINE = 64 * 1024 * 1024
"""A request may carry long texts; an answer the record of a whole run."""
SLACK_S = 30.0
"""A client waits this much longer than the operation it asked for may take: the simulator may be busy."""

Operate = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]


class ControlError(Exception):
    """The simulator refused; the text is its own."""


class ControlServer:
    """Serves `operate` on a Unix socket, each connection by itself, so that a `wait` holds up nobody else."""

    def __init__(self, path: Path, operate: Operate) -> None:
        self._path, self._operate = path, operate
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._accept, self._path, limit=MAX_LINE)

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None
        self._path.unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while line := await reader.readline():
                answer = await self._answer(line)
                writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client went, or the simulator ends
        finally:
            self._connections.discard(task)
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            return {"ok": True, **await self._operate(dict(json.loads(line)))}
        except (ValueError, TypeError, KeyError, IndexError) as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}


class ControlClient:
    """Asks a running simulator, one request at a time: `client("wait", taken=3, timeout=10)`."""

    def __init__(self, path: Path | str, timeout_s: float = SLACK_S) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._timeout_s = timeout_s
        self._socket.settimeout(timeout_s)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rb")

    def __call__(self, op: str, **arguments: Any) -> dict[str, Any]:
        """The answer without its `ok`; raises `ControlError` with the simulator's words."""
        allowed = arguments.get("timeout", 0.0)
        self._socket.settimeout(self._timeout_s + float(allowed))
        self._socket.sendall(json.dumps({"op": op, **arguments}).encode() + b"\n")
        line = self._file.readline()
        if not line:
            raise ControlError("the simulator has gone")
        answer: dict[str, Any] = json.loads(line)
        if not answer.pop("ok"):
            raise ControlError(answer["error"])
        return answer

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

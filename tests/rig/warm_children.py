"""Starts what a warm daemon starts of itself, its web process and its workers, by forks as well (`warm_server`).

Beside the daemon stands a process that was forked before it had threads, loops or a store. That one clones itself for
each child with CLONE_PARENT, so that the child is the daemon's own: the daemon waits for it, and it dies with it.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import json
import os
import platform
import signal
import socket
import sys
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, cast

import uvloop

REQUEST_MAX: Final = 200_000
AHEAD: Final = "GATEWAYD_TEST_CLOCK_AHEAD_S"
"""A variable: by how many seconds the clock of a warm process is ahead."""
_CLONE: Final = {"x86_64": 56, "aarch64": 220}.get(platform.machine())
"""clone(2) by its number: of what it takes, the flags alone differ from 0."""
_CLONE_PARENT: Final = 0x8000
_PR_SET_PDEATHSIG: Final = 1
_ARGUMENTS: Final = (48, 49)
"""Places in /proc/self/stat of where the arguments lie, counted from 1 (proc(5))."""

Work = Callable[[], Any]
Become = Callable[[Mapping[str, Any], list[int]], Work]


def prepare(become: Become) -> Work | None:
    """Forks the process that forks children, and lets this one start them so. Returns the work of a child, in a child;
    None in this one."""
    if _CLONE is None:
        return None
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    parent = os.getpid()
    if os.fork() == 0:
        ours.close()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)
        work = _serve(theirs, become)
        if work is None:
            os._exit(0)
        return work
    theirs.close()
    asyncio.create_subprocess_exec = _starter(ours)
    return None


def name_process(arguments: list[str]) -> None:
    """Has ps and /proc show what this process is now, as far as there is room."""
    fields = Path("/proc/self/stat").read_text().rpartition(") ")[2].split()
    start, end = (int(fields[place - 3]) for place in _ARGUMENTS)
    said = b"\0".join(os.fsencode(argument) for argument in arguments)[: end - start - 1]
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, said, len(said))


def _serve(requests: socket.socket, become: Become) -> Work | None:
    """Clones as it is asked to, until the daemon is gone."""
    while True:
        data, descriptors, _, _ = socket.recv_fds(requests, REQUEST_MAX, 3)
        if not data:
            return None
        pid = _clone()
        if pid == 0:
            requests.close()
            return become(json.loads(data), descriptors)
        for one in descriptors:
            os.close(one)
        requests.send(str(pid).encode())


def _clone() -> int:
    """As os.fork; but the child is our parent's."""
    python = ctypes.pythonapi
    python.PyOS_BeforeFork()
    pid = int(ctypes.PyDLL(None).syscall(_CLONE, _CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0))
    if pid == 0:
        python.PyOS_AfterFork_Child()
    else:
        python.PyOS_AfterFork_Parent()
    return pid


# -------------------------------------------------------------------------------------------------------- in the daemon


class _Process:
    """What `asyncio.subprocess.Process` is for those who start our programs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdin: asyncio.StreamWriter | None = None
        self.stdout: asyncio.StreamReader | None = None
        self._ended = asyncio.Event()
        self._descriptor = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._descriptor, self._look)

    async def wait(self) -> int:
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is not None:
            raise ProcessLookupError
        os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _look(self) -> None:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        self.returncode = os.waitstatus_to_exitcode(status)
        if self.stdin is not None:
            self.stdin.close()
        self._ended.set()


def _starter(server: socket.socket) -> Callable[..., Any]:
    cold = asyncio.create_subprocess_exec

    async def start(
        program: str, *arguments: str, stdin: int | None = None, stdout: int | None = None, limit: int = 1 << 16,
        env: Mapping[str, str] | None = None, start_new_session: bool = False, **more: Any,
    ) -> Any:  # fmt: skip
        own = [each for each in arguments[:3] if each.split(".", 1)[0] == "gatewayd"]
        if program != sys.executable or more or not own:
            more.update(stdin=stdin, stdout=stdout, limit=limit, env=env, start_new_session=start_new_session)
            return await cold(program, *arguments, **more)
        loop = asyncio.get_running_loop()
        request = {
            "module": own[0],
            "arguments": arguments[arguments.index(own[0]) + 1 :],
            "environment": dict(os.environ if env is None else env),
            "folder": str(Path.cwd()),
            "session": start_new_session,
        }
        read_in, write_in = os.pipe() if stdin is not None else (0, None)
        read_out, write_out = os.pipe() if stdout is not None else (None, 1)
        socket.send_fds(server, [json.dumps(request).encode()], [read_in, write_out, 2])
        pid = int(server.recv(32))
        if write_in is not None:
            os.close(read_in)
        if read_out is not None:
            os.close(write_out)
        process = _Process(pid)
        # uvloop closes a pipe's descriptor by itself, and once more by the file: by then it may be somebody else's.
        closes = not isinstance(loop, uvloop.Loop)
        if write_in is not None:
            pipe = os.fdopen(write_in, "wb", 0, closefd=closes)
            transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, pipe)
            process.stdin = asyncio.StreamWriter(cast("Any", transport), protocol, None, loop)
        if read_out is not None:
            process.stdout = asyncio.StreamReader(limit=limit)
            reading = asyncio.StreamReaderProtocol(process.stdout)
            heard, _ = await loop.connect_read_pipe(lambda: reading, os.fdopen(read_out, "rb", 0, closefd=closes))
            weakref.finalize(process, _close, heard)
        return process

    return start


def _close(transport: asyncio.BaseTransport) -> None:
    with suppress(RuntimeError):  # with its loop, everything is closed already
        transport.close()


def main_of(module: str) -> Work:
    """Returns what `python -m module` does."""
    if module == "gatewayd":
        from gatewayd.cli import main

        return main
    found: Work = importlib.import_module(module).main
    return found

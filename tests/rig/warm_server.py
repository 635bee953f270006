"""Starts `gatewayd` by a fork of itself, with all imported that its commands import: a second of work saved each.

Run as a script with the descriptor of a socket. A request is one packet: JSON, and the descriptors of input, output,
error output and of the pipe that is told how the process ended. The answer is its pid. It ends with its socket.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NoReturn

from tests.rig import warm_children
from tests.rig.pattern import copying

REQUEST_MAX: Final = 200_000
_PACKAGES: Final = ("gatewayd", "drivers", "spool")
_LEFT_OUT: Final = ("gatewayd.cli", "gatewayd.demo", "gatewayd.store.migrations.")
"""A command's module makes its help in the language of the moment; migrations are loaded by their files, to run."""


def load() -> None:
    """Imports what the commands import."""
    for name in _PACKAGES:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not found.name.startswith(_LEFT_OUT) and not found.name.endswith(".__main__"):
                importlib.import_module(found.name)
    for name in ("alembic.command", "alembic.runtime.environment", "rich.table", "rich.console", "uvloop"):
        importlib.import_module(name)
    for name in ("gatewayd.cli", "gatewayd.cli.root", "gatewayd.cli.session", "gatewayd.cli.output"):
        importlib.import_module(name)
    importlib.import_module("gatewayd.cli.offline")
    copying()


def serve(requests: socket.socket) -> Callable[[], Any] | None:
    """Forks as it is asked to. Returns the work of a process that was forked, in that process; None at the end."""
    descriptor = requests.fileno()
    woken, wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    ends: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([descriptor, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _reap(ends)
        if descriptor not in ready:
            continue
        data, descriptors, _, _ = socket.recv_fds(requests, REQUEST_MAX, 4)
        if not data:
            return None
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for one in (woken, wakes, *ends.values(), requests.detach()):
                os.close(one)
            return _become(json.loads(data), descriptors)
        *streams, ended = descriptors
        for one in streams:
            os.close(one)
        ends[pid] = ended
        requests.send(str(pid).encode())


def _reap(ends: dict[int, int]) -> None:
    while ends:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        ended = ends.pop(pid)
        with suppress(BrokenPipeError):  # nobody waits for it any more
            os.write(ended, str(status).encode())
        os.close(ended)


def _become(request: Mapping[str, Any], descriptors: list[int]) -> Callable[[], Any]:
    """Makes this process what was asked for; returns what it then does."""
    *streams, ended = descriptors
    os.close(ended)
    return _turn(request, streams, "gatewayd")


def _become_child(request: Mapping[str, Any], descriptors: list[int]) -> Callable[[], Any]:
    return _turn(request, descriptors, request["module"])


def _turn(request: Mapping[str, Any], streams: list[int], module: str) -> Callable[[], Any]:
    for number, one in enumerate(streams):
        os.dup2(one, number)
        os.close(one)
    if request["session"]:
        os.setsid()
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    _open_streams()
    arguments = request["arguments"]
    warm_children.name_process([sys.executable, "-m", module, *arguments])
    if module == "gatewayd" and "run" in arguments and (work := warm_children.prepare(_become_child)) is not None:
        return work
    from gatewayd.process import failpoints

    sys.argv = [module.rpartition(".")[2], *arguments]
    failpoints.arm(os.environ.get(failpoints.VARIABLE))
    if ahead := os.environ.get(warm_children.AHEAD):
        _set_clock(int(ahead))
    return warm_children.main_of(module)


def _set_clock(ahead_s: int) -> None:
    """Has this process, and no other, think it is later."""
    import time_machine

    time_machine.travel(time.time() + ahead_s, tick=True).start()


def _open_streams() -> None:
    """Opens the standard streams as Python does at its start, unbuffered where the environment says so."""
    whole = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, "r", closefd=False)), "utf-8", "strict")
    out = io.BufferedWriter(io.FileIO(1, "w", closefd=False))
    sys.stdout = io.TextIOWrapper(out, "utf-8", "strict", line_buffering=out.isatty() or whole)
    error = io.BufferedWriter(io.FileIO(2, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(error, "utf-8", "backslashreplace", line_buffering=True)


def _run(work: Callable[[], Any]) -> NoReturn:
    """Runs it and leaves as Python does, but for taking every module apart, which is what takes long."""
    try:
        work()
        status: Any = 0
    except SystemExit as error:
        status = error.code
    except BaseException:  # noqa: BLE001 - as Python itself: shown, and the status is 1
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as asking:
        load()
        gc.collect()
        gc.freeze()
        asked = serve(asking)
    if asked is not None:
        _run(asked)

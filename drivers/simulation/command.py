"""A simulator as a program: its options, its announcement, its end by SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict
from gettext import gettext as _
from pathlib import Path
from typing import Any, Protocol

from drivers.simulation.settings import SettingError

_COMMON = frozenset({"n", "dir", "brand", "latency", "record", "set"})


class Simulator(Protocol):
    """What can be run as a program: listening while its block lasts."""

    @property
    def kind(self) -> str: ...

    @property
    def devices(self) -> Sequence[Any]:
        """Tables or dataclasses for the announcement."""

    @property
    def control(self) -> Path: ...

    async def __aenter__(self) -> Any: ...

    async def __aexit__(self, *error: Any) -> None: ...


def run(
    arguments: Sequence[str] | None,
    program: str,
    description: str,
    brands: Sequence[str],
    make: Callable[..., Simulator],
    *,
    more: Callable[[argparse.ArgumentParser], None] = lambda _parser: None,
    drive: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run,
) -> int:
    """Runs until SIGTERM; the exit status. `drive` runs it on an event loop.

    `make` takes `n` and, by name, `brand, directory, record, settings`, and the options that `more` adds to the parser.
    """
    parser = argparse.ArgumentParser(prog=program, description=_(description))
    parser.add_argument("-n", type=int, default=1, metavar="N", help=_("number of devices"))
    parser.add_argument("--dir", type=Path, metavar="DIR", help=_("folder of the control socket"))
    parser.add_argument("--brand", default=brands[0], choices=tuple(brands), help=_("what they are"))
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help=_("seconds before an answer"))
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help=_("append every message taken, one JSON object a line")
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help=_("any other setting"))
    more(parser)
    given = parser.parse_args(arguments)
    own = {name: value for name, value in vars(given).items() if name not in _COMMON}
    settings = {"latency_s": given.latency, **dict(_setting(each) for each in given.set)}
    try:
        simulator = make(given.n, brand=given.brand, directory=given.dir, record=given.record, settings=settings, **own)
    except SettingError as error:
        parser.error(str(error))
    try:
        drive(_serve(simulator))
    except OSError as error:
        sys.stderr.write(f"{program}: {error}\n")
        return 1
    return 0


def _setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


async def _serve(simulator: Simulator) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with simulator:
        devices = [each if isinstance(each, dict) else asdict(each) for each in simulator.devices]
        announcement = {"kind": simulator.kind, "devices": devices, "control": str(simulator.control)}
        sys.stdout.write(json.dumps(announcement) + "\n")
        sys.stdout.flush()
        await stop.wait()

"""A simulator as a program: its options, its announcement, its end by SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from drivers.simulation.process import ServiceSimulator
from drivers.simulation.settings import SettingError


def run(
    arguments: Sequence[str] | None,
    program: str,
    description: str,
    brands: Sequence[str],
    make: Callable[..., ServiceSimulator],
) -> int:
    """Until SIGTERM; the exit status. `make` takes `n` and, by name, `brand, directory, record, settings`."""
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("-n", type=int, default=1, metavar="N", help="number of devices")
    parser.add_argument("--dir", type=Path, metavar="DIR", help="folder of the control socket")
    parser.add_argument("--brand", default=brands[0], choices=tuple(brands), help="what they are")
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help="seconds before an answer")
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="append every message taken, one JSON object a line"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="any other setting")
    given = parser.parse_args(arguments)
    settings = {"latency_s": given.latency, **dict(_setting(each) for each in given.set)}
    try:
        simulator = make(given.n, brand=given.brand, directory=given.dir, record=given.record, settings=settings)
    except SettingError as error:
        parser.error(str(error))
    asyncio.run(_serve(simulator))
    return 0


def _setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


async def _serve(simulator: ServiceSimulator) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with simulator:
        announcement = {"kind": simulator.kind, "devices": simulator.devices, "control": str(simulator.control)}
        sys.stdout.write(json.dumps(announcement) + "\n")
        sys.stdout.flush()
        await stop.wait()

"""The simulator as a program."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drivers.provider.simulator.dialects import DIALECTS
from drivers.provider.simulator.process import ProviderSimulator
from drivers.provider.simulator.settings import SettingError


def main(arguments: Sequence[str] | None = None, program: str = "gatewayd simulate provider") -> int:
    parser = argparse.ArgumentParser(prog=program, description="Simulated HTTP providers.")
    parser.add_argument("-n", type=int, default=1, metavar="N", help="number of providers")
    parser.add_argument("--dir", type=Path, metavar="DIR", help="folder of the control socket")
    parser.add_argument("--brand", default="generic", choices=tuple(DIALECTS), help="the dialect they speak")
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help="seconds before an answer")
    parser.add_argument(
        "--record", type=Path, metavar="FILE", help="append every message taken, one JSON object a line"
    )
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="any other setting")
    given = parser.parse_args(arguments)
    try:
        simulator = ProviderSimulator(
            given.n,
            brand=given.brand,
            latency_s=given.latency,
            directory=given.dir,
            record=given.record,
            settings=dict(_setting(each) for each in given.set),
        )
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


async def _serve(simulator: ProviderSimulator) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with simulator:
        announcement = {"kind": "provider", "devices": simulator.devices, "control": str(simulator.control)}
        sys.stdout.write(json.dumps(announcement) + "\n")
        sys.stdout.flush()
        await stop.wait()

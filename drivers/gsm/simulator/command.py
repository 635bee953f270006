"""`gatewayd simulate gsm`, and `python -m drivers.gsm.simulator`."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from drivers.gsm.simulator.brands import BRANDS
from drivers.gsm.simulator.process import GsmSimulator
from drivers.gsm.simulator.settings import SettingError


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Simulated GSM modems on pseudo-terminals. Prints one JSON line, then runs until SIGTERM.",
    )
    parser.add_argument("-n", type=int, default=1, metavar="N", help="number of modems (default 1)")
    parser.add_argument("--dir", type=Path, help="folder of the ports' links (default: a new one, removed at the end)")
    parser.add_argument("--brand", default="generic", choices=sorted(BRANDS))
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help="seconds a submit takes (default 0)")
    parser.add_argument("--report-delay", type=float, metavar="S", help="seconds until a status report (default 0.05)")
    parser.add_argument("--report", choices=("delivered", "failed", "temporary", "pending", "none"))
    parser.add_argument("--smsc", help="service centre's number; empty for a SIM without one")
    parser.add_argument("--pin", help="PIN that the SIMs ask for")
    parser.add_argument("--seed", type=int, default=0, help="for identities, references and chance")
    parser.add_argument("--record", type=Path, metavar="FILE", help="append each message the network takes, as JSON")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="any other setting")
    return parser


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    given = {"report_delay_s": options.report_delay, "report": options.report, "smsc": options.smsc}
    settings = {name: value for name, value in given.items() if value is not None}
    for assignment in options.set:
        name, _, value = assignment.partition("=")
        try:
            settings[name] = json.loads(value)
        except ValueError:
            settings[name] = value
    return settings


async def _serve(simulator: GsmSimulator) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with simulator:
        devices = [asdict(each) for each in simulator.devices]
        announcement = {"kind": "gsm", "devices": devices, "control": str(simulator.control)}
        sys.stdout.write(json.dumps(announcement) + "\n")
        sys.stdout.flush()
        await ended.wait()


def _run(main: Coroutine[Any, Any, None]) -> None:
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


def main(arguments: Sequence[str] | None = None, program: str = "python -m drivers.gsm.simulator") -> int:
    """Run until SIGTERM or SIGINT; the exit status (wrong usage ends by `SystemExit(2)`)."""
    parser = _parser(program)
    options = parser.parse_args(arguments)
    try:
        simulator = GsmSimulator(
            options.n,
            brand=options.brand,
            latency_s=options.latency,
            directory=options.dir,
            seed=options.seed,
            pin=options.pin,
            record=options.record,
            settings=_settings(options),
        )
    except SettingError as error:
        parser.error(str(error))
    try:
        _run(_serve(simulator))
    except OSError as error:
        sys.stderr.write(f"{program}: {error}\n")
        return 1
    return 0

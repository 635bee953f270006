"""`gatewayd simulate android`, and `python -m drivers.android.simulator`."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from drivers.android.simulator.process import AndroidSimulator
from drivers.android.simulator.settings import SettingError


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Simulated Android phones over HTTP. Prints one JSON line, then runs until SIGTERM.",
    )
    parser.add_argument("-n", type=int, default=1, metavar="N", help="number of phones (default 1)")
    parser.add_argument(
        "--dir", type=Path, help="folder of the control socket (default: a new one, removed at the end)"
    )
    apps = ("all", "smsgate", "traccar", "rest", "generic")
    parser.add_argument("--brand", default="all", choices=apps, help="the app on them (default: all at once)")
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help="seconds a send takes (default 0)")
    parser.add_argument("--report", choices=("delivered", "failed", "none"))
    parser.add_argument("--report-delay", type=float, metavar="S", help="seconds until the report (default 0.05)")
    parser.add_argument("--seed", type=int, default=0, help="for identities and chance")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="any other setting")
    return parser


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    app = None if options.brand == "all" else options.brand
    given = {"app": app, "send_s": options.latency, "report": options.report, "report_delay_s": options.report_delay}
    settings = {name: value for name, value in given.items() if value is not None}
    for assignment in options.set:
        name, _, value = assignment.partition("=")
        try:
            settings[name] = json.loads(value)
        except ValueError:
            settings[name] = value
    return settings


async def _serve(simulator: AndroidSimulator) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with simulator:
        devices = [asdict(each) for each in simulator.devices]
        announcement = {"kind": "android", "devices": devices, "control": str(simulator.control)}
        sys.stdout.write(json.dumps(announcement) + "\n")
        sys.stdout.flush()
        await ended.wait()


def main(arguments: Sequence[str] | None = None, program: str = "python -m drivers.android.simulator") -> int:
    """Run until SIGTERM or SIGINT; the exit status (wrong usage ends by `SystemExit(2)`)."""
    parser = _parser(program)
    options = parser.parse_args(arguments)
    try:
        simulator = AndroidSimulator(options.n, directory=options.dir, seed=options.seed, settings=_settings(options))
    except SettingError as error:
        parser.error(str(error))
    try:
        asyncio.run(_serve(simulator))
    except OSError as error:
        sys.stderr.write(f"{program}: {error}\n")
        return 1
    return 0

"""`gatewayd simulate smtp`, and `python -m drivers.smtp.simulator`."""

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

from drivers.smtp.simulator.process import SmtpSimulator
from drivers.smtp.simulator.settings import SettingError


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="Simulated mail servers. Prints one JSON line, then runs until SIGTERM.",
    )
    parser.add_argument("-n", type=int, default=1, metavar="N", help="number of servers (default 1)")
    parser.add_argument("--dir", type=Path, help="folder of socket and certificate (default: a new one, removed)")
    parser.add_argument("--brand", default="generic", choices=("generic",), help="there is one")
    parser.add_argument("--security", default="none", choices=("none", "starttls", "tls"))
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help="seconds a mail takes (default 0)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="any other setting")
    return parser


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    settings: dict[str, Any] = {"latency_s": options.latency}
    for assignment in options.set:
        name, _, value = assignment.partition("=")
        try:
            settings[name] = json.loads(value)
        except ValueError:
            settings[name] = value
    return settings


async def _serve(simulator: SmtpSimulator) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with simulator:
        devices = [asdict(each) for each in simulator.devices]
        announcement = {"kind": "smtp", "devices": devices, "control": str(simulator.control)}
        sys.stdout.write(json.dumps(announcement) + "\n")
        sys.stdout.flush()
        await ended.wait()


def main(arguments: Sequence[str] | None = None, program: str = "python -m drivers.smtp.simulator") -> int:
    """Run until SIGTERM or SIGINT; the exit status (wrong usage ends by `SystemExit(2)`)."""
    parser = _parser(program)
    options = parser.parse_args(arguments)
    try:
        simulator = SmtpSimulator(
            options.n, security=options.security, directory=options.dir, settings=_settings(options)
        )
    except SettingError as error:
        parser.error(str(error))
    try:
        asyncio.run(_serve(simulator))
    except OSError as error:
        sys.stderr.write(f"{program}: {error}\n")
        return 1
    return 0

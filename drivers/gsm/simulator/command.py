"""`gatewayd simulate gsm`, and `python -m drivers.gsm.simulator`."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from collections.abc import Coroutine, Mapping, Sequence
from gettext import gettext as _
from pathlib import Path
from typing import Any

from drivers.base import spoken
from drivers.gsm.simulator.brands import BRANDS
from drivers.gsm.simulator.process import GsmSimulator
from drivers.simulation.command import run

_DESCRIPTION = spoken("Simulated GSM modems on pseudo-terminals. Prints one JSON line, then runs until SIGTERM.")


def main(arguments: Sequence[str] | None = None, program: str = "python -m drivers.gsm.simulator") -> int:
    """Runs until SIGTERM or SIGINT; the exit status (wrong usage ends by `SystemExit(2)`)."""
    brands = ("generic", *sorted(BRANDS.keys() - {"generic"}))
    return run(arguments, program, _DESCRIPTION, brands, _made, more=_more, drive=_drive)


def _more(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--report-delay", type=float, metavar="S", help=_("seconds until a status report (default 0.05)")
    )
    parser.add_argument("--report", choices=("delivered", "failed", "temporary", "pending", "none"))
    parser.add_argument("--smsc", help=_("service centre's number; empty for a SIM without one"))
    parser.add_argument("--pin", help=_("PIN that the SIMs ask for"))
    parser.add_argument("--seed", type=int, default=0, help=_("for identities, references and chance"))


def _made(
    modems: int,
    *,
    brand: str,
    directory: Path | None,
    record: Path | None,
    settings: Mapping[str, Any],
    pin: str | None,
    seed: int,
    **more: Any,
) -> GsmSimulator:
    named = {"report_delay_s": more["report_delay"], "report": more["report"], "smsc": more["smsc"]}
    given = {name: value for name, value in named.items() if value is not None}
    return GsmSimulator(
        modems, brand=brand, directory=directory, record=record, seed=seed, pin=pin, settings={**given, **settings}
    )


def _drive(main: Coroutine[Any, Any, None]) -> None:
    """On uvloop where there is one: a simulator that is slower than a driver would measure itself."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)

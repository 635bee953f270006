"""`gatewayd simulate android`, and `python -m drivers.android.simulator`."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from gettext import gettext as _
from pathlib import Path
from typing import Any

from drivers.android.simulator.process import AndroidSimulator
from drivers.base import spoken
from drivers.simulation.command import run

_DESCRIPTION = spoken("Simulated Android phones over HTTP. Prints one JSON line, then runs until SIGTERM.")
_APPS = ("all", "smsgate", "traccar", "rest", "generic")


def main(arguments: Sequence[str] | None = None, program: str = "python -m drivers.android.simulator") -> int:
    """Runs until SIGTERM or SIGINT; the exit status (wrong usage ends by `SystemExit(2)`)."""
    return run(arguments, program, _DESCRIPTION, _APPS, _made, more=_more)


def _more(parser: ArgumentParser) -> None:
    parser.add_argument("--report", choices=("delivered", "failed", "none"))
    parser.add_argument("--report-delay", type=float, metavar="S", help=_("seconds until the report (default 0.05)"))
    parser.add_argument("--seed", type=int, default=0, help=_("for identities and chance"))


def _made(
    phones: int,
    *,
    brand: str,
    directory: Path | None,
    record: Path | None,
    settings: Mapping[str, Any],
    seed: int,
    **more: Any,
) -> AndroidSimulator:
    given = dict(settings)
    named = {
        "app": None if brand == "all" else brand,
        "send_s": given.pop("latency_s"),
        "report": more["report"],
        "report_delay_s": more["report_delay"],
    }
    values = {name: value for name, value in named.items() if value is not None} | given
    return AndroidSimulator(phones, directory=directory, record=record, seed=seed, settings=values)

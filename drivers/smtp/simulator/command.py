"""`gatewayd simulate smtp`, and `python -m drivers.smtp.simulator`."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from gettext import gettext as _
from pathlib import Path
from typing import Any

from drivers.base import spoken
from drivers.simulation.command import run
from drivers.smtp.simulator.process import SmtpSimulator


def main(arguments: Sequence[str] | None = None, program: str = "python -m drivers.smtp.simulator") -> int:
    """Runs until SIGTERM or SIGINT; the exit status (wrong usage ends by `SystemExit(2)`)."""
    return run(
        arguments, program, spoken("Simulated mail servers. Prints one JSON line."), ("generic",), _made, more=_more
    )


def _more(parser: ArgumentParser) -> None:
    parser.add_argument("--security", default="none", choices=("none", "starttls", "tls"), help=_("of the submission"))


def _made(
    servers: int,
    *,
    brand: str,  # noqa: ARG001 - there is one
    directory: Path | None,
    record: Path | None,
    settings: Mapping[str, Any],
    security: Any,
) -> SmtpSimulator:
    return SmtpSimulator(servers, security=security, directory=directory, record=record, settings=settings)

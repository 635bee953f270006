"""GSM modems in the demo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gatewayd.demo.kind import Campaign, Play, Table
from gatewayd.demo.processes import simulated


@contextmanager
def lines(play: Play) -> Iterator[Sequence[Table]]:
    arguments = ("-n", str(play.modems), "--latency", str(play.latency_s), "--report-delay", "0.5")
    with simulated("gsm", play.folder / "devices", arguments) as modems:
        yield [
            {"name": f"modem-{number}", "driver": "gsm", "rate": "120/min", "port": modem["port"]}
            for number, modem in enumerate(modems, start=1)
        ]


def campaigns(play: Play) -> Sequence[Campaign]:  # noqa: ARG001 - the protocol's signature
    return ()

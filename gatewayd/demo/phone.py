"""An Android phone in the demo, with SMSGate on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gatewayd.demo.kind import Campaign, Play, Table
from gatewayd.demo.processes import simulated


@contextmanager
def lines(play: Play) -> Iterator[Sequence[Table]]:
    with simulated("android", play.folder / "phone", ("--latency", "0.3", "--report-delay", "0.5")) as phones:
        yield [
            {
                "name": f"phone-{number}",
                "driver": "android",
                "rate": "120/min",
                "url": phone["url"],
                "password": "secret",
            }
            for number, phone in enumerate(phones, start=1)
        ]


def campaigns(play: Play) -> Sequence[Campaign]:  # noqa: ARG001 - the protocol's signature
    return ()

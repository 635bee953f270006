"""An account with an HTTP provider in the demo: a JSON API that takes each of our ids once and knows states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gatewayd.demo.kind import Campaign, Play, Table
from gatewayd.demo.processes import simulated


@contextmanager
def lines(play: Play) -> Iterator[Sequence[Table]]:
    arguments = ("--latency", "0.2", "--set", "report_delay_s=0.5")
    with simulated("provider", play.folder / "provider", arguments) as providers:
        yield [
            {
                "name": f"provider-{number}",
                "driver": "provider",
                "rate": "4/s",
                "url": provider["url"],
                "auth": "bearer",
                "key": provider["key"],
                "json": {"id": "{id}", "to": "{number}", "text": "{text}"},
                "id": "$.id",
                "idempotent": True,
                "rules": [
                    {"status": 201, "json": "$.status", "matches": "accepted", "result": "accepted"},
                    {"status": 409, "json": "$.error", "matches": "duplicate", "result": "accepted"},
                ],
                "poll_url": f"{provider['url']}/{{reference}}",
                "poll_interval": 1,
                "report": {"states": {"delivered": "delivered", "failed": "undelivered"}},
            }
            for number, provider in enumerate(providers, start=1)
        ]


def campaigns(play: Play) -> Sequence[Campaign]:  # noqa: ARG001 - the protocol's signature
    return ()

"""What a person (or a monitor) sees of the whole gateway at one glance."""

from __future__ import annotations

from importlib.metadata import version
from typing import ClassVar

from gatewayd.operations import shapes
from gatewayd.operations.base import Json, Operation, live_of
from gatewayd.operations.ports import Backend
from gatewayd.store.snapshots import iso


class Ping(Operation):
    """Whether a daemon answers, and which."""

    name: ClassVar[str] = "ping"

    async def perform(self, backend: Backend) -> Json:
        live = live_of(backend)
        return {"version": version("gatewayd"), "node": backend.config.node, "draining": live.draining()}


class Overview(Operation):
    """Lines, rates, queue and the events after `since`; what `top` shows."""

    name: ClassVar[str] = "overview"
    since: int = 0

    async def perform(self, backend: Backend) -> Json:
        live = live_of(backend)
        depth = await backend.read(lambda reader: reader.depth(backend.now()))
        rates, writer = live.rates(), live.writer()
        return {
            "at": iso(backend.now()),
            "node": backend.config.node,
            "draining": live.draining(),
            "lines": [shapes.line_now(one) for one in live.lines()],
            "rates": {
                "segments_10s": rates.segments_10s,
                "segments_60s": rates.segments_60s,
                "reports_10s": rates.reports_10s,
                "reports_60s": rates.reports_60s,
            },
            "queue": {
                "counts": {str(state): count for state, count in depth.counts.items()},
                "held": dict(depth.held),
                "oldest_s": depth.oldest_s,
            },
            "writer": {"healthy": writer.healthy, "waiting": writer.waiting, "commits": writer.commits},
            "stalled": [shapes.stall(one) for one in live.stalls()],
            "events": [shapes.event(one) for one in live.events(self.since)],
        }

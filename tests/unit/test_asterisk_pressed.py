"""Keys that waited in Asterisk's database while nobody listened: what they say comes with the report of their call."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from drivers.asterisk import pressed
from drivers.asterisk.ami import Connection
from drivers.asterisk.report import kept
from drivers.base import DeliveryReport, Event

ID = "01JD0000000000000000000001"
VALUE = (
    "at=1795320870 to=+5491159876543 amd= key=2 action={} played=SUCCESS script= transfer= heard=+0-900-5000 answers="
)


class Asterisk:
    """A connection on which keys are removed."""

    def __init__(self) -> None:
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.removed: list[str] = []

    def post(self, action: str, fields: list[dict[str, Any]]) -> None:
        assert action == "DBDel"
        self.removed += [one["Key"] for one in fields]
        self.lost.set_result(None)


class Sink:
    def __init__(self) -> None:
        self.events: list[Event] = []

    async def put(self, event: Event) -> None:
        self.events.append(event)


@pytest.mark.parametrize(("action", "opts_out"), [("promise", False), ("paid", False), ("opt_out", True)])
async def test_a_key_is_told_with_what_it_means(action: str, opts_out: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pressed, "TOGETHER_S", 0)
    keys, asterisk, sink = pressed.Pressed("gatewayd-troncal"), Asterisk(), Sink()
    keys.spend(ID, kept(VALUE.format(action)), late=True)
    acknowledging = asyncio.create_task(keys.acknowledge(cast("Connection", asterisk), sink))
    await asterisk.lost
    await acknowledging
    (report,) = sink.events
    assert isinstance(report, DeliveryReport)
    assert (report.attempt, report.status, report.opt_out) == (ID, "delivered", opts_out)
    assert (report.detail["key"], report.detail["action"]) == ("2", action)
    assert asterisk.removed == [f"gatewayd-troncal/{ID}"]

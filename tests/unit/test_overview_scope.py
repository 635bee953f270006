"""What a person of one account sees of the running gateway: its lines and its own, nothing of another account."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gatewayd.operations import perform
from gatewayd.values.actor import Actor, Role
from gatewayd.values.views import EventView, LineView, Rates, StallView, WriterView
from tests.rig.rights import World

EVENTS = (
    ("line", "claro-1", "ready"),
    ("daemon", "trial", "ready"),
    ("job", "zurbaran/agosto", "recorded"),
    ("job", "norte/agosto", "recorded"),
    ("job", "gatewayd-staff/reset-1", "recorded"),
    ("account", "zurbaran receipts", "stalled"),
    ("credit", "norte", "exhausted"),
    ("inbound", "+5493516667777", "received"),
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    asyncio.run(made.fill())
    line = LineView("claro-1", "gsm", "sms", True, "ready", detail={"imsi": "722310000000001"})
    made.backend.live = SimpleNamespace(  # type: ignore[assignment]
        lines=lambda: [line],
        rates=Rates,
        writer=WriterView,
        stalls=lambda: [StallView("receipts", account, "full", 0) for account in ("norte", "zurbaran")],
        events=lambda since=0: [EventView(number, 0, *one) for number, one in enumerate(EVENTS, since + 1)],
        draining=lambda: False,
    )
    yield made
    made.close()


def ask(world: World, operation: str, by: Actor, **arguments: Any) -> Any:
    return asyncio.run(perform(world.backend, operation, arguments, by))


@pytest.mark.parametrize("role", ["user", "supervisor"])
def test_one_account_sees_itself(world: World, role: str) -> None:
    actor = world.mine.actors[role]
    for operation, arguments in (
        ("overview", {}),
        ("status", {}),
        ("line.list", {}),
        ("line.show", {"line": "claro-1"}),
    ):
        text = json.dumps(ask(world, operation, actor, **arguments))
        for mark in (*world.other.marks, "gatewayd-staff", "722310000000001"):
            assert mark not in text, operation
    seen = ask(world, "overview", actor)
    assert [one["subject"] for one in seen["events"]] == ["claro-1", "trial", "norte/agosto", "norte"]
    assert [one["account"] for one in seen["stalled"]] == ["norte"]
    assert seen["queue"]["counts"] == {"queued": 1}


def test_an_administrator_sees_all_but_the_gateways_own(world: World) -> None:
    seen = ask(world, "overview", Actor("person", "root", Role.ADMINISTRATOR))
    assert len(seen["events"]) == len(EVENTS) - 1
    assert seen["queue"]["counts"] == {"queued": 2}
    assert seen["lines"][0]["detail"] == {"imsi": "722310000000001"}

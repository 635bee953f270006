"""A whole daemon with a provider's line, its provider a process of its own: nothing lost, nothing doubled, all told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from drivers.provider.simulator import ProviderSimulatorProcess
from tests.rig.gateway import Gateway

WAIT_S = 30.0

LINE = """
[[line]]
name = "p1"
driver = "provider"
rate = "100000/s"
url = "{url}"
auth = "bearer"
key_file = "key"
json = {{ id = "{{id}}", to = "{{number}}", text = "{{text}}" }}
id = "$.id"
capacity = 50
inbox = "norte"
rules = [
  {{ status = 201, json = "$.status", matches = "accepted", result = "accepted" }},
  {{ status = 409, json = "$.error", matches = "duplicate", result = "accepted" }},
]
"""


class Trial:
    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack

    def start(self, extra: str = "", *options: str) -> tuple[Gateway, ProviderSimulatorProcess]:
        sim = self._stack.enter_context(ProviderSimulatorProcess(*options))
        device = sim.devices[0]
        (self.folder / "key").write_text(device["key"])
        text = LINE.format(url=device["url"]) + extra.replace("BASE", device["url"].removesuffix("/messages"))
        gateway = self._stack.enter_context(Gateway(self.folder, [], extra=text))
        gateway.start()
        gateway.account()
        return gateway, sim


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with ExitStack() as stack:
        yield Trial(tmp_path, stack)


def taken(sim: ProviderSimulatorProcess) -> Counter[tuple[str, str]]:
    return Counter((row["to"], row["text"]) for row in sim.ask("texts")["texts"])


REPORTS = """
poll_url = "BASE/messages/{{{by}}}"
poll_interval = 0.1
report = {{ by = "{by}", states = {{ delivered = "delivered", failed = "undelivered" }} }}
"""


def test_a_campaign_is_delivered_paid_and_answered(trial: Trial) -> None:
    gateway, sim = trial.start(REPORTS.format(by="reference"))
    gateway.campaign(200)
    summary = gateway.wait_job("c1", timeout_s=WAIT_S)
    assert summary["counts"]["delivered"] == 200
    assert summary["cost"] == "170.00"
    assert set(taken(sim).values()) == {1}
    assert len(taken(sim)) == 200
    gateway.stop()
    assert sim.devices[0]["key"] not in gateway.log.read_text()


def test_dropped_connections_are_asked_again_where_ids_are_unique(trial: Trial) -> None:
    gateway, sim = trial.start("idempotent = true\n")
    sim.ask("set", fault={"kind": "drop", "taken": True, "count": 30})
    gateway.campaign(150)
    summary = gateway.wait_job("c1", lambda each: each["counts"]["submitted"] == 150, timeout_s=WAIT_S)
    assert summary["counts"]["uncertain"] == 0
    assert set(taken(sim).values()) == {1}


def test_a_doubt_without_ids_is_uncertain_and_never_sent_again(trial: Trial) -> None:
    gateway, sim = trial.start()
    sim.ask("set", unique=False, faults=[{"kind": "drop", "taken": True, "skip": 20, "count": 2}])
    gateway.campaign(60)
    ended = ("submitted", "uncertain")
    summary = gateway.wait_job("c1", lambda each: sum(each["counts"][state] for state in ended) == 60, timeout_s=WAIT_S)
    assert summary["counts"]["uncertain"] == 2
    assert set(taken(sim).values()) == {1}
    assert len(taken(sim)) == 60


@pytest.mark.parametrize("by", ["id", None])
def test_a_killed_daemon_doubles_nothing_and_asks_by_id_where_it_can(trial: Trial, by: str | None) -> None:
    gateway, sim = trial.start(REPORTS.format(by=by) if by else "", "--latency", "0.3")
    sim.ask("set", unique=False)
    gateway.campaign(200)
    sim.ask("wait", taken=60, timeout=WAIT_S)
    gateway.kill()
    sim.ask("set", latency=0)
    gateway.start()
    ended = ("delivered", "submitted", "uncertain")

    def done(summary: dict[str, Any]) -> bool:
        return bool(sum(summary["counts"][state] for state in ended) == 200)

    summary = gateway.wait_job("c1", done, timeout_s=WAIT_S)
    counts = summary["counts"]
    assert set(taken(sim).values()) == {1}
    sure = counts["delivered"] + counts["submitted"]
    if by is None:
        assert sure <= len(taken(sim)) <= sure + counts["uncertain"]
        assert counts["uncertain"] >= 1
    else:  # what the provider has is known to be there; in doubt is only what it never saw
        assert sure == len(taken(sim))

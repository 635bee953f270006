"""Devices that take a message and drop the connection before they answer: nothing is sent twice, nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from drivers.android.simulator import AndroidSimulatorProcess
from tests.benchmarks.figure import Figure
from tests.benchmarks.provider import pair
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import ACCOUNT, scratch
from tests.rig import Gateway

LINE: Final = """
[[line]]
name = "phone"
driver = "android"
app = "smsgate"
url = "{url}"
password = "secret"
rate = "100000/s"
"""
EVERY: Final = 3
"""The provider drops each third: a line of which every answer is lost is rested, as it should be."""
TAKEN_S: Final = 240.0


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    yield from _phone(base, scale.doubts)
    yield from _provider(base, scale.doubts)


def _phone(base: Path, count: int) -> Iterator[Figure]:
    """It drops the connection after each message, at every try; each send has an id that the phone takes once."""
    with scratch(base) as folder, AndroidSimulatorProcess() as phone:
        phone.ask("set", fault={"kind": "drop_after", "count": None})
        gateway = Gateway(folder, [], extra=LINE.format(url=phone.devices[0].url))
        with gateway.start():
            gateway.account(ACCOUNT, "100000000")
            gateway.campaign(count)
            summary = gateway.wait_job("c1", timeout_s=TAKEN_S)
            taken = Counter(row["to"] for row in phone.ask("texts")["texts"])
    assert summary["counts"]["delivered"] + summary["counts"]["uncertain"] == count, summary
    name = f"a phone that drops each connection, {count:,} sends"
    yield from _figures(name, taken, count)
    yield Figure(f"{name}: in doubt", summary["counts"]["uncertain"], "messages", 0, "<=")


def _provider(base: Path, count: int) -> Iterator[Figure]:
    """It knows no ids: what it dropped is uncertain, and goes no second time."""
    with pair(base, "capacity = 4") as running:
        drop = {"kind": "drop", "taken": True, "count": None, "skip": EVERY - 1, "every": EVERY}
        running.simulator.ask("set", unique=False, fault=drop)
        running.gateway.campaign(count)
        summary = running.ended("c1", count)
        taken = Counter(row["to"] for row in running.texts(0))
        struck = running.simulator.ask("stats")["total"]["faults"]
    name = f"a provider without ids that drops each third, {count:,} sends"
    yield from _figures(name, taken, count)
    doubted = summary["counts"]["uncertain"]
    yield Figure(f"{name}: dropped, and told as uncertain", min(doubted, struck) / struck * 100, "%", 100, ">=")
    yield Figure(f"{name}: not dropped, and told so", doubted - struck, "messages", 0, "<=")


def _figures(name: str, taken: Counter[str], count: int) -> Iterator[Figure]:
    yield Figure(f"{name}: sent twice", sum(times - 1 for times in taken.values()), "messages", 0, "<=")
    yield Figure(f"{name}: lost", count - len(taken), "messages", 0, "<=")

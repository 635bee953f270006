"""A daemon is killed while messages await their reports: the next life asks for these, of every part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from drivers.android.simulator import AndroidSimulatorProcess
from drivers.provider.simulator import ProviderSimulatorProcess
from tests.rig.gateway import Gateway

WAIT_S = 60.0
LONG = "Hola " * 40
"""Two parts."""
PHONE = """
[[line]]
name = "phone"
driver = "android"
app = "smsgate"
password = "secret"
rate = "1000/s"
url = "{url}"
"""
PROVIDER = """
[[line]]
name = "p1"
driver = "provider"
rate = "1000/s"
auth = "bearer"
key = "{key}"
json = {{ id = "{{id}}", to = "{{number}}", text = "{{text}}" }}
id = "$.id"
capacity = 10
url = "{url}"
poll_url = "{url}/{{{by}}}"
poll_interval = 0.2
timeout = 5
report = {{ by = "{by}", states = {{ delivered = "delivered" }} }}
rules = [{{ status = 201, json = "$.status", matches = "accepted", result = "accepted" }}]
"""


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def started(stack: ExitStack, folder: Path, line: str) -> Gateway:
    gateway = stack.enter_context(Gateway(folder, [], extra=line))
    gateway.start()
    gateway.account()
    return gateway


def ended(gateway: Gateway, state: str, count: int, job: str = "c1") -> dict[str, Any]:
    return gateway.wait_job(job, lambda summary: summary["counts"][state] == count, timeout_s=WAIT_S)


def receipts(gateway: Gateway) -> Counter[str]:
    return Counter(receipt["state"] for receipt in gateway.receipts("c1"))


def test_a_phone_is_asked_again(tmp_path: Path, stack: ExitStack) -> None:
    phone = stack.enter_context(AndroidSimulatorProcess())
    phone.ask("set", report="none")
    gateway = started(stack, tmp_path, PHONE.format(url=phone.devices[0].url))
    gateway.campaign(6, text=LONG)
    ended(gateway, "submitted", 6)
    gateway.kill()
    phone.ask("set", report="delivered")
    phone.ask("report")
    gateway.start()
    summary = ended(gateway, "delivered", 6)
    assert (summary["state"], summary["cost"]) == ("done", "10.20")
    assert receipts(gateway) == {"submitted": 6, "delivered": 6}
    assert phone.ask("stats")["total"]["taken"] == 6


@pytest.mark.parametrize("by", ["id", "reference"])
def test_a_provider_is_asked_again(tmp_path: Path, stack: ExitStack, by: str) -> None:
    provider = stack.enter_context(ProviderSimulatorProcess())
    provider.ask("set", report="queued")
    device = provider.devices[0]
    gateway = started(stack, tmp_path, PROVIDER.format(url=device["url"], key=device["key"], by=by))
    gateway.campaign(6, text=LONG)
    ended(gateway, "submitted", 6)
    gateway.kill()
    provider.ask("set", report="delivered")
    gateway.start()
    summary = ended(gateway, "delivered", 6)
    assert (summary["state"], summary["cost"]) == ("done", "10.20")
    assert receipts(gateway) == {"submitted": 6, "delivered": 6}
    assert provider.ask("stats")["total"]["taken"] == 6


def test_what_a_crash_left_in_doubt_is_settled_once_the_provider_can_be_asked(tmp_path: Path, stack: ExitStack) -> None:
    provider = stack.enter_context(ProviderSimulatorProcess())
    provider.ask("set", unique=False, report="queued", fault={"kind": "silence", "count": 6})
    # For a while after the restart it answers nothing that helps.
    provider.ask("set", fault={"kind": "status", "status": 503, "on": "status", "count": 12})
    device = provider.devices[0]
    gateway = started(stack, tmp_path, PROVIDER.format(url=device["url"], key=device["key"], by="id"))
    gateway.campaign(6, text=LONG)
    assert provider.ask("wait", taken=6, timeout=30)["reached"]
    gateway.kill()
    gateway.start()
    ended(gateway, "submitted", 6)
    provider.ask("set", report="delivered")
    summary = ended(gateway, "delivered", 6)
    assert (summary["state"], summary["cost"]) == ("done", "10.20")
    assert receipts(gateway) == {"uncertain": 6, "submitted": 6, "delivered": 6}
    assert provider.ask("stats")["total"]["taken"] == 6

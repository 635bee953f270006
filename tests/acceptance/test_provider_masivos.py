"""A whole daemon with an account at SMS Masivos: user and password alone, blocks where many go at once, a crash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from drivers.provider.simulator import ProviderSimulatorProcess
from tests.rig.gateway import Gateway

WAIT_S = 60.0

LINE = """
[[line]]
name = "masivos"
driver = "provider"
preset = "smsmasivos"
rate = "100000/s"
url = "{url}"
user = "{user}"
password_file = "clave"
inbox = "norte"
block = {{ result_interval = 0.1 }}
"""
TEXT = "Su saldo es de $ %deuda%, gracias"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[Gateway, ProviderSimulatorProcess]]:
    with ExitStack() as stack:
        sim = stack.enter_context(ProviderSimulatorProcess("--brand", "smsmasivos", "--latency", "0.05"))
        device = sim.devices[0]
        (tmp_path / "clave").write_text(device["password"])
        gateway = stack.enter_context(Gateway(tmp_path, [], extra=LINE.format(**device)))
        gateway.start()
        gateway.account()
        sim.ask("set", unique=False)
        yield gateway, sim


def taken(sim: ProviderSimulatorProcess) -> Counter[str]:
    return Counter(row["to"] for row in sim.ask("texts")["texts"])


def test_a_campaign_goes_in_blocks_and_is_over_when_the_service_has_said_so(house: Any) -> None:
    gateway, sim = house
    sim.ask("set", rejects=r"115000000[1-4]", block_delay=0.2)
    gateway.campaign(300, text=TEXT)
    summary = gateway.wait_job("c1", timeout_s=WAIT_S)
    assert (summary["counts"]["submitted"], summary["counts"]["failed"]) == (296, 4)
    assert summary["cost"] == "251.60"  # what was refused costs nothing
    assert set(taken(sim).values()) == {1}
    assert len(taken(sim)) == 296
    stats = sim.ask("stats")["total"]
    assert stats["blocks"] >= 3
    reasons = {receipt["reason"] for receipt in gateway.receipts("c1") if receipt["state"] == "failed"}
    assert reasons == {"landline"}
    gateway.stop()
    assert sim.devices[0]["password"] not in gateway.log.read_text()


def test_a_crash_with_blocks_under_way_doubles_nothing_and_what_the_service_has_is_known(house: Any) -> None:
    gateway, sim = house
    sim.ask("set", latency=0.5)
    gateway.campaign(400, text=TEXT)
    sim.ask("wait", blocks=2, timeout=WAIT_S)
    gateway.kill()
    sim.ask("set", latency=0)
    gateway.start()

    def over(summary: dict[str, Any]) -> bool:
        return bool(sum(summary["counts"][state] for state in ("submitted", "uncertain")) == 400)

    counts = gateway.wait_job("c1", over, timeout_s=WAIT_S)["counts"]
    assert set(taken(sim).values()) == {1}
    # Of a block the service is asked by our ids; in doubt is only what it never saw, or what went by itself.
    assert counts["submitted"] <= len(taken(sim)) <= 400
    assert counts["uncertain"] <= 400 - counts["submitted"]
    assert len(taken(sim)) + counts["uncertain"] >= 400
    shown = gateway.call("account.show", account="norte")
    assert float(shown["held"]) == pytest.approx(counts["uncertain"] * 0.85)

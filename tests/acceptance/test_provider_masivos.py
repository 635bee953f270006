"""A whole daemon with an account at SMS Masivos: user and password alone, blocks where many go at once, a crash."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from drivers.provider.simulator import ProviderSimulatorProcess
from tests.rig.gateway import Gateway
from tests.rig.processes import ROOT

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
    assert stats["blocks"] >= 1
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


def test_a_test_shows_request_and_answer_and_no_secret(house: Any) -> None:
    gateway, sim = house
    command = [sys.executable, "-m", "gatewayd", "--config", str(gateway.config), "line", "test", "masivos"]
    command += ["011-15-5987-6543", "--text", "Prueba 100%"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    gateway.wait_line("masivos", "ready")
    told = subprocess.run([*command, "--json"], env=env, capture_output=True, text=True, timeout=WAIT_S, check=True)
    found = json.loads(told.stdout)
    assert (found["state"], found["final"]) == ("submitted", True)
    exchange = found["exchange"]
    assert exchange["request"]["request"].startswith("POST http://127.0.0.1:")
    form = parse_qs(exchange["request"]["body"])
    assert (form["tos"], form["texto"], form["clave"]) == (["1159876543"], ["Prueba 100%"], ["***"])
    assert exchange["answer"] == {"status": 200, "body": "1;OK"}
    shown = subprocess.run(command, env=env, capture_output=True, text=True, timeout=WAIT_S, check=True)
    for said in ("enviar_sms.asp", "texto=Prueba+100%25", "HTTP 200", "1;OK"):
        assert said in shown.stdout
    assert sim.devices[0]["password"] not in told.stdout + shown.stdout
    sim.ask("set", rejects="1159876543")
    refused = subprocess.run(command, env=env, capture_output=True, text=True, timeout=WAIT_S, check=False)
    assert refused.returncode == 1
    assert "-1;Telefono fijo" in refused.stdout


@pytest.mark.fault
@pytest.mark.parametrize("place", ["send.prompted:9", "send.intended:3", "send.intended:40", "send.answered:9"])
def test_a_kill_at_any_place_of_a_block_doubles_nothing(house: Any, place: str) -> None:
    gateway, sim = house
    gateway.stop()
    gateway.campaign(120, text=TEXT)
    gateway.launch({"GATEWAYD_FAILPOINT": place})
    gateway.died()
    gateway.start()

    def over(summary: dict[str, Any]) -> bool:
        return bool(sum(summary["counts"][state] for state in ("submitted", "uncertain")) == 120)

    counts = gateway.wait_job("c1", over, timeout_s=WAIT_S)["counts"]
    assert set(taken(sim).values()) == {1}
    ended = {each["to"]: each["state"] for each in gateway.receipts("c1") if each["to"]}
    sent = {f"+549{number}" for number in taken(sim)}
    assert {to for to, state in ended.items() if state == "submitted"} <= sent
    assert {to for to in ended if to not in sent} <= {to for to, state in ended.items() if state == "uncertain"}
    assert len(ended) == 120
    assert counts["uncertain"] <= 60  # a block that never left, and what went with it

"""The simulated provider by itself: its announcement, its control socket, its answers to a client that is not ours."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from drivers.provider.simulator import ControlClient, ControlError, ProviderSimulatorProcess

WAIT_S = 15.0


def post(device: dict[str, str], to: str = "+5491159876543", text: str = "Hola", **more: Any) -> httpx.Response:
    body = {"to": to, "text": text, **more}
    return httpx.post(device["url"], json=body, headers={"Authorization": f"Bearer {device['key']}"}, timeout=WAIT_S)


def test_the_command_announces_itself_serves_and_ends(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    start = [sys.executable, "-c", "from gatewayd.cli import main; main()", "simulate", "provider"]
    command = [*start, "-n", "2", "--dir", str(tmp_path), "--record", str(record)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        try:
            assert announced["kind"] == "provider"
            assert len(announced["devices"]) == 2
            assert post(announced["devices"][1], id="A1").status_code == 201
            with ControlClient(announced["control"]) as ask:
                assert ask("wait", taken=1, timeout=WAIT_S) == {"reached": True, "taken": 1}
                assert ask("texts", provider=1)["texts"][0]["text"] == "Hola"
        finally:
            os.kill(process.pid, signal.SIGTERM)
        assert process.wait(WAIT_S) == 0
    assert [json.loads(line)["id"] for line in record.read_text().splitlines()] == ["A1"]
    assert not (tmp_path / "control.sock").exists()


@pytest.fixture(scope="module")
def shared() -> Any:
    with ProviderSimulatorProcess() as sim:
        yield sim


@pytest.fixture
def sim(shared: ProviderSimulatorProcess) -> ProviderSimulatorProcess:
    shared.ask("set", clear_faults=True, latency=0, report="delivered", report_delay=0, unique=True)
    shared.ask("reset_stats")
    return shared


def test_an_id_is_taken_once(sim: ProviderSimulatorProcess) -> None:
    first, second = (post(sim.devices[0], id="once") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 409)
    assert first.json()["id"] == second.json()["id"]
    sim.ask("set", unique=False)
    assert post(sim.devices[0], id="once").status_code == 201
    assert sim.ask("stats")["total"] | {"connections": 0, "faults": 0} == {
        **dict.fromkeys(("refused", "blocks", "results", "status", "inbox", "ack", "balance"), 0),
        **dict.fromkeys(("faults", "connections"), 0),
        "requests": 3,
        "taken": 2,
        "duplicates": 1,
    }


def test_faults_strike_when_and_how_often_they_were_told(sim: ProviderSimulatorProcess) -> None:
    sim.ask("set", faults=[{"kind": "status", "status": 503, "skip": 1, "count": 2}, {"kind": "html"}])
    device = sim.devices[0]
    assert [post(device).status_code for _ in range(4)] == [200, 503, 503, 201]
    sim.ask("set", fault={"kind": "drop"})
    with pytest.raises(httpx.RemoteProtocolError):
        post(device)
    sim.ask("set", fault={"kind": "limit", "retry_after": "3"})
    assert post(device).headers["retry-after"] == "3"
    assert [each["faults"] for each in sim.ask("list")["devices"]] == [[]]
    assert sim.ask("stats")["total"]["taken"] == 2  # one was taken before the line was dropped


def test_states_replies_and_who_asks(sim: ProviderSimulatorProcess) -> None:
    device = sim.devices[0]
    base = device["url"].removesuffix("/messages")
    headers = {"Authorization": f"Bearer {device['key']}"}
    reference = post(device, id="state").json()["id"]
    for key in (reference, "state"):
        assert httpx.get(f"{base}/messages/{key}", headers=headers).json()["status"] == "delivered"
    sim.ask("set", report_delay=60)
    assert httpx.get(f"{base}/messages/{reference}", headers=headers).json()["status"] == "queued"
    ids = sim.ask("inject", **{"from": "+5491144440000", "text": "Sí", "count": 2})["ids"]
    assert [row["id"] for row in httpx.get(f"{base}/inbox", headers=headers).json()["messages"]] == ids
    httpx.delete(f"{base}/inbox/{ids[0]}", headers=headers)
    assert [row["id"] for row in httpx.get(f"{base}/inbox", headers=headers).json()["messages"]] == ids[1:]
    assert httpx.get(f"{base}/inbox").status_code == 401
    assert httpx.get(f"{base}/elsewhere", headers=headers).status_code == 404


def test_what_makes_no_sense_is_said(sim: ProviderSimulatorProcess) -> None:
    for request in ({"op": "sing"}, {"op": "set", "fault": {"kind": "x"}}, {"op": "set", "latency": "x"}):
        with pytest.raises(ControlError):
            sim.ask(**request)
    with pytest.raises(ControlError):
        sim.ask("wait", nothing=1)
    assert sim.ask("wait", taken=10**6, timeout=0.01)["reached"] is False


def test_the_other_dialects() -> None:
    with ProviderSimulatorProcess("--brand", "smsmasivos") as sim:
        url = sim.devices[0]["url"]
        sent = {"api": "1", "usuario": "norte", "clave": "clave1", "tos": "1159876543", "texto": "Hola"}
        assert httpx.get(url, params=sent).text == "1;OK"
        assert httpx.post(url, data=sent | {"texto": "x" * 161}).text.startswith("-6;")
        assert httpx.post(url, data=sent | {"clave": "otra"}).text.startswith("Error:")
    with ProviderSimulatorProcess("--brand", "connectus") as sim:
        device = sim.devices[0]
        proof = base64.b64encode(f"{device['user']}:{device['key']}".encode()).decode()
        body = {"dst_number": 56912345678, "sms_content": "Hola"}
        assert httpx.post(device["url"], json=body).status_code == 401
        assert httpx.post(device["url"], json=body, headers={"Authorization": f"Basic {proof}"}).json()["id"] == "p0-1"

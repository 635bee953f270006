"""Published clients, which nobody here wrote, send through the simulated phone.

So the simulator is held against the apps as others understand them, not only against our own driver.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from drivers.android import encryption
from drivers.android.simulator import AndroidSimulator
from drivers.control import ControlClient

pytestmark = [pytest.mark.peer, pytest.mark.timeout(60)]

TO = "+5491122223333"
TEXT = "Señal: 50 % & más"


def needs(module: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        pytest.skip(f"the package {package} is not installed ({error})")


@pytest.fixture
async def sim() -> AsyncIterator[AndroidSimulator]:
    async with AndroidSimulator(1) as simulator:
        yield simulator


async def test_the_published_smsgate_client_sends_asks_and_subscribes(sim: AndroidSimulator) -> None:
    gate = needs("android_sms_gateway.client", "android-sms-gateway")
    domain = importlib.import_module("android_sms_gateway.domain")
    errors = importlib.import_module("android_sms_gateway.errors")

    def use() -> tuple[Any, ...]:
        with gate.APIClient("sms", "secret", base_url=sim.url) as client:
            message = domain.Message(
                id="01JD0000000000000000000001", phone_numbers=[TO], text_message=domain.TextMessage(TEXT), sim_number=1
            )
            sent = client.send(message, skip_phone_validation=True)
            try:
                client.send(message)
            except errors.APIError as error:
                again: Any = error.status_code
            else:
                again = None
            hook = client.create_webhook(
                domain.Webhook(id="a", url="https://gw.example/hooks/a", event=domain.WebhookEvent.SMS_RECEIVED)
            )
            webhooks = client.get_webhooks()
            client.delete_webhook("a")
            return sent, again, hook, webhooks, client.get_webhooks(), client.health_check()

    sent, again, hook, webhooks, none_left, health = await asyncio.to_thread(use)
    assert (sent.id, sent.state) == ("01JD0000000000000000000001", domain.ProcessState.Pending)
    assert again == 409
    assert webhooks == [hook]
    assert none_left == []
    assert getattr(health, "status", None) is domain.HealthStatus.PASS or health["status"] == "pass"
    assert (await sim.wait(reported=1))["reached"]
    row = sim.texts()["texts"][0]
    assert (row["to"], row["text"], row["sim"]) == (TO, TEXT, 1)

    def ask() -> Any:
        with gate.APIClient("sms", "secret", base_url=sim.url) as client:
            return client.get_state(sent.id), client.get_messages()

    state, messages = await asyncio.to_thread(ask)
    assert state.state is domain.ProcessState.Delivered
    assert [each.id for each in messages] == [sent.id]


async def test_the_published_smsgate_client_is_refused_with_another_password(sim: AndroidSimulator) -> None:
    gate = needs("android_sms_gateway.client", "android-sms-gateway")
    errors = importlib.import_module("android_sms_gateway.errors")

    def use() -> None:
        with gate.APIClient("sms", "wrong", base_url=sim.url) as client:
            client.get_state("x")

    with pytest.raises(errors.APIError):
        await asyncio.to_thread(use)


async def test_the_published_clients_encryption_and_ours_read_each_other() -> None:
    needs("Crypto.Cipher", "pycryptodome")
    theirs = needs("android_sms_gateway.encryption", "android-sms-gateway").Encryptor("geheim")
    assert encryption.decrypt("geheim", theirs.encrypt(TEXT)) == TEXT
    assert theirs.decrypt(encryption.encrypt("geheim", TEXT)) == TEXT


async def test_the_published_rest_client_sends_and_reads(sim: AndroidSimulator) -> None:
    rest = needs("rest_sms_gateway.client", "rest-sms-gateway")

    def use() -> tuple[Any, ...]:
        client = rest.SMSGatewayClient(sim.url)
        return client.send_sms(TO, "Hola 50 %"), client.get_sms(), client.get_device_status()

    sent, listed, status = await asyncio.to_thread(use)
    assert sent == {"ok": True, "status_code": 200}
    row = sim.texts()["texts"][0]
    assert (row["to"], row["text"]) == (TO, "Hola 50 %")
    assert [(each["address"], each["body"]) for each in listed["messages"]] == [(TO, "Hola 50 %")]
    assert status["telephony"]["network_operator_name"] == "Claro"


def test_simulated_phones_by_themselves(tmp_path: Path) -> None:
    """`gatewayd simulate android`: the announcement, the control socket, the end."""
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gatewayd",
            "simulate",
            "android",
            "-n",
            "2",
            "--dir",
            str(tmp_path),
            "--set",
            "battery=5",
        ],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    try:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        assert announced["kind"] == "android"
        assert len({each["url"] for each in announced["devices"]}) == 2
        with ControlClient(announced["control"]) as ask:
            assert [each["settings"]["battery"] for each in ask("list")["devices"]] == [5, 5]
            ask("inject", device=1, **{"from": TO}, text="Hola")
            assert ask("wait", received=1)["reached"]
            ask("set", device=0, fault={"kind": "drop_after"}, send_s=0.5)
            ask("unplug", device=0)
            ask("replug", device=0)
            assert ask("texts")["total"] == 0
            assert ask("stats")["total"]["received"] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

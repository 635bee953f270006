"""A whole daemon with a WhatsApp line, the Cloud API a process of its own: templates out, states and replies in."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from drivers.whatsapp.simulator import WhatsappSimulatorProcess
from tests.rig.gateway import Gateway
from tests.rig.ports import free_port

WAIT_S = 60.0
TARIFF = '[tariff]\ncurrency = "ARS"\nwhatsapp = "12.50"\n'
LINE = """
[[line]]
name = "wa"
driver = "whatsapp"
rate = "100000/s"
url = "{url}"
phone_id = {phone_id}
token_file = "token"
app_secret_file = "app_secret"
verify_token = "{verify_token}"
inbox = "norte"
"""
TEMPLATE = {
    "template": "saldo_vencido",
    "language": "es_AR",
    "parameters": ["%nombre%", "$ %deuda%"],
}


class Trial:
    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack

    def start(self, extra: str = "", **settings: Any) -> tuple[Gateway, WhatsappSimulatorProcess]:
        sim = self._stack.enter_context(WhatsappSimulatorProcess())
        device = sim.devices[0]
        for name in ("token", "app_secret"):
            (self.folder / name).write_text(f"{device[name]}\n")
        port = free_port()
        self.hook = f"http://127.0.0.1:{port}/hooks/wa"
        sim.ask("set", hook=self.hook, **settings)
        text = LINE.format(**device) + extra
        gateway = Gateway(self.folder, [], extra=text, listen=f"127.0.0.1:{port}", tariff=TARIFF)
        self._stack.enter_context(gateway).start()
        gateway.account(credit="10000")
        return gateway, sim


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with ExitStack() as stack:
        yield Trial(tmp_path, stack)


def recipients(count: int) -> list[dict[str, str]]:
    return [
        {"to": f"011-15-5987-{index:04d}", "ref": f"C{index}", "nombre": f"Ana {index}", "deuda": f"{index},50"}
        for index in range(count)
    ]


def job(count: int, name: str = "aviso", **more: Any) -> dict[str, Any]:
    return {"job": name, "channel": "whatsapp", "recipients": recipients(count), **({"whatsapp": TEMPLATE} | more)}


def taken(sim: WhatsappSimulatorProcess) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sim.ask("texts")["texts"]
    return rows


def test_a_template_goes_out_and_its_states_come_back_up_to_read(trial: Trial) -> None:
    gateway, sim = trial.start(shuffle=True, state_delay=0.02)
    gateway.drop(job(40))
    summary = gateway.wait_job("aviso", lambda each: each["counts"]["read"] == 40, timeout_s=WAIT_S)
    assert (summary["state"], summary["cost"]) == ("done", "500.00")
    rows = {row["to"]: row for row in taken(sim)}
    assert len(taken(sim)) == len(rows) == 40
    seventh = rows["+5491159870007"]
    assert (seventh["template"], seventh["language"]) == ("saldo_vencido", "es_AR")
    assert seventh["parameters"] == ["Ana 7", "$ 7,50"]
    told = Counter(receipt["state"] for receipt in gateway.receipts("aviso"))
    assert told["read"] == 40
    assert set(told) <= {"submitted", "delivered", "read"}
    last = {receipt["message"]: receipt for receipt in gateway.receipts("aviso")}.values()
    assert {(each["state"], each["final"], each["cost"]) for each in last} == {("read", True, "12.50")}
    account = gateway.call("account.show", account="norte")
    assert (account["charged"], account["held"]) == ("500.00", "0.00")
    gateway.stop()
    log = gateway.log.read_text()
    assert sim.devices[0]["token"] not in log
    assert sim.devices[0]["app_secret"] not in log


def test_reading_may_come_without_delivery_and_failure_after_taking_is_undelivered(trial: Trial) -> None:
    gateway, sim = trial.start(states=["sent", "read"])
    gateway.drop(job(1, "uno"))
    assert gateway.wait_job("uno", timeout_s=WAIT_S)["counts"]["read"] == 1
    sim.ask("set", states=["failed"], fail_code=131047)
    gateway.drop(job(1, "dos", text="Hola %nombre%", whatsapp=None))
    assert gateway.wait_job("dos", timeout_s=WAIT_S)["counts"]["undelivered"] == 1
    last = gateway.receipts("dos")[-1]
    assert (last["reason"], last["cost"], last["final"]) == ("window_closed", "12.50", True)
    assert taken(sim)[-1]["text"] == "Hola Ana 0"
    # Networks do this: given up, then delivered and read after all.
    sim.ask("state", word="read", seq=2)
    assert gateway.wait_job("dos", lambda each: each["counts"]["read"] == 1, timeout_s=WAIT_S)
    assert [each["state"] for each in gateway.receipts("dos")][-2:] == ["delivered", "read"]


def test_what_the_api_refuses_costs_nothing_and_says_why(trial: Trial) -> None:
    gateway, _ = trial.start(templates={"saldo_vencido": 2}, absent=["5491159870001"])
    gateway.drop(job(3))
    summary = gateway.wait_job("aviso", timeout_s=WAIT_S)
    assert (summary["counts"]["read"], summary["counts"]["failed"], summary["cost"]) == (2, 1, "25.00")
    failed = [receipt for receipt in gateway.receipts("aviso") if receipt["state"] == "failed"]
    reasons = {receipt["to"]: receipt["reason"] for receipt in failed}
    assert reasons == {"+5491159870001": "not_on_whatsapp"}
    gateway.drop(job(1, "otra", whatsapp={"template": "no_existe", "language": "es_AR"}))
    gateway.wait_job("otra", timeout_s=WAIT_S)
    assert gateway.receipts("otra")[-1]["reason"] == "template_unknown"


def test_a_lost_answer_is_in_doubt_until_a_state_names_the_attempt(trial: Trial) -> None:
    gateway, sim = trial.start(state_delay=0.3)
    # Two: after three in a row the line would be rested.
    sim.ask("set", fault={"kind": "drop", "taken": True, "count": 2})
    gateway.drop(job(30))
    summary = gateway.wait_job("aviso", lambda each: each["counts"]["read"] == 30, timeout_s=WAIT_S)
    assert summary["cost"] == "375.00"
    assert set(Counter(row["to"] for row in taken(sim)).values()) == {1}
    states = Counter(receipt["state"] for receipt in gateway.receipts("aviso"))
    assert states["uncertain"] == 2


def test_a_killed_daemon_doubles_nothing_and_is_told_what_it_missed(trial: Trial) -> None:
    gateway, sim = trial.start(latency=0.3)
    gateway.drop(job(60))
    sim.ask("wait", taken=20, timeout=WAIT_S)
    gateway.kill()
    sim.ask("set", latency=0)
    gateway.start()
    everyone = gateway.wait_job("aviso", lambda each: _ended(each) == 60, timeout_s=WAIT_S)
    assert set(Counter(row["to"] for row in taken(sim)).values()) == {1}
    # In doubt is only what the API never had: of the rest each state came, for calls are repeated until answered.
    assert everyone["counts"]["read"] == len(taken(sim))
    assert everyone["counts"]["uncertain"] == 60 - len(taken(sim))


def _ended(summary: dict[str, Any]) -> int:
    return int(summary["counts"]["read"] + summary["counts"]["uncertain"])


def test_replies_come_in_once_are_matched_and_opt_out_is_obeyed(trial: Trial) -> None:
    gateway, sim = trial.start()
    gateway.drop(job(2))
    gateway.wait_job("aviso", lambda each: each["counts"]["read"] == 2, timeout_s=WAIT_S)
    sender = "+5491159870001"
    content = {"type": "button", "button": {"text": "Ya pagué", "payload": "paid"}}
    sim.ask("inject", sender=sender, content=content, id="wamid.A")
    sim.ask("inject", sender=sender, content=content, id="wamid.A")  # Meta calls again
    sim.ask("inject", sender=sender, text="baja")
    gateway.wait_inbox(2, timeout_s=WAIT_S)
    sim.ask("wait", told=2 * 3 + 3, timeout=WAIT_S)
    first, second = sorted(gateway.inbox(), key=lambda each: each["id"])
    assert (first["text"], first["from"], first["channel"], first["line"]) == ("Ya pagué", sender, "whatsapp", "wa")
    assert first["to"] == sim.devices[0]["number"]
    assert (first["account"], first["in_reply_to"]["ref"], first["opt_out"]) == ("norte", "C1", False)
    assert (second["text"], second["opt_out"]) == ("baja", True)
    gateway.drop(job(2, "despues"))
    summary = gateway.wait_job("despues", timeout_s=WAIT_S)
    assert (summary["counts"]["read"], summary["counts"]["invalid"]) == (1, 1)
    assert [each["reason"] for each in gateway.receipts("despues") if each["state"] == "invalid"] == ["blocked"]


def test_the_address_is_proven_and_nobody_else_is_believed(trial: Trial) -> None:
    gateway, sim = trial.start()
    gateway.wait_line("wa", "ready", timeout_s=WAIT_S)
    assert sim.ask("challenge")["verified"] is True
    sim.ask("set", verify_token="otra")
    assert sim.ask("challenge")["verified"] is False
    request = urllib.request.Request(trial.hook, data=b'{"entry": []}', headers={"X-Hub-Signature-256": "sha256=00"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=WAIT_S)
    refused.value.close()
    assert refused.value.code == 401
    with pytest.raises(urllib.error.HTTPError) as unknown:
        urllib.request.urlopen(trial.hook.replace("/wa", "/otra"), timeout=WAIT_S)
    unknown.value.close()
    assert unknown.value.code == 404

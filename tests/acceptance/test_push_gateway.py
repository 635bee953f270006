"""A whole daemon with push lines, their services processes of their own: job files in, pushes and receipts out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from drivers.push.simulator import PushSimulatorProcess
from tests.rig.gateway import Gateway

WAIT_S = 60.0
TARIFF = '[tariff]\ncurrency = "ARS"\npush = "0.10"\n'
COMMON = '\n[[line]]\nname = "{service}"\ndriver = "push"\nservice = "{service}"\nrate = "100000/s"\ncapacity = 20\n'
LINES = {
    "fcm": 'url = "{url}"\ncredentials_file = "{credentials_file}"\n',
    "ntfy": 'url = "{url}"\ntoken = "{token}"\n',
    "webpush": 'url = "{url}"\ncredentials_file = "{credentials_file}"\nsubject = "mailto:tecnica@norte.example"\n',
}
PUSH = {"title": "Factura de %nombre%", "data": {"invoice": "%factura%"}, "ttl": "2h"}


class Trial:
    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._extra = ""

    def simulate(self, service: str, *options: str) -> PushSimulatorProcess:
        sim = self._stack.enter_context(PushSimulatorProcess("--brand", service, *options))
        self._extra += (COMMON + LINES[service]).format(**sim.devices[0])
        return sim

    def start(self) -> Gateway:
        gateway = self._stack.enter_context(Gateway(self.folder, [], extra=self._extra, tariff=TARIFF)).start()
        gateway.account(credit="1000")
        return gateway


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with ExitStack() as stack:
        yield Trial(tmp_path, stack)


def token(index: int) -> str:
    return f"fcmtoken{index:04d}:APA91b{'x' * 120}"


def job(name: str, addresses: list[str], push: dict[str, Any] | None = PUSH, **more: Any) -> dict[str, Any]:
    rows = [
        {"to": to, "ref": f"C{index}", "nombre": f"Ñandú {index}", "factura": f"F-{index}"}
        for index, to in enumerate(addresses)
    ]
    given = {"job": name, "channel": "push", "text": "Vence mañana, %nombre%", "push": push, "recipients": rows}
    return {key: value for key, value in (given | more).items() if value is not None}


def texts(sim: PushSimulatorProcess) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sim.ask("texts")["texts"]
    return rows


def last_receipts(gateway: Gateway, name: str) -> dict[str, dict[str, Any]]:
    return {receipt["ref"]: receipt for receipt in gateway.receipts(name)}


def test_a_firebase_campaign_and_the_tokens_that_are_gone(trial: Trial) -> None:
    sim = trial.simulate("fcm", "--set", f"gone={json.dumps([token(3), token(7)])}")
    gateway = trial.start()
    assert gateway.call("blocklist.add", numbers=[token(50), "teléfono"])["added"] == 1
    gateway.drop(job("aviso", [*map(token, range(51)), "/topics/cortes"]))
    summary = gateway.wait_job("aviso", timeout_s=WAIT_S)
    assert (summary["counts"]["submitted"], summary["counts"]["failed"], summary["cost"]) == (49, 2, "4.90")
    assert summary["counts"]["invalid"] == 1
    rows = {row["to"]: row for row in texts(sim)}
    assert len(texts(sim)) == len(rows) == 49
    one = rows[token(1)]
    assert (one["title"], one["text"], one["ttl_s"]) == ("Factura de Ñandú 1", "Vence mañana, Ñandú 1", 7200)
    assert one["data"]["invoice"] == "F-1"
    assert "/topics/cortes" in rows
    last = last_receipts(gateway, "aviso")
    gone = {ref: (each["reason"], each["to"]) for ref, each in last.items() if each["state"] == "failed"}
    assert last["C50"]["reason"] == "blocked"
    assert gone == {"C3": ("unregistered", token(3)), "C7": ("unregistered", token(7))}
    assert all(each["final"] for each in last.values())
    assert one["id"] in {attempt for (attempt,) in _attempts(gateway)}
    gateway.stop()
    log = gateway.log.read_text()
    assert "PRIVATE" not in log
    assert "ya29" not in log
    assert token(1) not in log


def _attempts(gateway: Gateway) -> list[tuple[str]]:
    """Ids of the attempts as a person may ask for them."""
    found = gateway.call("job.messages", job="aviso")["items"]
    return [
        (attempt["id"],)
        for message in found
        for attempt in gateway.call("message.show", message=message["message"])["attempts"]
    ]


def test_a_dropped_connection_is_in_doubt_and_nothing_is_doubled(trial: Trial) -> None:
    sim = trial.simulate("fcm")
    # Two: after three in a row the line would be rested.
    sim.ask("set", faults=[{"kind": "drop", "taken": True, "skip": 5, "count": 2}])
    gateway = trial.start()
    gateway.drop(job("aviso", [token(index) for index in range(40)]))
    summary = gateway.wait_job("aviso", timeout_s=WAIT_S)
    assert (summary["counts"]["submitted"], summary["counts"]["uncertain"]) == (38, 2)
    assert set(Counter(row["to"] for row in texts(sim)).values()) == {1}
    assert len(texts(sim)) == 40


def test_a_killed_daemon_doubles_nothing(trial: Trial) -> None:
    sim = trial.simulate("ntfy", "--latency", "0.3")
    gateway = trial.start()
    gateway.drop(job("aviso", [f"cliente-{index}" for index in range(100)], push={"title": "Aviso"}))
    sim.ask("wait", taken=30, timeout=WAIT_S)
    gateway.kill()
    sim.ask("set", latency=0)
    gateway.start()
    counts = gateway.wait_job("aviso", timeout_s=WAIT_S)["counts"]
    assert set(Counter(row["to"] for row in texts(sim)).values()) == {1}
    assert counts["submitted"] <= len(texts(sim)) <= counts["submitted"] + counts["uncertain"]
    assert counts["submitted"] + counts["uncertain"] == 100
    assert {row["title"] for row in texts(sim)} == {"Aviso"}


def test_browsers_read_what_was_meant_for_them_alone(trial: Trial) -> None:
    sim = trial.simulate("webpush")
    gateway = trial.start()
    subscriptions = sim.ask("subscribe", count=20)["subscriptions"]
    sim.ask("unsubscribe", endpoint=subscriptions[4]["endpoint"])
    addresses = [json.dumps(each, indent=1) for each in subscriptions]  # however upstream wrote it down
    bad = [json.dumps({"endpoint": "https://push.example"}), '{"no json']
    gateway.drop(job("aviso", [*addresses, *bad, json.dumps(subscriptions[0])]))
    summary = gateway.wait_job("aviso", timeout_s=WAIT_S)
    # The last is the first once more, but another customer's, with another text: not a repeat.
    assert (summary["counts"]["submitted"], summary["counts"]["failed"], summary["counts"]["invalid"]) == (20, 1, 2)
    last = last_receipts(gateway, "aviso")
    assert last["C4"]["reason"] == "unregistered"
    assert json.loads(last["C4"]["to"])["endpoint"] == subscriptions[4]["endpoint"]
    assert {last[ref]["reason"] for ref in ("C20", "C21")} == {"address_invalid"}
    assert sim.ask("stats")["total"]["unreadable"] == 0
    second = next(row for row in texts(sim) if row["to"] == subscriptions[1]["endpoint"])
    assert (second["title"], second["data"], second["ttl_s"]) == ("Factura de Ñandú 1", {"invoice": "F-1"}, 7200)


def test_each_service_takes_its_own_and_a_line_can_be_tested(trial: Trial) -> None:
    ntfy, fcm = trial.simulate("ntfy"), trial.simulate("fcm")
    gateway = trial.start()
    gateway.drop(job("a", ["cortes"], push=None, lines=["ntfy"]))
    gateway.drop(job("b", [token(1)], lines=["fcm"]))
    for name in ("a", "b"):
        assert gateway.wait_job(name, timeout_s=WAIT_S)["counts"]["submitted"] == 1
    assert (texts(ntfy)[0]["to"], texts(fcm)[0]["to"]) == ("cortes", token(1))
    tested = gateway.call("line.test", line="ntfy", number="prueba", account="norte", text="Prueba 100%")
    assert tested["state"] == "submitted"
    assert texts(ntfy)[1]["text"] == "Prueba 100%"
    assert gateway.call("line.ask", line="fcm", question="health")["answer"] == {"usable": True}

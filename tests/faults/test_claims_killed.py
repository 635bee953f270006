"""SIGKILL at every named place of claims: each step reaches its customer once."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from gatewayd.process.failpoints import VARIABLE
from gatewayd.values.errors import GatewayError
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

ACCOUNT: Final = "norte"
RUNS: Final = ("claims.begun", "claims.portion", "claims.ended")
FACTS: Final = ("claims.decided", "claims.laid", "claims.recorded", "claims.noted", "claims.settled")
TOLD: Final = ("claims.decided", "event.carried")
PLACES: Final = (*RUNS, *FACTS, "event.carried")
LEVELS: Final = [{"id": "uno", "days": 1, "channels": ["sms"], "templates": {"sms": "reclamo"}}]


def number_of(person: int) -> str:
    return f"+54911500000{person:02}"


def known(gateway: Gateway, person: int) -> None:
    point = {"channel": "phone", "address": number_of(person), "state": "confirmed"}
    said = {"name": f"Ana {person}", "contacts": [point]}
    gateway.call("customer.put", account=ACCOUNT, external_id=f"C{person}", customer=said)


def owe(gateway: Gateway, person: int, **more: Any) -> None:
    bill = {"customer": f"C{person}", "number": f"N{person}", "due": "2026-01-10", "balance": "1500.50", **more}
    gateway.call("invoice.put", account=ACCOUNT, external_id=f"F{person}", invoice=bill)


def rule(gateway: Gateway, hour: str, **more: Any) -> None:
    document = {"levels": LEVELS, "hour": hour, **more}
    gateway.call("policy.save", account=ACCOUNT, policy="empresa", standard=True, document=document)


def pay(gateway: Gateway, person: int) -> None:
    said = {
        "customer": f"C{person}",
        "amount": "1500.50",
        "invoices": [{"external_id": f"F{person}", "amount": "1500.50"}],
    }
    gateway.call("payment.put", account=ACCOUNT, external_id=f"P{person}", payment=said)


def cut_off(gateway: Gateway, hour: str = "00:00", **more: Any) -> None:
    """Saves the rule by which other systems are told; invoices name it."""
    levels = [{"id": "corte", "days": 2, "action": "event", "name": "suspension_due"}]
    document = {"levels": levels, "hour": hour, **more}
    gateway.call("policy.save", account=ACCOUNT, policy="corte", standard=False, document=document)


def events(gateway: Gateway) -> list[tuple[str, str]]:
    """Returns what the files of events say: customer and event."""
    folder = gateway.spool.folder("inbox", ACCOUNT, "events")
    found = [json.loads(path.read_bytes()) for path in folder.glob("*.json")] if folder.is_dir() else []
    return sorted((one["customer"], one["event"]) for one in found)


def until_events(gateway: Gateway, *wanted: tuple[str, str]) -> None:
    end = time.monotonic() + 40
    while time.monotonic() < end:
        if set(wanted) <= set(events(gateway)):
            return
        time.sleep(0.1)
    raise AssertionError((wanted, events(gateway)))


def until(gateway: Gateway, person: int, *reasons: str) -> None:
    """Waits until a customer's newest decision is one of these."""
    end, found = time.monotonic() + 40, None
    while time.monotonic() < end:
        items = gateway.call("decision.list", account=ACCOUNT, customer=f"C{person}")["items"]
        found = items[0]["reason"] if items else None
        if found in reasons:
            return
        time.sleep(0.1)
    raise AssertionError((person, found, gateway.call("collections.show", account=ACCOUNT), gateway.call("job.list")))


def killed(gateway: Gateway, place: str, act: Any, *arguments: Any) -> None:
    """Acts while the daemon dies at a place, and starts it again."""
    gateway.stop()
    gateway.start({VARIABLE: place})
    with suppress(GatewayError, OSError, ValueError):  # it may die before it answers
        act(gateway, *arguments)
    gateway.died()
    gateway.start()


@pytest.mark.timeout(400)
def test_a_daemon_killed_while_other_systems_are_told_tells_them_once(tmp_path: Path) -> None:
    hook = """
[[webhook]]
account = "norte"
url = "https://127.0.0.1:9/aviso"
events = ["event"]
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
allow_private = true
"""
    wanted: list[tuple[str, str]] = []
    with Gateway(tmp_path, (), extra=hook) as gateway:
        gateway.start()
        gateway.account()
        gateway.stop()
        gateway.start()  # its webhook is the account's, which is there by now
        rule(gateway, "00:00", nothing=True)
        cut_off(gateway)
        for person, place in enumerate(TOLD):
            known(gateway, person)
            killed(gateway, place, partial(owe, policy="corte"), person)
            until_events(gateway, *wanted, (f"C{person}", "suspension_due"))
            killed(gateway, place, pay, person)
            wanted += [(f"C{person}", "reconnection"), (f"C{person}", "suspension_due")]
            until_events(gateway, *wanted)
        gateway.stop()
        assert events(gateway) == sorted(wanted)
        with sqlite3.connect(gateway.store) as store:
            rows = store.execute("SELECT body FROM webhook_log WHERE type = 'event'").fetchall()
    said = [json.loads(row[0])["data"] for row in rows]
    assert sorted((one["customer"], one["event"]) for one in said) == sorted(wanted)


@pytest.mark.timeout(400)
def test_a_daemon_killed_anywhere_in_a_run_or_at_a_fact_claims_each_step_once(tmp_path: Path) -> None:
    with Simulator(tmp_path, modems=1) as simulator, Gateway(tmp_path, simulator.ports) as gateway:
        gateway.start()
        gateway.account()
        words = {"text": "%nombre%, debe %deuda%"}
        gateway.call("template.save", account=ACCOUNT, template="reclamo", channel="sms", content=words)
        for person, place in enumerate(RUNS):
            rule(gateway, "00:00", nothing=True)
            known(gateway, person)
            owe(gateway, person)
            until(gateway, person, "nothing")
            killed(gateway, place, rule, f"00:0{person + 1}")
            until(gateway, person, "ended")
        for person, place in enumerate(FACTS, len(RUNS)):
            known(gateway, person)
            killed(gateway, place, owe, person)
            until(gateway, person, "ended")
        told = [str(one["to"]) for one in simulator.texts()]
        doubts = {one["to"] for one in gateway.call("message.list", state="uncertain")["items"]}
    everybody = {number_of(person) for person in range(len((*RUNS, *FACTS)))}
    assert len(set(told)) == len(told)
    assert everybody - doubts <= set(told) <= everybody

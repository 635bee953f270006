"""Claims over a real daemon and a simulated modem: a bill that is late leads to one text, a payment withdraws it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gatewayd.values.errors import UsageError
from tests.rig import campaigns as rig
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

LEVELS = [{"id": "uno", "days": 1, "channels": ["sms"], "templates": {"sms": "reclamo"}}]
RULE = {"levels": LEVELS, "hour": "00:00", "tolerance_days": 0}


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Simulator]]:
    folder = tmp_path_factory.mktemp("claims")
    with Simulator(folder, modems=1) as simulator, Gateway(folder, simulator.ports) as gateway:
        gateway.start()
        gateway.account()
        text = "%nombre%, debe %deuda% desde el %vencimiento%: %facturas%"
        gateway.call("template.save", account=rig.ACCOUNT, template="reclamo", channel="sms", content={"text": text})
        gateway.call("policy.save", account=rig.ACCOUNT, policy="empresa", standard=True, document=RULE)
        yield gateway, simulator


def until(found: Callable[[], Any], within_s: float = 15) -> Any:
    """Waits for something. An engine that nobody wakes looks again after 30 s: by then it is late."""
    end = time.monotonic() + within_s
    while not (seen := found()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.1)
    return seen


def owe(gateway: Gateway, number: int, days: int = 3, state: str = "confirmed") -> str:
    """A customer with a number, and a bill that is so many days late; returns its id."""
    who = f"R{number}"
    point = {"channel": "phone", "address": rig.number_of(number), "state": state}
    gateway.call("customer.put", account=rig.ACCOUNT, external_id=who, customer={"name": "Ana", "contacts": [point]})
    due = datetime.now(ZoneInfo("America/Argentina/Buenos_Aires")).date() - timedelta(days=days)
    bill = {"customer": who, "number": f"N-{number}", "due": due.isoformat(), "balance": "1500.50"}
    gateway.call("invoice.put", account=rig.ACCOUNT, external_id=f"F{number}", invoice=bill)
    return who


def decided(gateway: Gateway, who: str) -> Any:
    found = gateway.call("decision.list", account=rig.ACCOUNT, customer=who)["items"]
    return found[0] if found else None


def test_a_late_bill_leads_to_one_text_and_a_payment_ends_it(floor: tuple[Gateway, Simulator]) -> None:
    gateway, simulator = floor
    who = owe(gateway, 1)
    (told,) = until(simulator.texts)
    assert told["text"].startswith("Ana, debe 1.500,50 desde el ")
    assert told["text"].endswith("N-1")
    until(lambda: [one for one in novelties(gateway) if one["kind"] == "claim"])
    simulated = gateway.call("collections.simulate", account=rig.ACCOUNT)
    assert {one["reason"]: one["count"] for one in simulated["decisions"]} == {"ended": 1}
    gateway.call(
        "payment.put",
        account=rig.ACCOUNT,
        external_id="P1",
        payment={"customer": who, "amount": "1500.50", "invoices": [{"external_id": "F1", "amount": "1500.50"}]},
    )
    until(lambda: decided(gateway, who)["reason"] == "nothing_owed")
    assert len(simulator.texts()) == 1


def novelties(gateway: Gateway) -> list[Any]:
    found: list[Any] = gateway.call("novelty.list", account=rig.ACCOUNT)["items"]
    return found


def test_a_promise_and_a_dispute_hold_claims_and_the_page_says_why(floor: tuple[Gateway, Simulator]) -> None:
    gateway, _simulator = floor
    who = owe(gateway, 2, days=0)
    gateway.call("pause.add", account=rig.ACCOUNT, customer=who, note="juicio")
    until(lambda: (one := decided(gateway, who)) and one["reason"] == "blocked")
    gateway.call("dispute.set", account=rig.ACCOUNT, customer=who, invoice="F2", note="no es suya")
    until(lambda: decided(gateway, who)["reason"] == "disputed")
    assert decided(gateway, who)["stands"] == {"F2": "disputed"}
    gateway.call("dispute.end", account=rig.ACCOUNT, customer=who, invoice="F2")
    (pause,) = gateway.call("pause.list", account=rig.ACCOUNT, customer=who)["items"]
    gateway.call("pause.lift", pause=pause["pause"])
    day = (datetime.now(ZoneInfo("America/Argentina/Buenos_Aires")).date() + timedelta(days=2)).isoformat()
    gateway.call("promise.add", account=rig.ACCOUNT, customer=who, day=day)
    until(lambda: decided(gateway, who)["reason"] == "promised")


def test_a_thanks_leaves_when_a_payment_comes(floor: tuple[Gateway, Simulator]) -> None:
    """The engine of answers looks by itself every 20 s; a payment wakes it."""
    gateway, simulator = floor
    before = len(simulator.texts())
    on = {"payment": {"on": True, "automatic": True, "manual": True}}
    gateway.call("answers.set", account=rig.ACCOUNT, **on)
    who = owe(gateway, 3, days=-9)
    for number in range(2):
        said = {"customer": who, "amount": "10", "invoices": [{"external_id": "F3", "amount": "10"}]}
        gateway.call("payment.put", account=rig.ACCOUNT, external_id=f"T{number}", payment=said)
        until(lambda number=number: len(simulator.texts()) == before + number + 1)  # type: ignore[misc]


def test_a_rule_is_tried_before_it_is_saved(floor: tuple[Gateway, Simulator]) -> None:
    gateway, simulator = floor
    said = {"account": rig.ACCOUNT, "policy": "empresa", "standard": True}

    def contacts() -> int:
        groups = gateway.call("effectiveness.show", account=rig.ACCOUNT)["groups"]
        return sum(one["contacts"] for one in groups)

    before, told = contacts(), len(simulator.texts())
    owe(gateway, 5)
    until(lambda: len(simulator.texts()) > told)
    until(lambda: contacts() == before + 1)
    document = {**RULE, "levels": [{**LEVELS[0], "days": -3}], "tolerance_days": 2}
    tried = gateway.call("policy.try", **said, document=document, due="2026-12-10")
    assert [(one["day"], one["days"]) for one in tried["calendar"]] == [("2026-12-07", -3)]
    with pytest.raises(UsageError, match=r"levels\[1\].templates"):
        gateway.call("policy.save", **said, document={"levels": [{"id": "a", "days": 1}]})
    shown = gateway.call("policy.show", account=rig.ACCOUNT, policy="empresa")
    assert (shown["version"], len(shown["versions"])) == (1, 1)


def test_a_rule_whose_call_says_an_amount_to_anybody_is_not_saved(floor: tuple[Gateway, Simulator]) -> None:
    gateway, _simulator = floor
    said = {"account": rig.ACCOUNT, "policy": "por teléfono", "standard": False}
    level = {"id": "llamada", "days": 9, "channels": ["call"], "templates": {"call": "voz"}}
    early = {"call": {"script": {"message": [{"say": "Su saldo es"}, {"amount": "%deuda%"}]}}}
    gateway.call("template.save", account=rig.ACCOUNT, template="voz", channel="call", content=early)
    with pytest.raises(UsageError, match=r"message\[1\].*its_me"):
        gateway.call("policy.save", **said, document={"levels": [level]})
    script = {"message": "Norte Wifi", "menu": {"1": "its_me"}, "confirm": {"its_me": "Debe %deuda%"}}
    behind = {"call": {"script": script}}
    gateway.call("template.save", account=rig.ACCOUNT, template="voz", channel="call", content=behind)
    assert gateway.call("policy.save", **said, document={"levels": [level]})["version"] == 1


def test_who_may_be_another_person_reads_neither_name_nor_amount(floor: tuple[Gateway, Simulator]) -> None:
    gateway, simulator = floor
    before = len(simulator.texts())
    gateway.call("account.set", account=rig.ACCOUNT, company="Norte 100% Wifi", language="en")
    owe(gateway, 4, state="unknown")
    until(lambda: len(simulator.texts()) > before)
    told = simulator.texts()[-1]
    assert told["text"] == "A message from Norte 100% Wifi awaits you. Please get in touch with us."

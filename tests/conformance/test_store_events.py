"""What other systems are told of debtors: once when a level says so, once when the debt is no more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatewayd.billing.engine import desk as billing_desk
from gatewayd.store.commands import Change
from gatewayd.store.contacts import joining
from gatewayd.store.dunning import events, merging, recalling
from gatewayd.store.dunning.recalling import Taken
from gatewayd.store.webhooks import endpoints
from gatewayd.webhooks import event as posted
from tests.conformance.house import House
from tests.conformance.test_billing import ACCOUNT, NORTE, T, bill, bring, paid
from tests.conformance.test_store_claims import ask, change, debtor, decide, rule, states

CUT: dict[str, Any] = {"levels": [{"id": "corte", "days": 2, "action": "event", "name": "suspension_due"}]}
KEY = {"level": "corte", "cycle": "2026-11-12"}


def told(house: House) -> list[dict[str, Any]]:
    return [json.loads(row[0]) for row in house.rows("SELECT document FROM collection_event ORDER BY id")]


def names(house: House) -> list[tuple[str, str]]:
    return [(one["event"], one["reason"]) for one in told(house)]


@pytest.fixture
def cut(house: House) -> int:
    """A customer of whom it was told that it is to be suspended."""
    rule(house, **CUT)
    number = debtor(house)
    assert decide(house, number) == 1
    return number


def test_it_is_told_by_webhook_and_file_alike_and_once(house: House) -> None:
    rule(house, **CUT)
    hook = {"owner": "norte", "url": "https://soporte.example/aviso", "events": ("event",), "secrets": None}
    change(house, endpoints.add, **hook, now=house.now)
    number = debtor(house)
    assert [decide(house, number) for _ in range(3)] == [1, 0, 0]
    bring(house, "payments", paid("P1", "100.00", ("F-A1", "100.00")))
    assert [decide(house, number) for _ in range(3)] == [0, 0, 0]
    first, second = told(house)
    assert first == {
        "v": 1,
        "id": first["id"],
        "at": first["at"],
        "account": "norte",
        "event": "suspension_due",
        "customer": "A1",
        "currency": "ARS",
        "amount": "100.00",
        "invoices": ["F-A1"],
        "steps": [KEY],
        "reason": "due",
    }
    assert (second["event"], second["reason"], second["steps"], second["amount"]) == (
        *("reconnection", "paid"),
        *([KEY], "0.00"),
    )
    rows = house.rows("SELECT id, type, body FROM webhook_log ORDER BY id")
    assert [row[1] for row in rows] == ["event", "event"]
    made = []
    for number, kind, body in rows:
        said = json.loads(body)
        made.append(posted.occurrence(kind, said["subject"], number, said["at"], said["data"], known=said["known"]))
    assert [json.loads(one.body)["data"] for one in made] == [first, second]
    assert made[0].id != made[1].id
    assert made[0].key == made[1].key  # one customer's are posted in their order

    waiting = ask(house, events.unwritten, 10)
    assert [one[2] for one in waiting] == [first, second]
    change(house, events.written, [one[0] for one in waiting])
    assert ask(house, events.unwritten, 10) == []


def desk_closes(house: House) -> None:
    house.do(Change(lambda unit: billing_desk.close_absent(unit, ACCOUNT, T + 1, house.now)))


def test_a_part_is_not_enough_and_neither_is_an_argument(house: House, cut: int) -> None:
    bring(house, "payments", paid("P1", "60.00", ("F-A1", "60.00")))
    decide(house, cut)
    bring(house, "invoices", bill("F-A1", "A1", due="2026-11-12", state="disputed"), as_of=T + 1)
    decide(house, cut)
    assert names(house) == [("suspension_due", "due")]
    assert states(house) == [("corte", "done", None)]


def test_something_else_that_is_overdue_keeps_it_and_what_is_not_due_yet_does_not(house: House, cut: int) -> None:
    bring(house, "invoices", bill("F2", "A1", due="2026-11-15"), bill("F3", "A1", due="2026-12-15"))
    bring(house, "payments", paid("P1", "100.00", ("F-A1", "100.00")))
    decide(house, cut)  # the older is paid; the next one is overdue, and a cycle of its own
    assert names(house) == [("suspension_due", "due")] * 2
    bring(house, "payments", paid("P2", "100.00", ("F2", "100.00")))
    decide(house, cut)
    decide(house, cut)
    assert names(house)[2:] == [("reconnection", "paid")]
    assert [one["cycle"] for one in told(house)[2]["steps"]] == ["2026-11-12", "2026-11-15"]


@pytest.mark.parametrize(("state", "reason"), [("paid", "paid"), ("cancelled", "cancelled"), ("closed", "closed")])
def test_it_says_what_became_of_the_invoices(house: House, cut: int, state: str, reason: str) -> None:
    if state == "closed":  # as a complete list that lacks it has it
        bring(house, "invoices", *[bill(f"X{n}", f"X{n}") for n in range(20)], as_of=T + 1)
        desk_closes(house)
    else:
        bring(house, "invoices", bill("F-A1", "A1", "0.00", due="2026-11-12", state=state), as_of=T + 1)
    decide(house, cut)
    assert names(house)[1:] == [("reconnection", reason)]


def test_a_payment_that_is_taken_back_leads_to_it_again(house: House, cut: int) -> None:
    bring(house, "payments", paid("P1", "100.00", ("F-A1", "100.00")))
    decide(house, cut)
    back = paid("P2", "100.00", at="2026-11-18T21:00:00Z", reversal_of="P1")
    bring(house, "payments", back)
    assert decide(house, cut) == 1
    assert [one for one, _why in names(house)] == ["suspension_due", "reconnection", "suspension_due"]
    assert len({one["id"] for one in told(house)}) == 3


def test_who_becomes_another_customer_is_reconnected_as_that_one(house: House, cut: int) -> None:
    other = debtor(house, "B2", phone="+5491150000002", balance="0")

    def merge(unit: Any) -> None:
        merging.move(unit, NORTE, "B2", "A1")
        joining.merge(unit, NORTE, joining.Merge("B2", "A1", house.now))
        billing_desk.changed(unit, ACCOUNT, [other], house.now)

    house.do(Change(merge))
    decide(house, other)
    assert names(house) == [("suspension_due", "due")]
    bring(house, "payments", paid("P1", "100.00", ("F-A1", "100.00")))
    decide(house, other)
    assert [(one["event"], one["customer"]) for one in told(house)][1:] == [("reconnection", "B2")]


def test_files_of_events_tell_an_older_store_what_was_told(house: House) -> None:
    rule(house, **CUT)
    number = debtor(house)
    debtor(house, "B2", phone="+5491150000002")

    def file(who: str, event: str, at: str) -> dict[str, Any]:
        said = {"customer": who, "currency": "ARS", "event": event, "at": at, "steps": [KEY]}
        return {**said, "invoices": [f"F-{who}"]}

    files = [
        file("A1", "suspension_due", "2026-11-18T20:00:00.000Z"),
        file("B2", "reconnection", "2026-11-18T21:00:00.000Z"),
        file("B2", "suspension_due", "2026-11-18T20:00:00.000Z"),
        {"customer": "A1"},
        {"customer": "A1", "currency": "ARS", "event": "x", "at": "", "steps": [KEY]},
    ]
    taken = recalling.told_of(files, lambda at: {"": 0}.get(at, int(at[11:13] or 0) if at else 0))
    assert sorted((one.customer, one.state) for one in taken) == [("A1", "done"), ("B2", "undone")]
    assert isinstance(taken[0], Taken)
    change(house, recalling.take_over, "norte", taken, house.now)
    assert decide(house, number) == 0
    bring(house, "payments", paid("P1", "100.00", ("F-A1", "100.00")))
    decide(house, number)
    assert names(house) == [("reconnection", "paid")]

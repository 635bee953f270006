"""What is told of its own accord, over both stores: only news, each once, with a question where it reaches many."""

from __future__ import annotations

from typing import Any

import pytest

from gatewayd.store.commands import Change
from gatewayd.store.tickets import notices, tickets
from gatewayd.store.tickets.tickets import TicketChange
from gatewayd.values.actor import Scope
from tests.conformance.house import House
from tests.rig.answers import DAY_MS, Desk, mail, phone

QUIET_MS = 6_000
"""Until a batch is whole."""


@pytest.fixture
def desk(house: House) -> Desk:
    desk = Desk(house, mail_invoice={"on": True}, mail_payment={"on": True}, mail_ticket={"on": True})
    desk.billing()
    return desk


def told(desk: Desk) -> list[tuple[Any, ...]]:
    """Tells what is due; returns the address and text of what was recorded for it."""
    before = len(desk.sent())
    desk.tell()
    desk.house.now += QUIET_MS
    desk.tell()
    return [(one[0], one[1]) for one in desk.sent()[before:]]


def test_a_payment_is_thanked_for_once(desk: Desk) -> None:
    ana = desk.customer("C-1", phone())
    desk.owes(ana, 500_000_000)
    desk.pays(ana, 1_000_000_000, "P1")
    ((to, text),) = told(desk)
    assert to == "+5491123450001"
    assert "1.000,00" in text
    assert "500,00" in text
    assert told(desk) == []
    assert [one[3] for one in desk.sent()] == ["notice"]


@pytest.mark.parametrize(
    "values",
    [
        {"initial": True},
        {"posted_at": 0},
        {"reversal_of": "P0"},
        {"cancelled": True},
        {"kind": "credit_note"},
        {"first_seen": 0},
        {"method": "manual"},
    ],
    ids=str,
)
def test_what_is_no_news_is_not_told(desk: Desk, values: dict[str, Any]) -> None:
    desk.set({"payment": {"manual": False}})
    ana = desk.customer("C-1", phone())
    desk.pays(ana, 1_000_000_000, "P1", **values)
    assert told(desk) == []


def test_a_payment_that_is_taken_back_before_it_is_told_is_not_thanked_for(desk: Desk) -> None:
    people = [desk.customer(f"C-{n}", phone(f"+54911234500{n:02}")) for n in range(40)]
    for n, one in enumerate(people[:7]):
        desk.pays(one, 1_000_000, f"P{n}")
    desk.tell()  # so many that more may come
    desk.pays(people[0], 1_000_000, "R0", reversal_of="P0")
    desk.house.now += QUIET_MS
    desk.tell()
    assert {one[0] for one in desk.sent()} == {f"+54911234500{n:02}" for n in range(1, 7)}


def test_no_amount_goes_to_a_number_that_nobody_has_confirmed_and_nothing_to_one_of_two(desk: Desk) -> None:
    unsure = desk.customer("C-1", phone("+5491123450001", state="unknown"))
    shared = desk.customer("C-2", phone("+5491123450002"))
    desk.customer("C-3", phone("+5491123450002"))
    desk.pays(unsure, 777_000_000, "P1")
    desk.pays(shared, 777_000_000, "P2")
    ((to, text),) = told(desk)
    assert to == "+5491123450001"
    assert "777" not in text


def test_a_batch_that_reaches_more_than_a_fifth_of_the_customers_asks_a_person(desk: Desk) -> None:
    desk.set({"mail_payment": {"on": False}})
    people = [desk.customer(f"C-{n}", phone(f"+54911234500{n:02}")) for n in range(40)]
    for n, one in enumerate(people[:9]):
        desk.pays(one, 1_000_000, f"P{n}")
    assert told(desk) == []
    ((number, reached, customers, state),) = desk.rows("notice_batch", "id, people, customers, state")
    assert (reached, customers, state) == (9, 40, "asked")

    def decide(unit: Any) -> None:
        notices.decide(unit.session, Scope.of("norte"), number, tell=True, now=desk.house.now, by="ana")

    desk.house.do(Change(decide))
    assert len(told(desk)) == 9
    assert told(desk) == []


def test_a_thanks_whose_balance_changed_before_it_left_is_made_anew(desk: Desk) -> None:
    ana = desk.customer("C-1", phone())
    desk.owes(ana, 500_000_000)
    desk.pays(ana, 1_000_000_000, "P1")
    told(desk)
    desk.owes(ana, 200_000_000)
    ((_to, text),) = told(desk)
    assert "200,00" in text
    assert [one[2] for one in desk.sent()] == ["cancelled", "queued"]


def test_mails_by_area_obey_the_customers_switch(desk: Desk) -> None:
    ana = desk.customer("C-1", mail())
    luis = desk.customer("C-2", mail("luis@example.com"), name="Luis", mails=0)
    for number, one in enumerate((ana, luis)):
        desk.bills(one, 300_000_000, f"F{number}")
        desk.pays(one, 100_000_000, f"P{number}")
    found = told(desk)
    assert {to for to, _text in found} == {"ana@example.com"}
    assert any("300,00" in text for _to, text in found)
    assert any("100,00" in text for _to, text in found)
    assert len(found) == 2
    areas = desk.house.rows("SELECT content FROM job ORDER BY id")
    assert any('"area": "invoices"' in row[0] for row in areas)


def test_a_ticket_that_changes_is_told_to_its_customer(desk: Desk) -> None:
    desk.set({"ticket": {"tell": True}})
    desk.customer("C-1", phone(), mail())
    desk.asks("reclamo")
    told(desk)

    def close(unit: Any) -> None:
        change = TicketChange(state="closed", note="listo")
        tickets.change(unit.session, Scope.of("norte"), "norte", 1, change, now=desk.house.now, by="ana")

    desk.house.do(Change(close))
    found = dict(told(desk))
    assert "resuelto" in found["+5491123450001"] or "solved" in found["+5491123450001"]
    assert "ticket 1" in found["ana@example.com"]
    assert told(desk) == []


def test_switching_on_tells_nothing_of_what_was_before(house: House) -> None:
    desk = Desk(house, payment={"on": False})
    desk.billing()
    ana = desk.customer("C-1", phone())
    desk.pays(ana, 1_000_000_000, "P1", posted_at=house.now - DAY_MS)
    desk.tell()
    house.now += 1_000
    desk.set({"payment": {"on": True}})
    assert told(desk) == []
    desk.pays(ana, 1_000_000_000, "P2")
    assert len(told(desk)) == 1

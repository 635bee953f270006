"""Answers without a person, over both stores: each text once, amounts to the right person alone, facts as they are."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete

from gatewayd.store import tables
from gatewayd.store.commands import Change, KeyPressed, NewMessage, PartEnd
from gatewayd.store.sending import restoration
from gatewayd.values.model import PartState, State
from tests.conformance.house import House
from tests.rig.answers import DAY_MS, Desk, mail, phone

NUMBER = "+5491123450001"


@pytest.fixture
def desk(house: House) -> Desk:
    return Desk(house)


def test_a_balance_is_answered_with_the_facts_of_the_moment(desk: Desk) -> None:
    ana = desk.customer("C-1", phone())
    desk.owes(ana, 1_500_500_000)
    desk.billing()
    (text,) = desk.asks("Saldo")
    assert text == "Estimado/a Ana, su saldo pendiente de pago es $ 1.500,50. Gracias por comunicarse con norte."
    ((to, _text, state, klass),) = desk.sent()
    assert (to, state, klass) == (NUMBER, "queued", "reply")
    ((priority, name),) = desk.house.rows("SELECT priority, name FROM job")
    assert (priority, name.startswith("post-answers-")) == ("urgent", True)


def test_each_text_is_answered_once_however_often_it_is_looked_at(desk: Desk) -> None:
    desk.customer("C-1", phone())
    desk.billing()
    desk.asks("saldo")
    desk.house.do(Change(lambda unit: unit.session.plain("UPDATE answer_place SET place = 0")))
    assert desk.answer().answered == 0
    assert len(desk.sent()) == 1


def test_what_came_before_answers_were_known_is_nobodys(house: House) -> None:
    desk = Desk.__new__(Desk)
    desk.house, desk._keys = house, 0
    desk.hears("saldo")
    desk.__init__(house)  # type: ignore[misc]
    assert desk.answer().answered == 0
    assert desk.sent() == []


@pytest.mark.parametrize("why", ["stranger", "two customers", "wrong person", "unconfirmed", "stale", "no billing"])
def test_no_amount_for(desk: Desk, why: str) -> None:
    state = {"wrong person": "wrong_person", "unconfirmed": "unknown"}.get(why, "confirmed")
    number = phone("+5491199990000") if why == "stranger" else phone(state=state)
    ana = desk.customer("C-1", number)
    desk.owes(ana, 777_000_000)
    if why == "two customers":
        luis = desk.customer("C-2", phone(), name="Luis")
        desk.owes(luis, 777_000_000)
    if why != "no billing":
        desk.billing(desk.house.now - 3 * DAY_MS if why == "stale" else None)
    texts = desk.asks("saldo")
    assert len(texts) == 1
    assert "777" not in texts[0]
    assert "C-1" not in texts[0]


def test_a_mail_is_answered_to_the_address_on_file_alone(desk: Desk) -> None:
    ana = desk.customer("C-1", mail())
    desk.owes(ana, 777_000_000)
    desk.billing()
    (text,) = desk.asks("saldo", "ana@example.com", channel="email", line="claro-1")
    assert "777" in text
    (other,) = desk.asks("saldo", "somebody@example.com", channel="email")
    assert "777" not in other


BILLED = "%nombre%: debe $ %deuda%. Factura %factura%, pague en %enlace_de_pago%"


def test_the_invoice_that_is_owed_longest_is_named_with_its_link(desk: Desk) -> None:
    desk.set({"debt": {"body": BILLED}})
    ana = desk.customer("C-1", phone())
    desk.bills(ana, 500_000_000, "2", due="2026-12-10", link="https://pagos.example/2")
    desk.bills(ana, 277_000_000, "1", due="2026-11-10", link="https://pagos.example/1")
    desk.bills(ana, 900_000_000, "0", due="2026-10-10", state="paid", open=False, balance=0)
    desk.owes(ana, 777_000_000)
    desk.billing()
    (text,) = desk.asks("saldo")
    assert text == "Ana: debe $ 777,00. Factura A-1, pague en https://pagos.example/1"
    # What a payment covers is not what is owed longest.
    desk.pays(ana, 277_000_000, "P-1")
    desk.owes(ana, 500_000_000, due="2026-12-10")
    desk.again()
    assert desk.sent()[-1][1] == "Ana: debe $ 500,00. Factura A-2, pague en https://pagos.example/2"


@pytest.mark.parametrize("why", ["no link", "nothing owed", "unconfirmed", "shared"])
def test_an_answer_names_no_invoice_that_is_not_known_or_not_theirs(desk: Desk, why: str) -> None:
    desk.set({"debt": {"body": BILLED}})
    ana = desk.customer("C-1", phone(state="unknown" if why == "unconfirmed" else "confirmed"))
    if why == "shared":
        desk.customer("C-2", phone(), name="Luis")
    owed = 0 if why == "nothing owed" else 777_000_000
    if owed:
        desk.bills(ana, owed, "1", link="" if why == "no link" else "https://pagos.example/1")
    desk.owes(ana, owed)
    desk.billing()
    (text,) = desk.asks("saldo")
    assert "A-1" not in text
    assert "pagos.example" not in text
    assert "%" not in text
    assert ("777" in text) == (why == "no link")


def test_soy_yo_confirms_the_number(desk: Desk) -> None:
    ana = desk.customer("C-1", phone(state="unknown"))
    desk.owes(ana, 777_000_000)
    desk.billing()
    (asked,) = desk.asks("saldo")
    assert "SOY YO" in asked
    (text,) = desk.asks("soy yo")
    assert "777" in text
    assert desk.rows("contact_point", "state") == [("confirmed",)]


def test_a_debt_that_changes_before_the_answer_leaves_is_told_anew(desk: Desk) -> None:
    ana = desk.customer("C-1", phone())
    desk.owes(ana, 777_000_000)
    desk.billing()
    desk.asks("saldo")
    desk.owes(ana, 111_000_000)
    assert [one[2] for one in desk.sent()] == ["cancelled"]
    assert desk.again().answered == 1
    texts = [(text, state) for _to, text, state, _class in desk.sent()]
    assert "111,00" in texts[1][0]
    assert [state for _text, state in texts] == ["cancelled", "queued"]
    assert desk.again().answered == 0
    for micros in range(1, 9):
        desk.owes(ana, micros * 1_000_000)
        desk.again()
    assert len(desk.sent()) == 5  # then a person tells it


def test_claims_rest_for_who_says_it_has_paid(desk: Desk) -> None:
    ana = desk.customer("C-1", phone())
    desk.owes(ana, 777_000_000)
    desk.billing()
    (text,) = desk.asks("Ya pagué!")
    assert "777" not in text
    assert "verificar" in text
    ((reason, until),) = desk.rows("pause", "reason, until")
    assert reason == "claims_paid"
    assert 3 * DAY_MS < until - desk.house.now <= 5 * DAY_MS
    assert desk.rows("novelty", "kind") == [("verify_payment",)]
    assert desk.rows("fact_mark", "customer_id") == [(ana,)]


def test_a_promise_is_noted_with_its_day_or_asked_for_it(desk: Desk) -> None:
    ana = desk.customer("C-1", phone())
    desk.owes(ana, 777_000_000)
    desk.billing()
    (asked,) = desk.asks("pago")
    assert "fecha" in asked
    (text,) = desk.asks("el lunes")
    assert "Anotamos" in text
    ((source, state),) = desk.rows("promise", "source, state")
    assert (source, state) == ("message", "pending")


def test_who_is_not_meant_is_left_alone_and_the_debt_stays(desk: Desk) -> None:
    ana = desk.customer("C-1", phone())
    desk.owes(ana, 777_000_000)
    desk.billing()
    assert desk.asks("No soy") == []
    assert desk.rows("contact_point", "state") == [("wrong_person",)]
    assert desk.rows("novelty", "kind") == [("wrong_person",)]
    assert desk.rows("owed", "balance") == [(777_000_000,)]
    assert "777" not in desk.asks("saldo")[0]


def called(desk: Desk, key: str, action: str, *, opted_out: bool = False, to: str = NUMBER) -> None:
    """Somebody is called, and presses a key."""
    row = NewMessage(1, None, to, "Hola", "", 1, "", None, None)
    queue = desk.house.job_of([row], name=f"c{desk.house.now}", channel="call")
    (work,) = desk.house.claim(queue).work
    desk.house.pnr(work)
    detail = json.dumps({"disposition": "answered", "key": key, "action": action})
    ended = desk.house.finishing(work, State.DELIVERED)
    desk.house.do(replace(ended, pressed=key, detail=detail, opted_out=opted_out))
    desk.house.now += 1000
    desk.answer()


def test_a_key_in_a_call_is_acted_on_once_and_not_answered(desk: Desk) -> None:
    ana = desk.customer("C-1", phone(state="unknown"))
    desk.owes(ana, 777_000_000)
    desk.billing()
    sent = len(desk.rows("message", "id"))
    called(desk, "1", "repeat")
    called(desk, "1", "its_me")
    assert desk.rows("contact_point", "state") == [("confirmed",)]
    called(desk, "2", "promise")
    ((source, state, day, note),) = desk.rows("promise", "source, state, day, note")
    assert (source, state, note) == ("call", "pending", "tecla 2 en una llamada")
    today = datetime.fromtimestamp(desk.house.now / 1000, ZoneInfo("America/Argentina/Buenos_Aires")).date()
    assert date.fromisoformat(day) == today + timedelta(days=3)
    called(desk, "3", "paid")
    assert desk.rows("pause", "reason") == [("claims_paid",)]
    called(desk, "4", "wrong_person")
    assert desk.rows("contact_point", "state") == [("wrong_person",)]
    assert sorted(one for (one,) in desk.rows("novelty", "kind")) == ["verify_payment", "wrong_person"]
    called(desk, "9", "opt_out", opted_out=True, to="+5491123450009")
    assert [row[1:] for row in desk.rows("answer", "id, kind, state")] == [
        *[("confirm", "done"), ("promise", "done"), ("paid", "done"), ("wrong_person", "done")]
    ]
    assert len(desk.rows("message", "id")) == sent + 6  # the calls themselves


def test_a_key_counts_though_the_account_answers_nothing(house: House) -> None:
    desk = Desk(house)
    ana = desk.customer("C-1", phone())
    desk.owes(ana, 777_000_000)
    house.do(Change(lambda unit: unit.session.connection.execute(delete(tables.answer_settings))))
    called(desk, "2", "promise")
    assert desk.rows("promise", "state") == [("pending",)]
    assert desk.asks("saldo") == []


@pytest.mark.parametrize(("action", "table"), [("promise", "promise"), ("paid", "pause")])
def test_a_key_counts_though_its_call_ended_in_doubt_and_was_made_again(desk: Desk, action: str, table: str) -> None:
    """The next try says what was pressed in it, and no longer what was pressed before."""
    ana = desk.customer("C-1", phone())
    desk.owes(ana, 777_000_000)
    desk.billing()
    house = desk.house
    row = NewMessage(1, None, NUMBER, "Hola", "", 1, "", None, None)
    queue = house.job_of([row], name="c", channel="call", resend=True)
    (work,) = house.claim(queue).work
    house.pnr(work)
    house.finish(work, State.QUEUED, outcome="uncertain", parts={1: PartEnd(PartState.DOUBT)}, due=house.now)
    (again,) = house.claim(queue).work
    house.pnr(again)
    detail = json.dumps({"disposition": "answered", "key": "2", "action": action})
    house.do(KeyPressed(work.attempt_id, "claro-1", NUMBER, "2", action, detail, house.now))
    ended = house.finishing(again, State.DELIVERED)
    house.do(replace(ended, detail=json.dumps({"disposition": "answered", "key": None, "action": None})))
    desk.answer()
    assert len(desk.rows(table, "id")) == 1


def test_a_key_of_an_unknown_number_is_a_persons_and_a_shared_one_confirms_nobody(desk: Desk) -> None:
    called(desk, "2", "promise")
    assert desk.rows("answer", "kind, state, reason") == [("promise", "inbox", "unknown_number")]
    for name in ("C-1", "C-2"):
        desk.owes(desk.customer(name, phone(state="unknown")), 777_000_000)
    called(desk, "2", "promise")
    called(desk, "1", "its_me")
    assert [row[1:] for row in desk.rows("answer", "id, kind, reason")[1:]] == [*[("promise", None), ("confirm", None)]]
    assert len(desk.rows("promise", "id")) == 1, "of the one who was called"
    assert {row[0] for row in desk.rows("contact_point", "state")} == {"unknown"}


def test_a_complaint_becomes_a_ticket_so_many_a_day(desk: Desk) -> None:
    desk.set({"ticket": {"per_day": 1, "category": "soporte", "operator": "maria"}})
    desk.customer("C-1", phone())
    (first,) = desk.asks("RECLAMO no anda internet")
    assert "ticket 1" in first
    assert "maria" in first
    desk.house.now += 11 * 60_000
    (second,) = desk.asks("reclamo")
    assert "ticket 1" in second
    desk.house.now += 11 * 60_000
    assert desk.asks("reclamo") == []
    ((number, state, category, text),) = desk.rows("ticket", "number, state, category, text")
    assert (number, state, category, text) == (1, "open", "soporte", "RECLAMO no anda internet")
    assert desk.asks("reclamo", "+5491100000009") == []


def test_nothing_is_answered_after_a_restore_until_somebody_says_so(desk: Desk) -> None:
    desk.customer("C-1", phone())
    desk.house.do(Change(lambda unit: restoration.stand_still(unit, desk.house.now)))
    assert desk.asks("saldo") == []
    desk.house.do(Change(restoration.release))
    assert desk.answer().answered == 1


def test_what_waited_for_more_than_half_an_hour_is_a_persons(desk: Desk) -> None:
    desk.customer("C-1", phone())
    desk.hears("saldo")
    desk.house.now += 31 * 60_000
    assert desk.answer().answered == 0
    assert desk.rows("answer", "state, reason") == [("inbox", "late")]


def test_two_gateways_that_answer_each_other_end_after_two(house: House) -> None:
    desk = Desk(house, debt={"on": True, "other": "Saldo: no podemos informar. %empresa%"})
    other = "+5491155550000"
    text, count = "saldo pendiente", 0
    for _round in range(10):
        said = desk.asks(text, other)
        if not said:
            break
        count += 1
        house.now += 20_000
        text = said[0]  # the other gateway is set as this one is
    assert count == 2


def test_who_asks_for_silence_is_blocked_and_not_answered(desk: Desk) -> None:
    desk.customer("C-1", phone())
    assert desk.asks("BAJA") == []
    assert desk.rows("blocklist", '"to"') == [(NUMBER,)]
    assert desk.rows("answer", "kind") == []
    # A sentence that merely begins with such a word is none; what may be one is a person's.
    assert desk.asks("Baja la velocidad a la noche?", "+5491123450002") == []
    assert desk.rows("answer", "kind") == []
    # Who was blocked and asks is answered: it is what it has asked for.
    assert len(desk.asks("saldo")) == 1


def test_another_persons_number_is_noted_even_where_intake_has_blocked_it(desk: Desk) -> None:
    ana = desk.customer("C-1", phone())
    desk.owes(ana, 777_000_000)
    assert desk.asks("Número equivocado") == []
    assert desk.rows("contact_point", "state") == [("wrong_person",)]
    assert desk.rows("novelty", "kind") == [("wrong_person",)]


def test_a_claim_that_waits_is_withdrawn_by_who_says_it_has_paid(desk: Desk) -> None:
    ana = desk.customer("C-1", phone())
    desk.owes(ana, 777_000_000)
    desk.billing()
    desk.asks("saldo")
    desk.asks("ya pagué")
    states = [(one[1][:7], one[2]) for one in desk.sent()]
    assert states == [("Estimad", "cancelled"), ("Gracias", "queued")]


def test_an_answer_whose_words_cannot_be_filled_in_is_a_persons(desk: Desk) -> None:
    desk.set({"paid": {"body": "Gracias " + "😀" * 900}})
    desk.customer("C-1", phone())
    desk.asks("pagado")
    assert [one[2] for one in desk.sent()] == ["invalid"]
    assert [row[0] for row in desk.rows("answer", "state")] == ["inbox"]

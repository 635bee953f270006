"""What is answered to a text: words, order, who may hear an amount, bounds, dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from drivers.gsm.alphabet import septets
from gatewayd.answers import facts
from gatewayd.answers.bodies import BODIES
from gatewayd.answers.facts import Fact
from gatewayd.answers.judge import AT_ONCE_MS, HOUR_MS, House, judge
from gatewayd.answers.known import Answered, Incoming, Known, OpenTicket, Owed, Person, Verdict
from gatewayd.answers.promised import day_in, promise_in
from gatewayd.answers.settings import AnswerSettings, merged, switched

TODAY = date(2026, 12, 1)
NOW = 1_796_000_000_000
ON: dict[str, Any] = {name: {"on": True} for name in ("debt", "ticket", "payment", "paid", "promise", "wrong_person")}
SETTINGS = AnswerSettings.model_validate(ON)
ANA = Person(7, "C-7", "Ana", "confirmed")
LUIS = Person(8, "C-8", "Luis", "confirmed")


def known(*people: Person, **more: Any) -> Known:
    owed = {person.id: (Owed("ARS", 1_500_000_000, date(2026, 11, 10), 2),) for person in people}
    return Known(people=people, owed=owed, **({"fresh": True} | more))


def said(text: str, about: Known | None = None, settings: AnswerSettings = SETTINGS, **more: Any) -> Verdict:
    incoming = Incoming(1, "sms", "claro-1", "+5491123450001", text, NOW, **more)
    return judge(House(settings, TODAY), incoming, known(ANA) if about is None else about)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("saldo", "debt"), ("SALDO", "debt"), ("  Saldo!! ", "debt"), ("Hola, saldo por favor", "debt"),
        ("saldo de mi cuenta", "debt"), ("Deuda?", "debt"), ("cuánto debo", "debt"), ("Cuanto debo este mes", "debt"),
        ("reclamo", "ticket"), ("RECLAMO no anda internet", "ticket"), ("Soporte: sin señal", "ticket"),
        ("ya pagué", "paid"), ("PAGADO", "paid"), ("Transferí", "paid"), ("hola ya pague gracias", "paid"),
        ("[image]", "paid"), ("[document]", "paid"), ("Pago realizado", "paid"),
        ("PAGO 5/12", "promise"), ("pago el viernes", "promise"), ("Voy a pagar mañana", "promise"),
        ("pago", "day"), ("PAGO 31/02", "day"), ("pago el 20/12/2027", "day"),
        ("EQUIVOCADO", "wrong_person"), ("no soy", "wrong_person"), ("Número equivocado", "wrong_person"),
        ("no conozco el saldo", "none"), ("mi saldo", "none"), ("el reclamo anterior", "none"),
        ("pago la factura cuando pueda", "none"), ("ya pagué y me cortaron igual", "none"), ("hola", "none"),
        ("", "none"), ("🙂", "none"),
    ],
)  # fmt: skip
def test_words_are_whole_texts_or_for_debt_and_ticket_the_first_word(text: str, kind: str) -> None:
    assert said(text).kind == kind


def test_opt_outs_and_what_may_be_one_are_never_answered() -> None:
    assert said("saldo", opt_out=True) == Verdict("opt_out")
    assert said("saldo", review=True) == Verdict("doubtful")
    # Where it came in the number was blocked; whose it is not is noted all the same.
    assert said("número equivocado", opt_out=True).kind == "wrong_person"


def test_paid_comes_before_promise_and_promise_before_ticket_and_debt() -> None:
    words = {"words": ["pagado", "pago", "pago manana"]}
    settings = merged(SETTINGS, {"ticket": words, "debt": words})
    assert said("pagado", settings=settings).kind == "paid"
    assert said("pago mañana", settings=settings).kind == "promise"
    off = merged(settings, {"paid": {"on": False}, "promise": {"on": False}})
    assert said("pagado", settings=off).kind == "ticket"
    assert said("pagado", settings=merged(off, {"ticket": {"on": False}})).kind == "debt"


def test_a_switch_that_is_off_answers_nothing() -> None:
    off = AnswerSettings()
    for text in ("saldo", "reclamo", "ya pagué", "pago mañana", "equivocado"):
        assert said(text, settings=off).kind == "none"


@pytest.mark.parametrize(
    ("about", "kind"),
    [
        (known(ANA), "debt"),
        (known(), "other"),
        (known(ANA, LUIS), "other"),
        (known(Person(7, "C-7", "Ana", "wrong_person")), "other"),
        (known(ANA, Person(8, "C-8", "Luis", "wrong_person")), "other"),
        (known(Person(7, "C-7", "Ana", "unknown")), "confirm"),
        (known(Person(7, "C-7", "Ana", "unknown"), fresh=False), "other"),
        (known(ANA, fresh=False), "other"),
    ],
)
def test_an_amount_is_for_the_one_customer_whose_confirmed_number_it_is(about: Known, kind: str) -> None:
    found = said("saldo", about)
    assert (found.kind, found.speaks) == (kind, True)


def test_who_says_soy_yo_when_asked_is_confirmed_and_hears_the_amount() -> None:
    unknown = Person(7, "C-7", "Ana", "unknown")
    asked = (Answered(NOW - 1000, "confirm", told=True),)
    found = said("SOY YO", known(unknown, recent=asked))
    assert (found.kind, found.confirms) == ("debt", True)
    assert said("SOY YO", known(unknown)).kind == "none"
    assert said("no soy yo", known(unknown, recent=asked)).kind == "wrong_person"
    shared = said("SOY YO", known(unknown, LUIS, recent=asked))
    assert (shared.kind, shared.confirms) == ("other", False)


def test_a_promise_without_a_day_is_asked_for_it_once() -> None:
    assert said("pago").kind == "day"
    asked = (Answered(NOW - HOUR_MS, "day", told=True),)
    answer = said("el 5/12", known(ANA, recent=asked))
    assert (answer.kind, answer.day) == ("promise", date(2026, 12, 5))
    assert said("5/12").kind == "none"
    again = said("pago algún día 31/02", known(ANA, recent=asked))
    assert again.kind == "none"
    assert (said("pago", known(ANA, recent=asked)).speaks, said("pago", known(ANA, recent=asked)).reason) == (
        False,
        "day_unclear",
    )


def test_a_promise_or_a_ticket_of_a_stranger_or_of_two_is_a_persons() -> None:
    for about, reason in ((known(), "unknown_number"), (known(ANA, LUIS), "shared_number")):
        for text in ("pago mañana", "reclamo"):
            found = said(text, about)
            assert (found.speaks, found.reason) == (False, reason)
    mine = said("reclamo", known(ANA, LUIS), answers_customer=8)
    assert mine.people == (LUIS,)


def test_above_the_maximum_one_text_names_the_open_ticket() -> None:
    full = known(ANA, tickets_today=3, open_ticket=OpenTicket(12, 120))
    assert (said("reclamo", full).kind, said("reclamo", full).speaks) == ("tickets", True)
    told = known(ANA, tickets_today=3, open_ticket=OpenTicket(12, 120),
                 recent=(Answered(NOW - HOUR_MS, "tickets", told=True),))  # fmt: skip
    assert (said("reclamo", told).speaks, said("reclamo", told).reason) == (False, "tickets_most")


def test_bounds_a_number_and_an_account() -> None:
    hour = tuple(Answered(NOW - n * 10 * 60_000, "debt", told=True) for n in range(1, 6))
    assert said("saldo", known(ANA, recent=hour)).reason == "number_most"
    assert said("saldo", known(ANA, recent=hour[:4])).speaks
    assert said("saldo", known(ANA, account_hour=10_000)).reason == "account_most"


def test_an_answer_to_another_machine_ends_after_two() -> None:
    one = Answered(NOW - AT_ONCE_MS // 2, "debt", told=True)
    two = Answered(NOW - AT_ONCE_MS, "debt", told=True)
    assert said("saldo", known(ANA, recent=(one,))).speaks
    assert said("saldo", known(ANA, recent=(one, two))).reason == "other_machine"
    # A text that goes on behind the word is how a machine answers: it is given more time to be slow.
    slow = tuple(Answered(NOW - n * 5 * 60_000, "debt", told=True, long=True) for n in (1, 2))
    assert said("saldo: estimado cliente", known(ANA, recent=slow)).reason == "other_machine"
    assert said("saldo", known(ANA, recent=slow)).speaks


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("15/12", date(2026, 12, 15)), ("el 15/12", date(2026, 12, 15)), ("15-12-2026", date(2026, 12, 15)),
        ("15.12.26", date(2026, 12, 15)), ("2026-12-15", date(2026, 12, 15)), ("1/12", TODAY),
        ("30/11", date(2027, 11, 30)), ("15 de diciembre", date(2026, 12, 15)), ("diciembre 15", date(2026, 12, 15)),
        ("el 15", date(2026, 12, 15)), ("hoy", TODAY), ("mañana", date(2026, 12, 2)),
        ("pasado mañana", date(2026, 12, 3)), ("el viernes", date(2026, 12, 4)), ("martes", date(2026, 12, 8)),
        ("Friday", date(2026, 12, 4)), ("29/02", None), ("31/11", None), ("45", None), ("15/13", None),
        ("no sé", None), ("", None), ("15/12/2025", None), ("mayo", None), ("15 16", None),
    ],
)  # fmt: skip
def test_days_as_people_write_them(text: str, day: date | None) -> None:
    assert day_in(text, TODAY) == day


def test_promises_as_people_write_them() -> None:
    assert promise_in("Prometo pagar el 10/12.", TODAY) == (True, date(2026, 12, 10))
    assert promise_in("pay 12/10", TODAY, month_first=True) == (True, date(2026, 12, 10))
    assert promise_in("pago todo lo que debo", TODAY) == (False, None)
    assert promise_in("no pago", TODAY) == (False, None)


def test_only_answers_about_an_amount_name_one() -> None:
    for part, key in (("debt", "other"), ("debt", "confirm"), ("ticket", "body"), ("paid", "body"), ("promise", "day")):
        with pytest.raises(ValidationError):
            merged(SETTINGS, {part: {key: "Debe %deuda%"}})
    assert merged(SETTINGS, {"debt": {"body": "Debe %deuda%"}}).debt.body == "Debe %deuda%"


def test_a_variable_that_an_answer_does_not_have_is_refused() -> None:
    for part, key, text in (
        ("debt", "other", "Hola %monto2%"),
        ("paid", "body", "%estado%"),
        ("ticket", "body", "%x%"),
    ):
        with pytest.raises(ValidationError, match="no variable of this answer"):
            merged(SETTINGS, {part: {key: text}})
    assert merged(SETTINGS, {"ticket": {"body": "%id% 100%%"}}).ticket.body == "%id% 100%%"


def test_a_switch_knows_since_when_it_is_on() -> None:
    was = AnswerSettings()
    on = merged(was, {"payment": {"on": True}})
    since = switched({}, was, on, 5)
    assert since == {"payment": 5}
    assert switched(since, on, merged(on, {"payment": {"manual": False}}), 9) == {"payment": 5}
    assert switched({}, merged(on, {"payment": {"on": False}}), on, 9) == {"payment": 9}


def test_bodies_are_plain_and_short() -> None:
    room = {
        "nombre": "Maria Fernanda",
        "empresa": "Norte",
        "deuda": "12.500,50",
        "monto": "12.500,50",
        "id": "1234",
        "operador": "Nuestro equipo",
        "vencimiento": "15/12/2026",
        "ejemplo": "15/12",
        "estado": "en curso",
    }
    for kind, texts in BODIES.items():
        for text in texts.values():
            filled = text
            for name, value in room.items():
                filled = filled.replace(f"%{name}%", value)
            length = septets(filled)
            assert length is not None
            assert length <= 160, (kind, filled)


FACT = Fact(1, 1, 7, happened_at=NOW - HOUR_MS, first_seen=NOW, initial=False, amount=1_000_000)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, True),
        ({"initial": True}, False),
        ({"first_seen": NOW - 2 * HOUR_MS}, False),
        ({"happened_at": NOW - facts.OLD_MS - 1}, False),
        ({"takes_back": True}, False),
        ({"undone": True}, False),
        ({"plain": False}, False),
        ({"customer_id": None}, False),
        ({"amount": 0}, False),
    ],
)
def test_only_news_is_told(change: dict[str, Any], told: bool) -> None:
    assert facts.tells(replace(FACT, **change), NOW - HOUR_MS, NOW) is told
    assert not facts.tells(FACT, None, NOW)


def test_a_batch_that_reaches_more_than_a_fifth_asks() -> None:
    assert not facts.asks(20, 100)
    assert facts.asks(21, 100)
    assert not facts.asks(1, 3)

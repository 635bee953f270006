"""Campaigns that speak of debts bear the facts that they were written from, over both stores."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from gatewayd.billing.engine import desk as billing_desk
from gatewayd.campaigns.engine.climbing import _addresses
from gatewayd.campaigns.engine.freezing import Freezing
from gatewayd.campaigns.engine.recording import _recipient
from gatewayd.campaigns.engine.words import Words, speaks_of_debt
from gatewayd.customers.filters import CustomerFilter
from gatewayd.numbers import Policy
from gatewayd.store.campaigns import facts, runs
from gatewayd.store.campaigns.audience import Source
from gatewayd.store.campaigns.runs import Person, Run
from gatewayd.store.commands import Change
from gatewayd.store.contacts.audience import Occasion
from gatewayd.store.sending import causes
from spool.document import parse
from tests.conformance.house import House
from tests.conformance.test_customers import phone, put
from tests.conformance.test_store_campaigns import ask, launched

POLICY = Policy("AR", "11")


def owing(house: House, name: str, balance: str, number: str) -> int:
    kept = put(house, name, contacts=[phone(number)], debt={"balance": balance, "currency": "ARS"})
    house.do(Change(lambda unit: billing_desk.changed(unit, 1, [kept.id], house.now)))
    return kept.id


def pays(house: House, name: str) -> causes.Withdrawal:
    kept = put(house, name, debt={"balance": "0", "currency": "ARS"})
    done: causes.Withdrawal = house.do(
        Change(lambda unit: billing_desk.changed(unit, 1, [kept.id], house.now, "paid"))
    ).withdrawal
    return done


def source(house: House, **more: Any) -> Source:
    occasion = Occasion(house.now, date(2026, 12, 1))
    return Source(1, "sms", occasion, **({"chosen": CustomerFilter()} | more))


def freeze(
    house: House, run: Run, *, between: Callable[[], None] = lambda: None, again: bool = False, **more: Any
) -> Run:
    """Freezes a run; `between` happens before each writing of people."""

    async def asked(question: Any) -> Any:
        return question(house.transactions.session.connection)

    async def execute(command: Any) -> Any:
        if getattr(getattr(command.work, "func", None), "__name__", "") != "_mint":
            between()
        return house.do(command)

    freezing = Freezing(
        source(house, **more),
        ask=asked,
        execute=execute,
        same=Words(None, POLICY),
        sliced=lambda: None,
        now=lambda: house.now,
        caused=True,
        again=again,
    )
    return asyncio.run(freezing.freeze(run))


def people(house: House, run: Run) -> list[Person]:
    (slice_,) = ask(house, runs.slices, run=run.id)
    return list(ask(house, runs.slice_people, slice_=slice_))


@pytest.fixture
def two(house: House) -> House:
    owing(house, "A", "100", "1150000001")
    owing(house, "B", "200", "1150000002")
    return house


def test_people_are_written_down_with_facts_and_cause_of_one_moment(two: House) -> None:
    _campaign, run = launched(two)
    freeze(two, run)
    frozen = people(two, run)
    assert [json.loads(one.cells)["deuda"] for one in frozen] == ["100,00", "200,00"]
    assert all(one.cause is not None for one in frozen)
    done = pays(two, "A")
    assert done.causes == (frozen[0].cause,)
    assert json.loads(_recipient(frozen[0]))["#cause"] == str(frozen[0].cause)


def test_what_somebody_owes_is_not_read_by_whoever_else_has_its_number(two: House) -> None:
    owing(two, "C", "300", "1150000001")
    _campaign, run = launched(two)
    frozen = freeze(two, run)
    assert [one.external_id for one in people(two, run)] == ["B"]
    assert frozen.left_out == {"shared_number": 2}


def test_the_next_channel_is_passed_over_where_somebody_else_has_the_number_by_then(two: House) -> None:
    _campaign, run = launched(two)
    freeze(two, run)

    def reached() -> set[int]:
        return set(ask(two, _addresses, run=run.id, rows=[1, 2], source=source(two), column=None))

    assert reached() == {1, 2}
    owing(two, "C", "300", "1150000001")
    assert reached() == {2}


def test_a_payment_between_the_look_and_the_writing_withdraws_what_was_read(two: House) -> None:
    _campaign, run = launched(two)
    done: list[causes.Withdrawal] = []

    def once() -> None:
        if not done:
            done.append(pays(two, "A"))

    freeze(two, run, between=once)
    first = people(two, run)[0]
    assert json.loads(first.cells)["deuda"] == "100,00"
    assert done[0].causes == (first.cause,), "what was read of before the payment goes with it"


def test_who_has_paid_is_left_out_of_what_is_sent_again(two: House) -> None:
    _campaign, run = launched(two)
    pays(two, "A")
    frozen = freeze(two, run, again=True)
    assert frozen.left_out == {"paid": 1}
    assert [one.external_id for one in people(two, run)] == ["B"]


def test_people_of_a_file_bear_the_cause_of_the_customer_whose_number_or_id_they_have(two: House) -> None:
    strangers = [
        Person(None, "B", "+5491159999999", "{}"),
        Person(None, "x", "+5491150000001", "{}"),
        Person(None, None, "+5491158888888", "{}"),
    ]
    assert facts._customers(two.transactions.session.connection, source(two), strangers) == {0: 2, 1: 1}


def test_what_speaks_of_a_debt_is_known_by_its_variables() -> None:
    def speaks(**keys: Any) -> bool:
        said = {"channel": "sms", "recipients": [{"to": "1150000001"}], **keys}
        return speaks_of_debt(parse(json.dumps(said).encode(), "c.json"), POLICY)

    assert speaks(text="Debe $ %Deuda%")
    assert speaks(text="Vence %vencimiento%")
    assert not speaks(text="Corte el 50% de la red, %nombre%")
    assert speaks(channel="email", subject="Factura %factura%", text="Hola")

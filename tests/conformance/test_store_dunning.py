"""Novelties, promises and pauses, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gatewayd.store.accounts import account_number
from gatewayd.store.commands import Change
from gatewayd.store.dunning import novelties, pauses, promises
from gatewayd.store.dunning.novelties import NewNovelty, NoveltyFilter
from gatewayd.store.dunning.promises import NewPromise
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from tests.conformance.house import House
from tests.conformance.test_customers import phone, put

NORTE, SUR = Scope.of("norte"), Scope.of("sur")
TODAY, TOMORROW = date(2026, 12, 1), date(2026, 12, 2)


def change(house: House, work: Any, *arguments: Any, **more: Any) -> Any:
    return house.do(Change(lambda unit: work(unit.session, *arguments, **more)))


def ask(house: House, question: Any, **more: Any) -> Any:
    return question(house.transactions.session.connection, **more)


def account(house: House) -> int:
    return account_number(house.transactions.session.connection, "norte")


def customer(house: House) -> int:
    put(house, "C1", name="Ana", contacts=[phone("+5491150000001")])
    ((number,),) = house.rows("SELECT id FROM customer")
    return int(number)


def test_a_novelty_of_one_key_is_written_once_and_done_once(house: House) -> None:
    new = NewNovelty(account(house), customer(house), "claim", TODAY, detail={"level": "a"}, key="step-1")
    number = change(house, novelties.add, new, now=house.now)
    assert change(house, novelties.add, new, now=house.now) is None
    change(house, novelties.add_many, [new, new], now=house.now)
    listed = ask(house, novelties.novelties, scope=NORTE, wanted=NoveltyFilter(due_by=TODAY), limit=10)
    assert [(one.id, one.external_id, one.detail, one.due) for one in listed] == [(number, "C1", {"level": "a"}, TODAY)]
    assert ask(house, novelties.novelties, scope=SUR, wanted=NoveltyFilter(), limit=10) == []
    assert ask(house, novelties.due_counts, scope=NORTE, today=TODAY) == {"claim": 1}
    with pytest.raises(NotFoundError):
        ask(house, novelties.novelty, scope=SUR, number=number)

    (one,) = listed
    told = {"result": "no_answer", "note": "ocupado", "next_date": TOMORROW, "now": house.now, "by": "ana"}
    following = change(house, novelties.done, one, **told)
    with pytest.raises(ConflictError):
        change(house, novelties.done, one, **told)
    assert ask(house, novelties.novelty, scope=NORTE, number=following).due == TOMORROW
    assert ask(house, novelties.due_counts, scope=NORTE, today=TODAY) == {}


def test_novelties_without_a_key_are_all_written(house: House) -> None:
    new = NewNovelty(account(house), None, "note", TODAY, "llamar al vecino")
    assert change(house, novelties.add, new, now=house.now) != change(house, novelties.add, new, now=house.now)


def test_a_promise_takes_the_place_of_one_that_is_pending(house: House) -> None:
    whose = customer(house)
    first = change(house, promises.add, NewPromise(account(house), whose, "ARS", TODAY, None), now=house.now)
    later = NewPromise(account(house), whose, "ARS", TOMORROW, 5_000_000, 1, "message", key="inbound-7")
    second = change(house, promises.add, later, now=house.now)
    assert change(house, promises.add, later, now=house.now) is None
    rows = ask(house, promises.promises, scope=NORTE, customer=whose, limit=10)
    assert [(one.id, one.state, one.day, one.amount) for one in rows] == [
        (second, "pending", TOMORROW, 5_000_000),
        (first, "withdrawn", TODAY, None),
    ]
    change(house, promises.withdraw, rows[0], now=house.now)
    with pytest.raises(ConflictError):
        change(house, promises.withdraw, rows[0], now=house.now)


def test_a_pause_ends_once(house: House) -> None:
    whose = customer(house)
    number = change(house, pauses.add, account(house), whose, "blocked", until=None, note="juicio", now=house.now)
    assert ask(house, pauses.pause, scope=NORTE, number=number).note == "juicio"
    change(house, pauses.lift, number, now=house.now, by="ana")
    with pytest.raises(ConflictError):
        change(house, pauses.lift, number, now=house.now, by="ana")

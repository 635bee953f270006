"""Conversations over both stores: opened by what comes in, kept apart by account, found page by page."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from gatewayd.contact.optout import judge
from gatewayd.store.commands import Change, CreateAccount, Inbound
from gatewayd.store.insight import conversations as questions
from gatewayd.store.people import users
from gatewayd.store.reader import Reader
from gatewayd.store.sending import conversations
from gatewayd.values.actor import Role, Scope
from gatewayd.values.errors import NotFoundError, UsageError
from tests.conformance.house import House

NORTE = Scope.of("norte")


def came(house: House, sender: str, text: str, account: str | None = "norte", key: str | None = None) -> None:
    given = (key or f"{sender}{text}", sender, None, text, house.now, None, account, judge, house.now)
    house.do(Inbound("claro-1", "sms", *given))


def ask(house: House, question: Any, *arguments: Any, **options: Any) -> Any:
    reader = Reader(house.url)
    try:
        return reader.ask(lambda connection: question(connection, *arguments, **options))
    finally:
        reader.close()


def listed(house: House, scope: Scope = NORTE, which: str = "open", **options: Any) -> list[tuple[str, int, str]]:
    given: dict[str, Any] = {"which": which, "person": None, "limit": 50} | options
    page = ask(house, questions.conversations, scope, **given)
    return [(one.address, one.unread, one.text) for one in page.items]


def made(unit: Any, *, new: users.NewUser) -> int:
    return users.create(unit.session, new).answer.id


def change(house: House, work: Any, *arguments: Any) -> None:
    house.do(Change(lambda unit: work(unit.session, *arguments)))


def test_what_comes_in_opens_a_conversation_and_is_counted_once(house: House) -> None:
    came(house, "+5491100000001", "hola")
    came(house, "+5491100000002", "buenas")
    came(house, "+5491100000001", "¿están?")
    came(house, "+5491100000001", "¿están?")  # a repeat
    assert listed(house) == [("+5491100000001", 2, "¿están?"), ("+5491100000002", 1, "buenas")]
    assert ask(house, questions.unread_conversations, NORTE, 10) == 2


def test_read_put_away_and_opened_by_the_next(house: House) -> None:
    came(house, "+5491100000001", "hola")
    change(house, conversations.read, NORTE, "norte", "+5491100000001")
    assert listed(house) == [("+5491100000001", 0, "hola")]
    change(house, conversations.put_away, NORTE, "norte", "+5491100000001", house.now)
    assert listed(house) == []
    assert listed(house, which="done") == [("+5491100000001", 0, "hola")]
    came(house, "+5491100000001", "otra vez")
    assert listed(house, which="unread") == [("+5491100000001", 1, "otra vez")]


def test_another_account_has_none_of_it(house: House) -> None:
    house.do(CreateAccount("sur", "ARS", house.now))
    came(house, "+5491100000001", "hola")
    sur = Scope.of("sur")
    assert listed(house, sur) == []
    with pytest.raises(NotFoundError):
        ask(house, questions.conversation, sur, "norte", "+5491100000001")
    assert ask(house, questions.thread, sur, "norte", "+5491100000001", 0) == ()
    for work in (conversations.read, conversations.open_again):
        with pytest.raises(NotFoundError):
            change(house, work, sur, "norte", "+5491100000001")


def test_pages_go_on_where_they_ended(house: House) -> None:
    for n in range(7):
        came(house, f"+549110000000{n}", "hola")
    first = ask(house, questions.conversations, NORTE, which="open", person=None, limit=4)
    second = ask(house, questions.conversations, NORTE, which="open", person=None, limit=4, behind=first.next)
    assert [one.address[-1] for one in (*first.items, *second.items)] == list("6543210")
    assert second.next is None
    assert [address[-1] for address, *_ in listed(house, search="0003")] == ["3"]
    assert listed(house, search="%") == []


def test_a_thread_has_both_sides_in_order(house: House) -> None:
    queue = house.job("Su factura vence hoy")
    (work,) = house.claim(queue).work
    house.send(work)
    house.now += 1000
    came(house, work.to, "ya pagué")
    said = ask(house, questions.thread, NORTE, "norte", work.to, 0)
    assert [(one.direction, one.text, one.state) for one in said] == [
        ("out", "Su factura vence hoy", "submitted"),
        ("in", "ya pagué", None),
    ]


def test_it_is_given_to_people_of_the_account_alone(house: House) -> None:
    house.do(CreateAccount("sur", "ARS", house.now))
    came(house, "+5491100000001", "hola")
    for name, account in (("ana", "norte"), ("luis", "sur")):
        new = users.NewUser(name, Role.USER, account, None, "x", house.now)
        house.do(Change(partial(made, new=new)))
    change(house, conversations.assign, NORTE, "norte", "+5491100000001", "ana")
    assert ask(house, questions.conversation, NORTE, "norte", "+5491100000001").assigned == "ana"
    for stranger in ("luis", "nadie"):
        with pytest.raises(UsageError):
            change(house, conversations.assign, NORTE, "norte", "+5491100000001", stranger)
    change(house, conversations.assign, NORTE, "norte", "+5491100000001", None)
    assert ask(house, questions.conversation, NORTE, "norte", "+5491100000001").assigned is None

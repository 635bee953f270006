"""Contacts made elsewhere over both stores: entered once, found for caps, in the log and in exports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest

from gatewayd.customers.document import Point
from gatewayd.store.accounts import account_number
from gatewayd.store.commands import Change, CreateAccount, NewMessage
from gatewayd.store.contacts import customers
from gatewayd.store.contacts.customers import Make, Put
from gatewayd.store.contacts.elsewhere import Entered, NewContact, contacts_of, enter
from gatewayd.store.insight.export_rows import ExportRows
from gatewayd.store.insight.filters import InteractionFilter
from gatewayd.store.reader import Reader
from gatewayd.values.actor import Scope
from gatewayd.workers.cells import Cells
from tests.conformance.house import HOUR, House
from tests.conformance.test_interaction_exports import words
from tests.conformance.test_interactions import busy, found

__all__ = ["busy"]


@pytest.fixture
def reader(house: House) -> Iterator[Reader]:
    opened = Reader(house.url)
    yield opened
    opened.close()


def contact(house: House, key: str, address: str | None = "+5491177777777", **changes: Any) -> NewContact:
    made = NewContact(
        *(house.now, "out", "whatsapp", address, "submitted", False, False, True, "collections", key),
        *(None, "DNI", "30123456", None, "upload", "manual", key),
    )
    return replace(made, **changes)


def put(house: House, *contacts: NewContact, account: str = "norte") -> Entered:
    def work(unit: Any) -> Entered:
        session = unit.session
        number = account_number(session.connection, account)
        return enter(session, number, contacts, actor="ana", now=house.now, process=7)

    answered = house.do(Change(work))
    assert isinstance(answered, Entered)
    return answered


def counted(house: House, persons: list[int], addresses: list[str], since: int) -> list[tuple[int | None, str | None]]:
    def work(unit: Any) -> Any:
        number = account_number(unit.session.connection, "norte")
        return contacts_of(unit.session, number, persons, addresses, since)

    found = house.do(Change(work))
    return sorted(((one.person, one.address) for one in found), key=str)


def test_the_same_contact_is_entered_once_and_takes_the_newer_state(house: House, reader: Reader) -> None:
    assert put(house, contact(house, "a"), contact(house, "b"), contact(house, "b")) == Entered(2, 0, 1)
    assert put(house, contact(house, "a", state="read", reached=True), contact(house, "b")) == Entered(0, 1, 1)
    assert sorted(row.state for row in found(house, reader)) == ["read", "submitted"]
    house.do(CreateAccount("sur", "ARS", house.now))
    assert put(house, contact(house, "a"), account="sur").new == 1


def test_caps_find_persons_and_the_addresses_of_nobody(house: House) -> None:
    now = house.now
    put(
        house,
        contact(house, "a", person=5),
        contact(house, "b", "+5491188888888"),
        contact(house, "c", "+5491199999999", counts=False),
        contact(house, "d", "+5491166666666", at=now - HOUR),
    )
    everybody = ["+5491177777777", "+5491188888888", "+5491199999999", "+5491166666666"]
    assert counted(house, [5, 6], everybody, now) == [(5, "+5491177777777"), (None, "+5491188888888")]
    assert counted(house, [], everybody[3:], now - HOUR) == [(None, "+5491166666666")]


def test_they_stand_in_the_log_and_in_exports_at_their_time(busy: House, reader: Reader) -> None:
    put(
        busy,
        contact(busy, "tarde", at=busy.now + 1),
        contact(busy, "pronto", at=busy.now - 10 * HOUR, state="read", answered=True, channel="call"),
    )
    rows = found(busy, reader, scope=Scope.of("norte"))
    assert [row.text for row in rows] == ["tarde", "Ya pagué", "cuatro", "tres", "uno", "dos", "cinco", "pronto"]
    assert (rows[0].source, rows[0].kind, rows[0].document, rows[0].by) == ("upload", "manual", "DNI 30123456", "ana")
    for wanted, meant in (
        ({"states": ("answered",)}, ["dos", "pronto"]),
        ({"channels": ("call",)}, ["pronto"]),
        ({"numbers": ("+5491177777777",)}, ["tarde", "pronto"]),
        ({"digits": "30123456"}, ["tarde", "pronto"]),
        ({"job": "norte/a", "states": ("failed",)}, ["tres"]),
        ({"direction": "in"}, ["Ya pagué"]),
    ):
        assert [row.text for row in found(busy, reader, scope=Scope.of("norte"), **wanted)] == meant
    source = ExportRows(reader.ask, scope=Scope.of("norte"), wanted=InteractionFilter(), now=busy.now, answered=True)
    names = ["text", "state", "party", "answered"]
    all_words = words()
    all_words = replace(all_words, channels={"sms": "SMS", "call": "CALL", "whatsapp": "WA"})
    cells = Cells(names, all_words, UTC, salt=reader.salt(), now=busy.now)
    exported = [row for portion in source.portions() for row in cells.rows(portion)]
    assert [row[0] for row in exported] == ["pronto", "cinco", "dos", "uno", "tres", "cuatro", "Ya pagué", "tarde"]
    assert exported[0] == ("pronto", "READ", "+5491177777777", "yes")


@pytest.fixture
def peopled(house: House) -> House:
    """Two customers, one with a supervisor's user assigned; each was sent something, one by the panel."""

    def people(unit: Any) -> None:
        session = unit.session
        account = account_number(session.connection, "norte")
        for number, name, chief in ((1, "jefa", None), (2, "ana", 1)):
            session.plain(
                "INSERT INTO user_ (id, name, shown_name, role, account_id, supervisor_id, password, password_at,"
                " created_at)"
                f" VALUES ({number}, '{name}', '{name}', 'user', {account}, {chief or 'NULL'}, 'x', 0, 0)"
            )

    house.do(Change(people))
    wanted: list[tuple[str, dict[str, Any], str]] = [
        ("C-1", {"name": "Ana Uno", "portfolio_type": "castigada", "assigned": 2, "document_number": "30.1"}, "01"),
        ("C-2", {"name": "Beto Dos", "portfolio_type": "vigente"}, "02"),
    ]

    def becoming(given: dict[str, Any], end: str) -> Make:
        point = Point("phone", f"+549110000000{end[1]}")
        return lambda was, _find: replace(was, **given, contacts=(point,))

    def customers_of(unit: Any) -> None:
        puts = [Put(name, becoming(given, end), house.now) for name, given, end in wanted]
        customers.put(unit, Scope.of("norte"), puts)

    house.do(Change(customers_of))
    house.job("uno", name="a")
    house.job_of([NewMessage(1, None, "+5491100000002", "dos", "", 1, "", None, None)], name="post-u7-11", price=0)
    return house


def test_columns_and_filters_of_people_and_sources(peopled: House, reader: Reader) -> None:
    rows = {row.text: row for row in found(peopled, reader)}
    assert rows["uno"].person is not None
    assert (rows["uno"].person.name, rows["uno"].person.supervisor) == ("Ana Uno", "jefa")
    assert (rows["uno"].flow, rows["uno"].kind) == ("file", "automatic")
    assert (rows["dos"].flow, rows["dos"].kind) == ("panel", "manual")
    filters: tuple[tuple[dict[str, Any], list[str]], ...] = (
        ({"portfolio_type": "castigada"}, ["uno"]),
        ({"assigned": "ana"}, ["uno"]),
        ({"supervisor": "jefa"}, ["uno"]),
        ({"document": "301"}, ["uno"]),
        ({"kind": "manual"}, ["dos"]),
        ({"flow": "file"}, ["uno"]),
        ({"campaign": "ninguna"}, []),
        ({"template": "aviso"}, []),
        ({"customer": "C-2"}, ["dos"]),
        ({"customer": "C-9"}, []),
    )
    for wanted, meant in filters:
        assert [row.text for row in found(peopled, reader, **wanted)] == meant, wanted
    source = ExportRows(
        reader.ask,
        scope=Scope.of("norte"),
        wanted=InteractionFilter(),
        now=peopled.now,
        answered=False,
        columns=["text", "name", "portfolio_type", "supervisor", "flow", "kind", "template", "last_contact"],
    )
    names = ["text", "name", "supervisor", "flow", "kind", "template", "last_contact"]
    cells = Cells(names, words(), UTC, salt=reader.salt(), now=peopled.now)
    exported = {row[0]: row[1:] for portion in source.portions() for row in cells.rows(portion)}
    assert exported["uno"] == ("Ana Uno", "jefa", "file", "automatic", "", "")
    assert exported["dos"][2:4] == ("panel", "manual")

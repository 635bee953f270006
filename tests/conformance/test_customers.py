"""Customers over both stores: written, found by whatever one types, and reached over their preferred point."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

import pytest

from gatewayd.contact.said import Verdict
from gatewayd.customers.change import changed
from gatewayd.customers.document import Customer, Kept
from gatewayd.customers.filters import CustomerFilter
from gatewayd.numbers import Numbers, Policy
from gatewayd.store.accounts import account_number
from gatewayd.store.commands import Block, Change, CreateAccount, Inbound
from gatewayd.store.contacts import blocklist, customers, directory, joining, knowledge
from gatewayd.store.contacts.audience import AudienceRow, Occasion, audience_rows
from gatewayd.store.contacts.directory import Wanted
from gatewayd.store.contacts.points import persons_of
from gatewayd.store.reader import Reader
from gatewayd.store.tables import metadata
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from tests.conformance.house import House

NUMBERS = Numbers(Policy("AR"))
NORTE = Scope.of("norte")


@pytest.fixture
def reader(house: House) -> Iterator[Reader]:
    opened = Reader(house.url)
    yield opened
    opened.close()


def put(house: House, external_id: str, version: int | None = None, scope: Scope = NORTE, **given: Any) -> Kept:
    def make(was: Customer, find: customers.UserOf) -> Customer:
        return changed(was, given, numbers=NUMBERS, user=find, now=house.now)

    wanted = customers.Put(external_id, make, house.now, version)
    kept, _fresh = house.do(Change(lambda unit: customers.put(unit, scope, [wanted])[0])).answer
    assert isinstance(kept, Kept)
    return kept


def phone(number: str, **more: Any) -> dict[str, Any]:
    return {"channel": "phone", "address": number, **more}


def found(reader: Reader, numbers: tuple[str, ...] = (), sort: str = "id", **wanted: Any) -> list[str]:
    """Returns the ids of all that fit, page by page."""
    ids: list[str] = []
    behind = None
    while True:
        page = reader.ask(
            partial(
                directory.customers,
                scope=NORTE,
                wanted=Wanted(CustomerFilter(**wanted), sort, behind, limit=2, numbers=numbers),
            )
        )
        ids += [one.customer.external_id for one in page.items]
        if page.next is None:
            return ids
        behind = page.next


def test_what_a_document_names_is_replaced_and_the_rest_stays(house: House, reader: Reader) -> None:
    first = put(house, "A1", name="Ana Pérez", tags=["moroso", "Moroso"], contacts=[phone("11 5987-6543")])
    assert first.version == 1
    second = put(
        house, "A1", 1, portfolio_type="Castigada", debt={"balance": "1500.50", "due": "2026-11-10"}, tags=["vip"]
    )
    assert (second.version, second.customer.name, second.customer.tags) == (2, "Ana Pérez", ("vip",))
    assert [point.address for point in second.customer.contacts] == ["+5491159876543"]
    with pytest.raises(ConflictError):
        put(house, "A1", 1, name="Otra")
    assert put(house, "A1", 2, name="Ana Pérez").version == 2  # nothing is said that was not so
    assert found(reader, tags=("moroso",)) == []
    assert found(reader, tags=("VIP",), portfolio_type="castigada", owing=True) == ["A1"]


def test_customers_are_found_by_words_ids_documents_and_numbers(house: House, reader: Reader) -> None:
    put(house, "C-0007", name="María del Carmen Núñez", document_number="30.123.456")
    put(
        house,
        "C-0008",
        name="Carmen Ruiz",
        contacts=[phone("+5493514123456"), {"channel": "email", "address": "Car@x.ar"}],
    )
    put(house, "D-9", name="100% {nombre} <b>=1+1</b>", columns={"Nota": "%nombre% \u202e😀"})
    assert found(reader, search="nunez carm") == ["C-0007"]
    assert found(reader, search="carmen") == ["C-0007", "C-0008"]
    assert found(reader, search="c-000") == ["C-0007", "C-0008"]
    assert found(reader, search="30123456") == ["C-0007"]
    assert found(reader, search="0351 15 412-3456", numbers=("+5493514123456",)) == ["C-0008"]
    assert found(reader, search="car@x") == ["C-0008"]
    assert found(reader, search="nobody") == found(reader, search="%") == []
    assert found(reader, channel="email") == ["C-0008"]
    assert found(reader, sort="name") == ["D-9", "C-0008", "C-0007"]
    assert found(reader, sort="-updated", ids=("C-0007", "D-9")) == ["D-9", "C-0007"]
    # The same where a word is too common to be looked up person by person.
    assert reader.ask(partial(directory.count, scope=NORTE, wanted=CustomerFilter(search="carmen"))) == 2


def test_common_words_are_found_in_full(house: House, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "FOUND_MAX", 2)
    for number in range(4):
        put(house, f"A{number}", name=f"Juan Gómez {'Soto' if number == 3 else ''}")
    assert found(reader, search="juan gom") == ["A0", "A1", "A2", "A3"]
    assert found(reader, search="juan soto") == ["A3"]


def test_another_accounts_customers_are_not_found(house: House, reader: Reader) -> None:
    house.do(CreateAccount("sur", "ARS", house.now))
    put(house, "A1", scope=Scope.of("sur"), name="Ana", contacts=[phone("1159876543")])
    with pytest.raises(NotFoundError):
        reader.ask(partial(directory.customer, scope=NORTE, external_id="A1"))
    assert found(reader, search="ana") == []
    assert reader.ask(partial(directory.customer, scope=Scope.of("sur"), external_id="A1")).customer.name == "Ana"


def test_the_person_of_an_address_is_the_first_who_has_it_and_did_not_deny_it(house: House) -> None:
    first = put(house, "A1", contacts=[phone("1159876543", state="wrong_person"), phone("1159876544")])
    second = put(house, "A2", contacts=[phone("1159876543")])
    put(house, "A3", contacts=[phone("1159876543"), {"channel": "email", "address": "a@x.ar"}])

    def ask(channel: str, *addresses: str) -> dict[str, int]:
        answer: dict[str, int] = house.do(Change(lambda unit: persons_of(unit.session, 1, channel, addresses)))
        return answer

    assert ask("sms", "+5491159876543", "+5491159876544", "+5491150000000") == {
        "+5491159876543": second.id,
        "+5491159876544": first.id,
    }
    assert ask("email", "+5491159876543") == {}
    assert list(ask("email", "a@x.ar")) == ["a@x.ar"]


def audience(reader: Reader, channel: str = "sms", klass: str | None = None, **wanted: Any) -> list[AudienceRow]:
    occasion = Occasion(1_795_000_000_000, date(2026, 11, 20), klass)

    def ask(connection: Any) -> list[AudienceRow]:
        rows: list[AudienceRow] = []
        while True:
            after = rows[-1].customer_id if rows else 0
            page = audience_rows(
                connection, 1, CustomerFilter(**wanted), channel, after_id=after, limit=2, occasion=occasion
            )
            if not page:
                return rows
            rows += page

    return reader.ask(ask)


def test_an_audience_is_reached_over_the_preferred_point_that_may_be_used(house: House, reader: Reader) -> None:
    put(
        house,
        "A1",
        name="Ana",
        columns={"Saldo ($)": "x", "nombre": "not hers"},
        contacts=[
            phone("1159876541", state="wrong_person"),
            phone("1159876542", consent={"collections": False}),
            phone("1159876543"),
        ],
        debt={"balance": "1500.5", "due": "2026-11-10", "number": "F-1"},
    )
    put(house, "A2", contacts=[phone("1159876544", kind="landline")])
    put(house, "A3", contacts=[phone("1159876545")], no_claim={"reason": "a plan"})
    put(house, "A4", contacts=[phone("1159876546")], no_claim={"until": "2020-01-01"})
    put(house, "A5", contacts=[{"channel": "email", "address": "e@x.ar"}])
    rows = audience(reader, klass="collections")
    assert [(row.external_id, row.address) for row in rows] == [("A1", "+5491159876543"), ("A4", "+5491159876546")]
    assert rows[0].columns == {
        "saldo": "x",
        "nombre": "Ana",
        "id": "A1",
        "deuda": "1.500,50",
        "vencimiento": "10/11/2026",
        "dias": "10",
        "factura": "F-1",
    }
    assert [row.address for row in audience(reader, klass="notice")][:2] == ["+5491159876542", "+5491159876545"]
    assert [row.external_id for row in audience(reader, "call")] == ["A1", "A2", "A3", "A4"]
    assert [row.address for row in audience(reader, "email")] == ["e@x.ar"]


def test_of_two_customers_one_is_left_and_the_stricter_word_holds(house: House, reader: Reader) -> None:
    put(house, "A1", name="Ana", contacts=[phone("1159876541"), phone("1159876542", state="wrong_person")])
    second = put(
        house,
        "A2",
        document_number="30123456",
        tags=["vip"],
        mails={"invoices": False},
        no_claim={"reason": "a plan"},
        contacts=[phone("1159876541", consent={"notice": False}), phone("1159876543")],
    )
    kept = house.do(Change(lambda unit: joining.merge(unit, NORTE, joining.Merge("A1", "A2", house.now)))).answer
    customer = kept.customer
    assert (customer.name, customer.document_number, customer.tags, customer.mails) == ("Ana", "30123456", ("vip",), 6)
    assert customer.no_claim is not None
    assert [(one.address[-1], one.state, dict(one.consent)) for one in customer.contacts] == [
        ("1", "unknown", {"notice": False}),
        ("2", "wrong_person", {}),
        ("3", "unknown", {}),
    ]
    # Who asks by the old id, or brings it in a sheet, means the one that is left.
    assert reader.ask(partial(directory.customer, scope=NORTE, external_id="A2")).id == kept.id != second.id
    assert put(house, "A2", name="Ana María").id == kept.id
    with pytest.raises(UsageError):
        house.do(Change(lambda unit: joining.merge(unit, NORTE, joining.Merge("A1", "A2", house.now))))
    assert found(reader, tags=("vip",)) == ["A1"]


def test_a_person_is_carried_out_whole_and_forgotten_but_for_what_proves_it(house: House, reader: Reader) -> None:
    put(house, "A1", name="Ana Pérez", columns={"Nota": "secreto"}, contacts=[phone("1159876543")])
    house.do(
        Inbound(
            *("claro-1", "sms", "k1", "+5491159876543", None, "secreto", house.now, None, "norte"),
            *(lambda _text, _subject: Verdict.NO, house.now),
        )
    )
    house.do(Block(["+5491159876543"], "cli", None, house.now, "norte"))
    whole = reader.ask(partial(knowledge.known, scope=NORTE, external_id="A1"))
    assert (whole["customer"]["name"], [one["text"] for one in whole["received"]]) == ("Ana Pérez", ["secreto"])
    forget = knowledge.Forget("A1", house.now)
    done = house.do(Change(lambda unit: knowledge.forget(unit, NORTE, forget))).answer
    assert done == {"messages": 0, "received": 1, "contacts": 1, "blocks": 1}
    assert found(reader, search="perez") == []
    with pytest.raises(NotFoundError):
        reader.ask(partial(directory.customer, scope=NORTE, external_id="A1"))

    def everything(connection: Any) -> str:
        return str([connection.execute(one.select()).all() for one in metadata.sorted_tables if one.name != "setting"])

    left = reader.ask(everything)
    assert "secreto" not in left
    assert "1159876543" not in left
    assert "P\u00e9rez" not in left
    # The wish stays, though nobody can read whose it is.
    account = int(reader.ask(lambda connection: account_number(connection, "norte")))
    assert house.do(Change(lambda unit: blocklist.barred(unit.session, account, "sms", ["+5491159876543"])))
    assert house.do(Change(lambda unit: blocklist.drop(unit.session, "+5491159876543", account_id=account)))
    assert not house.do(Change(lambda unit: blocklist.barred(unit.session, account, "sms", ["+5491159876543"])))

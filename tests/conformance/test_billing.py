"""Bills and payments over both stores: recorded once, whatever their order, with what follows from them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from gatewayd.billing import fields
from gatewayd.billing.engine import desk
from gatewayd.billing.fields import Kind
from gatewayd.customers.change import changed
from gatewayd.customers.document import Customer
from gatewayd.numbers import Numbers, Policy
from gatewayd.store.billing import facts, freshness, joining, marks, owed
from gatewayd.store.commands import Change
from gatewayd.store.contacts import customers
from gatewayd.store.contacts import joining as merging
from gatewayd.store.contacts.owing import debts_of
from gatewayd.store.sending import causes
from gatewayd.values.actor import Scope
from tests.conformance.house import House

NUMBERS = Numbers(Policy("AR"))
NORTE = Scope.of("norte")
ACCOUNT = 1
T = 1_795_000_000_000
"""Unix ms near to the house's own clock."""


def customer(house: House, external_id: str, **given: Any) -> int:
    def make(was: Customer, find: customers.UserOf) -> Customer:
        return changed(was, given, numbers=NUMBERS, user=find, now=house.now)

    kept, _fresh = house.do(
        Change(lambda unit: customers.put(unit, NORTE, [customers.Put(external_id, make, house.now, None)])[0])
    ).answer
    return int(kept.id)


def bring(
    house: House, kind: Kind, *documents: dict[str, Any], as_of: int = T, importing: bool = False, source: str = "api"
) -> desk.Recorded:
    judge = fields.invoice if kind == "invoices" else fields.payment
    rows = [judge(document, row=row) for row, document in enumerate(documents, 1)]

    def work(unit: Any) -> desk.Recorded:
        how = desk.load(unit, ACCOUNT, kind, source=source, as_of=as_of, now=house.now, importing=importing)
        done = desk.record(unit, how, kind, rows)
        desk.finish(unit, how, kind)
        return done

    done = house.do(Change(work))
    assert isinstance(done, desk.Recorded)
    return done


def bill(name: str = "F1", who: str = "A1", balance: str = "100.00", **more: Any) -> dict[str, Any]:
    return {"external_id": name, "customer": who, "due": "2026-11-10", "balance": balance, **more}


def paid(name: str, amount: str, *parts: tuple[str, str], at: str = "2026-11-18T20:00:00Z", **more: Any) -> Any:
    said = {"invoices": [{"external_id": one, "amount": much} for one, much in parts]} if parts else {}
    return {"external_id": name, "customer": "A1", "amount": amount, "posted_at": at, **said, **more}


def owes(house: House, number: int) -> dict[str, tuple[int, int]]:
    session = house.transactions.session
    return {
        one.currency: (one.balance // 10_000, one.credit // 10_000)
        for one in owed.owed(session, [number]).get(number, [])
    }


def joinable(house: House) -> list[str]:
    return joining.joinable(house.transactions.session.connection, account_id=ACCOUNT, limit=10)


def ruled(house: House) -> None:
    """Gives the account a rule for claims: somebody decides about whom facts mark."""
    columns = "account_id, name, state, place, version, created_at, created_by, updated_at"
    row = f"INSERT INTO policy ({columns}) VALUES ({ACCOUNT}, 'mora', 'active', 0, 1, 0, 'x', 0)"
    house.do(Change(lambda unit: unit.session.plain(row)))


def test_a_fact_marks_nobody_where_no_rule_decides(house: House) -> None:
    number = customer(house, "A1")
    session = house.transactions.session
    bring(house, "invoices", bill())
    assert marks.marked(session, 10) == []
    ruled(house)
    bring(house, "invoices", bill(balance="60"), as_of=T + 1)
    assert [one.customer for one in marks.marked(session, 10)] == [number]
    house.do(Change(lambda unit: marks.drop(unit.session, marks.marked(unit.session, 10))))
    house.do(Change(lambda unit: unit.session.plain("UPDATE policy SET state = 'archived'")))
    bring(house, "invoices", bill(balance="50"), as_of=T + 2)
    assert marks.marked(session, 10) == []


def test_the_same_again_changes_nothing_and_an_older_one_replaces_nothing(house: House) -> None:
    number = customer(house, "A1")
    ruled(house)
    first = bring(house, "invoices", bill())
    assert (first.written.counts()["new"], owes(house, number)) == (1, {"ARS": (10000, 0)})
    house.do(Change(lambda unit: marks.drop(unit.session, marks.marked(unit.session, 10))))
    again = bring(house, "invoices", bill(), as_of=T + 5)
    assert (again.written.same, again.moved, marks.marked(house.transactions.session, 10)) == (1, [], [])
    newer = bring(house, "invoices", bill(balance="60"), as_of=T + 10)
    assert (newer.written.changed, owes(house, number)) == (1, {"ARS": (6000, 0)})
    older = bring(house, "invoices", bill(balance="100"), as_of=T + 9)
    assert (older.written.older, owes(house, number)) == (1, {"ARS": (6000, 0)})
    assert [one.customer for one in marks.marked(house.transactions.session, 10)] == [number]


def test_a_payment_is_the_person_s_the_moment_it_is_recorded(house: House) -> None:
    number = customer(house, "A1")
    bring(house, "invoices", bill(), bill("F2", balance="50", due="2026-11-12"))
    cause = house.do(Change(lambda unit: causes.mint(unit.session, ACCOUNT, number, "ARS", house.now)))
    done = bring(house, "payments", paid("P1", "120", ("F1", "100")))
    assert owes(house, number) == {"ARS": (3000, 0)}
    assert done.withdrawal.causes == (cause,)
    assert house.rows(f"SELECT withdrawn FROM cause WHERE id = {cause}") == [("paid",)]
    again = bring(house, "payments", paid("P1", "120", ("F1", "100")))
    assert (again.written.same, again.moved) == (1, [])
    bring(house, "payments", paid("R1", "120", at="2026-11-18T21:00:00Z", reversal_of="P1"))
    assert owes(house, number) == {"ARS": (15000, 0)}


def test_a_later_balance_knows_of_what_was_paid_before(house: House) -> None:
    number = customer(house, "A1")
    bring(house, "invoices", bill())
    bring(house, "payments", paid("P1", "30", ("F1", "30"), at="2026-11-18T12:00:00Z"))
    assert owes(house, number) == {"ARS": (7000, 0)}
    # The same row, said anew a day later: billing has not taken the payment to this invoice.
    same = bring(house, "invoices", bill(), as_of=T + 86_400_000)
    assert (same.written.same, owes(house, number)) == (1, {"ARS": (10000, 0)})
    assert [(one.before // 10_000, one.after // 10_000) for one in same.moved] == [(7000, 10000)]


def test_bills_of_somebody_who_is_not_known_yet_wait_for_them(house: House) -> None:
    ruled(house)
    done = bring(house, "invoices", bill(who="Z9"))
    bring(house, "payments", paid("P1", "10", ("F1", "10")) | {"customer": "Z9"})
    assert done.written.unknown == 1
    session = house.transactions.session
    assert joining.unknown(session.connection, ACCOUNT) == {"invoices": 1, "payments": 1}
    assert (joining.waiting(session.connection), joinable(house)) == ([ACCOUNT], [])
    number = customer(house, "Z9")
    assert joinable(house) == ["Z9"]
    house.do(Change(lambda unit: desk.joined(unit, ACCOUNT, ["Z9"], house.now)))
    assert owes(house, number) == {"ARS": (9000, 0)}
    assert [one.customer for one in marks.marked(session, 10)] == [number]


def test_somebody_else_may_pay(house: House) -> None:
    first, second = customer(house, "A1"), customer(house, "B2")
    bring(house, "invoices", bill(), bill("F2", "B2", "50"))
    bring(house, "payments", paid("P1", "200", ("F1", "80"), ("F2", "50")))
    assert (owes(house, first), owes(house, second)) == ({"ARS": (0, 5000)}, {})
    bring(house, "payments", paid("R1", "200", at="2026-11-18T21:00:00Z", reversal_of="P1"))
    assert (owes(house, first), owes(house, second)) == ({"ARS": (10000, 0)}, {"ARS": (5000, 0)})


def test_rows_that_cannot_be_are_told_and_the_others_taken(house: House) -> None:
    number = customer(house, "A1")
    done = bring(
        house,
        "invoices",
        {"external_id": "F1", "balance": "5"},
        {"external_id": "F2", "customer": "A1"},
        bill("F3"),
        bill("F3", balance="7"),
    )
    assert [(one.row, one.field, one.reason) for one in done.written.faults] == [
        (1, "customer", "customer_missing"),
        (2, "balance", "invoice_amount_missing"),
        (4, "external_id", "row_repeated"),
    ]
    paid_ = bring(
        house,
        "payments",
        {"external_id": "P1", "customer": "A1"},
        {"external_id": "P2", "amount": "5"},
        paid("P3", "5", ("F3", "6")),
        paid("P4", "5", reversal_of="P4"),
    )
    assert [one.reason for one in paid_.written.faults] == [
        *("amount_missing", "customer_missing", "parts_over"),
        "value_invalid",  # nothing takes itself back
    ]
    assert owes(house, number) == {"ARS": (10000, 0)}


def test_the_order_in_which_facts_come_never_matters(house: House) -> None:
    pieces: list[tuple[Kind, dict[str, Any]]] = [
        ("invoices", bill(as_of="2026-11-18T09:00:00Z")),
        ("invoices", bill(balance="80", as_of="2026-11-18T10:00:00Z")),
        ("invoices", bill("F2", balance="40", due="2026-11-20")),
        ("payments", paid("P1", "30", ("F1", "30"), at="2026-11-18T11:00:00Z")),
        ("payments", paid("P2", "25", at="2026-11-18T12:00:00Z")),
        ("credit_notes", paid("N1", "5", ("F2", "5"), at="2026-11-19T12:00:00Z", reason="corte")),
        ("payments", paid("R1", "30", at="2026-11-18T13:00:00Z", reversal_of="P1")),
        ("payments", paid("P3", "10", ("F1", "10"), at="2026-11-18T13:00:00Z", cancelled=True)),
    ]
    found = set()
    for seed in range(6):
        shuffled = list(pieces)
        random.Random(seed).shuffle(shuffled)
        who = f"W{seed}"
        number = customer(house, who)
        for kind, document in shuffled:
            own = {**document, "external_id": f"{seed}{document['external_id']}", "customer": who}
            if "reversal_of" in own:
                own["reversal_of"] = f"{seed}{own['reversal_of']}"
            if "invoices" in own:
                own["invoices"] = [{**one, "external_id": f"{seed}{one['external_id']}"} for one in own["invoices"]]
            bring(house, kind, own)
        found.add(str(owes(house, number)))
    assert found == {"{'ARS': (9000, 0)}"}


@pytest.mark.parametrize(("kept", "asks"), [(19, None), (10, "many"), (0, "none")])
def test_a_complete_list_closes_what_it_lacks_unless_that_is_much(house: House, kept: int, asks: str | None) -> None:
    number = customer(house, "A1")
    documents = [bill(f"F{one}", balance="1") for one in range(20)]
    bring(house, "invoices", *documents, importing=True, source="sheet")
    bring(house, "invoices", bill("H1"), source="panel")
    since = house.now + 1
    bring(house, "invoices", *documents[:kept], as_of=T + 10, source="sheet")

    def judge(unit: Any) -> desk.Absence:
        how = desk.load(unit, ACCOUNT, "invoices", source="sheet", as_of=T + 10, now=house.now)
        return desk.absence(unit, how, since, rows=kept, faulty=0)

    found = house.do(Change(judge))
    assert (found.missing, found.known, found.asks) == (20 - kept, 20, asks)
    session = house.transactions.session
    state = freshness.billing(session, ACCOUNT)
    assert state is not None
    assert (state.pending is None) == (asks is None)
    if asks is not None:
        assert owes(house, number) == {"ARS": (12000, 0)}
        pending = house.do(Change(lambda unit: desk.confirm(unit, ACCOUNT, house.now, close=True)))
        assert (pending.missing, pending.reason) == (20 - kept, asks)
    assert house.do(Change(lambda unit: desk.close_absent(unit, ACCOUNT, T + 10, house.now))) == 20 - kept
    assert house.do(Change(lambda unit: desk.close_absent(unit, ACCOUNT, T + 10, house.now))) is None
    # What people entered stays, and what is seen again is open again.
    assert owes(house, number) == {"ARS": (10000 + 100 * kept, 0)}
    state = freshness.billing(session, ACCOUNT)
    assert state is not None
    assert (state.pending, state.complete_as_of) == (None, T + 10)
    bring(house, "invoices", documents[19], as_of=T + 20, source="sheet")
    again = facts.facts(session, ACCOUNT, [number])[number].invoices
    assert ("F19", "open") in {(one.external_id, one.state) for one in again}


def test_a_first_import_is_no_news(house: House) -> None:
    customer(house, "A1")
    bring(house, "invoices", bill(), importing=True, source="sheet")
    bring(house, "payments", paid("P1", "1"), importing=True, source="sheet")
    bring(house, "invoices", bill("F2"), importing=True, source="sheet")
    bring(house, "payments", paid("P2", "1"), importing=True, source="sheet")
    rows = house.rows("SELECT external_id, initial FROM invoice UNION SELECT external_id, initial FROM payment")
    assert {name: bool(first) for name, first in rows} == {"F1": True, "P1": True, "F2": False, "P2": False}


def test_what_a_sheet_of_customers_says_is_owed_until_billing_says_it(house: House) -> None:
    number = customer(house, "A1", debt={"balance": "40", "due": "2026-11-10", "number": "S-1"})
    house.do(Change(lambda unit: desk.changed(unit, ACCOUNT, [number], house.now)))
    assert owes(house, number) == {"ARS": (4000, 0)}
    bring(house, "payments", paid("P1", "15", ("S-1", "15"), at="2027-01-01T00:00:00Z"))
    assert owes(house, number) == {"ARS": (2500, 0)}
    bring(house, "invoices", bill())
    assert owes(house, number) == {"ARS": (10000, 0)}
    other, nobody = customer(house, "B2", debt={"balance": "7", "number": "S-2"}), customer(house, "C3")
    listed = debts_of(house.transactions.session.connection, [number, other, nobody])
    assert {one: (debt.balance, debt.number) for one, debt in listed.items()} == {
        number: (100_000_000, "F1"),
        other: (7_000_000, "S-2"),
    }
    bring(house, "payments", paid("P2", "100", ("F1", "100"), at="2027-01-02T00:00:00Z"))
    assert number not in debts_of(house.transactions.session.connection, [number]), "it owes nothing any more"


def test_a_merge_brings_what_either_owes(house: House) -> None:
    stays, gone = customer(house, "A1"), customer(house, "B2")
    bring(house, "invoices", bill(), bill("F2", "B2", "50"))
    bring(house, "payments", paid("P1", "20") | {"customer": "B2"})

    def work(unit: Any) -> None:
        merging.merge(unit, NORTE, merging.Merge("A1", "B2", house.now))
        desk.changed(unit, ACCOUNT, [stays], house.now)

    house.do(Change(work))
    assert (owes(house, stays), owes(house, gone)) == ({"ARS": (13000, 0)}, {})
    # What billing says of the one that is gone is the other's from then on.
    bring(house, "invoices", bill("F3", "B2", "5"))
    assert owes(house, stays) == {"ARS": (13500, 0)}

"""Customers by what a campaign was for them (reached, not reached, answered …), over both stores."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, update

from gatewayd.customers.filters import OUTCOMES, contacts_since, filter_of
from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.campaigns import runs
from gatewayd.store.campaigns.runs import Person, Slice
from gatewayd.store.contacts import directory
from gatewayd.store.contacts.audience import Occasion, audience_rows
from gatewayd.values.actor import Scope
from gatewayd.values.errors import UsageError
from tests.conformance.house import House
from tests.conformance.test_customers import phone, put
from tests.conformance.test_store_campaigns import NORTE, ask, change, job, launched, people

STATES = ("delivered", "submitted", "failed", "queued", "uncertain", "delivered", "failed")
"""Of the messages to C0 … C6; the last two have answered."""
MEANT = {
    "meant": "C0 C1 C2 C3 C4 C5 C6 C7",
    "reached": "C0 C1 C4 C5 C6 C7",
    "not_reached": "C2",
    "answered": "C5 C6",
    "not_answered": "C0 C1 C4 C7",
    "not_meant": "C8",
}


def names(house: House, scope: Scope = NORTE, **said: Any) -> str:
    wanted = filter_of(said)
    found = ask(house, directory.customers, scope=scope, wanted=directory.Wanted(wanted, sort="id", limit=50))
    count = ask(house, directory.count, scope=scope, wanted=wanted)
    assert count == len(found.items)
    return " ".join(sorted(one.customer.external_id for one in found.items))


def test_each_outcome_of_a_campaign_means_its_customers(house: House) -> None:
    some = people(len(STATES))
    kept = [put(house, f"C{n}", contacts=[phone(one.address)]) for n, one in enumerate(some)]
    shares = put(house, "C7", contacts=[phone(some[0].address)])  # told once, together with C0
    put(house, "C8", contacts=[phone("+5491158888888")])
    found, run = launched(house)
    on_it = [Person(one.id, f"C{n}", some[n].address, "{}") for n, one in enumerate(kept)]
    on_it.append(Person(shares.id, "C7", some[0].address, "{}"))
    change(house, runs.freeze, run, on_it, cursor=9, left_out={})
    new = Slice(run.id, 0, 0, 1, len(on_it), "c-1.20260907T1000-0-0", None, None)
    change(house, runs.add_slice, new)
    number = job(house, new.job, len(STATES)).job_id
    change(house, runs.recorded, new, number)
    message = tables.message.c

    def queued(session: Any) -> None:
        session.connection.execute(update(tables.message).where(message.job_id == number).values(state="queued"))

    def became(session: Any) -> None:
        for row, state in enumerate(STATES, 1):
            session.connection.execute(
                update(tables.message).where(message.job_id == number, message.row == row).values(state=state)
            )
        for row in (6, 7):
            told = session.connection.scalar(select(message.id).where(message.job_id == number, message.row == row))
            values = {"line": "claro-1", "channel": "sms", "key": f"k{row}", "sender": "+54911", "text": "ya"}
            times = {"at": house.now, "received_at": house.now}
            session.connection.execute(
                insert(tables.inbound).values(message_id=told, opt_out=False, written=True, **values, **times)
            )

    change(house, became)
    for outcome in OUTCOMES:
        assert names(house, campaign=found.id, outcome=outcome) == MEANT[outcome], outcome
    assert names(house, campaign=found.id) == MEANT["meant"]
    # One of another number, or another account's, means nobody.
    assert names(house, campaign=found.id + 1) == ""
    assert names(house, campaign=found.id + 1, outcome="reached") == ""
    with pytest.raises(UsageError, match="campaign"):
        filter_of({"outcome": "reached"})
    with pytest.raises(UsageError):
        filter_of({"campaign": found.id, "outcome": "loved"})
    change(house, queued)  # as the counts have it


def test_whom_nothing_has_reached_for_some_days_by_customer_address_and_what_others_told(house: House) -> None:
    """`at` is moved by hand: what counts is when it left, in days of the account's zone."""
    day, some = 86_400_000, people(6)
    kept = [put(house, f"C{n}", contacts=[phone(one.address)]) for n, one in enumerate(some)]
    shares = put(house, "C6", contacts=[phone(some[0].address)])
    stranger = phone(some[0].address) | {"state": "wrong_person"}
    put(house, "C7", contacts=[stranger])
    number = job(house, "j1", len(some)).job_id
    message = tables.message.c
    zone, today = ZoneInfo("America/Argentina/Buenos_Aires"), date(2026, 9, 7)
    midnight = int(datetime(2026, 9, 7, tzinfo=zone).timestamp() * 1000)
    # who: when, how it ended, whether it was known whose address it is
    was = [
        (midnight, "delivered", True),
        (midnight - day, "submitted", False),
        (midnight - 1, "failed", True),
        (midnight - 6 * day, "uncertain", True),
        (midnight - 6 * day - 1, "read", True),
        (midnight, "queued", True),
    ]

    def became(session: Any) -> None:
        for row, (at, state, known) in enumerate(was, 1):
            session.connection.execute(
                update(tables.message)
                .where(message.job_id == number, message.row == row)
                .values(at=at, state=state, person_id=kept[row - 1].id if known else None)
            )

    def over(session: Any) -> None:
        session.connection.execute(update(tables.message).where(message.job_id == number).values(state="queued"))

    def uncontacted(days: int) -> str:
        wanted = filter_of({"not_contacted_days": days})
        since = contacts_since(wanted, today, zone)
        asked = directory.Wanted(wanted, sort="id", limit=50, since=since)
        found = ask(house, directory.customers, scope=NORTE, wanted=asked)
        assert ask(house, directory.count, scope=NORTE, wanted=wanted, since=since) == len(found.items)
        occasion = Occasion(house.now, today, zone=zone.key)
        connection = house.transactions.session.connection
        account = account_number(connection, "norte")
        rows = audience_rows(connection, account, wanted, "sms", after_id=0, limit=50, occasion=occasion)
        assert {one.external_id for one in rows} == {one.customer.external_id for one in found.items} - {"C7"}
        return " ".join(one.customer.external_id for one in found.items)

    change(house, became)
    assert shares.id
    assert uncontacted(1) == "C1 C2 C3 C4 C5 C7"
    assert uncontacted(2) == "C2 C3 C4 C5 C7"
    assert uncontacted(7) == "C2 C4 C5 C7"
    assert uncontacted(8) == "C2 C5 C7"

    def noted(session: Any) -> None:
        told = {"account_id": account_number(session.connection, "norte"), "at": midnight, "channel": "call"}
        told |= {"state": "delivered", "answered": False, "reached": True, "class": "collections", "source": "person"}
        told |= {"kind": "manual", "actor": "ana", "created_at": midnight}
        rows = (
            {"direction": "out", "counts": True, "person_id": kept[2].id, "address": None, "key": "a"},
            {"direction": "in", "counts": True, "person_id": kept[4].id, "address": None, "key": "b"},
            {"direction": "out", "counts": False, "person_id": None, "address": some[4].address, "key": "c"},
            {"direction": "out", "counts": True, "person_id": None, "address": some[5].address, "key": "d"},
        )
        for one in rows:
            session.connection.execute(insert(tables.elsewhere).values(**told, **one))

    change(house, noted)
    assert uncontacted(8) == "C7"
    assert uncontacted(7) == "C4 C7"
    with pytest.raises(UsageError):
        ask(house, directory.count, scope=NORTE, wanted=filter_of({"not_contacted_days": 3}))
    for wrong in (0, -1, 3_651, True, "7", 1.5):
        with pytest.raises(UsageError, match="not_contacted_days"):
            filter_of({"not_contacted_days": wrong})
    change(house, over)  # as the counts have it

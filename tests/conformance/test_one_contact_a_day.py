"""A reminder and a claim, or two levels, due to one person on one day: one contact, and the other one says why not."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gatewayd.store.commands import REMINDER, AddMessages, BeginJob, Change, NewMessage, PartEnd, PublishJob, QueueInfo
from gatewayd.store.dunning import policies, reminder_sends, reminders
from gatewayd.store.dunning.contacted import rival
from gatewayd.store.dunning.reminders import Reminder
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError
from gatewayd.values.model import PartState, Priority, State
from gatewayd.values.reminder import Draft
from tests.conformance.house import PRICE, House
from tests.conformance.test_billing import bill, bring, paid
from tests.conformance.test_store_claims import (
    ZONE,
    change,
    debtor,
    decide,
    moment,
    reasons,
    recorded,
    rule,
    settled,
    states,
)

DAY_MS = 86_400_000
HERE = ZoneInfo(ZONE)


def reminder(house: House, customer: str = "A1", currency: str = "ARS") -> Reminder:
    draft = Draft(customer, currency, "sms", "%nombre%, %monto%", f"F-{customer}")
    number = change(house, reminders.add, account="norte", draft=draft, next_at=None, by="ana", now=house.now)
    found: Reminder = reminders.by_number(house.transactions.session.connection, scope=Scope.of("norte"), number=number)
    return found


def beside(house: House, known: Reminder, currency: str = "ARS") -> str | None:
    """What is the contact of today already, for a reminder."""
    day = datetime.fromtimestamp(house.now / 1000, HERE).date()
    found: str | None = rival(house.transactions.session, known.customer_id, currency, day, ZONE)
    return found


def sent(house: House, known: Reminder) -> QueueInfo:
    """Decides that a reminder is sent, and makes it the job that it is."""
    change(house, reminder_sends.decide, known, now=house.now, zone=HERE, by="ana")
    (send,) = reminder_sends.waiting(house.transactions.session.connection)
    begun = house.do(
        BeginJob(
            *("norte", f"r-{known.id}.1-{send.number}", "sms", Priority.NORMAL, "hash", None, None, False, PRICE),
            *("ARS", json.dumps({"lines": []}), "pop", house.now),
            origin=REMINDER,
            klass="collections",
        )
    )
    row = NewMessage(1, "A1", "+5491150000001", "Hola", "", 1, "", None, None, None, send.cause)
    house.do(AddMessages(begun.job_id, [row], house.now))
    queue: QueueInfo
    (queue,) = house.do(PublishJob(begun.job_id, house.now))
    change(house, reminder_sends.recorded, send, begun.job_id)
    return queue


def test_what_was_claimed_or_is_about_to_be_is_not_reminded_that_day(house: House) -> None:
    rule(house)
    number = debtor(house)
    known = reminder(house)
    assert beside(house, known) is None
    assert decide(house, number) == 1
    assert (beside(house, known), beside(house, known, "USD")) == ("claimed_today", None)
    with pytest.raises(ConflictError, match="claim"):
        reminder_sends.first_today(house.transactions.session, known, "+5491150000001", now=house.now, zone=HERE)
    (work,) = house.claim(recorded(house)).work
    assert beside(house, known) == "claimed_today"
    house.send(work)
    assert beside(house, known) == "claimed_today"
    settled(house)
    assert beside(house, known) == "claimed_today"
    house.now += DAY_MS
    assert beside(house, known) is None


def test_a_claim_that_came_to_nothing_is_no_contact(house: House) -> None:
    rule(house, levels=[{"id": "uno", "days": 1, "channels": ["sms"], "templates": {"sms": "uno"}}])
    number = debtor(house)
    known = reminder(house)
    decide(house, number)
    (work,) = house.claim(recorded(house)).work
    house.pnr(work)
    house.finish(work, State.FAILED, reason="unassigned", parts={1: PartEnd(PartState.REFUSED)})
    settled(house)
    # It is a person's now.
    assert states(house) == [("uno", "done", "sms")]
    assert beside(house, known) is None
    bring(house, "payments", paid("P1", "40", ("F-A1", "40")))
    assert beside(house, known) is None


def test_who_was_reminded_is_claimed_the_day_after_and_the_decision_says_so(house: House) -> None:
    rule(house)
    number = debtor(house)
    known = reminder(house)
    queue = sent(house, known)
    assert decide(house, number) == 0
    assert reasons(house) == ["contacted_today"]
    ((again,),) = house.rows("SELECT again FROM decision WHERE last_day IS NULL")
    assert again == date.fromordinal(moment(house).today.toordinal() + 1).isoformat()
    # It waits for its window until the next day: that day is the day of the contact.
    house.now += DAY_MS
    assert decide(house, number) == 0
    house.send(house.claim(queue).work[0])
    assert decide(house, number) == 0
    assert (beside(house, known), states(house)) == ("contacted_today", [])
    house.now += DAY_MS
    assert (beside(house, known), decide(house, number)) == (None, 1)


def test_a_reminder_that_a_payment_withdrew_is_no_contact(house: House) -> None:
    rule(house)
    number = debtor(house)
    known = reminder(house)
    sent(house, known)
    bring(house, "payments", paid("P1", "40", ("F-A1", "40")))
    assert house.states() == ["cancelled"]
    assert (beside(house, known), decide(house, number)) == (None, 1)


def test_two_levels_and_two_rules_due_on_one_day_are_one_contact(house: House) -> None:
    first = {"id": "uno", "days": 1, "channels": ["sms"], "templates": {"sms": "uno"}}
    second = {"id": "dos", "days": 5, "channels": ["sms"], "templates": {"sms": "dos"}}
    rule(house, levels=[first, second])
    own: dict[str, Any] = {"levels": [{**first, "id": "otro"}], "hour": "08:00"}
    said = {"standard": False, "place": 1, "seen": None, "now": house.now, "by": "ana"}
    change(house, policies.save, "norte", "propia", own, **said)
    number = debtor(house)
    # One invoice has reached both levels by now, another the first alone, and a third has a rule of its own.
    bring(house, "invoices", bill("F-2", "A1", due="2026-11-16"))
    bring(house, "invoices", bill("F-3", "A1", due="2026-11-14", policy="propia"))
    assert decide(house, number) == 1
    assert states(house) == [("dos", "planned", "sms")]
    ((listed,),) = house.rows("SELECT invoices FROM step")
    assert sorted(json.loads(listed)) == ["F-2", "F-3", "F-A1"]
    house.send(house.claim(recorded(house)).work[0])
    settled(house)
    for _ in range(3):
        assert decide(house, number) == 0
    assert len(house.rows("SELECT id FROM message")) == 1


def test_a_campaign_or_what_somebody_else_sent_is_a_contact_too(house: House) -> None:
    number = debtor(house)
    known = reminder(house)
    queue = house.job_of(
        [NewMessage(1, "A1", "+5491150000001", "Hola", "", 1, "", None, None)], name="c1", klass="collections"
    )
    assert beside(house, known) is None
    house.send(house.claim(queue).work[0])
    whose = house.rows("SELECT person_id FROM message")
    assert (whose, beside(house, known)) == ([(number,)], "contacted_today")
    house.do(Change(lambda unit: reminder_sends.decide(unit.session, known, now=house.now, zone=HERE, by="ana")))
    assert reminder_sends.waiting(house.transactions.session.connection)

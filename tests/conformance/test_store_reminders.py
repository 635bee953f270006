"""Reminders and their sends, on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gatewayd.dunning.engine.reminding import job_keys, neutral_words
from gatewayd.store.commands import Change, NewMessage
from gatewayd.store.contacts import joining, knowledge, states
from gatewayd.store.contacts.audience import AudienceRow
from gatewayd.store.dunning import recalled_sends, reminder_sends, reminders
from gatewayd.store.dunning.contacted import rival
from gatewayd.store.dunning.reminders import Reminder
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.values.model import State
from gatewayd.values.reminder import Draft, Timing, first_send, following_send, job_name, retimed, unknown
from tests.conformance.house import House
from tests.conformance.test_billing import bill, bring, paid
from tests.conformance.test_customers import phone, put

NORTE, SUR = Scope.of("norte"), Scope.of("sur")
SANTIAGO = ZoneInfo("America/Santiago")
MAIL = Draft("C1", "ARS", "email", "Debe %monto%", subject="Su factura")
DRAFT = Draft("C1", "ARS", "sms", "Hola %nombre%, debe %monto%", "F-7", date(2026, 11, 20), 5_000_000)


def change(house: House, work: Any, *arguments: Any, **more: Any) -> Any:
    return house.do(Change(lambda unit: work(unit.session, *arguments, **more)))


def ask(house: House, question: Any, **more: Any) -> Any:
    return question(house.transactions.session.connection, **more)


def written(house: House, draft: Draft = DRAFT) -> Reminder:
    put(house, "C1", name="Ana Pérez", contacts=[phone("+5491150000001")])
    number = change(
        house,
        reminders.add,
        account="norte",
        draft=draft,
        next_at=first_send(draft.timing, SANTIAGO),
        by="ana",
        now=house.now,
    )
    return again(house, number)


def again(house: House, number: int) -> Reminder:
    found: Reminder = ask(house, reminders.by_number, scope=NORTE, number=number)
    return found


def kinds(house: House, number: int) -> list[str]:
    return [one.kind for one in ask(house, reminders.history, number=number)]


def test_a_reminder_is_found_in_the_tab_that_its_state_says(house: House) -> None:
    known = written(house)
    assert known.draft == DRAFT
    assert known.customer_name == "Ana Pérez"

    def tabs() -> list[str]:
        return [
            tab
            for tab in reminders.TABS
            if ask(house, reminders.reminders, scope=NORTE, tab=tab, q="pérez", limit=5).items
        ]

    assert tabs() == ["all", "active"]
    change(house, reminders.set_state, known, "paid", by="ana", now=house.now)
    assert tabs() == ["all", "inactive"]
    change(house, reminders.archive, again(house, known.id), archived=True, by="ana", now=house.now)
    assert tabs() == ["archived"]
    assert ask(house, reminders.reminders, scope=NORTE, q="nadie", limit=5).items == ()
    assert kinds(house, known.id) == ["archived", "paid", "created"]
    with pytest.raises(NotFoundError):
        ask(house, reminders.by_number, scope=SUR, number=known.id)


def test_what_somebody_has_changed_meanwhile_is_not_overwritten(house: House) -> None:
    known = written(house)
    other = Draft("C1", "ARS", "sms", "otro texto")
    change(house, reminders.edit, known, other, version=1, next_at=None, by="ana", now=house.now)
    with pytest.raises(ConflictError):
        change(house, reminders.edit, known, DRAFT, version=1, next_at=None, by="beto", now=house.now)
    assert again(house, known.id).draft == other
    assert ask(house, reminders.history, number=known.id)[0].detail == {"fields": ["text", "invoice", "due", "amount"]}


def test_one_that_was_sent_stays_and_one_that_was_not_goes(house: House) -> None:
    known = written(house)
    change(house, reminder_sends.decide, known, now=house.now, zone=SANTIAGO, by="ana")
    with pytest.raises(ConflictError):
        change(house, reminders.remove, again(house, known.id))
    fresh = written(house)
    change(house, reminders.remove, fresh)
    with pytest.raises(NotFoundError):
        again(house, fresh.id)


def contacted(house: House, known: Reminder, currency: str = "ARS") -> str | None:
    """What else is that customer's contact of today."""
    session, day = house.transactions.session, datetime.fromtimestamp(house.now / 1000, SANTIAGO).date()
    found: str | None = rival(session, known.customer_id, currency, day, SANTIAGO.key)
    return found


def test_a_send_is_the_contact_of_its_day(house: House) -> None:
    known = written(house)
    reminder_sends.first_today(house.transactions.session, known, "+5491150000001", now=house.now, zone=SANTIAGO)
    assert change(house, reminder_sends.decide, known, now=house.now, zone=SANTIAGO, by="ana") == 1
    assert (contacted(house, known), contacted(house, known, "USD")) == ("contacted_today", None)
    with pytest.raises(ConflictError):
        reminder_sends.first_today(house.transactions.session, known, "+5491150000001", now=house.now, zone=SANTIAGO)
    (send,) = ask(house, reminder_sends.waiting)
    change(house, reminder_sends.given_up, send, "refused", "variable_missing", "falta %saldo%")
    assert ask(house, reminder_sends.waiting) == []
    assert contacted(house, known) is None
    # A second answer about the same send changes nothing.
    change(house, reminder_sends.recorded, send, 9)
    (shown,) = [one for one in ask(house, reminders.history, number=known.id) if one.kind == "sent"]
    assert (shown.state, shown.job_id, shown.detail["sentence"]) == ("refused", None, "falta %saldo%")


def test_a_send_of_another_life_of_the_store_is_not_made_again(house: House) -> None:
    timing = Timing(date(2026, 11, 3), 7, 9, "10:00")
    known = written(house, Draft("C1", "ARS", "sms", "hola", timing=timing))
    assert known.next_at is not None
    house.now = known.next_at + 60_000

    def found(number: int, made: int = known.created_at, account: str = "norte") -> bool:
        job = job_name(known.id, number, made)
        more: Any = {"at": house.now, "now": house.now, "zone_of": lambda _account: SANTIAGO}
        return bool(change(house, recalled_sends.take_over, account, job, **more))

    assert not found(1, made=5)  # another life gave the number to another reminder
    assert not found(1, account="sur")
    assert ask(house, reminder_sends.due, now=house.now) == [known.id]
    assert found(1)
    assert ask(house, reminder_sends.due, now=house.now) == []
    assert found(2)  # by hand
    assert not found(2)  # an examination that was cut short begins again
    after = again(house, known.id)
    assert (after.sends, after.repeated) == (2, 1)
    assert after.next_at == first_send(Timing(date(2026, 11, 10), hour="10:00", times=1), SANTIAGO)
    assert ask(house, reminder_sends.waiting) == []
    with pytest.raises(ConflictError):
        reminder_sends.first_today(house.transactions.session, after, "+5491150000001", now=house.now, zone=SANTIAGO)


def test_who_cannot_be_reached_is_not_written_to(house: House) -> None:
    known = written(house, Draft("C1", "ARS", "email", "hola", subject="Su factura"))
    with pytest.raises(ConflictError):
        ask(house, reminder_sends.sendable, known=known, now=house.now, zone=SANTIAGO, region="AR")


def test_one_that_repeats_is_due_once_a_time_however_late(house: House) -> None:
    timing = Timing(date(2026, 4, 3), 7, 3, "23:30")
    known = written(house, Draft("C1", "ARS", "sms", "hola", timing=timing))
    assert known.next_at is not None
    assert ask(house, reminder_sends.due, now=known.next_at - 1) == []
    assert ask(house, reminder_sends.due, now=known.next_at) == [known.id]
    late = known.next_at + 20 * 86_400_000
    change(house, reminder_sends.decide, known, now=late, zone=SANTIAGO, by="")
    after = again(house, known.id)
    assert ask(house, reminder_sends.due, now=late) == []
    assert after.next_at == first_send(Timing(date(2026, 4, 24), hour="23:30", times=1), SANTIAGO)
    assert (after.sends, after.repeated) == (1, 1)


def test_a_merged_customers_reminders_are_the_others_and_a_forgotten_ones_say_nothing(house: House) -> None:
    known = written(house)
    change(house, reminder_sends.decide, known, now=house.now, zone=SANTIAGO, by="ana")
    put(house, "C2", name="Ana P.", contacts=[phone("+5491150000002")])
    house.do(Change(lambda unit: joining.merge(unit, NORTE, joining.Merge("C2", "C1", house.now))))
    after = again(house, known.id)
    assert after.draft.customer == "C2"
    assert contacted(house, after) == "contacted_today"
    house.do(Change(lambda unit: knowledge.forget(unit, NORTE, knowledge.Forget("C2", house.now))))
    after = again(house, known.id)
    assert (after.draft.text, after.state, after.archived) == ("", "cancelled", True)


def test_a_payment_ends_a_reminder_and_what_is_asked_is_what_billing_says(house: House) -> None:
    known = written(house)
    assert change(house, reminder_sends.open_amount, known) is None
    for external_id in ("F-7", "F-8"):
        bring(house, "invoices", bill(external_id, "C1", "50.00"))
    bring(house, "payments", {**paid("P1", "20.00", ("F-7", "20.00")), "customer": "C1"})
    change(house, reminder_sends.decide, known, now=house.now, zone=SANTIAGO, by="ana")
    (send,) = ask(house, reminder_sends.waiting)
    assert (send.amount, send.cause is not None) == (30_000_000, True)
    assert ask(house, reminder_sends.over) == []
    bring(house, "payments", {**paid("P2", "30.00", ("F-7", "30.00")), "customer": "C1"})
    with pytest.raises(ConflictError):
        change(house, reminder_sends.decide, again(house, known.id), now=house.now, zone=SANTIAGO, by="ana")
    assert ask(house, reminder_sends.over) == [(known.id, "paid", "payment")]


def test_times_are_of_the_accounts_clock_and_end() -> None:
    timing = Timing(date(2026, 9, 4), 1, 3, "10:00")
    first = first_send(timing, SANTIAGO)
    assert first is not None
    # Chile puts its clocks on that Sunday: two days are an hour shorter than 48.
    assert following_send(timing, 1, first + 3_600_000, SANTIAGO) == first + 86_400_000
    assert following_send(timing, 2, first + 90_000_000, SANTIAGO) == first + 2 * 86_400_000 - 3_600_000
    assert following_send(timing, 3, first + 180_000_000, SANTIAGO) is None
    assert first_send(Timing(), SANTIAGO) is None
    assert retimed(timing, 0, first - 1, SANTIAGO) == first
    assert retimed(timing, 0, first + 1, SANTIAGO) == first
    assert retimed(timing, 3, first, SANTIAGO) is None


def test_no_two_sends_share_a_job() -> None:
    assert job_name(7, 1, 1_764_000_000_000) == "r-7.1764000000000-1"


ADDRESS = "+5491150000001"


def withheld(house: House, known: Reminder) -> str | None:
    why: str | None = reminder_sends.withheld(house.transactions.session, known, ADDRESS)
    return why


def test_a_number_that_nobody_confirmed_or_that_two_have_is_told_no_amount(house: House) -> None:
    known = written(house)
    assert withheld(house, known) == "first_contact"
    change(house, states.say, known.account_id, known.customer_id, ADDRESS, "confirmed", now=house.now)
    assert withheld(house, known) is None
    assert reminder_sends.withheld(house.transactions.session, replace(known, draft=MAIL), "ana@example.com") is None
    put(house, "C2", name="Luis", contacts=[phone(ADDRESS)])
    assert withheld(house, known) == "shared_number"
    number = change(house, reminder_sends.decide, known, now=house.now, zone=SANTIAGO, by="ana", why="shared_number")
    assert number == 1
    (send,) = ask(house, reminder_sends.waiting)
    assert send.withheld == "shared_number"
    change(house, reminder_sends.recorded, send, 9, send.withheld)
    assert ask(house, reminders.history, number=known.id)[0].detail == {"reason": "shared_number"}


def test_a_number_that_was_reached_before_is_the_customers(house: House) -> None:
    known = written(house)
    row = NewMessage(1, "C1", ADDRESS, "hola", "", 1, "", None, None)
    house.send(house.claim(house.job_of([row])).work[0])
    assert withheld(house, known) is None


def test_a_shared_number_is_written_to_once_a_day(house: House) -> None:
    ana = written(house)
    put(house, "C2", name="Luis", contacts=[phone(ADDRESS)])
    draft = replace(DRAFT, customer="C2", invoice="F-8")
    number = change(house, reminders.add, account="norte", draft=draft, next_at=None, by="ana", now=house.now)
    luis = again(house, number)
    session, now = house.transactions.session, house.now

    def rival() -> str | None:
        why: str | None = reminder_sends.rival(session, luis, ADDRESS, now=now, zone=SANTIAGO)
        return why

    assert rival() is None
    change(house, reminder_sends.decide, ana, now=now, zone=SANTIAGO, by="ana")
    assert rival() == "number_today", "its job is about to come"
    row = NewMessage(1, "C1", ADDRESS, "hola", "", 1, "", None, None)
    begun = house.job_of([row])
    (send,) = ask(house, reminder_sends.waiting)
    change(house, reminder_sends.recorded, send, house.rows("SELECT id FROM job")[0][0])
    assert rival() == "number_today"
    (work,) = house.claim(begun).work
    house.finish(work, State.FAILED, outcome="refused")
    assert rival() is None, "of what came to nothing there was no contact"
    mail = replace(luis, draft=replace(draft, channel="email"))
    assert reminder_sends.rival(session, mail, "luis@example.com", now=now, zone=SANTIAGO) is None


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Hola %nombre%, debe $ %Deuda ($)%, %saldo vencido%: %plan%", ["%saldo vencido%"]),
        ("50% hoy y 20% mañana, %empresa%", []),
        ("Hola {nombre}, debe %mnoto%", ["%mnoto%", "{nombre}"]),
    ],
)
def test_words_that_nothing_can_be_put_for_are_known_when_they_are_written(text: str, wrong: list[str]) -> None:
    assert [one.written for one in unknown(replace(DRAFT, text=text), ["plan"])] == wrong
    assert unknown(replace(MAIL, subject="%facturas%"), [])[0].written == "%facturas%"


def test_a_job_that_names_nothing_says_neither_the_text_nor_a_cell(house: House) -> None:
    known = written(house)
    change(house, reminder_sends.decide, known, now=house.now, zone=SANTIAGO, by="ana")
    (send,) = ask(house, reminder_sends.waiting)
    person = AudienceRow(known.customer_id, "C1", ADDRESS, {"nombre": "Ana", "deuda": "50,00"})
    said = job_keys(known, person, send, "r-1", "AR")
    assert "5,00" in json.dumps(said, ensure_ascii=False)
    said |= neutral_words(known, said, "es")
    told = json.dumps(said, ensure_ascii=False)
    assert "Ana" not in told
    assert "5,00" not in told
    assert "F-7" not in told
    assert said["recipients"] == [{"to": ADDRESS, "ref": "C1", "#cause": str(send.cause)}]
    assert "%empresa%" in said["text"]

"""What is decided about a customer: a test for each case that hurt users of other engines, and what always holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.billing.facts import Allocation, Invoice, Payment
from gatewayd.dunning.decide import decide
from gatewayd.dunning.decision import Decision
from gatewayd.dunning.policy import Level, Policy
from gatewayd.dunning.situation import Pause, Promise, Situation, Step

TODAY = date(2026, 12, 1)
ZONE = "America/Argentina/Buenos_Aires"
PESO = 1_000_000


def at(day: date, hour: int = 10, minute: int = 0, zone: str = ZONE) -> int:
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


NOW = at(TODAY)
LADDER = Policy(
    "empresa",
    1,
    (Level("antes", -3), Level("uno", 1), Level("diez", 10, channels=("email", "sms")), Level("visto", 5, "contact")),
    minimums={"ARS": 100 * PESO},
)


def invoice(name: str, days: int, pesos: int = 5_000, **more: Any) -> Invoice:
    """An invoice that fell due so many days ago, its balance told a month before."""
    plain = Invoice(
        name, f"N-{name}", "ARS", TODAY - timedelta(days=days), balance=pesos * PESO, as_of=NOW - 30 * 86_400_000
    )
    return replace(plain, **more)


def payment(name: str, pesos: int, invoices: Sequence[tuple[str, int]] | None = None, **more: Any) -> Payment:
    parts = None if invoices is None else tuple(Allocation(one, amount * PESO) for one, amount in invoices)
    return replace(Payment(name, "ARS", pesos * PESO, NOW - 3_600_000, invoices=parts), **more)


def done(level: str, cycle_days: int, days: int, state: Any = "done") -> Step:
    return Step("ARS", level, TODAY - timedelta(days=cycle_days), state, at(TODAY - timedelta(days=days)))


def situation(*invoices: Invoice, **more: Any) -> Situation:
    plain = Situation(1, invoices, policy=LADDER, channels=frozenset({"sms", "email"}))
    return replace(plain, **more)


def decided(*invoices: Invoice, today: date = TODAY, now: int = NOW, zone: str = ZONE, **more: Any) -> Decision:
    (one,) = decide(situation(*invoices, **more), today, now, zone)
    return one


def said(one: Decision) -> tuple[str, str | None, int, tuple[str, ...]]:
    return one.reason, one.level, one.amount // PESO, one.invoices


# ----------------------------------------------------------------------------- the cases that hurt users, one after one


def test_who_has_paid_is_not_reminded() -> None:
    one = decided(invoice("a", 12), payments=(payment("p", 5_000, [("a", 5_000)]),))
    assert (one.verdict, one.reason) == ("skip", "nothing_owed")


def test_a_payment_that_is_posted_after_the_judging_and_dated_before_counts_when_it_is_known() -> None:
    known = invoice("a", 12, as_of=at(TODAY - timedelta(days=2)))
    late = payment("p", 5_000, [("a", 5_000)], value_date=TODAY - timedelta(days=20), posted_at=NOW)
    assert decided(known).reason == "due"
    assert decided(known, payments=(late,)).reason == "nothing_owed"
    assert decided(replace(known, as_of=NOW + 1), payments=(late,)).reason == "due"


def test_a_credit_note_that_brings_the_balance_to_nothing_ends_it() -> None:
    credit = payment("n", 5_000, [("a", 5_000)], kind="credit_note", reason="bonificación")
    assert decided(invoice("a", 12), payments=(credit,)).reason == "nothing_owed"


def test_a_cancelled_credit_is_not_counted() -> None:
    credit = payment("n", 5_000, [("a", 5_000)], kind="credit_note", cancelled=True)
    assert said(decided(invoice("a", 12), payments=(credit,))) == ("due", "diez", 5_000, ("a",))


def test_free_credit_is_netted_before_the_minimum_is_compared() -> None:
    assert decided(invoice("a", 12), payments=(payment("p", 4_950, []),)).reason == "minimum"
    assert said(decided(invoice("a", 12), payments=(payment("p", 4_900, []),))) == ("due", "diez", 100, ("a",))


def test_a_partial_payment_leaves_the_rest_and_the_level() -> None:
    part = payment("p", 2_000, [("a", 2_000)])
    assert decided(invoice("a", 12), payments=(part,), steps=(done("diez", 12, 2),)).reason == "done"
    assert said(decided(invoice("a", 12), payments=(part,), steps=(done("uno", 12, 11),)))[1:3] == ("diez", 3_000)


def test_of_several_invoices_the_last_one_does_not_decide() -> None:
    newer = payment("p", 3_000, [("b", 3_000)])
    one = decided(invoice("a", 12), invoice("b", 2, 3_000), payments=(newer,))
    assert said(one) == ("due", "diez", 5_000, ("a",))


def test_a_step_that_is_done_or_on_its_way_is_not_taken_again() -> None:
    assert decided(invoice("a", 12), steps=(done("diez", 12, 1),)).reason == "done"
    waiting = decided(invoice("a", 12), steps=(done("diez", 12, 0, "planned"),))
    assert (waiting.verdict, waiting.reason) == ("wait", "in_flight")
    assert decided(invoice("a", 12), steps=(done("diez", 12, 0, "undone"),)).reason == "due"


def test_days_before_the_due_date_are_before_it() -> None:
    before = Policy("empresa", 1, (Level("aviso", -10), Level("reclamo", 10)))
    assert decided(invoice("a", -10), policy=before).level == "aviso"
    assert decided(invoice("a", 9), policy=before).reason == "not_due"
    assert decided(invoice("a", 10), policy=before).level == "reclamo"


def test_the_day_is_the_companys_near_midnight() -> None:
    # 23:30 there is next day in UTC: the contact was today, the next one counts from today.
    contact = Step("ARS", "diez", TODAY - timedelta(days=20), "done", at(TODAY - timedelta(days=5), 23, 30))
    assert decided(invoice("a", 20), steps=(contact,)).level == "visto"
    utc = decided(invoice("a", 20), steps=(contact,), zone="UTC")
    assert (utc.reason, utc.again) == ("done", TODAY + timedelta(days=1))


def test_the_end_of_a_month_is_a_day_like_others() -> None:
    bill = replace(invoice("a", 0), due=date(2026, 1, 31))
    first = Policy("empresa", 1, (Level("uno", 1),))
    told = [decided(bill, policy=first, today=day, now=at(day)).reason for day in (date(2026, 1, 31), date(2026, 2, 1))]
    assert told == ["not_due", "due"]
    feb = replace(invoice("a", 0), due=date(2024, 2, 29))
    assert decided(feb, policy=Policy("e", 1, (Level("m", 366),)), today=date(2025, 3, 1)).level == "m"


def test_a_clock_change_moves_no_day() -> None:
    # Chile leaves out the hour from midnight to one on 6 September 2026.
    zone, changed = "America/Santiago", date(2026, 9, 6)
    steps = (Step("ARS", "diez", date(2026, 8, 20), "done", at(date(2026, 9, 1), 23, 50, zone)),)
    bill = replace(invoice("a", 0), due=date(2026, 8, 20))
    ladder = replace(LADDER, tolerance_days=3)
    for day, reason in ((changed - timedelta(days=1), "done"), (changed, "due")):
        one = decided(bill, steps=steps, policy=ladder, today=day, now=at(day, 3, zone=zone), zone=zone)
        assert one.reason == reason


def test_no_letter_for_ten_cents() -> None:
    cents = invoice("a", 12, balance=PESO // 10)
    assert decided(cents).reason == "minimum"
    # The person's sum is compared, not each invoice.
    assert decided(invoice("a", 12, 60), invoice("b", 11, 60)).amount == 120 * PESO


def test_a_currency_without_a_minimum_is_claimed_and_says_so() -> None:
    one = decided(invoice("a", 12, 1, currency="USD"))
    assert (one.currency, one.reason, one.warnings) == ("USD", "due", ("minimum_missing",))
    two = decide(situation(invoice("a", 12), invoice("b", 12, 7, currency="USD")), TODAY, NOW, ZONE)
    assert [(each.currency, each.amount // PESO) for each in two] == [("ARS", 5_000), ("USD", 7)]


def test_of_two_customers_that_became_one_the_stricter_block_wins() -> None:
    pauses = (Pause(NOW + 86_400_000, "claims_paid"), Pause(None, "blocked"))
    assert decided(invoice("a", 12), pauses=pauses).reason == "blocked"
    assert decided(invoice("a", 12), pauses=pauses).again is None


def test_a_wrong_number_keeps_the_debt_and_takes_the_channel() -> None:
    one = decided(invoice("a", 2), channels=frozenset({"email"}))
    assert (one.verdict, one.reason, one.level, one.amount) == ("skip", "no_channel", "uno", 5_000 * PESO)


def test_a_rule_that_is_saved_again_claims_nobody_anew() -> None:
    steps = (done("diez", 12, 1),)
    for version in (2, 100):
        saved = replace(LADDER, version=version)
        assert decided(invoice("a", 12), steps=steps, policy=saved).reason == "done"
    moved = replace(LADDER, levels=(Level("uno", 1), Level("diez", 3)))
    assert decided(invoice("a", 12), steps=steps, policy=moved).reason == "ended"


def test_an_invoice_that_is_cancelled_after_a_claim_gets_nothing_more() -> None:
    steps = (done("uno", 12, 11),)
    assert decided(invoice("a", 12, state="cancelled"), steps=steps).reason == "nothing_owed"


def test_without_an_address_for_the_first_channel_the_next_one_is_taken() -> None:
    assert decided(invoice("a", 12)).channel == "email"
    assert decided(invoice("a", 12), channels=frozenset({"sms"})).channel == "sms"
    assert decided(invoice("a", 12), channels=frozenset({"push"})).reason == "no_channel"


def test_nothing_is_added_to_what_billing_says() -> None:
    one = decided(invoice("a", 400, 1_234), invoice("b", 300, 1))
    assert one.amount == 1_235 * PESO


# -------------------------------------------------------------------------------------------------------- what holds it


def test_a_missed_week_is_one_message_at_the_right_level() -> None:
    one = decided(invoice("a", 15), steps=(done("antes", 15, 18),))
    assert (one.level, one.cycle) == ("diez", TODAY - timedelta(days=15))
    assert decided(invoice("a", 15), steps=(done("diez", 15, 1),)).reason == "done"


def test_tolerance_holds_who_triggers_and_not_what_is_listed() -> None:
    rule = replace(LADDER, tolerance_days=5)
    assert decided(invoice("a", 3), policy=rule).reason == "tolerance"
    assert said(decided(invoice("a", 6), invoice("b", 1, 7), policy=rule)) == ("due", "uno", 5_007, ("a", "b"))


def test_a_dispute_neither_triggers_nor_lists_until_it_ends() -> None:
    argued = invoice("a", 12, state="disputed", disputed_until=TODAY)
    alone = decided(argued)
    assert (alone.reason, alone.again) == ("disputed", TODAY + timedelta(days=1))
    assert said(decided(argued, invoice("b", 2, 300))) == ("due", "uno", 300, ("b",))
    assert decided(argued, today=TODAY + timedelta(days=1)).reason == "due"


def test_a_promise_holds_until_its_day_and_tolerance_are_over() -> None:
    promise = Promise("ARS", TODAY - timedelta(days=1), 2_000 * PESO, 1, NOW - 5 * 86_400_000)
    held = decided(invoice("a", 12), promises=(promise,))
    assert (held.reason, held.again) == ("promised", TODAY + timedelta(days=1))
    assert decided(invoice("a", 12), promises=(promise,), today=TODAY + timedelta(days=1)).reason == "due"
    kept = payment("p", 2_000, [("a", 2_000)])
    assert said(decided(invoice("a", 12), promises=(promise,), payments=(kept,)))[2] == 3_000
    assert decided(invoice("a", 12), promises=(replace(promise, withdrawn=True),)).reason == "due"
    assert decided(invoice("a", 12), promises=(replace(promise, currency="USD"),)).reason == "due"


def test_after_the_last_level_it_is_repeated_so_often_and_then_it_ends() -> None:
    rule = Policy("empresa", 1, (Level("uno", 1),), reclaim_days=7, repeats=2)
    first = done("uno", 30, 20)
    assert decided(invoice("a", 30), policy=rule, steps=(first,)).level == "uno+1"
    second = done("uno+1", 30, 10)
    assert decided(invoice("a", 30), policy=rule, steps=(first, second)).level == "uno+2"
    recent = decided(invoice("a", 30), policy=rule, steps=(first, done("uno+1", 30, 6)))
    assert (recent.reason, recent.again) == ("done", TODAY + timedelta(days=1))
    assert decided(invoice("a", 30), policy=rule, steps=(first, second, done("uno+2", 30, 8))).reason == "ended"


def test_one_contact_a_person_currency_and_day() -> None:
    assert decided(invoice("a", 12), contacts=(("ARS", TODAY),)).reason == "contacted_today"
    assert decided(invoice("a", 12), contacts=(("USD", TODAY), ("ARS", TODAY - timedelta(days=1)))).reason == "due"


def test_an_invoices_own_rule_is_before_its_customers() -> None:
    nothing = Policy("nada", 1, nothing=True)
    own = invoice("a", 12, policy="nada")
    assert decided(own, policies=(nothing,)).reason == "nothing"
    assert said(decided(own, invoice("b", 2, 300), policies=(nothing,))) == ("due", "uno", 300, ("b",))
    assert decided(invoice("a", 12), policy=None).reason == "no_policy"
    assert decided(invoice("a", 12), hold_out=True).reason == "hold_out"


def test_an_invoice_without_a_due_date_is_never_claimed() -> None:
    one = decided(invoice("a", 12, due=None))
    assert (one.reason, one.judged) == ("not_due", (("a", "no_due"),))


def test_how_each_invoice_stands_is_told() -> None:
    rule = replace(LADDER, tolerance_days=5)
    bills = [
        invoice("z", 40, 10),
        invoice("a", 6),
        invoice("b", 1),
        invoice("c", -30),
        invoice("d", 9, state="disputed"),
    ]
    one = decided(*bills, policy=rule, payments=(payment("p", 10, []),))
    stands = dict(one.judged)
    assert stands == {"z": "covered", "a": "overdue", "b": "tolerance", "c": "not_due", "d": "disputed"}


# ------------------------------------------------------------------------------------------------ laws that always hold

DAYS = st.integers(-20, 45)
LEVELS = st.lists(st.builds(Level, st.sampled_from("abcde"), DAYS, st.sampled_from(("due", "contact"))), max_size=5)
POLICIES = st.builds(
    Policy,
    st.just("empresa"),
    st.integers(1, 9),
    LEVELS.map(lambda levels: tuple({one.id: one for one in levels}.values())),
    tolerance_days=st.integers(0, 6),
    reclaim_days=st.integers(0, 9),
    repeats=st.integers(0, 3),
    minimums=st.sampled_from(({}, {"ARS": 1_000 * PESO})),
)
INVOICES = st.builds(
    invoice,
    st.sampled_from("abcdef"),
    DAYS,
    st.integers(0, 3_000),
    state=st.sampled_from(("open", "open", "open", "paid", "cancelled", "closed", "disputed")),
).map(lambda one: one)
STEPS = st.builds(
    done, st.sampled_from("abcde"), DAYS, st.integers(0, 40), st.sampled_from(("done", "done", "planned", "undone"))
)
PAYMENTS = st.builds(
    payment,
    st.sampled_from("pqrs"),
    st.integers(1, 4_000),
    st.one_of(st.none(), st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 2_000)), max_size=2)),
    cancelled=st.booleans(),
)
SITUATIONS = st.builds(
    lambda bills, paid, steps, policy: situation(*bills, payments=paid, steps=steps, policy=policy),
    st.lists(INVOICES, min_size=1, max_size=5, unique_by=lambda one: one.external_id),
    st.lists(PAYMENTS, max_size=3, unique_by=lambda one: one.external_id).map(tuple),
    st.lists(STEPS, max_size=4, unique_by=lambda one: (one.level, one.cycle)).map(tuple),
    POLICIES,
)


@given(SITUATIONS)
def test_the_order_of_facts_changes_nothing(one: Situation) -> None:
    turned = replace(
        one, invoices=one.invoices[::-1], payments=one.payments[::-1], steps=one.steps[::-1], channels=one.channels
    )
    assert decide(one, TODAY, NOW, ZONE) == decide(turned, TODAY, NOW, ZONE)


@given(SITUATIONS)
def test_what_is_sent_is_owed_overdue_enough_and_not_done(one: Situation) -> None:
    assert one.policy is not None
    states = {bill.external_id: bill for bill in one.invoices}
    for each in decide(one, TODAY, NOW, ZONE):
        if each.verdict != "send":
            continue
        assert each.invoices
        assert all(states[name].state == "open" for name in each.invoices)
        assert 0 < each.amount <= sum(states[name].balance or 0 for name in each.invoices)
        assert each.amount >= one.policy.minimums.get("ARS", 0)
        assert not any(
            (step.level, step.cycle) == (each.level, each.cycle) and step.state != "undone" for step in one.steps
        )
        assert not any(step.state == "planned" for step in one.steps)


@given(SITUATIONS)
def test_once_sent_the_same_is_not_sent_again(one: Situation) -> None:
    for each in decide(one, TODAY, NOW, ZONE):
        if each.verdict == "send" and each.level is not None and each.cycle is not None:
            kept = tuple(step for step in one.steps if (step.level, step.cycle) != (each.level, each.cycle))
            after = replace(one, steps=(*kept, Step("ARS", each.level, each.cycle, "done", NOW)))
            for passed in range(3):
                day = TODAY + timedelta(days=passed)
                again = {two.level for two in decide(after, day, NOW, ZONE) if two.verdict == "send"}
                assert each.level not in again


@given(SITUATIONS, st.integers(1, 12))
def test_until_the_day_it_names_nothing_is_otherwise(one: Situation, passed: int) -> None:
    day = TODAY + timedelta(days=passed)
    for each in decide(one, TODAY, NOW, ZONE):
        if each.verdict != "send" and (each.again is None or day < each.again):
            (later,) = [two for two in decide(one, day, NOW, ZONE) if two.currency == each.currency]
            assert (later.verdict, later.reason) == (each.verdict, each.reason)

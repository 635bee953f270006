"""Situations worked out by hand: what hurt users of other engines, and what must be said instead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from tests.rig.collections.book import Bill, Book, File, Money, Rest, Rule, Rung, Taken, Word
from tests.rig.collections.history import When

TODAY: Final = date(2026, 11, 20)
NOW: Final = When(TODAY, 600)
RULE: Final = Rule(
    name="empresa",
    rungs=(
        Rung("antes", -3),
        Rung("uno", 1),
        Rung("cinco", 5, channels=("email", "sms")),
        Rung("visto", 4, after_contact=True),
    ),
    reclaim=7,
    repeats=2,
    minimums=(("ARS", 1_000),),
)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def bill(name: str, days: int, cents: int = 5_000, **more: object) -> Bill:
    """An invoice that fell due so many days ago, its balance as of a month ago."""
    plain = Bill(name, "ARS", ago(days), cents, cents, When(ago(30), 0))
    return replace(plain, **more)  # type: ignore[arg-type]


def paid(name: str, cents: int, shares: tuple[tuple[str, int], ...] | None, days: int = 1, **more: object) -> Money:
    return replace(Money(name, "ARS", cents, When(ago(days), 500), shares), **more)  # type: ignore[arg-type]


def taken(level: str, cycle: int, days: int, state: str = "done") -> Taken:
    return Taken("ARS", level, ago(cycle), state, When(ago(days), 700))


@dataclass(frozen=True)
class Example:
    """What is known, and what follows: a reason, or what is sent."""

    name: str
    says: str
    """A reason; with `due` followed by level, amount and the bills: `due cinco 5000 a b`."""
    bills: tuple[Bill, ...] = ()
    moneys: tuple[Money, ...] = ()
    steps: tuple[Taken, ...] = ()
    words: tuple[Word, ...] = ()
    rests: tuple[Rest, ...] = ()
    contacts: tuple[date, ...] = ()
    channels: tuple[str, ...] = ("sms", "email")
    rule: Rule | None = RULE
    others: tuple[Rule, ...] = ()
    alone: bool = False
    now: When = NOW
    currency: str = "ARS"

    def book(self) -> Book:
        file = File(
            bills={one.id: one for one in self.bills},
            moneys={one.id: one for one in self.moneys},
            words=list(self.words),
            rests=list(self.rests),
            taken=list(self.steps),
            contacts={(self.currency, day) for day in self.contacts},
            channels=set(self.channels),
            left_alone=self.alone,
        )
        rules = {rule.name: rule for rule in (*([self.rule] if self.rule else []), *self.others)}
        return Book({"ana": file}, rules, self.rule.name if self.rule else None)


def _moved(**days: int) -> Rule:
    """The rule with levels moved."""
    return replace(RULE, rungs=tuple(replace(rung, days=days.get(rung.id, rung.days)) for rung in RULE.rungs), saved=99)


EXAMPLES: Final = (
    Example("nobody_wrote_a_rule", "no_policy", (bill("a", 2),), rule=None),
    Example("the_rule_says_nothing", "nothing", (bill("a", 2),), rule=Rule("nada", nothing=True)),
    Example("a_day_late", "due uno 5000 a", (bill("a", 1),)),
    Example("due_today_is_not_late", "due antes 5000 a", (bill("a", 0),)),
    Example("due_today_and_told_before", "done", (bill("a", 0),), steps=(taken("antes", 0, 3),)),
    Example("three_days_before", "due antes 5000 a", (bill("a", -3),)),
    Example("four_days_before", "not_due", (bill("a", -4),)),
    Example(
        "before_the_due_date_all_that_falls_due_by_then",
        "due antes 8000 a b",
        (bill("a", -3), bill("b", -1, 3_000), bill("c", -9)),
    ),
    Example(
        "a_missed_week_is_one_message_at_the_right_level",
        "due cinco 5000 a",
        (bill("a", 8),),
        steps=(taken("antes", 8, 11),),
    ),
    Example("a_missed_level_is_not_sent_afterwards", "done", (bill("a", 8),), steps=(taken("cinco", 8, 2),)),
    Example("within_the_days_of_grace", "tolerance", (bill("a", 3),), rule=replace(RULE, tolerance=3)),
    Example("past_the_days_of_grace", "due uno 5000 a", (bill("a", 4),), rule=replace(RULE, tolerance=3)),
    Example(
        "who_triggers_is_past_grace_and_all_that_is_late_is_listed",
        "due uno 8000 a b",
        (bill("a", 4), bill("b", 1, 3_000), bill("c", 0)),
        rule=replace(RULE, tolerance=3),
    ),
    Example("paid_after_the_balance_was_told", "nothing_owed", (bill("a", 9),), (paid("p", 5_000, (("a", 5_000),)),)),
    Example(
        "paid_before_the_balance_was_told",
        "due cinco 5000 a",
        (bill("a", 9, told=When(ago(1), 900)),),
        (paid("p", 5_000, (("a", 5_000),)),),
    ),
    Example(
        "posted_late_and_dated_before",
        "nothing_owed",
        (bill("a", 9, told=When(ago(2), 0)),),
        (paid("p", 5_000, (("a", 5_000),), days=0),),
    ),
    Example(
        "totals_alone_every_payment_counts",
        "nothing_owed",
        (bill("a", 9, balance=None, told=NOW),),
        (paid("p", 5_000, (("a", 5_000),), days=60),),
    ),
    Example("paid_in_part", "done", (bill("a", 3),), (paid("p", 2_000, (("a", 2_000),)),), (taken("uno", 3, 2),)),
    Example(
        "paid_in_part_the_rest_is_claimed",
        "due cinco 3000 a",
        (bill("a", 6),),
        (paid("p", 2_000, (("a", 2_000),)),),
        (taken("uno", 6, 4),),
    ),
    Example(
        "a_credit_note_settles", "nothing_owed", (bill("a", 9),), (paid("n", 5_000, (("a", 5_000),), credit_note=True),)
    ),
    Example(
        "a_cancelled_credit_is_none",
        "due cinco 5000 a",
        (bill("a", 9),),
        (paid("n", 5_000, (("a", 5_000),), cancelled=True),),
    ),
    Example(
        "a_payment_that_bounced",
        "due cinco 5000 a",
        (bill("a", 9),),
        (paid("p", 5_000, (("a", 5_000),), days=3), paid("r", 5_000, None, takes_back="p")),
    ),
    Example(
        "bounced_after_the_balance_knew_of_it",
        "due cinco 5000 a",
        (bill("a", 9, balance=0, told=When(ago(2), 0)),),
        (paid("p", 5_000, (("a", 5_000),), days=3), paid("r", 5_000, None, takes_back="p")),
    ),
    Example(
        "the_bounce_was_a_mistake",
        "nothing_owed",
        (bill("a", 9),),
        (paid("p", 5_000, (("a", 5_000),), days=3), paid("r", 5_000, None, takes_back="p", cancelled=True)),
    ),
    Example("credit_that_names_no_bill", "nothing_owed", (bill("a", 9), bill("b", 6)), (paid("p", 10_000, ()),)),
    Example(
        "credit_is_used_for_the_oldest_first", "due uno 4000 b", (bill("a", 9), bill("b", 2)), (paid("p", 6_000, None),)
    ),
    Example(
        "credit_moves_the_cycle_and_the_level",
        "done",
        (bill("a", 9), bill("b", 2)),
        (paid("p", 5_000, None),),
        (taken("cinco", 9, 4), taken("uno", 2, 1)),
    ),
    Example(
        "credit_that_the_balance_knows_of",
        "due cinco 5000 a",
        (bill("a", 9, told=When(ago(0), 0)),),
        (paid("p", 5_000, None),),
    ),
    Example(
        "what_was_paid_too_much_goes_to_the_next",
        "nothing_owed",
        (bill("a", 9), bill("b", 6)),
        (paid("p", 10_000, (("a", 10_000),)),),
    ),
    Example(
        "of_several_bills_all_must_be_paid",
        "due cinco 5000 a",
        (bill("a", 9), bill("b", 9)),
        (paid("p", 5_000, (("b", 5_000),)),),
    ),
    Example("ten_cents", "minimum", (bill("a", 9, 999),)),
    Example("exactly_the_least", "due cinco 1000 a", (bill("a", 9, 1_000),)),
    Example("the_least_is_of_the_sum", "due cinco 1000 a b", (bill("a", 9, 600), bill("b", 2, 400))),
    Example("the_least_after_credit", "minimum", (bill("a", 9, 1_500),), (paid("p", 501, None),)),
    Example("the_oldest_sets_the_level", "due cinco 8000 a b", (bill("a", 9), bill("b", 1, 3_000))),
    Example(
        "a_new_cycle_begins_anew",
        "due uno 5000 b",
        (bill("a", 40, state="paid"), bill("b", 2)),
        steps=(taken("cinco", 40, 30), taken("uno", 40, 35)),
    ),
    Example("cancelled_after_a_claim", "nothing_owed", (bill("a", 9, state="cancelled"),), steps=(taken("uno", 9, 8),)),
    Example("closed_by_a_list_that_lacks_it", "nothing_owed", (bill("a", 9, state="closed"),)),
    Example("argued_about", "disputed", (bill("a", 9, state="disputed"),)),
    Example("argued_until_today", "disputed", (bill("a", 9, state="disputed", argued_until=TODAY),)),
    Example("argued_until_yesterday", "due cinco 5000 a", (bill("a", 9, state="disputed", argued_until=ago(1)),)),
    Example("argued_about_one_of_two", "due uno 5000 b", (bill("a", 9, state="disputed"), bill("b", 2))),
    Example("no_date", "not_due", (bill("a", 9, due=None),)),
    Example("no_date_beside_one_that_is_late", "due cinco 5000 a", (bill("a", 9), bill("b", 9, due=None))),
    Example("blocked", "blocked", (bill("a", 9),), rests=(Rest("blocked", None),)),
    Example(
        "blocked_until_a_minute_ago", "due cinco 5000 a", (bill("a", 9),), rests=(Rest("blocked", When(TODAY, 599)),)
    ),
    Example("says_that_it_has_paid", "claims_paid", (bill("a", 9),), rests=(Rest("claims_paid", When(TODAY, 601)),)),
    Example("promised", "promised", (bill("a", 9),), words=(Word("ARS", TODAY, None, 0, When(ago(3), 0)),)),
    Example("promised_with_grace", "promised", (bill("a", 9),), words=(Word("ARS", ago(2), None, 2, When(ago(9), 0)),)),
    Example(
        "promise_broken", "due cinco 5000 a", (bill("a", 9),), words=(Word("ARS", ago(1), None, 0, When(ago(9), 0)),)
    ),
    Example(
        "promise_taken_back",
        "due cinco 5000 a",
        (bill("a", 9),),
        words=(Word("ARS", TODAY, None, 0, When(ago(9), 0), withdrawn=True),),
    ),
    Example(
        "promise_of_a_part_kept",
        "due cinco 3000 a",
        (bill("a", 9),),
        (paid("p", 2_000, (("a", 2_000),)),),
        words=(Word("ARS", TODAY, 2_000, 0, When(ago(3), 0)),),
    ),
    Example(
        "promise_kept_in_part",
        "promised",
        (bill("a", 9),),
        (paid("p", 1_999, (("a", 1_999),)),),
        words=(Word("ARS", TODAY, 2_000, 0, When(ago(3), 0)),),
    ),
    Example(
        "a_payment_before_the_promise_is_not_its",
        "promised",
        (bill("a", 9),),
        (paid("p", 2_000, (("a", 2_000),), days=4),),
        words=(Word("ARS", TODAY, 2_000, 0, When(ago(3), 0)),),
    ),
    Example("left_alone_to_compare", "hold_out", (bill("a", 9),), alone=True),
    Example("done", "done", (bill("a", 2),), steps=(taken("uno", 2, 1),)),
    Example("withdrawn_may_come_again", "due uno 5000 a", (bill("a", 2),), steps=(taken("uno", 2, 1, "undone"),)),
    Example("on_its_way", "in_flight", (bill("a", 2),), steps=(taken("uno", 2, 1, "planned"),)),
    Example(
        "on_its_way_when_a_dispute_about_an_older_one_ends",
        "in_flight",
        (bill("a", 9, state="disputed", argued_until=ago(1)), bill("b", 2)),
        steps=(taken("uno", 2, 1, "planned"),),
    ),
    Example("from_the_contact_before_a_day_early", "done", (bill("a", 9),), steps=(taken("cinco", 9, 3),)),
    Example("from_the_contact_before", "due visto 5000 a", (bill("a", 9),), steps=(taken("cinco", 9, 4),)),
    Example("a_repeat_a_day_early", "done", (bill("a", 30),), steps=(taken("cinco", 30, 12), taken("visto", 30, 6))),
    Example("a_repeat", "due visto+1 5000 a", (bill("a", 30),), steps=(taken("cinco", 30, 12), taken("visto", 30, 7))),
    Example(
        "the_second_repeat",
        "due visto+2 5000 a",
        (bill("a", 30),),
        steps=(taken("cinco", 30, 20), taken("visto", 30, 14), taken("visto+1", 30, 7)),
    ),
    Example(
        "no_third_repeat",
        "ended",
        (bill("a", 50),),
        steps=(taken("cinco", 50, 40), taken("visto", 50, 33), taken("visto+1", 50, 20), taken("visto+2", 50, 9)),
    ),
    Example(
        "no_repeats_at_all",
        "ended",
        (bill("a", 50),),
        steps=(taken("cinco", 50, 40), taken("visto", 50, 33)),
        rule=replace(RULE, reclaim=0),
    ),
    Example(
        "a_repeat_counts_from_a_contact_by_hand",
        "done",
        (bill("a", 30),),
        steps=(taken("cinco", 30, 20), taken("visto", 30, 9)),
        contacts=(ago(2),),
    ),
    Example("contacted_by_hand_today", "contacted_today", (bill("a", 9),), contacts=(TODAY,)),
    Example("contacted_before_the_clock_was_set_back", "contacted_today", (bill("a", 9),), contacts=(ago(-1),)),
    Example("contacted_by_hand_yesterday", "due cinco 5000 a", (bill("a", 9),), contacts=(ago(1),)),
    Example("no_address", "no_channel", (bill("a", 9),), channels=()),
    Example("the_next_channel", "due cinco 5000 a", (bill("a", 9),), channels=("sms",)),
    Example(
        "saved_a_hundred_times", "done", (bill("a", 2),), steps=(taken("uno", 2, 1),), rule=replace(RULE, saved=100)
    ),
    Example(
        "a_level_moved_away_claims_nobody_twice",
        "done",
        (bill("a", 6),),
        steps=(taken("uno", 6, 5), taken("cinco", 6, 1)),
        rule=_moved(cinco=9),
    ),
    Example(
        "a_level_moved_to_today", "due cinco 5000 a", (bill("a", 3),), steps=(taken("uno", 3, 2),), rule=_moved(cinco=3)
    ),
    Example(
        "the_clock_set_back_a_day",
        "done",
        (bill("a", 1),),
        steps=(Taken("ARS", "uno", ago(1), "done", When(TODAY + timedelta(days=1), 540)),),
    ),
    Example(
        "a_bill_with_a_rule_of_its_own",
        "due solo 5000 a",
        (bill("a", 2, rule="otra"),),
        others=(Rule("otra", (Rung("solo", 2),)),),
    ),
    Example("a_bill_that_is_left_alone", "nothing", (bill("a", 9, rule="nada"),), others=(Rule("nada", nothing=True),)),
    Example(
        "a_bill_that_is_left_alone_is_not_listed",
        "due uno 5000 b",
        (bill("a", 9, rule="nada"), bill("b", 2)),
        others=(Rule("nada", nothing=True),),
    ),
    Example("another_currency_has_no_minimum", "due cinco 5 a", (bill("a", 9, 5, currency="USD"),), currency="USD"),
)

"""Shows a moment of a history to the engine, as the situation of one customer, and reads what it decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache

from gatewayd.billing.facts import Allocation, Invoice, Payment
from gatewayd.dunning.decision import Decision
from gatewayd.dunning.policy import Level, Policy
from gatewayd.dunning.situation import Pause, Promise, Situation, Step
from tests.rig.collections.book import Bill, Book, Money, Rule
from tests.rig.collections.oracle import Verdict

MILLIONTHS = 10_000
"""Of a cent."""

Decide = Callable[[Situation, date, int, str], Iterable[Decision]]
"""Situation, day, instant, zone."""


def situation(book: Book, who: str, zone: str) -> Situation:
    """Returns what is known of a customer, in the engine's own words."""
    file = book.files[who]
    own = {bill.rule for bill in file.bills.values() if bill.rule in book.rules}
    theirs = book.rule_of(file)
    return Situation(
        customer=sorted(book.files).index(who) + 1,
        invoices=tuple(_invoice(bill, zone) for bill in file.bills.values()),
        payments=tuple(_payment(money, zone) for money in file.moneys.values()),
        steps=tuple(
            Step(one.currency, one.level, one.cycle, one.state, one.at.ms(zone))  # type: ignore[arg-type]
            for one in file.taken
        ),
        promises=tuple(
            Promise(
                currency=word.currency,
                day=word.day,
                amount=None if word.amount is None else word.amount * MILLIONTHS,
                tolerance_days=word.grace,
                made_at=word.given.ms(zone),
                withdrawn=word.withdrawn,
            )
            for word in file.words
        ),
        pauses=tuple(
            Pause(None if rest.until is None else rest.until.ms(zone), rest.reason)  # type: ignore[arg-type]
            for rest in file.rests
        ),
        policy=None if theirs is None else policy(theirs),
        policies=tuple(policy(book.rules[name]) for name in sorted(own) if name is not None),
        contacts=tuple(sorted(file.contacts)),
        channels=frozenset(file.channels),
        hold_out=file.left_alone,
    )


@lru_cache(20_000)
def _invoice(bill: Bill, zone: str) -> Invoice:
    return Invoice(
        external_id=bill.id,
        number=bill.id,
        currency=bill.currency,
        due=bill.due,
        total=None if bill.total is None else bill.total * MILLIONTHS,
        balance=None if bill.balance is None else bill.balance * MILLIONTHS,
        as_of=bill.told.ms(zone),
        state=bill.state,  # type: ignore[arg-type]
        disputed_until=bill.argued_until,
        policy=bill.rule,
    )


@lru_cache(20_000)
def _payment(money: Money, zone: str) -> Payment:
    return Payment(
        external_id=money.id,
        currency=money.currency,
        amount=money.amount * MILLIONTHS,
        posted_at=money.posted.ms(zone),
        kind="credit_note" if money.credit_note else "payment",
        invoices=None
        if money.shares is None
        else tuple(Allocation(name, amount * MILLIONTHS) for name, amount in money.shares),
        reversal_of=money.takes_back,
        cancelled=money.cancelled,
    )


@lru_cache(500)
def policy(rule: Rule) -> Policy:
    return Policy(
        name=rule.name,
        version=rule.saved,
        levels=tuple(
            Level(
                id=rung.id,
                days=rung.days,
                basis="contact" if rung.after_contact else "due",
                action=rung.action,  # type: ignore[arg-type]
                channels=rung.channels,
            )
            for rung in rule.rungs
        ),
        nothing=rule.nothing,
        tolerance_days=rule.tolerance,
        reclaim_days=rule.reclaim,
        repeats=rule.repeats,
        minimums={currency: amount * MILLIONTHS for currency, amount in rule.minimums},
        hour=f"{rule.hour:02}:00",
    )


def differences(expected: Verdict, decided: Decision | None) -> list[str]:
    """What the engine says otherwise than the oracle."""
    if decided is None:
        return [] if expected.reasons <= {"nothing_owed", "no_policy", "nothing"} else ["not decided at all"]
    found = []
    if decided.reason not in expected.reasons:
        found.append(f"reason {decided.reason}")
    if (decided.verdict == "send") != expected.send and decided.reason != "no_channel":
        found.append(f"verdict {decided.verdict}")
    if not expected.send:
        return found
    told = {
        "level": (decided.level, expected.level),
        "cycle": (decided.cycle, expected.cycle),
        "channel": (decided.channel, expected.channel),
        "listed": (frozenset(decided.invoices), expected.listed),
        "amount": (decided.amount, expected.amount * MILLIONTHS),
        "minimum_missing": ("minimum_missing" in decided.warnings, expected.no_minimum),
    }
    return found + [f"{name} {is_}, not {should}" for name, (is_, should) in told.items() if is_ != should]

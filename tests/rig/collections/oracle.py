"""Says what must happen about a customer, a currency and a day: slow, obvious, and from the facts alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from tests.rig.collections.book import Book, File, Rule, Rung, Taken
from tests.rig.collections.history import When
from tests.rig.collections.owing import Open, open_bills, taken_back


@dataclass(frozen=True)
class Verdict:
    """What must happen. Several reasons: what was promised allows either."""

    send: bool
    reasons: frozenset[str]
    level: str | None = None
    cycle: date | None = None
    channel: str | None = None
    listed: frozenset[str] = frozenset()
    amount: int = 0
    no_minimum: bool = False
    """No minimum for this currency, although there is one for others."""

    def __str__(self) -> str:
        told = f"{'send' if self.send else 'no'} ({'/'.join(sorted(self.reasons))})"
        if not self.level:
            return told
        return f"{told} {self.level} of {self.cycle} by {self.channel}: {self.amount} for {sorted(self.listed)}"


def _no(*reasons: str) -> Verdict:
    return Verdict(send=False, reasons=frozenset(reasons))


def promised(file: File, currency: str, today: date) -> bool:
    """Whether somebody said that it pays, has not yet, and still may."""
    for word in file.words:
        if word.currency != currency or word.withdrawn or today > word.day + timedelta(days=word.grace):
            continue
        paid = sum(
            money.amount
            for money in file.moneys.values()
            if money.currency == currency
            and money.posted >= word.given
            and not money.cancelled
            and money.takes_back is None
            and not money.credit_note
            and not taken_back(file, money)
        )
        if word.amount is None or paid < word.amount:
            return True
    return False


def resting(file: File, reason: str, now: When) -> bool:
    return any(rest.reason == reason and (rest.until is None or now < rest.until) for rest in file.rests)


def judge(book: Book, who: str, currency: str, now: When) -> Verdict:
    """The first reason that holds, in the order in which they are promised."""
    file, today = book.files[who], now.day
    owed, _ = open_bills(file, currency, today)
    company = book.rule_of(file)
    rules = [book.rule_of(file, one.bill) for one in owed] or [company]
    if all(rule is None for rule in rules):
        return _no("no_policy")
    if all(rule is None or rule.nothing for rule in rules):
        return _no("nothing")
    if not owed:
        return _no("nothing_owed")
    asked = [
        one
        for one in owed
        if not one.argued and (rule := book.rule_of(file, one.bill)) is not None and not rule.nothing
    ]
    if not asked and all(one.argued for one in owed):
        return _no("disputed")
    for reason in ("blocked", "claims_paid"):
        if resting(file, reason, now):
            return _no(reason)
    if promised(file, currency, today):
        return _no("promised")
    if file.left_alone:
        return _no("hold_out")
    dated = [one.bill.due for one in asked if one.bill.due is not None]
    if not dated:
        return _no("not_due") if asked else _no("disputed", "nothing", "not_due")
    cycle = min(dated)
    steps = [step for step in file.taken if step.currency == currency and step.cycle == cycle]
    highest = _highest(book, file, asked, steps, today)
    if highest is None:
        return _not_yet(book, file, asked)
    rule, rung = highest
    level = _key(book, file, currency, rule, rung, steps, today)
    if level in ("done", "ended", "done or ended"):
        return _no(*level.split(" or "))
    if any(step.state == "planned" and step.currency == currency for step in file.taken):
        return _no("in_flight")
    before_due = rung.days < 0 and not rung.after_contact
    listed = [one for one in asked if one.days is not None and one.days >= (rung.days if before_due else 1)]
    amount = sum(one.left for one in listed)
    minimums = dict(rule.minimums)
    if amount < minimums.get(currency, 0):
        return _no("minimum")
    if any(money == currency and day >= today for money, day in file.contacts):
        # A day behind today: the clock was set back, and people's day was not.
        return _no("contacted_today")
    channel = next((one for one in rung.channels if one in file.channels), None)
    if rung.action == "message" and channel is None:
        return _no("no_channel")
    return Verdict(
        send=True,
        reasons=frozenset({"due"}),
        level=level,
        cycle=cycle,
        channel=channel if rung.action == "message" else None,
        listed=frozenset(one.bill.id for one in listed),
        amount=amount,
        no_minimum=bool(minimums) and currency not in minimums,
    )


def _done_on(level: str, steps: list[Taken]) -> date | None:
    return next((step.at.day for step in steps if step.level == level and step.state == "done"), None)


def _reaches(rule: Rule, place: int, one: Open, steps: list[Taken], today: date) -> bool:
    """Whether a bill has come as far as a rung."""
    rung = rule.rungs[place]
    if one.days is None:
        return False
    if not rung.after_contact and rung.days < 0:
        return rung.days <= one.days <= 0
    if one.days <= rule.tolerance or one.days < 1:
        return False
    if not rung.after_contact:
        return one.days >= rung.days
    before = _done_on(rule.rungs[place - 1].id, steps) if place > 0 else None
    return before is not None and before + timedelta(days=rung.days) <= today


def _highest(book: Book, file: File, asked: list[Open], steps: list[Taken], today: date) -> tuple[Rule, Rung] | None:
    """The highest rung that any bill has reached; of two as high, the customer's rule's."""
    best: tuple[int, bool] | None = None
    found = None
    for one in asked:
        rule = book.rule_of(file, one.bill)
        assert rule is not None
        for place, rung in enumerate(rule.rungs):
            height = (place, rule is book.rule_of(file))
            if _reaches(rule, place, one, steps, today) and (best is None or height > best):
                best, found = height, (rule, rung)
    return found


def _not_yet(book: Book, file: File, asked: list[Open]) -> Verdict:
    """Nobody has come to any rung: within the days of grace, or before them."""
    overdue = [one for one in asked if one.days is not None and one.days >= 1]
    if not overdue:
        return _no("not_due")
    for one in overdue:
        rule = book.rule_of(file, one.bill)
        assert rule is not None
        assert one.days is not None
        if one.days <= rule.tolerance and any(
            not rung.after_contact and 0 <= rung.days <= one.days for rung in rule.rungs
        ):
            return _no("tolerance")
    return _no("not_due", "tolerance")


def _in_play(book: Book, file: File) -> list[Rule]:
    """The customer's rule and those that its invoices have of their own."""
    rules = [book.rule_of(file), *(book.rule_of(file, bill) for bill in file.bills.values())]
    return [rule for rule in rules if rule is not None]


def _key(book: Book, file: File, currency: str, rule: Rule, rung: Rung, steps: list[Taken], today: date) -> str:
    """The name of the step that is next: the rung's, a repeat's, or why there is none."""
    finished = [step for step in steps if step.state == "done"]
    mine = rule.place(rung.id)
    assert mine is not None
    others = [one for one in _in_play(book, file) if one is not rule]
    as_high = False
    for step in finished:
        places = (
            [rule.place(step.level)]
            if rule.place(step.level) is not None
            else [other.place(step.level) for other in others]
        )
        if step.level.split("+")[0] == rung.id or any(place is not None and place > mine for place in places):
            as_high = True
    if not as_high:
        return rung.id
    top = rule.rungs[-1]
    if not any(step.level.split("+")[0] == top.id for step in finished):
        return "done"
    if rung is not top:
        return "done or ended"
    again = [int(step.level.split("+")[1]) for step in finished if step.level.startswith(f"{top.id}+")]
    done = max(again, default=0)
    if rule.reclaim == 0 or done >= rule.repeats:
        return "ended"
    last = max([step.at.day for step in finished] + [day for money, day in file.contacts if money == currency])
    return f"{top.id}+{done + 1}" if last + timedelta(days=rule.reclaim) <= today else "done"

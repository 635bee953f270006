"""Knows a few laws by heart and nothing of how claims are decided: says what is wrong with what went out or did not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.rig.collections.book import Book
from tests.rig.collections.history import When
from tests.rig.collections.owing import open_bills


@dataclass(frozen=True)
class Claim:
    """A message, event or visit about a debt, as it was planned."""

    who: str
    currency: str
    level: str
    cycle: date
    listed: frozenset[str]
    amount: int
    least: int
    """What its rule does not claim below."""
    message: bool = True


@dataclass
class Auditor:
    wrong: list[str] = field(default_factory=list)
    steps: Counter[tuple[str, str, str, date]] = field(default_factory=Counter)
    days: Counter[tuple[str, str, date]] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)

    def leaves(self, book: Book, claim: Claim, now: When, *, stale: bool = False) -> None:
        """A claim passes its point of no return."""
        file = book.files[claim.who]
        step = (claim.who, claim.currency, claim.level, claim.cycle)
        self.steps[step] += 1
        self.seen["left"] += 1
        wrong = []
        if self.steps[step] > 1:
            wrong.append("a second time for a step")
        if claim.message:
            self.days[claim.who, claim.currency, now.day] += 1
            if self.days[claim.who, claim.currency, now.day] > 1 or (claim.currency, now.day) in file.contacts:
                wrong.append("a second contact of a day")
        if stale:
            wrong.append("although billing is old")
        if file.left_alone:
            wrong.append("to somebody who is left alone")
        if claim.amount < max(claim.least, 1):
            wrong.append(f"about {claim.amount}, of {claim.least} at least")
        if any(rest.until is None or now < rest.until for rest in file.rests):
            wrong.append("although nothing may be claimed")
        if claim.listed != self._may_be_listed(book, claim, now):
            wrong.append("about a bill that nobody may claim")
        if claim.amount > self._at_most(book, claim):
            wrong.append(f"about {claim.amount}, more than is owed")
        self._promised(book, claim, now, wrong)
        told = f"{claim.who} {claim.currency} {claim.level} of {claim.cycle} on {now.day} {now.minute}"
        self.wrong += [f"{one}: {told}" for one in wrong]

    def _may_be_listed(self, book: Book, claim: Claim, now: When) -> frozenset[str]:
        """Those of the listed that are open and about which nobody argues."""
        bills = book.files[claim.who].bills
        return frozenset(
            name
            for name in claim.listed
            if name in bills
            and bills[name].due is not None
            and bills[name].currency == claim.currency
            and (
                bills[name].state == "open"
                or (bills[name].state == "disputed" and (bills[name].argued_until or date.max) < now.day)
            )
        )

    def _at_most(self, book: Book, claim: Claim) -> int:
        """What the listed bills come to if nothing but the payments are counted that nobody can have missed."""
        file = book.files[claim.who]
        bills = [file.bills[name] for name in claim.listed if name in file.bills]
        charged = sum((bill.total if bill.balance is None else bill.balance) or 0 for bill in bills)
        back = {money.takes_back for money in file.moneys.values() if money.takes_back and not money.cancelled}
        returned = sum(
            amount
            for money in file.moneys.values()
            if money.id in back
            for name, amount in money.shares or ()
            if name in claim.listed
        )
        newest = max((bill.told for bill in bills), default=None)
        paid = sum(
            amount
            for money in file.moneys.values()
            if money.id not in back and not money.cancelled and newest is not None and money.posted > newest
            for name, amount in money.shares or ()
            if name in claim.listed
        )
        return max(charged + returned - paid, charged + returned if paid > charged else 0)

    def _promised(self, book: Book, claim: Claim, now: When, wrong: list[str]) -> None:
        file = book.files[claim.who]
        for word in file.words:
            pending = not word.withdrawn and now.day <= word.day + timedelta(days=word.grace)
            nothing_came = not any(money.posted >= word.given for money in file.moneys.values())
            if word.currency == claim.currency and pending and nothing_came:
                wrong.append("although it is promised")

    def by_hand(self, who: str, currency: str, day: date) -> None:
        self.days[who, currency, day] += 1

    def evening(self, book: Book, now: When) -> None:
        """A day is over on which the run took place: whoever plainly had to be asked was, some day."""
        for who, file in book.files.items():
            if file.rests or file.words or file.left_alone or len(file.channels) < 4:
                continue
            for currency in file.currencies():
                if self._plainly_due(book, who, currency, now):
                    self.seen["plainly due"] += 1
                    known = [one for one in file.taken if one.currency == currency]
                    if not any(one.state != "undone" or one.at.day == now.day for one in known):
                        self.wrong.append(f"forgotten: {who} {currency} on {now.day}")

    def _plainly_due(self, book: Book, who: str, currency: str, now: When) -> bool:
        file = book.files[who]
        rule = book.rule_of(file)
        if rule is None or rule.nothing or any(bill.rule for bill in file.bills.values()):
            return False
        if (currency, now.day) in file.contacts:
            return False
        first = [rung.days for rung in rule.rungs if rung.days >= 0 and not rung.after_contact]
        owed, _ = open_bills(file, currency, now.day)
        late = [one for one in owed if not one.argued and one.days is not None and one.days >= 1]
        enough = sum(one.left for one in late) >= dict(rule.minimums).get(currency, 0)
        return enough and any((one.days or 0) > max(rule.tolerance, min(first, default=999) - 1) for one in late)

"""Random bills and moneys: what a billing system writes down of a customer, in its own time and with its own faults."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from tests.rig.collections.book import Bill, Money
from tests.rig.collections.history import When

PRICES: Final = {"ARS": (100_000, 150_000, 250_000, 1_000), "USD": (500, 1_000, 2_500), "CLP": (200_000, 990_000, 10)}


@dataclass
class Billing:
    """What the billing system knows of one customer, and what it has told."""

    dice: random.Random
    who: str
    currencies: tuple[str, ...]
    bills: dict[str, Bill] = field(default_factory=dict)
    moneys: dict[str, Money] = field(default_factory=dict)
    numbers: int = 0

    def _name(self, kind: str) -> str:
        self.numbers += 1
        return f"{self.who}-{kind}{self.numbers}"

    def charge(self, now: When, rules: tuple[str, ...]) -> Bill:
        """A new bill."""
        dice = self.dice
        currency = dice.choice(self.currencies)
        total = dice.choice(PRICES[currency])
        due = (
            None if dice.random() < 0.03 else now.day + timedelta(days=dice.choice((-40, -10, -1, 0, 1, 3, 5, 10, 10)))
        )
        bill = Bill(
            id=self._name("f"),
            currency=currency,
            due=due,
            total=total,
            balance=None if dice.random() < 0.15 else total,
            told=now,
            rule=dice.choice(rules) if rules and dice.random() < 0.3 else None,
        )
        self.bills[bill.id] = bill
        return bill

    def tell_again(self, now: When) -> Bill | None:
        """A bill as it is now, or as it was: balance as of some moment, with all that was posted by then."""
        if not self.bills:
            return None
        dice = self.dice
        bill = dice.choice(list(self.bills.values()))
        told = now
        if dice.random() < 0.3:
            told = When(now.day - timedelta(days=dice.choice((0, 1, 4))), dice.randrange(120, 1300))
            told = min(told, now)
            if self.moneys and dice.random() < 0.3:
                # As of the very moment at which something was posted: it is in the balance.
                told = min(dice.choice(list(self.moneys.values())).posted, now)
        balance = None if bill.balance is None else (bill.total or 0) - self._paid(bill, told)
        state = bill.state
        if dice.random() < 0.1:
            state = dice.choice(("paid", "cancelled", "open", "open"))
        if balance is not None and balance <= 0 and dice.random() < 0.5:
            state = "paid"
        again = replace(bill, balance=None if balance is None else max(balance, 0), told=told, state=state)
        if dice.random() < 0.1 and again.due is not None:
            again = replace(again, due=again.due + timedelta(days=dice.choice((-3, 2, 10))))
        if again.told >= bill.told:
            self.bills[bill.id] = again
        return again

    def _paid(self, bill: Bill, until: When) -> int:
        paid = 0
        for money in self.moneys.values():
            if money.cancelled or money.posted > until:
                continue
            if money.takes_back is None:
                paid += sum(amount for name, amount in money.shares or () if name == bill.id)
            elif (taken := self.moneys.get(money.takes_back)) is not None:
                paid -= sum(amount for name, amount in taken.shares or () if name == bill.id)
        return paid

    def pay(self, now: When) -> Money | None:
        """A payment or a credit note: whole, in part, too much, for two bills, or without saying for which."""
        if not self.bills:
            return None
        dice = self.dice
        bills = list(self.bills.values())
        bill = dice.choice(bills)
        price = max((bill.total or 0) - self._paid(bill, now), 0) or (bill.total or 1)
        posted = now
        if dice.random() < 0.25:
            posted = min(now, When(now.day - timedelta(days=dice.choice((0, 1, 3, 8))), dice.randrange(60, 1400)))
        if dice.random() < 0.04:
            posted = When(now.day, min(now.minute + 3, 1439))
        amount = dice.choice((price, price, price, price // 2, price - 1, price + 7, price * 2, 50_000))
        shares: tuple[tuple[str, int], ...] | None = ((bill.id, min(amount, price)),)
        fate = dice.random()
        if fate < 0.25:
            shares = None
        elif fate < 0.33:
            shares = ()
        elif fate < 0.40:
            shares = ((bill.id, amount),)
        elif fate < 0.50:
            alike = [one for one in bills if one.currency == bill.currency and one.id != bill.id]
            if alike:
                other = dice.choice(alike)
                amount = price + (other.total or 0)
                shares = ((bill.id, price), (other.id, other.total or 0))
        elif fate < 0.52:
            shares = (("nobody-knows", amount),)
        money = Money(
            id=self._name("p"),
            currency=bill.currency,
            amount=max(amount, 1),
            posted=posted,
            shares=None if shares is None else tuple((name, part) for name, part in shares if part > 0),
            credit_note=dice.random() < 0.2,
        )
        self.moneys[money.id] = money
        return money

    def take_back(self, now: When) -> Money | None:
        """A payment that bounced."""
        taken = {money.takes_back for money in self.moneys.values()}
        whole = [
            money
            for money in self.moneys.values()
            if money.takes_back is None and not money.cancelled and money.id not in taken and money.posted < now
        ]
        if not whole:
            return None
        gone = self.dice.choice(whole)
        money = Money(
            id=self._name("r"), currency=gone.currency, amount=gone.amount, posted=now, takes_back=gone.id, shares=None
        )
        self.moneys[money.id] = money
        return money

    def cancel(self) -> str | None:
        """A row that billing strikes out: a payment nobody took back, or the taking back itself."""
        taken = {money.takes_back for money in self.moneys.values() if not money.cancelled}
        free = [money for money in self.moneys.values() if not money.cancelled and money.id not in taken]
        if not free:
            return None
        gone = self.dice.choice(free)
        self.moneys[gone.id] = replace(gone, cancelled=True)
        return gone.id

"""What a customer owes in a currency on a day: bill by bill, after everything that was paid and credited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.rig.collections.book import Bill, File, Money


@dataclass(frozen=True)
class Open:
    """A bill with something left to pay."""

    bill: Bill
    left: int
    days: int | None
    """Since it fell due; below zero before; None without a date."""
    argued: bool


@dataclass
class Purse:
    """A payment that names no bill, and what is left of it."""

    money: Money
    rest: int


def argued(bill: Bill, today: date) -> bool:
    """Whether a dispute is on: until its last day, that included."""
    return bill.state == "disputed" and (bill.argued_until is None or today <= bill.argued_until)


def taken_back(file: File, money: Money) -> bool:
    return any(other.takes_back == money.id and not other.cancelled for other in file.moneys.values())


def _after(money: Money, bill: Bill) -> bool:
    """Whether a bill's balance does not know of it yet. Where billing tells totals alone, it knows of nothing."""
    return bill.balance is None or money.posted > bill.told


def _share(money: Money, bill: Bill) -> int:
    return sum(amount for name, amount in money.shares or () if name == bill.id)


def before_credit(file: File, bill: Bill) -> int:
    """What is left of a bill by what names it; below zero: too much was paid for it."""
    if bill.state in ("paid", "cancelled", "closed"):
        return 0
    left = (bill.total if bill.balance is None else bill.balance) or 0
    for money in file.moneys.values():
        if money.cancelled or money.currency != bill.currency or not _after(money, bill):
            continue
        if money.takes_back is None:
            left -= _share(money, bill)
        elif money.takes_back in file.moneys:
            left += _share(file.moneys[money.takes_back], bill)
    return left


def open_bills(file: File, currency: str, today: date) -> tuple[list[Open], int]:
    """Returns what is left of each bill once free credit was used up, oldest first, and the credit that stays over.

    Credit is used for what fell due first, argued about or not, so that a dispute moves nothing else. Of two credits
    the one that can be used for fewer bills goes first.
    """
    bills = [bill for bill in file.bills.values() if bill.currency == currency]
    left = {bill.id: before_credit(file, bill) for bill in bills}
    anywhere = sum(-amount for amount in left.values() if amount < 0)
    tied: list[Purse] = []
    for money in file.moneys.values():
        if money.currency != currency or money.cancelled or money.takes_back is not None or taken_back(file, money):
            continue
        if money.shares is not None:
            anywhere += max(money.amount - sum(amount for _, amount in money.shares), 0)
        else:
            tied.append(Purse(money, money.amount))
    tied.sort(key=lambda purse: purse.money.posted)
    found = []
    for bill in sorted(bills, key=lambda one: (one.due or date.max, one.id)):
        rest = max(left[bill.id], 0)
        for purse in tied:
            if _after(purse.money, bill):
                used = min(rest, purse.rest)
                purse.rest -= used
                rest -= used
        used = min(rest, anywhere)
        anywhere -= used
        rest -= used
        if rest > 0:
            days = None if bill.due is None else (today - bill.due).days
            found.append(Open(bill, rest, days, argued(bill, today)))
    return found, anywhere

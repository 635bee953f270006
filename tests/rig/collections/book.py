"""What is known of each customer at a moment: bills, moneys, promises, pauses, steps and rules as they were told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from tests.rig.collections.history import Event, When
from tests.rig.collections.owing import before_credit


@dataclass(frozen=True)
class Rung:
    id: str
    days: int
    after_contact: bool = False
    channels: tuple[str, ...] = ("sms",)
    action: str = "message"


@dataclass(frozen=True)
class Rule:
    name: str
    rungs: tuple[Rung, ...] = ()
    nothing: bool = False
    tolerance: int = 0
    reclaim: int = 0
    repeats: int = 0
    minimums: tuple[tuple[str, int], ...] = ()
    hour: int = 9
    saved: int = 1
    """How often it was saved."""

    def place(self, level: str) -> int | None:
        """Where a level stands, by its id; a repeat stands where its level does."""
        names = [rung.id for rung in self.rungs]
        plain = level.partition("+")[0]
        return names.index(plain) if plain in names else None


@dataclass(frozen=True)
class Bill:
    id: str
    currency: str
    due: date | None
    total: int | None
    balance: int | None
    told: When
    """As of when the balance is."""
    state: str = "open"
    argued_until: date | None = None
    rule: str | None = None


@dataclass(frozen=True)
class Money:
    id: str
    currency: str
    amount: int
    posted: When
    shares: tuple[tuple[str, int], ...] | None = None
    credit_note: bool = False
    takes_back: str | None = None
    cancelled: bool = False


@dataclass(frozen=True)
class Word:
    """A promise."""

    currency: str
    day: date
    amount: int | None
    grace: int
    given: When
    withdrawn: bool = False


@dataclass(frozen=True)
class Rest:
    reason: str
    until: When | None


@dataclass(frozen=True)
class Taken:
    """A level that was taken; `state` is planned, done or undone."""

    currency: str
    level: str
    cycle: date
    state: str
    at: When


@dataclass
class File:
    """All that is known of one customer."""

    bills: dict[str, Bill] = field(default_factory=dict)
    moneys: dict[str, Money] = field(default_factory=dict)
    words: list[Word] = field(default_factory=list)
    rests: list[Rest] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    contacts: set[tuple[str, date]] = field(default_factory=set)
    channels: set[str] = field(default_factory=set)
    rule: str | None = None
    left_alone: bool = False

    def currencies(self) -> list[str]:
        return sorted({bill.currency for bill in self.bills.values()})

    def withdraw(self) -> None:
        """Takes back what is planned and has not left: the facts it was written from are no longer those."""
        self.taken = [replace(one, state="undone") if one.state == "planned" else one for one in self.taken]

    def mark(self, currency: str, level: str, cycle: date, state: str, at: When) -> None:
        """Writes what became of a step; there is one of each name."""
        name = (currency, level, cycle)
        self.taken = [one for one in self.taken if (one.currency, one.level, one.cycle) != name]
        self.taken.append(Taken(currency, level, cycle, state, at))


@dataclass
class Book:
    files: dict[str, File] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    company: str | None = None

    def rule_of(self, file: File, bill: Bill | None = None) -> Rule | None:
        """The rule of an invoice, else of its customer, else the company's."""
        for name in (bill.rule if bill else None, file.rule, self.company):
            if name is not None and name in self.rules:
                return self.rules[name]
        return None

    def hear(self, event: Event) -> None:
        """Takes in what happened. What was planned for whom it concerns is withdrawn."""
        match event.what:
            case "rule":
                self.rules[event.facts["rule"].name] = event.facts["rule"]
            case "company":
                self.company = event.facts["name"]
            case "complete":
                self._close(event.facts["kept"])
            case "merge":
                self._merge(event.who, event.facts["into"])
            case _:
                self._hear_of(self.files[event.who], event)

    def _hear_of(self, file: File, event: Event) -> None:
        facts: Any = event.facts
        match event.what:
            case "invoice":
                told = facts["bill"]
                known = file.bills.get(told.id)
                if known is not None and known.told > told.told:
                    return
                file.bills[told.id] = told
            case "money":
                file.moneys[facts["money"].id] = facts["money"]
            case "cancel money":
                file.moneys[facts["id"]] = replace(file.moneys[facts["id"]], cancelled=True)
            case "dispute":
                file.bills[facts["id"]] = replace(
                    file.bills[facts["id"]], state="disputed", argued_until=facts["until"]
                )
            case "settle":
                file.bills[facts["id"]] = replace(file.bills[facts["id"]], state="open", argued_until=None)
            case "promise":
                # What somebody says last takes the place of what it said before.
                same = facts["word"].currency
                file.words = [replace(word, withdrawn=word.withdrawn or word.currency == same) for word in file.words]
                file.words.append(facts["word"])
            case "withdraw promise":
                file.words = [replace(word, withdrawn=True) for word in file.words]
            case "rest":
                file.rests.append(facts["rest"])
            case "lift":
                file.rests = [rest for rest in file.rests if rest.reason != facts["reason"]]
            case "by hand":
                file.contacts.add((facts["currency"], event.when.day))
            case "channels":
                file.channels = set(facts["channels"])
            case "own rule":
                file.rule = facts["name"]
            case "alone":
                file.left_alone = facts["alone"]
            case _:
                raise AssertionError(event.what)
        file.withdraw()

    def _close(self, kept: frozenset[str]) -> None:
        for file in self.files.values():
            for bill in list(file.bills.values()):
                # Of one that is paid, by what we know, a list of what is open says nothing: what was paid too much for
                # it stays the customer's.
                if bill.id not in kept and bill.state in ("open", "disputed") and before_credit(file, bill) > 0:
                    file.bills[bill.id] = replace(bill, state="closed", argued_until=None)
                    file.withdraw()

    def _merge(self, gone: str, into: str) -> None:
        """One person after all: everything follows the one that stays."""
        old, kept = self.files.pop(gone), self.files[into]
        kept.bills.update(old.bills)
        kept.moneys.update(old.moneys)
        kept.words += old.words
        kept.rests += old.rests
        kept.rule = kept.rule or old.rule
        old.withdraw()
        kept.withdraw()
        for step in old.taken:
            name = (step.currency, step.level, step.cycle)
            same = [one for one in kept.taken if (one.currency, one.level, one.cycle) == name]
            if not same or (step.state == "done" and same[0].state != "done"):
                kept.mark(step.currency, step.level, step.cycle, step.state, step.at)
        kept.contacts |= old.contacts
        kept.channels |= old.channels
        kept.left_alone = kept.left_alone or old.left_alone

"""Lives through a history with an engine that decides, in a world in which messages leave, fail or are withdrawn."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from gatewayd.dunning.decision import Decision
from tests.rig.collections.auditor import Auditor, Claim
from tests.rig.collections.book import Book, File
from tests.rig.collections.history import Event, History, When
from tests.rig.collections.moment import Decide, differences, situation
from tests.rig.collections.oracle import Verdict, judge

LOOK_AHEAD: Final = 25
"""Of so many moments one is looked at for the days behind it."""
AHEAD: Final = 30


@dataclass(frozen=True)
class Disagreement:
    """A moment at which engine and oracle say different things."""

    seed: int
    who: str
    now: When
    expected: Verdict
    decided: object
    points: tuple[str, ...]
    book: Book

    def __str__(self) -> str:
        return (
            f"history {self.seed}, {self.who}, {self.now.day} {self.now.minute // 60:02}:{self.now.minute % 60:02}: "
            f"{'; '.join(self.points)}\n  oracle: {self.expected}\n  engine: {self.decided}"
        )


@dataclass(frozen=True)
class _Flight:
    claim: Claim
    leaves: When
    fate: str


def later(now: When, minutes: int) -> When:
    """Some minutes later, by the clock on the wall."""
    days, minute = divmod(now.minute + minutes, 1440)
    return When(now.day + timedelta(days=days), minute)


@dataclass
class Life:
    """One history, lived through."""

    history: History
    decide: Decide
    book: Book = field(default_factory=Book)
    auditor: Auditor = field(default_factory=Auditor)
    verdicts: Counter[str] = field(default_factory=Counter)
    disagreements: list[Disagreement] = field(default_factory=list)
    flights: dict[tuple[str, str], _Flight] = field(default_factory=dict)
    planned: int = 0
    looks: int = 0
    behind: int = 0
    """Days by which the clock is set back."""

    def live(self) -> None:
        """Every day of it. Stops at the first disagreement: from there on the two lives would differ."""
        for who in self.history.customers:
            self.book.files[who] = File()
        for day in self.history.calendar():
            self._day(day, [event for event in self.history.events if event.when.day == day])
            if self.disagreements:
                return

    def _day(self, day: date, events: list[Event]) -> None:
        company = self.book.rules.get(self.book.company or "")
        hour = company.hour if company else 9
        run = When(day, hour * 60)
        if not run.exists(self.history.zone):
            run = When(day, 60)
        quiet = day in self.history.missed or day in self.history.stale
        ran = False
        for event in events:
            if not ran and event.when > run:
                ran = True
                if not quiet:
                    self._judge(list(self.book.files), run)
            self._settle(event.when)
            self._hear(event)
            if not quiet and self.book.rules:
                everybody = event.what in ("rule", "company", "complete", "merge")
                self._judge(list(self.book.files) if everybody else [event.who], event.when)
            if self.disagreements:
                return
        if not ran and not quiet:
            self._judge(list(self.book.files), run)
        self._settle(When(day, 1439))
        if not quiet and not self.disagreements:
            self.auditor.evening(self.book, When(day, 1439))
            if day in self.history.set_back:
                self.behind = 1
                self._judge(list(self.book.files), When(day - timedelta(days=1), 1300))
                self.behind = 0

    def _hear(self, event: Event) -> None:
        self.book.hear(event)
        if event.what == "by hand":
            self.auditor.by_hand(event.who, event.facts["currency"], event.when.day)
        for who, currency in list(self.flights):
            file = self.book.files.get(who)
            if file is None or not any(one.currency == currency and one.state == "planned" for one in file.taken):
                del self.flights[who, currency]

    def _judge(self, people: list[str], now: When) -> None:
        self._settle(now)
        for who in people:
            decided = self._decided(who, now)
            for currency in self.book.files[who].currencies():
                expected = judge(self.book, who, currency, now)
                self.verdicts["/".join(sorted(expected.reasons))] += 1
                points = differences(expected, decided.get(currency))
                if not points and self.looks % LOOK_AHEAD == 0:
                    points = self._too_late(who, currency, expected, decided.get(currency), now)
                self.looks += 1
                if points:
                    self.disagreements.append(
                        Disagreement(
                            *(self.history.seed, who, now, expected, decided.get(currency), tuple(points)),
                            copy.deepcopy(self.book),
                        )
                    )
                    return
                if expected.send:
                    self._plan(who, currency, expected, now, decided[currency])

    def _too_late(self, who: str, currency: str, expected: Verdict, decided: Decision | None, now: When) -> list[str]:
        """Returns whether somebody would be asked, with no further fact, before the engine looks again."""
        if decided is None or expected.send or "in_flight" in expected.reasons:
            return []
        for passed in range(1, AHEAD):
            day = now.day + timedelta(days=passed)
            if decided.again is not None and day >= decided.again:
                return []
            if judge(self.book, who, currency, When(day, 1439)).send:
                return [f"looks again {decided.again}, though {day} is a day to ask"]
        return []

    def _decided(self, who: str, now: When) -> dict[str, Decision]:
        """Returns what the engine decides, by currency."""
        zone = self.history.zone
        shown = situation(self.book, who, zone)
        return {one.currency: one for one in self.decide(shown, now.day, now.ms(zone), zone)}

    def _planned(self, who: str, decided: Decision, now: When) -> None:
        """A step was planned: whoever keeps it elsewhere does so here."""

    def _plan(self, who: str, currency: str, verdict: Verdict, now: When, decided: Decision) -> None:
        assert verdict.level is not None
        assert verdict.cycle is not None
        file = self.book.files[who]
        rules = [self.book.rule_of(file)] + [self.book.rule_of(file, bill) for bill in file.bills.values()]
        least = [dict(rule.minimums).get(currency, 0) for rule in rules if rule is not None]
        claim = Claim(
            who=who,
            currency=currency,
            level=verdict.level,
            cycle=verdict.cycle,
            listed=verdict.listed,
            amount=verdict.amount,
            least=min(least),
            message=verdict.channel is not None,
        )
        fate = self.history.fates[self.planned % len(self.history.fates)] if claim.message else "written"
        self.planned += 1
        leaves = {
            "leaves": later(now, 7),
            "next channel": later(now, 40),
            "nobody": later(now, 60),
            "cancelled": later(now, 20),
            "tomorrow": When(now.day + timedelta(days=1), 600),
            "in days": When(now.day + timedelta(days=3), 600),
            "written": now,
        }[fate]
        if fate != "written":
            leaves = later(leaves, self.behind * 1440)
        file.mark(currency, verdict.level, verdict.cycle, "planned", now)
        self._planned(who, decided, now)
        self.flights[who, currency] = _Flight(claim, leaves, fate)
        if fate == "written":
            self._settle(now)

    def _settle(self, now: When) -> None:
        """What was to leave by now leaves, where the gateway is on and knows what is owed."""
        closed = self.history.missed | self.history.stale
        for (who, currency), flight in sorted(self.flights.items(), key=lambda item: item[1].leaves):
            at = flight.leaves
            while at.day in closed:
                at = When(at.day + timedelta(days=1), 600)
            if at > now:
                continue
            del self.flights[who, currency]
            file, claim = self.book.files[who], flight.claim
            if flight.fate == "cancelled":
                file.mark(currency, claim.level, claim.cycle, "undone", at)
                continue
            if flight.fate != "nobody":
                self.auditor.leaves(self.book, claim, at, stale=at.day in self.history.stale)
                if claim.message:
                    file.contacts.add((currency, at.day))
            file.mark(currency, claim.level, claim.cycle, "done", at)

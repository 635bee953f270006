"""Draws a history: bills, payments, rules that change, people who promise, and a gateway that is sometimes away."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from tests.rig.collections import rules
from tests.rig.collections.bills import Billing
from tests.rig.collections.book import Rest, Rule, Word
from tests.rig.collections.history import Event, History, When

ZONES: Final = (
    "America/Santiago",
    "America/Santiago",
    "America/Argentina/Buenos_Aires",
    "America/Bogota",
    "America/Mexico_City",
)
CLOCK_CHANGES: Final = (date(2026, 3, 10), date(2026, 8, 10))
"""Some weeks before Chile's."""
FATES: Final = ("leaves",) * 7 + ("tomorrow", "in days", "next channel", "nobody", "cancelled", "cancelled")
"""What becomes of a message: it leaves at once or later, over another channel, over none, or somebody cancels it."""


@dataclass
class Draft:
    """A history while it is drawn."""

    dice: random.Random
    zone: str
    events: list[Event] = field(default_factory=list)

    def note(self, when: When, what: str, who: str = "", **facts: Any) -> None:
        self.events.append(Event(when, len(self.events), what, who, facts))

    def minute(self, day: date) -> When:
        """A time of day, near midnight more often than not by chance."""
        dice = self.dice
        while True:
            minute = dice.choice(
                (dice.randrange(480, 1200), dice.randrange(480, 1200), dice.randrange(1380, 1440), dice.randrange(60))
            )
            if (when := When(day, minute)).exists(self.zone):
                return when


def draw(seed: int) -> History:
    """The history of that number, the same every time."""
    dice = random.Random(seed)
    zone = dice.choice(ZONES)
    begin = (
        dice.choice(CLOCK_CHANGES) if zone == "America/Santiago" else date(2026, 1, 1) + timedelta(dice.randrange(330))
    )
    days = dice.randrange(35, 65)
    draft = Draft(dice, zone)
    people = ("ana",) if dice.random() < 0.75 else ("ana", "beto")
    first = When(begin, 0 if When(begin, 0).exists(zone) else 60)
    company = _rules(draft, first, people)
    currencies = tuple(dice.sample(rules.CURRENCIES, dice.choice((1, 1, 2))))
    billing = {who: Billing(dice, who, currencies) for who in people}
    for who in people:
        draft.note(first, "channels", who, channels=("sms", "email", "call", "whatsapp"))
        if dice.random() < 0.05:
            draft.note(first, "alone", who, alone=True)
    busy = dice.choice((0.2, 0.5, 1.0))
    merged = False
    for passed in range(days):
        day = begin + timedelta(days=passed)
        moments = sorted(draft.minute(day) for _ in range(_times(dice, busy)))
        for now in moments:
            who = dice.choice(list(billing))
            company = _something(draft, now, who, billing[who], company)
        if len(billing) > 1 and not merged and dice.random() < 0.04:
            merged = True
            evening = When(day, 1439)
            gone, kept = dice.sample(list(billing), 2)
            draft.note(evening, "merge", gone, into=kept)
            billing[kept].bills.update(billing[gone].bills)
            billing[kept].moneys.update(billing[gone].moneys)
            del billing[gone]
    calendar = [begin + timedelta(days=passed) for passed in range(days)]

    def some(share: float) -> frozenset[date]:
        return frozenset(day for day in calendar if dice.random() < share)

    return History(
        seed=seed,
        zone=zone,
        begin=begin,
        days=days,
        customers=people,
        events=tuple(sorted(draft.events)),
        fates=tuple(dice.choice(FATES) for _ in range(80)),
        missed=some(0.05),
        stale=some(0.03),
        set_back=some(0.02),
    )


def _times(dice: random.Random, busy: float) -> int:
    return sum(dice.random() < busy / 4 for _ in range(4))


def _rules(draft: Draft, first: When, people: tuple[str, ...]) -> Rule:
    """The rules there are at first; returns the company's."""
    dice = draft.dice
    company = rules.draw(dice, "empresa")
    draft.note(first, "rule", rule=company)
    if dice.random() < 0.96:
        draft.note(first, "company", name="empresa")
    own = rules.draw(dice, "factura", prefix=dice.choice(("", "x")))
    draft.note(first, "rule", rule=own)
    draft.note(first, "rule", rule=Rule("nada", nothing=True))
    theirs = rules.draw(dice, "cliente", prefix=dice.choice(("", "y")))
    draft.note(first, "rule", rule=theirs)
    for who in people:
        if dice.random() < 0.2:
            draft.note(first, "own rule", who, name=dice.choice(("cliente", "cliente", "nada")))
    return company


def _something(draft: Draft, now: When, who: str, billing: Billing, company: Rule) -> Rule:
    """One thing that happens now; returns the company's rule as it is afterwards."""
    dice, note = draft.dice, draft.note
    own = ("factura",) if draft.events and dice.random() < 0.2 else ()
    fate = dice.random() * 100
    if fate < 24 or not billing.bills:
        note(now, "invoice", who, bill=billing.charge(now, own))
    elif fate < 46:
        if (money := billing.pay(now)) is not None:
            note(now, "money", who, money=money)
    elif fate < 50:
        if (money := billing.take_back(now)) is not None:
            note(now, "money", who, money=money)
    elif fate < 53:
        if (gone := billing.cancel()) is not None:
            note(now, "cancel money", who, id=gone)
    elif fate < 63:
        if (bill := billing.tell_again(now)) is not None:
            note(now, "invoice", who, bill=bill)
    elif fate < 66:
        _complete(draft, now, who, billing)
    elif fate < 72:
        _dispute(draft, now, who, billing)
    elif fate < 78:
        _promise(draft, now, who, billing)
    elif fate < 81:
        until = None if dice.random() < 0.1 else draft.minute(now.day + timedelta(days=dice.choice((1, 3, 10))))
        note(now, "rest", who, rest=Rest(dice.choice(("blocked", "claims_paid")), until))
    elif fate < 85:
        note(now, "lift", who, reason=dice.choice(("blocked", "claims_paid")))
    elif fate < 89:
        note(now, "by hand", who, currency=dice.choice(billing.currencies))
    elif fate < 92:
        every = ("sms", "email", "call", "whatsapp")
        note(now, "channels", who, channels=tuple(dice.sample(every, dice.choice((0, 1, 2, 4, 4, 4)))))
    elif fate < 98:
        company = rules.edited(dice, company)
        note(now, "rule", rule=company)
    elif fate < 99:
        note(now, "own rule", who, name=dice.choice((None, "cliente", "nada")))
    else:
        note(now, "alone", who, alone=dice.random() < 0.3)
    return company


def _complete(draft: Draft, now: When, who: str, billing: Billing) -> None:
    """A list of all that is open, which lacks something; later it may be there again."""
    dice = draft.dice
    everything = {bill_id for event in draft.events if event.what == "invoice" for bill_id in [event.facts["bill"].id]}
    gone = dice.choice(list(billing.bills))
    draft.note(now, "complete", kept=frozenset(everything - {gone}))
    if billing.bills[gone].state in ("open", "disputed"):
        billing.bills[gone] = replace(billing.bills[gone], state="closed")
    if dice.random() < 0.5:
        bill = replace(billing.bills[gone], state="open", told=now)
        billing.bills[gone] = bill
        later = When(now.day, min(now.minute + dice.choice((1, 400)), 1439))
        draft.note(later, "invoice", who, bill=bill)


def _dispute(draft: Draft, now: When, who: str, billing: Billing) -> None:
    dice = draft.dice
    bill = dice.choice(list(billing.bills.values()))
    if bill.state == "disputed" and dice.random() < 0.7:
        draft.note(now, "settle", who, id=bill.id)
        billing.bills[bill.id] = replace(bill, state="open", argued_until=None)
    elif bill.state == "open":
        until = None if dice.random() < 0.3 else now.day + timedelta(days=dice.choice((0, 1, 4, 12)))
        draft.note(now, "dispute", who, id=bill.id, until=until)
        billing.bills[bill.id] = replace(bill, state="disputed", argued_until=until)


def _promise(draft: Draft, now: When, who: str, billing: Billing) -> None:
    dice = draft.dice
    if dice.random() < 0.2:
        draft.note(now, "withdraw promise", who)
        return
    bill = dice.choice(list(billing.bills.values()))
    word = Word(
        currency=bill.currency,
        day=now.day + timedelta(days=dice.choice((0, 2, 5, 9))),
        amount=dice.choice((None, bill.total, (bill.total or 0) // 2 or 1)),
        grace=dice.choice((0, 0, 1, 3)),
        given=now,
    )
    draft.note(now, "promise", who, word=word)

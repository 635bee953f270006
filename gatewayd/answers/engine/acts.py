"""What is done about a text beside answering it: claims rest, promises are noted, numbers are another person's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Final

from drivers.base import spoken
from gatewayd.answers.engine.accounts import Account
from gatewayd.answers.known import Incoming, Person, Verdict
from gatewayd.store.billing import marks
from gatewayd.store.contacts import states
from gatewayd.store.dunning import novelties, pauses, promises
from gatewayd.store.dunning.novelties import NewNovelty
from gatewayd.store.dunning.promises import NewPromise
from gatewayd.store.sending import causes
from gatewayd.store.sending.causes import Reason
from gatewayd.store.tickets import known
from gatewayd.words.translation import gettext_in

BY: Final = "gatewayd"
PRESSED: Final = spoken("key {key} in a call")


@dataclass(slots=True)
class Acts:
    """The acts of one portion of an account's texts, in the transaction of `unit`. `now` is Unix ms."""

    unit: Any
    account: Account
    now: int
    withdrawn: tuple[int, ...] = ()
    """Jobs of which messages were withdrawn."""
    wakes: set[str] = field(default_factory=set)
    """Which other work there is now: collections, tickets."""

    def do(self, text: Incoming, verdict: Verdict) -> None:
        """Does what a text asks for; each text does it once, for its answer is a row that is written once."""
        if verdict.kind == "wrong_person":
            self._wrong_person(text, verdict.people)
        elif verdict.kind == "paid":
            self._paid(text, verdict.people)
        elif verdict.kind == "promise" and verdict.day is not None:
            self._promise(text, verdict)
        elif verdict.confirms:
            for person in verdict.people:
                states.say(self.unit.session, self.account.number, person.id, text.sender, "confirmed", now=self.now)

    def _paid(self, text: Incoming, people: tuple[Person, ...]) -> None:
        """Claims rest for some days, and somebody looks for the payment."""
        session, number = self.unit.session, self.account.number
        for person in people:
            until = self._end_of(self.account.settings.paid.days)
            key = f"answer-{text.id}-{person.id}"
            pauses.add(
                session,
                number,
                person.id,
                "claims_paid",
                until=until,
                note=self._note(text),
                now=self.now,
                by=BY,
                key=key,
            )
            self._novelty(text, person.id, "verify_payment", key)
            self._changed(person.id, "blocked")
        if not people:
            self._novelty(text, None, "verify_payment", f"answer-{text.id}")

    def _promise(self, text: Incoming, verdict: Verdict) -> None:
        """Notes a promise about every currency in which something is owed."""
        session, number = self.unit.session, self.account.number
        assert verdict.day is not None
        for person in verdict.people:
            debts = known.owed(session, [person.id]).get(person.id, ())
            for debt in debts:
                if debt.balance <= 0:
                    continue
                new = NewPromise(
                    *(number, person.id, debt.currency, verdict.day, None),
                    source="call" if text.pressed else "message",
                    note=self._note(text),
                    key=f"answer-{text.id}-{debt.currency}",
                )
                promises.add(session, new, now=self.now, by=BY)
            self._changed(person.id, "promised")

    def _wrong_person(self, text: Incoming, people: tuple[Person, ...]) -> None:
        """The number is no longer the customer's: nobody writes there for it. What it owes stays."""
        for person in people:
            states.say(self.unit.session, self.account.number, person.id, text.sender, "wrong_person", now=self.now)
            self._novelty(text, person.id, "wrong_person", f"answer-{text.id}-{person.id}")
            self._changed(person.id, "changed")
        if not people:
            self._novelty(text, None, "wrong_person", f"answer-{text.id}")

    def _novelty(self, text: Incoming, customer: int | None, kind: Any, key: str) -> None:
        new = NewNovelty(
            *(self.account.number, customer, kind, self.account.day(self.now), self._note(text)),
            detail={"address": text.sender},
            key=key,
        )
        novelties.add(self.unit.session, new, now=self.now, by=BY)

    def _note(self, text: Incoming) -> str:
        """Returns what somebody has said, for people of the account."""
        if not text.pressed:
            return text.text
        return gettext_in(self.account.language, PRESSED).format(key=text.text)

    def _changed(self, customer: int, reason: Reason) -> None:
        """Withdraws what was written before, and has the customer decided about anew."""
        gone = causes.withdraw_of(self.unit, [customer], reason, self.now)
        self.withdrawn += gone.jobs
        marks.mark(self.unit.session, self.account.number, [customer], self.now)
        self.wakes.add("collections")

    def _end_of(self, days: int) -> int:
        """Returns the end of the day so many days from now, where the account is."""
        day = self.account.day(self.now) + timedelta(days=days + 1)
        return int(datetime.combine(day, time(), self.account.zone).timestamp() * 1000)

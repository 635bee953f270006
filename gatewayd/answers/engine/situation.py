"""What is known of those who wrote, for a portion of texts of one account: one look each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gatewayd.answers.engine.accounts import Account
from gatewayd.answers.engine.bills import longest_owed
from gatewayd.answers.engine.words import names_bill
from gatewayd.answers.judge import HOUR_MS, RECENT_MS
from gatewayd.answers.known import Answered, Incoming, Known, Person
from gatewayd.store.contacts import billing_age
from gatewayd.store.tickets import known


class Situation:
    """Everything that decides about the texts of one portion; what is answered meanwhile is added to it."""

    def __init__(self, session: Any, account: Account, texts: Sequence[Incoming], now: int, max_age_ms: int) -> None:
        """`max_age_ms` is how old billing may be where the account says nothing else."""
        self._session = session
        self._account = account
        self._people: dict[tuple[str, str], tuple[Person, ...]] = {}
        by_channel: dict[str, set[str]] = {}
        for text in texts:
            by_channel.setdefault(text.channel, set()).add(address_of(text))
        for channel, addresses in by_channel.items():
            for address, people in known.people(session, account.number, channel, addresses).items():
                self._people[channel, address] = people
        numbers = {person.id for people in self._people.values() for person in people}
        self._owed = known.owed(session, numbers) if numbers else {}
        self._bills = longest_owed(session, account.number, self._owed) if self._owed and names_bill(account) else {}
        self._fresh = billing_age.is_fresh(session, account.number, max_age_ms, now)
        self._today = dict(known.tickets_of(session, numbers, account.day(now))) if numbers else {}
        self._tickets = known.open_tickets(session, numbers) if numbers else {}
        self._recent = known.answered(
            session, account.number, {text.sender for text in texts}, min(text.at for text in texts) - RECENT_MS
        )
        most = account.settings.per_account
        self._hour = known.answers_since(session, account.number, now - HOUR_MS, most)

    def of(self, text: Incoming) -> Known:
        """Returns what is known for one text."""
        people = self._people.get((text.channel, address_of(text)), ())
        alone = people[0].id if len(people) == 1 else text.answers_customer
        return Known(
            people=people,
            owed={person.id: self._owed.get(person.id, ()) for person in people},
            bills={person.id: self._bills[person.id] for person in people if person.id in self._bills},
            fresh=self._fresh,
            recent=tuple(self._recent.get(text.sender, ())),
            account_hour=self._hour,
            tickets_today=0 if alone is None else self._today.get(alone, 0),
            open_ticket=None if alone is None else self._tickets.get(alone),
        )

    def answered(self, text: Incoming, kind: str, *, told: bool, long: bool, at: int) -> None:
        """Adds an answer that has just been written."""
        self._recent.setdefault(text.sender, []).insert(0, Answered(at, kind, told, long))
        self._hour += told

    def opened(self, customer: int, ticket: Any) -> None:
        """Adds a ticket that has just been opened."""
        self._today[customer] = self._today.get(customer, 0) + 1
        self._tickets[customer] = ticket

    def confirmed(self, text: Incoming, people: tuple[Person, ...]) -> None:
        """Takes the people of an address as they are now."""
        self._people[text.channel, address_of(text)] = people


def address_of(text: Incoming) -> str:
    """Returns the sender as contact points are kept."""
    return text.sender.casefold() if text.channel == "email" else text.sender

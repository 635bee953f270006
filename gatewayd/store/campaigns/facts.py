"""What a campaign's texts say of debts: who owes nothing any more, and which facts each text is written from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, func, select

from gatewayd.store import tables
from gatewayd.store.campaigns import audience
from gatewayd.store.campaigns.audience import Page, Source
from gatewayd.store.campaigns.runs import Person
from gatewayd.store.contacts.owing import billing_knows, debts
from gatewayd.store.contacts.points import persons_of
from gatewayd.store.sending import causes
from gatewayd.store.session import Session
from gatewayd.values.addresses import NUMBERED

_CUSTOMER: Final = tables.customer.c
_POINT: Final = tables.contact_point.c
TOGETHER: Final = 500


@dataclass(frozen=True, slots=True)
class Facts:
    """People of an audience with what they owe, and the causes that stood for that at the same moment."""

    page: Page
    without: Sequence[int] = ()
    """Customers for whom no cause stood: nobody could withdraw what is said of them."""
    places_without: frozenset[int] = frozenset()
    """Where they stand in the page."""
    settled: int = 0
    """Those left out because they owe nothing any more."""
    shared: int = 0
    """Those left out because others have their number, too, and would read what they owe."""


def page(connection: Connection, *, source: Source, after: int, limit: int, again: bool) -> Facts:
    """Returns the next people behind `after`, each with its present cause. `again`: they were written to before, so
    that who has paid since is left out. All of it is one snapshot."""
    found = audience.page(connection, source=source, after=after, limit=limit)
    whose = _customers(connection, source, found.people)
    over = settled(connection, whose.values()) if again else frozenset()
    known = causes.present(connection, whose.values())
    several = shared(connection, source.account_id, source.channel, [one.address for one in found.people])
    people: list[Person] = []
    without: dict[int, int] = {}
    hidden = 0
    for place, one in enumerate(found.people):
        customer = whose.get(place)
        if one.address in several:
            hidden += 1
        elif customer is None:
            people.append(one)
        elif customer not in over:
            if customer not in known:
                without[len(people)] = customer
            people.append(replace(one, cause=known.get(customer)))
    left = len(found.people) - len(people) - hidden
    return Facts(replace(found, people=people), sorted(set(without.values())), frozenset(without), left, hidden)


def shared(connection: Connection, account_id: int, channel: str, addresses: Collection[str]) -> frozenset[str]:
    """Returns those of some numbers that more than one customer has on file."""
    if channel not in NUMBERED:
        return frozenset()
    wanted = sorted(set(addresses))
    found: set[str] = set()
    for start in range(0, len(wanted), TOGETHER):
        statement = (
            select(_POINT.address)
            .where(
                _POINT.account_id == account_id,
                _POINT.state != "wrong_person",
                _POINT.address.in_(wanted[start : start + TOGETHER]),
            )
            .group_by(_POINT.address)
            .having(func.count(func.distinct(_POINT.customer_id)) > 1)
        )
        found.update(connection.scalars(statement))
    return frozenset(found)


def _customers(connection: Connection, source: Source, people: Sequence[Person]) -> dict[int, int]:
    """Returns the customer of each, by its place: the one that it is, else the one of its external id, else the one
    whose address it is."""
    found = {place: one.customer for place, one in enumerate(people) if one.customer is not None}
    strangers = {place: one for place, one in enumerate(people) if one.customer is None}
    named: dict[str, int] = {}
    names = sorted({one.external_id for one in strangers.values() if one.external_id})
    for start in range(0, len(names), TOGETHER):
        statement = select(_CUSTOMER.external_id, _CUSTOMER.id).where(
            _CUSTOMER.account_id == source.account_id, _CUSTOMER.external_id.in_(names[start : start + TOGETHER])
        )
        named.update((row[0], row[1]) for row in connection.execute(statement))
    addresses = {one.address for one in strangers.values() if one.external_id not in named}
    at = persons_of(Session(connection), source.account_id, source.channel, addresses) if addresses else {}
    for place, one in strangers.items():
        customer = named.get(one.external_id or "") or at.get(one.address)
        if customer is not None:
            found[place] = customer
    return found


def settled(connection: Connection, customers: Collection[int]) -> frozenset[int]:
    """Returns those of some customers of whom we know what they owed, and that it is nothing now."""
    over: set[int] = set()
    numbers = sorted(set(customers))
    for start in range(0, len(numbers), TOGETHER):
        some = numbers[start : start + TOGETHER]
        between = some[0], some[-1]
        owing = debts(connection, between, frozenset(some))
        over |= billing_knows(connection, between) & set(some) - owing.keys()
        over |= {number for number, debt in owing.items() if debt.balance is not None and debt.balance <= 0}
    return frozenset(over)

"""What a campaign's texts say of debts: who owes nothing any more, and which facts each text is written from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select, union_all

from gatewayd.store import tables
from gatewayd.store.campaigns import audience
from gatewayd.store.campaigns.audience import Page, Source
from gatewayd.store.sending import causes

_DEBT = tables.debt.c
_OWED = tables.owed.c
TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Facts:
    """People of an audience with what they owe, and the causes that stood for that at the same moment."""

    page: Page
    without: Sequence[int] = ()
    """Customers of whom no cause stood: what is said of them may be withdrawn by nobody."""
    settled: int = 0
    """Those left out because they owe nothing any more."""


def page(connection: Connection, *, source: Source, after: int, limit: int, again: bool) -> Facts:
    """Returns the next people behind `after`, each with its present cause. `again`: they were written to before, so
    that who has paid since is left out. All of it is one snapshot."""
    found = audience.page(connection, source=source, after=after, limit=limit)
    customers = [one.customer for one in found.people if one.customer is not None]
    over = settled(connection, customers) if again else frozenset()
    known = causes.present(connection, customers)
    people = [
        one if one.customer is None else replace(one, cause=known.get(one.customer))
        for one in found.people
        if one.customer not in over
    ]
    without = [one.customer for one in people if one.customer is not None and one.cause is None]
    return Facts(replace(found, people=people), without, len(found.people) - len(people))


def settled(connection: Connection, customers: Collection[int]) -> frozenset[int]:
    """Returns those of some customers of whom we know what they owed, and that it is nothing now."""
    known: set[int] = set()
    owing: set[int] = set()
    numbers = sorted(set(customers))
    for start in range(0, len(numbers), TOGETHER):
        some = numbers[start : start + TOGETHER]
        both = union_all(
            select(_DEBT.customer_id, _DEBT.balance).where(_DEBT.customer_id.in_(some), _DEBT.balance.is_not(None)),
            select(_OWED.customer_id, _OWED.balance).where(_OWED.customer_id.in_(some)),
        )
        for customer, balance in connection.execute(both):
            known.add(customer)
            if balance > 0:
                owing.add(customer)
    return frozenset(known - owing)

"""Says of an address on file whose it is: confirmed by whoever uses it, or another person's."""

from __future__ import annotations

from dataclasses import replace

from gatewayd.customers.document import PointState
from gatewayd.store.contacts import persons
from gatewayd.store.contacts.persons import Edit
from gatewayd.store.session import Session


def say(session: Session, account_id: int, customer: int, address: str, state: PointState, *, now: int) -> bool:
    """Gives every contact point of a customer with that address a state; returns whether one had another."""
    was = persons.stored(session, account_id, [customer]).get(customer)
    if was is None:
        return False
    points = tuple(
        replace(point, state=state) if point.address == address else point for point in was.customer.contacts
    )
    if points == was.customer.contacts:
        return False
    persons.edit(session, account_id, [Edit(was, replace(was.customer, contacts=points))], now)
    return True

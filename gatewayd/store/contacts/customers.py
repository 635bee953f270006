"""Customers as people and programs change them, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from gatewayd.customers.document import Customer, Kept
from gatewayd.store import tables
from gatewayd.store.commands import Changed
from gatewayd.store.contacts import persons
from gatewayd.store.contacts.directory import account_of, kept
from gatewayd.store.contacts.persons import Edit
from gatewayd.store.session import Session, Statement, given
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

_USER: Final = tables.user.c
_ASSIGNABLE: Final = Statement(
    select(_USER.id).where(
        _USER.name == given(_USER.name), (_USER.account_id == given(_USER.account_id)) | _USER.account_id.is_(None)
    ),
    "p_name p_account_id",
)

UserOf = Callable[[str], int | None]
Make = Callable[[Customer, UserOf], Customer]
"""From a customer as it is to as it is to be."""


@dataclass(frozen=True, slots=True)
class Put:
    """One customer to be written."""

    external_id: str
    make: Make
    now: int
    version: int | None = None
    """The one that who changes it has seen; 0: there is to be none yet; None: whatever there is."""


def user_of(session: Session, account_id: int) -> UserOf:
    """Returns what finds the users that customers of an account may be assigned to."""

    def find(name: str) -> int | None:
        row = session.one(_ASSIGNABLE, name.casefold(), account_id)
        return None if row is None else int(row[0])

    return find


def put(unit: Any, scope: Scope, wanted: Sequence[Put]) -> list[Changed[tuple[Kept, bool]]]:
    """Writes customers that exist or not; returns each as it is then, and whether it is new.

    ConflictError where one was changed meanwhile, or was forgotten at its wish; nothing is written then.
    """
    session: Session = unit.session
    account_id = account_of(session.connection, scope)
    find = user_of(session, account_id)
    done: list[tuple[int, bool, Changed[None]]] = []
    for one in wanted:
        was = persons.stored_one(session, account_id, one.external_id)
        if one.version is not None and one.version != (0 if was is None else was.head.version):
            raise ConflictError(_("somebody has changed this customer meanwhile; look at it again"))
        if was is None:
            made = one.make(Customer(one.external_id), find)
            number = unit.memory.ids.take(session, tables.customer, 1)
            persons.add(session, account_id, [(number, made)], one.now)
            done.append((number, True, Changed(None, None, {"fields": _told(Customer(one.external_id), made)})))
            continue
        if was.head.forgotten_at is not None:
            raise ConflictError(_("what was known of this person was erased at its wish; it takes no new data"))
        made = one.make(was.customer, find)
        if made != was.customer:
            edit = Edit(was, made, absent_at=was.head.absent_at)
            persons.edit(session, account_id, [edit], one.now)
        done.append((was.head.id, False, Changed(None, None, {"fields": _told(was.customer, made)})))
    found = {one.id: one for one in kept(session.connection, [number for number, _new, _change in done])}
    return [
        Changed((found[number], fresh), change.before, change.after, found[number].customer.external_id)
        for number, fresh, change in done
    ]


def _told(was: Customer, made: Customer) -> list[str]:
    """Returns the names of what changed. Not the values: the audit trail outlives what a person wants forgotten."""
    return [name for name in Customer.__slots__ if getattr(was, name) != getattr(made, name)]


def one_of(session: Session, scope: Scope, external_id: str) -> tuple[int, persons.Stored]:
    """Returns the account's number and a customer of it. NotFoundError."""
    account_id = account_of(session.connection, scope)
    was = persons.stored_one(session, account_id, external_id)
    if was is None:
        raise NotFoundError(_("no customer {customer}").format(customer=external_id[:80]))
    return account_id, was

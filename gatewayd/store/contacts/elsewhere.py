"""Contacts that others than our lines made: entered once, found again by person or address for caps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Connection, select

from gatewayd.customers.words import document_key
from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, among, given, merging

AT_ONCE: Final = 500

_ELSEWHERE: Final = tables.elsewhere.c
_CUSTOMER: Final = tables.customer.c
_ALIAS: Final = tables.customer_alias.c
_POINT: Final = tables.contact_point.c
_COLUMNS: Final = (
    "account_id at direction channel address state answered reached counts class text person_id document_type"
    " document_number external_id source kind actor process_id row key created_at"
)
_ADD: Final = merging(
    tables.elsewhere, _COLUMNS, "account_id key", replace="state answered reached counts person_id text"
)
_KNOWN: Final = Statement(
    select(_ELSEWHERE.key, _ELSEWHERE.state, _ELSEWHERE.answered).where(
        _ELSEWHERE.account_id == given(_ELSEWHERE.account_id), among(_ELSEWHERE.key)
    ),
    "p_account_id",
)
_CONTACT: Final = select(
    *(_ELSEWHERE.person_id, _ELSEWHERE.address, _ELSEWHERE.at, _ELSEWHERE.channel, _ELSEWHERE["class"]),
    _ELSEWHERE.reached,
).where(
    _ELSEWHERE.counts.is_(True),
    _ELSEWHERE.account_id == given(_ELSEWHERE.account_id),
    _ELSEWHERE.at >= given(_ELSEWHERE.at),
)
_OF_PERSONS: Final = Statement(_CONTACT.where(among(_ELSEWHERE.person_id)), "p_account_id p_at")
_OF_ADDRESSES: Final = Statement(
    _CONTACT.where(_ELSEWHERE.person_id.is_(None), among(_ELSEWHERE.address)), "p_account_id p_at"
)


@dataclass(frozen=True, slots=True)
class NewContact:
    """One contact as it is entered. Times are Unix ms."""

    at: int
    direction: str
    """`out` or `in`."""
    channel: str
    address: str | None
    state: str
    """A word of the log of interactions."""
    answered: bool
    reached: bool
    counts: bool
    """Whether caps count it: of several addresses of one person, one does."""
    klass: str
    text: str | None
    person: int | None
    document_type: str | None
    document_number: str | None
    external_id: str | None
    source: str
    """`upload`, `person`, `api`."""
    kind: str
    """`automatic` or `manual`."""
    key: str
    """The same contact again has the same one."""
    row: int | None = None


@dataclass(frozen=True, slots=True)
class MadeElsewhere:
    """One contact that caps count."""

    person: int | None
    address: str | None
    at: int
    channel: str
    klass: str
    reached: bool


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of contacts that were entered."""

    new: int
    changed: int
    same: int


def enter(
    session: Session,
    account: int,
    contacts: Sequence[NewContact],
    *,
    actor: str,
    now: int,
    process: int | None = None,
) -> Entered:
    """Enters contacts of an account; one that is known already takes the newer state, and is not entered twice."""
    fresh = {one.key: one for one in contacts}
    known = {key: (state, bool(answered)) for key, state, answered in session.among(_KNOWN, fresh, account)}
    changed = sum(known[key] != (one.state, one.answered) for key, one in fresh.items() if key in known)
    session.many(
        _ADD,
        [
            (
                *(account, one.at, one.direction, one.channel, one.address, one.state, one.answered, one.reached),
                *(one.counts, one.klass, one.text, one.person, one.document_type, one.document_number),
                *(one.external_id, one.source, one.kind, actor, process, one.row, key, now),
            )
            for key, one in fresh.items()
        ],
    )
    new = len(fresh) - len(known)
    return Entered(new, changed, len(contacts) - new - changed)


Asked = tuple[str | None, str | None, str | None]
"""External id, document number, address."""


def known_persons(connection: Connection, account: int, asked: Sequence[Asked]) -> dict[Asked, int]:
    """Returns the customers of an account that are meant: by id, else by document, else by address.

    One that was merged into another is that other one; a document or address of several is nobody's.
    """
    ids = _found(connection, account, _CUSTOMER.external_id, {one[0] for one in asked})
    ids |= {
        name: number
        for name, number in _found(connection, account, _ALIAS.external_id, {one[0] for one in asked}).items()
        if name not in ids
    }
    keys = {one[1]: document_key(one[1]) for one in asked if one[0] is None and one[1]}
    documents = _found(connection, account, _CUSTOMER.document_key, set(keys.values()))
    wanted = {one[2] for one in asked if one[0] is None and not one[1]}
    addresses = _found(connection, account, _POINT.address, wanted)
    found: dict[Asked, int] = {}
    for one in asked:
        external, document, address = one
        if external is not None:
            person = ids.get(external)
        elif document:
            person = documents.get(keys[document] or "")
        else:
            person = addresses.get(address or "")
        if person is not None:
            found[one] = person
    return found


def _found(connection: Connection, account: int, column: Column[Any], values: Collection[str | None]) -> dict[str, int]:
    """Returns the one customer of each value of a column; those of several are left out."""
    key = {"customer": _CUSTOMER.id, "customer_alias": _ALIAS.customer_id, "contact_point": _POINT.customer_id}
    owner, given_values = key[column.table.name], sorted(value for value in values if value)
    found: dict[str, set[int]] = {}
    for start in range(0, len(given_values), AT_ONCE):
        some = given_values[start : start + AT_ONCE]
        statement = select(column, owner).where(column.table.c.account_id == account, column.in_(some))
        for value, number in connection.execute(statement):
            found.setdefault(value, set()).add(number)
    return {value: next(iter(numbers)) for value, numbers in found.items() if len(numbers) == 1}


def contacts_of(
    session: Session, account: int, persons: Iterable[int], addresses: Iterable[str], since: int
) -> list[MadeElsewhere]:
    """Returns the contacts since a time that count for caps: of these persons, and of these addresses of nobody known.

    Runs in the caller's transaction, by an index alone.
    """
    found: list[MadeElsewhere] = []
    for statement, keys in ((_OF_PERSONS, list(persons)), (_OF_ADDRESSES, list(addresses))):
        if keys:
            found += [
                MadeElsewhere(person, address, at, channel, klass, bool(reached))
                for person, address, at, channel, klass, reached in session.among(statement, keys, account, since)
            ]
    return found

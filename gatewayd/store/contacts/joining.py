"""Two customers made one: everything that hangs on either hangs on the one that stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, update

from gatewayd.customers.document import Kept
from gatewayd.customers.merging import joined
from gatewayd.store import tables
from gatewayd.store.commands import Changed
from gatewayd.store.contacts import persons
from gatewayd.store.contacts.customers import one_of
from gatewayd.store.contacts.directory import kept
from gatewayd.store.contacts.persons import Edit
from gatewayd.store.session import Session, Statement, adding, given
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, UsageError
from gatewayd.words.translation import gettext as _

_ALIAS: Final = tables.customer_alias.c
_MESSAGE: Final = tables.message.c
_EVIDENCE: Final = tables.evidence.c
_MEMBER: Final = tables.list_member.c
_PERSON: Final = tables.campaign_person.c

_ADD_ALIAS: Final = adding(tables.customer_alias, "account_id external_id customer_id")
_MOVED: Final = (
    # What was sent to either counts for the one person, and so does what was decided of it.
    Statement(
        update(tables.message)
        .where(_MESSAGE.person_id == given(_MESSAGE.person_id, "k_person"))
        .values(person_id=given(_MESSAGE.person_id)),
        "p_person_id k_person",
    ),
    Statement(
        update(tables.customer_alias)
        .where(_ALIAS.customer_id == given(_ALIAS.customer_id, "k_customer"))
        .values(customer_id=given(_ALIAS.customer_id)),
        "p_customer_id k_customer",
    ),
    # What was billed to either is owed by the one person; what follows from that is worked out anew by whoever merges.
    *(
        Statement(
            update(table)
            .where(table.c.customer_id == given(table.c.customer_id, "k_customer"))
            .values(customer_id=given(table.c.customer_id)),
            "p_customer_id k_customer",
        )
        for table in (tables.invoice, tables.payment, tables.reminder, tables.reminder_event)
    ),
    Statement(
        update(tables.campaign_person)
        .where(_PERSON.customer_id == given(_PERSON.customer_id, "k_customer"))
        .values(customer_id=given(_PERSON.customer_id)),
        "p_customer_id k_customer",
    ),
    Statement(
        update(tables.list_member)
        .where(_MEMBER.customer_id == given(_MEMBER.customer_id, "k_customer"))
        .values(customer_id=given(_MEMBER.customer_id)),
        "p_customer_id k_customer",
    ),
    *(
        Statement(
            update(table)
            .where(table.c.customer_id == given(table.c.customer_id, "k_customer"))
            .values(customer_id=given(table.c.customer_id)),
            "p_customer_id k_customer",
        )
        for table in (tables.ticket, tables.answer, tables.payment_notice)
    ),
)
_WITNESSED: Final = Statement(
    update(tables.evidence)
    .where(_EVIDENCE.account_id == given(_EVIDENCE.account_id), _EVIDENCE.person == given(_EVIDENCE.person, "k_person"))
    .values(person=given(_EVIDENCE.person)),
    "p_person p_account_id k_person",
)


@dataclass(frozen=True, slots=True)
class Merge:
    """`gone` becomes part of `stays`, both by external id."""

    stays: str
    gone: str
    now: int
    version: int | None = None
    """Of the one that stays, as who merges has seen it."""


def merge(unit: Any, scope: Scope, wanted: Merge) -> Changed[Kept]:
    """Makes two customers one, for good; returns it as it is then. NotFoundError, ConflictError, UsageError."""
    session: Session = unit.session
    account_id, stays = one_of(session, scope, wanted.stays)
    _account, gone = one_of(session, scope, wanted.gone)
    if stays.head.id == gone.head.id:
        raise UsageError(_("these are one customer already"))
    if wanted.version is not None and wanted.version != stays.head.version:
        raise ConflictError(_("somebody has changed this customer meanwhile; look at it again"))
    if stays.head.forgotten_at is not None or gone.head.forgotten_at is not None:
        raise ConflictError(_("what was known of this person was erased at its wish; it takes no new data"))
    made = joined(stays.customer, gone.customer)
    persons.strip(session, [gone.head.id], persons.words_of(account_id, gone))
    for statement in _MOVED:
        session.run(statement, stays.head.id, gone.head.id)
    persons.unbill(session, [gone.head.id])
    persons.drop(session, [gone.head.id])
    session.run(_WITNESSED, f"#{stays.head.id}", account_id, f"#{gone.head.id}")
    session.run(_ADD_ALIAS, account_id, gone.customer.external_id, stays.head.id)
    persons.edit(session, account_id, [Edit(stays, made, absent_at=stays.head.absent_at)], wanted.now)
    after = {"merged": gone.customer.external_id}
    return Changed(kept(session.connection, [stays.head.id])[0], None, after, stays.customer.external_id)


_NAMED: Final = select(_ALIAS.external_id)


def aliases(session: Session, number: int) -> list[str]:
    """Returns the ids of those that became part of a customer."""
    return sorted(session.connection.scalars(_NAMED.where(_ALIAS.customer_id == number)))

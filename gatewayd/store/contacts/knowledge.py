"""All that is known of one person: carried out whole, and erased where the person wants it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, or_, select, update

from gatewayd.customers.document import Customer, document
from gatewayd.store import tables
from gatewayd.store.commands import Changed
from gatewayd.store.contacts import blocklist, erasing, persons
from gatewayd.store.contacts.customers import one_of
from gatewayd.store.contacts.directory import customer
from gatewayd.store.contacts.houses import FORGOTTEN
from gatewayd.store.contacts.persons import Edit
from gatewayd.store.session import Session
from gatewayd.values.actor import Scope
from gatewayd.values.clock import iso
from gatewayd.values.errors import ConflictError
from gatewayd.values.money import format_money
from gatewayd.words.translation import gettext as _

ROWS_MAX: Final = 5_000
"""Of each kind that an export holds; it says where there were more."""

_CUSTOMER: Final = tables.customer.c
_POINT: Final = tables.contact_point.c
_MESSAGE: Final = tables.message.c
_INBOUND: Final = tables.inbound.c
_EVIDENCE: Final = tables.evidence.c
_BLOCK: Final = tables.blocklist.c
_TALK: Final = tables.conversation.c
_ROW: Final = tables.import_row.c
_ALIAS: Final = tables.customer_alias.c
_TICKET: Final = tables.ticket.c


def known(connection: Connection, *, scope: Scope, external_id: str) -> dict[str, Any]:
    """Returns everything known of a customer as JSON, newest first. NotFoundError."""
    kept = customer(connection, scope=scope, external_id=external_id)
    account_id = int(connection.execute(select(_CUSTOMER.account_id).where(_CUSTOMER.id == kept.id)).scalar_one())
    addresses = [point.address for point in kept.customer.contacts]
    more: list[str] = []

    def rows(name: str, statement: Any) -> list[Any]:
        found = list(connection.execute(statement.limit(ROWS_MAX + 1)))
        if len(found) > ROWS_MAX:
            more.append(name)
        return found[:ROWS_MAX]

    its = or_(_MESSAGE.person_id == kept.id, _MESSAGE.to.in_(addresses))
    sent = rows(
        "messages",
        select(
            _MESSAGE.at, _MESSAGE.channel, _MESSAGE.to, _MESSAGE.text, _MESSAGE.state, _MESSAGE.reason, _MESSAGE.cost
        )
        .where(_MESSAGE.account_id == account_id, its)
        .order_by(_MESSAGE.id.desc()),
    )
    heard = rows(
        "received",
        select(_INBOUND.received_at, _INBOUND.channel, _INBOUND.sender, _INBOUND.text)
        .where(_INBOUND.account_id == account_id, _INBOUND.sender.in_(addresses))
        .order_by(_INBOUND.id.desc()),
    )
    decided = rows(
        "evidence",
        select(
            _EVIDENCE.at, _EVIDENCE.channel, _EVIDENCE["class"], _EVIDENCE.rule, _EVIDENCE.version, _EVIDENCE.verdict
        )
        .where(_EVIDENCE.account_id == account_id, _EVIDENCE.person.in_([f"#{kept.id}", *addresses]))
        .order_by(_EVIDENCE.id.desc()),
    )
    blocked = rows(
        "blocks",
        select(_BLOCK.to, _BLOCK.at, _BLOCK.source).where(
            _BLOCK.account_id.in_([0, account_id]), _BLOCK.to.in_(addresses)
        ),
    )
    brought = rows(
        "imports",
        select(_ROW.import_id, _ROW.row, _ROW.kind).where(_ROW.customer_id == kept.id).order_by(_ROW.import_id.desc()),
    )
    opened = rows(
        "tickets",
        select(_TICKET.number, _TICKET.opened_at, _TICKET.state, _TICKET.text)
        .where(_TICKET.customer_id == kept.id)
        .order_by(_TICKET.id.desc()),
    )
    merged = rows("merged", select(_ALIAS.external_id).where(_ALIAS.customer_id == kept.id))
    return {
        "customer": document(kept),
        "merged": [one[0] for one in merged],
        "messages": [
            {
                "at": iso(at),
                "channel": channel,
                "to": to,
                "text": text,
                "state": state,
                "reason": reason,
                "cost": format_money(cost),
            }
            for at, channel, to, text, state, reason, cost in sent
        ],
        "received": [
            {"at": iso(at), "channel": channel, "from": sender, "text": text} for at, channel, sender, text in heard
        ],
        "evidence": [
            {"at": iso(at), "channel": channel, "class": klass, "rule": rule, "version": version, "verdict": verdict}
            for at, channel, klass, rule, version, verdict in decided
        ],
        "blocks": [{"to": to, "at": iso(at), "source": source} for to, at, source in blocked],
        "imports": [{"import": number, "row": row, "kind": kind} for number, row, kind in brought],
        "tickets": [
            {"ticket": number, "opened_at": iso(at), "state": state, "text": text} for number, at, state, text in opened
        ],
        "incomplete": more,
    }


@dataclass(frozen=True, slots=True)
class Forget:
    external_id: str
    now: int


def forget(unit: Any, scope: Scope, wanted: Forget) -> Changed[dict[str, Any]]:
    """Erases the texts and addresses of a person; returns how much. What it cost, the proof of what was decided and the
    wish not to be contacted stay. ConflictError while something waits to be sent to the person. It cannot be undone."""
    session: Session = unit.session
    connection = session.connection
    account_id, was = one_of(session, scope, wanted.external_id)
    if was.head.forgotten_at is not None:
        raise ConflictError(_("what was known of this person was erased already"))
    number, addresses = was.head.id, [point.address for point in was.customer.contacts]
    its = and_(_MESSAGE.account_id == account_id, or_(_MESSAGE.person_id == number, _MESSAGE.to.in_(addresses)))
    waiting = connection.execute(select(_MESSAGE.id).where(its, _MESSAGE.final.is_(False)).limit(1)).first()
    if waiting is not None:
        raise ConflictError(_("a message for this person waits or is under way; cancel it, or wait for its end"))
    digest = hashlib.sha256(was.customer.external_id.encode()).hexdigest()
    hidden = f"{FORGOTTEN}{digest}"
    merged = connection.scalars(select(_ALIAS.external_id).where(_ALIAS.customer_id == number))
    ids = frozenset({was.customer.external_id, *merged})
    erasing.erase(connection, erasing.Person(account_id, number, ids, addresses, hidden))
    blank = {"text": "", "to": None, "ref": None, "detail": None, "options": None}
    sent = connection.execute(update(tables.message).where(its).values(**blank)).rowcount
    heard = connection.execute(
        update(tables.inbound)
        .where(_INBOUND.account_id == account_id, _INBOUND.sender.in_(addresses))
        .values(text="", sender="", to=None, review=None)
    ).rowcount
    connection.execute(tables.conversation.delete().where(_TALK.account_id == account_id, _TALK.address.in_(addresses)))
    connection.execute(
        update(tables.evidence)
        .where(_EVIDENCE.account_id == account_id, _EVIDENCE.person.in_([f"#{number}", *addresses]))
        .values(to=None, person=f"#{number}")
    )
    blocks = blocklist.hide(session, account_id, addresses)
    # What an import kept to put back must not come back.
    connection.execute(update(tables.import_row).where(_ROW.customer_id == number).values(kind="undone", detail=None))
    connection.execute(tables.customer_alias.delete().where(_ALIAS.customer_id == number))
    # Sums are the ledger of who is owed; what names the person or leads to it is not.
    for table, blank_bill in ((tables.invoice, {"link": "", "pdf": ""}), (tables.payment, {"reason": ""})):
        statement = update(table).where(table.c.customer_id == number)
        connection.execute(statement.values(customer=FORGOTTEN, **blank_bill))
    connection.execute(update(tables.customer).where(_CUSTOMER.id == number).values(external_id=hidden))
    nobody = Customer(hidden, mails=0)
    persons.edit(session, account_id, [Edit(was, nobody, forgotten_at=wanted.now)], wanted.now)
    counts = {"messages": sent, "received": heard, "contacts": len(addresses), "blocks": blocks}
    return Changed(counts, None, counts, digest[:12])

"""What a person has left in tables that are not of people: words, numbers and ids, taken out of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, and_, or_, select, update

from gatewayd.store import tables

_TICKET: Final = tables.ticket.c
_ROW: Final = tables.import_row.c
_MESSAGE: Final = tables.message.c
_IDS: Final = frozenset({"customer", "external_id", "ref", "customers"})
"""Keys of documents under which ids of customers stand."""
_WORDS: Final = frozenset({"name", "text", "note"})
"""Keys under which words about a person stand, in a document that is about one."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is to be erased."""

    account_id: int
    number: int
    external_ids: frozenset[str]
    """Those of customers that have become part of this one, too."""
    addresses: Sequence[str]
    hidden: str
    """The id that is borne instead."""


def erase(connection: Connection, who: Person) -> None:
    """Takes a person out of all that is not the customer's own; to be called while messages still bear addresses."""
    _unsent(connection, who)
    _untold(connection, who)
    _unclaimed(connection, who.number)
    _uncampaigned(connection, who)
    _unshow(connection, who.number)
    _unsaid(connection, who)


def _unsent(connection: Connection, who: Person) -> None:
    """Takes the numbers out of parts of messages, and out of contacts that others have made."""
    attempt, part, other = tables.attempt.c, tables.part.c, tables.elsewhere.c
    its = and_(
        _MESSAGE.account_id == who.account_id,
        or_(_MESSAGE.person_id == who.number, _MESSAGE.to.in_(who.addresses)),
    )
    tried = select(attempt.id).join(tables.message, _MESSAGE.id == attempt.message_id).where(its)
    connection.execute(update(tables.part).where(part.attempt_id.in_(tried)).values(to=""))
    noted = or_(
        other.person_id == who.number, other.address.in_(who.addresses), other.external_id.in_(who.external_ids)
    )
    blank = dict.fromkeys(("address", "text", "document_type", "document_number", "external_id"))
    connection.execute(update(tables.elsewhere).where(other.account_id == who.account_id, noted).values(blank))


def _untold(connection: Connection, who: Person) -> None:
    """Takes the words and addresses of a customer out of its tickets and of what was answered to it."""
    its = select(_TICKET.id).where(_TICKET.customer_id == who.number)
    connection.execute(update(tables.ticket_event).where(tables.ticket_event.c.ticket_id.in_(its)).values(note=None))
    connection.execute(update(tables.ticket).where(_TICKET.customer_id == who.number).values(text="", address=None))
    answer = tables.answer.c
    meant = or_(answer.customer_id == who.number, answer.address.in_(who.addresses))
    connection.execute(update(tables.answer).where(answer.account_id == who.account_id, meant).values(address=""))


def _unclaimed(connection: Connection, number: int) -> None:
    """Takes the words and addresses of a customer out of what was claimed from it; what was decided stays."""
    novelty, tried, step = tables.novelty.c, tables.step_try.c, tables.step.c
    connection.execute(
        update(tables.novelty).where(novelty.customer_id == number).values(text="", note="", detail="{}")
    )
    for table in (tables.promise, tables.pause):
        connection.execute(update(table).where(table.c.customer_id == number).values(note=""))
    # What has no message yet is to have none.
    withdrawn = update(tables.step).where(step.customer_id == number, step.state == "planned")
    connection.execute(withdrawn.values(state="undone"))
    its = select(step.id).where(step.customer_id == number)
    connection.execute(update(tables.step_try).where(tried.step_id.in_(its)).values(address="", cells="{}"))
    invoice, written, event = tables.invoice.c, tables.reminder.c, tables.reminder_event.c
    connection.execute(update(tables.invoice).where(invoice.customer_id == number).values(dispute_reason=None))
    reminders = select(written.id).where(written.customer_id == number)
    connection.execute(update(tables.reminder_event).where(event.reminder_id.in_(reminders)).values(detail="{}"))
    connection.execute(
        update(tables.reminder)
        .where(written.customer_id == number)
        .values(text="", subject="", state="cancelled", archived=True, next_at=None)
    )


def _uncampaigned(connection: Connection, who: Person) -> None:
    """Takes a customer's row out of lists and campaigns."""
    member, person, rung = tables.list_member.c, tables.campaign_person.c, tables.campaign_step.c
    blank = dict.fromkeys(("external_id", "address", "cells"))
    connection.execute(update(tables.list_member).where(member.customer_id == who.number).values(blank))
    its = and_(person.run_id == rung.run_id, person.row == rung.row, person.customer_id == who.number)
    again = select(person.row).where(its).exists()
    connection.execute(update(tables.campaign_step).where(again).values(address=""))
    connection.execute(
        update(tables.campaign_person)
        .where(person.customer_id == who.number)
        .values(external_id=None, address="", cells="{}")
    )


def _unshow(connection: Connection, number: int) -> None:
    """Takes the rows that were shown as examples out of the imports that brought a customer."""
    sheet = tables.sheet_import.c
    brought = select(_ROW.import_id).where(_ROW.customer_id == number)
    rows = connection.execute(select(sheet.id, sheet.judgement).where(sheet.id.in_(brought))).all()
    for import_id, judgement in rows:
        if judgement is not None:
            bare = json.dumps(json.loads(judgement) | {"examples": []}, ensure_ascii=False)
            connection.execute(update(tables.sheet_import).where(sheet.id == import_id).values(judgement=bare))


# ----------------------------------------------------------------------------------------------------------- documents


def _unsaid(connection: Connection, who: Person) -> None:
    """Takes a person out of documents: what other systems were told, campaigns to people who were picked, cells that
    could not be read."""
    hook, fault, process = tables.webhook.c, tables.process_fault.c, tables.process.c
    hooks = select(hook.id).where(hook.account_id == who.account_id)
    failed = tables.webhook_failure.c.webhook_id.in_(hooks)
    own: tuple[tuple[Table, str, Any], ...] = (
        (tables.collection_event, "document", tables.collection_event.c.account_id == who.account_id),
        (tables.webhook_log, "body", tables.webhook_log.c.account_id == who.account_id),
        (tables.webhook_failure, "body", failed),
        (tables.campaign, "document", tables.campaign.c.account_id == who.account_id),
    )
    for table, column, whose in own:
        named = or_(*(_names(table.c[column], each) for each in (*who.external_ids, *who.addresses)))
        for number, text in connection.execute(select(table.c.id, table.c[column]).where(whose, named)).all():
            told = table is not tables.campaign
            bare = json.dumps(_bare(json.loads(text), who, told=told), ensure_ascii=False)
            connection.execute(update(table).where(table.c.id == number).values({column: bare}))
    brought = select(process.id).where(process.account_id == who.account_id)
    cells = [*who.external_ids, *who.addresses]
    connection.execute(
        update(tables.process_fault).where(fault.process_id.in_(brought), fault.value.in_(cells)).values(value="")
    )


def _names(column: Column[Any], value: str) -> Any:
    """Whether a document has that text as a value, or as a part of one between two strokes."""
    inside = json.dumps(value, ensure_ascii=False)
    return or_(column.contains(inside, autoescape=True), column.contains(f"/{inside[1:-1]}/", autoescape=True))


def _bare(value: Any, who: Person, *, told: bool, key: str = "") -> Any:
    """Returns a document without the person; `told`: all of it is about that one, words too."""
    if isinstance(value, dict):
        return {name: _bare(one, who, told=told, key=name) for name, one in value.items()}
    if isinstance(value, list):
        return [_bare(one, who, told=told, key=key) for one in value]
    if not isinstance(value, str):
        return value
    if value in who.addresses or (told and key in _WORDS):
        return ""
    if key in _IDS and value in who.external_ids:
        return who.hidden
    if key == "subject":
        for each in who.external_ids:
            value = value.replace(f"/{each}/", f"/{who.hidden}/")
    return value

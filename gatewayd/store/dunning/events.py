"""Events: what other systems are told (suspension due, reconnection), by webhook and by a file in the spool."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, select, text

from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, adding, among, given, setting
from gatewayd.store.snapshots import iso
from gatewayd.store.webhooks import outbox
from gatewayd.values.money import format_money

WEBHOOK: Final = "event"
"""The name of the webhook's event."""
RECONNECTION: Final = "reconnection"
"""What an event of a level was written for is paid, and nothing else is overdue."""
ACTION: Final = "event"
"""Of steps: what its level does."""

_EVENT: Final = tables.collection_event.c
_STEP: Final = tables.step.c
_INVOICE: Final = tables.invoice.c
_ADD: Final = adding(tables.collection_event, "account_id event document at")
_WRITTEN: Final = Statement(
    tables.collection_event.update().where(among(_EVENT.id)).values(written=text("true")),
)
_STANDING: Final = Statement(
    select(_STEP.id, _STEP.customer_id, _STEP.currency, _STEP.level, _STEP.cycle, _STEP.invoices).where(
        _STEP.action == ACTION, _STEP.state == "done", among(_STEP.customer_id)
    )
)
_LIFT: Final = setting(tables.step, "state at", "id state")
_STATES: Final = Statement(
    select(_INVOICE.external_id, _INVOICE.state).where(
        _INVOICE.account_id == given(_INVOICE.account_id), among(_INVOICE.external_id)
    ),
    "p_account_id",
)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What is to be told of a customer."""

    account_id: int
    account: str
    event: str
    """The level's name, or `reconnection`."""
    customer: str
    """External id."""
    currency: str
    steps: tuple[tuple[str, date], ...]
    """Level and cycle of the step that it is, or of those that a reconnection ends."""
    amount: int
    """Of what it was written for, millionths."""
    invoices: tuple[str, ...]
    """External ids."""
    reason: str
    """due; of a reconnection paid, cancelled, closed."""


def add(session: Session, new: NewEvent, now: int) -> None:
    """Writes an event down, to be told. Endpoints get a customer's in the order in which they are written."""
    at = iso(now)
    document = {
        "v": 1,
        "id": _name(new, now),
        "at": at,
        "account": new.account,
        "event": new.event,
        "customer": new.customer,
        "currency": new.currency,
        "amount": format_money(new.amount),
        "invoices": list(new.invoices),
        "steps": [{"level": level, "cycle": cycle.isoformat()} for level, cycle in new.steps],
        "reason": new.reason,
    }
    session.run(_ADD, new.account_id, new.event, json.dumps(document, ensure_ascii=False), now)
    body = {
        "subject": f"{new.account}/{new.customer}/{new.currency}",
        "known": document["id"],
        "at": at,
        "data": document,
    }
    outbox.add(session, [new.account_id], WEBHOOK, now, json.dumps(body, ensure_ascii=False))


def _name(new: NewEvent, now: int) -> str:
    """Returns the name of an event's file: what it says, and no number that a store which was put back gives again."""
    steps = [f"{level} {cycle}" for level, cycle in new.steps]
    said = json.dumps([new.account, new.customer, new.currency, new.event, steps, now])
    return base64.b32encode(hashlib.sha256(said.encode()).digest())[:26].decode().lower()


def unwritten(connection: Connection, limit: int) -> Sequence[tuple[int, str, dict[str, Any]]]:
    """Returns the oldest events that no file holds yet: number, account, document."""
    statement = (
        select(_EVENT.id, tables.account.c.name, _EVENT.document)
        .join(tables.account, tables.account.c.id == _EVENT.account_id)
        # In the index's own words, so that it is used.
        .where(text("NOT collection_event.written"))
        .order_by(_EVENT.id)
        .limit(limit)
    )
    return [(row[0], row[1], json.loads(row[2])) for row in connection.execute(statement)]


def written(session: Session, numbers: Sequence[int]) -> None:
    """Notes that these events are in the spool."""
    session.among(_WRITTEN, numbers)


@dataclass(frozen=True, slots=True)
class Standing:
    """A step whose event was told, and which no reconnection has ended."""

    step: int
    customer: int
    currency: str
    level: str
    cycle: date
    invoices: tuple[str, ...]
    """External ids of what it was told for."""


def standing(session: Session, customers: Collection[int]) -> list[Standing]:
    """Returns the events that stand of some customers, the oldest first."""
    rows = sorted(session.among(_STANDING, sorted(set(customers))))
    return [
        Standing(number, customer, currency, level, date.fromisoformat(cycle), tuple(json.loads(invoices)))
        for number, customer, currency, level, cycle, invoices in rows
    ]


def lift(session: Session, step: int, now: int) -> None:
    """Says that what an event did is over: should the debt come back, its level is taken again."""
    session.run(_LIFT, "undone", now, step, "done")


def states(session: Session, account_id: int, invoices: Collection[str]) -> dict[str, str]:
    """Returns the state that billing gives invoices, by external id."""
    return dict(session.among(_STATES, sorted(set(invoices)), account_id))

"""Sends of reminders: decided first, then recorded as jobs; each is its customer's contact of that day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from gatewayd.errors import ConflictError
from gatewayd.reminder import following_send
from gatewayd.store import tables
from gatewayd.store.contacts.audience import AudienceRow, Occasion, audience_rows
from gatewayd.store.dunning.reminders import Reminder, note
from gatewayd.store.sending import causes
from gatewayd.store.session import Session, Statement, adding, given, setting
from gatewayd.translation import gettext as _

_R: Final = tables.reminder.c
_E: Final = tables.reminder_event.c
_JOB: Final = tables.job.c

AT_ONCE: Final = 200
"""Reminders, or sends, that are looked at in one go."""
CLASS: Final = "collections"

_DUE: Final = select(_R.id).where(_R.next_at <= given(_R.next_at, "p_now")).order_by(_R.next_at).limit(AT_ONCE)
_NEXT: Final = select(_R.next_at).where(_R.next_at.is_not(None)).order_by(_R.next_at).limit(1)
_ADD: Final = adding(
    tables.reminder_event, "reminder_id at kind actor detail number day customer_id currency state cause_id"
)
_SENT: Final = setting(tables.reminder, "sends sent_at repeated next_at updated_at version", "id")
_LATER: Final = setting(tables.reminder, "next_at updated_at", "id")
_ENDED: Final = setting(tables.reminder_event, "state job_id detail", "id state")


@dataclass(frozen=True, slots=True)
class Send:
    """A send that has no job yet. `at` is Unix ms."""

    id: int
    reminder: int
    number: int
    cause: int | None
    at: int
    day: str


def due(connection: Connection, *, now: int) -> Sequence[int]:
    """Returns the reminders whose time to be sent by themselves has come."""
    return list(connection.scalars(_DUE, {"p_now": now}))


def next_due(connection: Connection) -> int | None:
    """Returns when the next one is sent by itself (Unix ms)."""
    found = connection.scalar(_NEXT)
    return None if found is None else int(found)


def waiting(connection: Connection) -> Sequence[Send]:
    """Returns the sends that have no job yet, oldest first."""
    columns = (_E.id, _E.reminder_id, _E.number, _E.cause_id, _E.at, _E.day)
    statement = select(*columns).where(_E.state == "waiting").order_by(_E.id).limit(AT_ONCE)
    return [Send(*row) for row in connection.execute(statement)]


def contact_days(connection: Connection, *, customer: int, since: str) -> Sequence[tuple[str, str]]:
    """Returns on which days (YYYY-MM-DD, from `since` on) a customer was reminded by hand: currency and day.

    One that was refused or withdrawn is no contact; one that still waits or is under way counts, so that nothing else
    is sent beside it.
    """
    statement = (
        select(_E.currency, _E.day)
        .where(_E.customer_id == customer, _E.day >= since, _E.state.in_(("waiting", "recorded")))
        .distinct()
    )
    return [(str(row[0]), str(row[1])) for row in connection.execute(statement)]


def today(now: int, zone: ZoneInfo) -> str:
    """Returns the day (YYYY-MM-DD) that it is there."""
    return datetime.fromtimestamp(now / 1000, zone).date().isoformat()


def person(connection: Connection, known: Reminder, *, now: int, zone: ZoneInfo, region: str) -> AudienceRow | None:
    """Returns how a reminder's customer is reached, with what a text may say of it; None: by that channel it is not,
    or nothing may be claimed from it."""
    day = datetime.fromtimestamp(now / 1000, zone).date()
    rows = audience_rows(
        connection,
        known.account_id,
        [known.customer_id],
        known.draft.channel,
        after_id=0,
        limit=1,
        occasion=Occasion(now, day, CLASS, region),
    )
    return rows[0] if rows else None


def sendable(connection: Connection, known: Reminder, *, now: int, zone: ZoneInfo, region: str) -> None:
    """ConflictError where a reminder cannot be sent now, with why."""
    if known.archived or known.state != "active":
        raise ConflictError(_("it is not active: nothing of it is sent"))
    if person(connection, known, now=now, zone=zone, region=region) is None:
        raise ConflictError(
            _("{customer} cannot be reached by this channel, or nothing may be claimed from it").format(
                customer=known.draft.customer
            )
        )


def first_today(connection: Connection, known: Reminder, *, now: int, zone: ZoneInfo) -> None:
    """ConflictError where the customer was written to about what it owes in that currency today."""
    day = today(now, zone)
    if (known.draft.currency, day) in contact_days(connection, customer=known.customer_id, since=day):
        raise ConflictError(_("the customer was reminded today already"))


def decide(session: Session, was: Reminder, *, now: int, zone: ZoneInfo, by: str) -> int:
    """Writes that a reminder is sent, by a person or (`by` empty) by itself; returns which of its sends it is. Its job
    follows, and is withdrawn with what the customer owes."""
    number, draft = was.sends + 1, was.draft
    repeated, next_at = was.repeated, was.next_at
    if not by:
        repeated += 1
        next_at = following_send(draft.timing, repeated, now, zone)
    detail = json.dumps({"channel": draft.channel})
    values = (was.id, now, "sent", by, detail, number, today(now, zone), was.customer_id, draft.currency, "waiting")
    cause = causes.mint(session, was.account_id, was.customer_id, draft.currency, now)
    session.run(_ADD, *values, cause)
    session.run(_SENT, number, now, repeated, next_at, now, was.version + 1, was.id)
    return number


def put_off(session: Session, was: Reminder, *, until: int | None, now: int, reason: str) -> None:
    """Lets one that is due wait, or not be sent by itself any more, and says why."""
    session.run(_LATER, until, now, was.id)
    note(session, was.id, "put_off", now, "", reason=reason)


def recorded(session: Session, send: Send, job_id: int) -> None:
    """Notes the job that a send became."""
    session.run(_ENDED, "recorded", job_id, "{}", send.id, "waiting")


def given_up(session: Session, send: Send, state: str, reason: str, sentence: str = "") -> None:
    """Notes that a send becomes no job: `refused` by intake, or `withdrawn` before it was recorded."""
    detail = json.dumps({"reason": reason, "sentence": sentence}, ensure_ascii=False)
    session.run(_ENDED, state, None, detail, send.id, "waiting")


_FOLLOW: Final = tuple(
    Statement(
        update(table)
        .where(table.c.customer_id == given(table.c.customer_id, "k_customer"))
        .values(customer_id=given(table.c.customer_id)),
        "p_customer_id k_customer",
    )
    for table in (tables.reminder, tables.reminder_event)
)


def moved(session: Session, stays: int, gone: int) -> None:
    """Gives the reminders of a customer to the one that it has become part of."""
    for statement in _FOLLOW:
        session.run(statement, stays, gone)


def job_of(connection: Connection, *, account: str, name: str, origin: str) -> int | None:
    """Returns the number of a recorded job of that origin; None: there is none."""
    found = connection.scalar(
        select(_JOB.id)
        .select_from(tables.job.join(tables.account, tables.account.c.id == _JOB.account_id))
        .where(tables.account.c.name == account, _JOB.name == name, _JOB.origin == origin, _JOB.state != "loading")
    )
    return None if found is None else int(found)


def message_states(connection: Connection, *, jobs: Sequence[int]) -> dict[int, tuple[int, str, str | None]]:
    """Returns of each job its one message: number, state and reason."""
    message = tables.message.c
    columns = (message.job_id, message.id, message.state, message.reason)
    rows = connection.execute(select(*columns).where(message.job_id.in_(list(jobs))))
    return {int(row[0]): (int(row[1]), str(row[2]), row[3]) for row in rows}

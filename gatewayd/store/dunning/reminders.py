"""Reminders as people write them: by account, with all that was done with each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Select, or_, select

from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.session import Session, Statement, adding, given, setting
from gatewayd.store.snapshots import Page
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.values.reminder import Draft, State, Timing
from gatewayd.words.translation import gettext as _

EVENTS_MAX: Final = 500
"""Rows of a reminder's history that are shown."""

_R: Final = tables.reminder.c
_E: Final = tables.reminder_event.c
_CUSTOMER: Final = tables.customer.c
_JOINED: Final = select(
    tables.reminder,
    tables.account.c.name.label("owner"),
    _CUSTOMER.external_id.label("person"),
    _CUSTOMER.name.label("person_name"),
).select_from(
    tables.reminder.join(tables.account, tables.account.c.id == _R.account_id).outerjoin(
        tables.customer, _CUSTOMER.id == _R.customer_id
    )
)
TABS: Final = ("all", "active", "inactive", "archived")


@dataclass(frozen=True, slots=True)
class Reminder:
    """A row. Times are Unix ms."""

    id: int
    account: str
    account_id: int
    customer_id: int
    customer_name: str
    draft: Draft
    state: State
    archived: bool
    repeated: int
    next_at: int | None
    sends: int
    sent_at: int | None
    created_at: int
    created_by: str
    version: int


@dataclass(frozen=True, slots=True)
class ReminderEvent:
    """Something that was done with a reminder. `at` is Unix ms."""

    id: int
    at: int
    kind: str
    actor: str
    """Empty: the gateway itself."""
    detail: Mapping[str, Any]
    number: int | None
    state: str | None
    """Of what was sent: waiting, recorded, refused, withdrawn."""
    job_id: int | None


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _view(row: Any) -> Reminder:
    timing = Timing(_day(row.first_day), row.every_days, row.times, row.hour)
    draft = Draft(
        customer=row.person or "",
        currency=row.currency,
        channel=row.channel,
        text=row.text,
        invoice=row.invoice,
        due=_day(row.due),
        amount=row.amount,
        subject=row.subject,
        timing=timing,
    )
    return Reminder(
        *(row.id, row.owner, row.account_id, row.customer_id, row.person_name or "", draft, row.state),
        *(bool(row.archived), row.repeated, row.next_at, row.sends, row.sent_at, row.created_at, row.created_by),
        row.version,
    )


def by_number(connection: Connection, *, scope: Scope, number: int) -> Reminder:
    """Returns one reminder within a scope. NotFoundError."""
    statement = _JOINED.where(_R.id == number)
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFoundError(_("no reminder {number}").format(number=number))
    return _view(row)


def reminders(
    connection: Connection,
    *,
    scope: Scope,
    tab: str = "all",
    q: str = "",
    customer: str | None = None,
    before: int | None = None,
    limit: int,
) -> Page[Reminder]:
    """Returns the reminders of a tab (`TABS`), newest first; `q` is looked for in customer, invoice and text."""
    statement: Select[Any] = _JOINED.order_by(_R.id.desc()).limit(limit + 1)
    if scope.account is not None:
        statement = statement.where(_R.account_id == account_number(connection, scope.account))
    statement = statement.where(_R.archived.is_(tab == "archived"))
    if tab == "active":
        statement = statement.where(_R.state == "active")
    elif tab == "inactive":
        statement = statement.where(_R.state != "active")
    if customer is not None:
        statement = statement.where(_CUSTOMER.external_id == customer)
    if q:
        columns = (_CUSTOMER.name, _CUSTOMER.external_id, _R.invoice, _R.text)
        statement = statement.where(or_(*(column.icontains(q, autoescape=True) for column in columns)))
    if before is not None:
        statement = statement.where(_R.id < before)
    rows = connection.execute(statement).all()
    return Page(tuple(map(_view, rows[:limit])), str(rows[limit - 1].id) if len(rows) > limit else None)


def history(connection: Connection, *, number: int) -> Sequence[ReminderEvent]:
    """Returns what was done with a reminder, the newest first."""
    columns = (_E.id, _E.at, _E.kind, _E.actor, _E.detail, _E.number, _E.state, _E.job_id)
    statement = select(*columns).where(_E.reminder_id == number).order_by(_E.id.desc()).limit(EVENTS_MAX)
    return [
        ReminderEvent(row[0], row[1], row[2], row[3], json.loads(row[4]), *row[5:])
        for row in connection.execute(statement)
    ]


# ------------------------------------------------------------------------------------------------------------- changes

_DRAFT: Final = "customer_id invoice due currency amount channel subject text first_day every_days times hour next_at"
_ADD: Final = adding(tables.reminder, f"account_id {_DRAFT} state created_at created_by updated_at")
_EDIT: Final = setting(tables.reminder, f"{_DRAFT} updated_at version", "id version")
_STATE: Final = setting(tables.reminder, "state next_at updated_at version", "id")
_ARCHIVED: Final = setting(tables.reminder, "archived next_at updated_at version", "id")
_NOTE: Final = adding(tables.reminder_event, "reminder_id at kind actor detail")
_NEWEST: Final = Statement(
    select(_R.id).where(_R.account_id == given(_R.account_id)).order_by(_R.id.desc()).limit(1), "p_account_id"
)
_PERSON: Final = Statement(
    select(_CUSTOMER.id).where(
        _CUSTOMER.account_id == given(_CUSTOMER.account_id),
        _CUSTOMER.external_id == given(_CUSTOMER.external_id),
        _CUSTOMER.forgotten_at.is_(None),
    ),
    "p_account_id p_external_id",
)
_DROP_EVENTS: Final = Statement(
    tables.reminder_event.delete().where(_E.reminder_id == given(_E.reminder_id)), "p_reminder_id"
)
_DROP: Final = Statement(tables.reminder.delete().where(_R.id == given(_R.id)), "p_id")


def note(session: Session, number: int, kind: str, now: int, actor: str, **detail: Any) -> None:
    """Writes a row of a reminder's history."""
    session.run(_NOTE, number, now, kind, actor, json.dumps(detail, ensure_ascii=False, sort_keys=True))


def _values(session: Session, account_id: int, draft: Draft, next_at: int | None) -> tuple[Any, ...]:
    person = session.one(_PERSON, account_id, draft.customer)
    if person is None:
        raise NotFoundError(_("no customer {customer}").format(customer=draft.customer[:80]))
    timing = draft.timing
    return (
        *(person[0], draft.invoice, draft.due and draft.due.isoformat(), draft.currency, draft.amount, draft.channel),
        *(draft.subject, draft.text, timing.first and timing.first.isoformat(), timing.every_days, timing.times),
        *(timing.hour, next_at),
    )


def add(session: Session, *, account: str, draft: Draft, next_at: int | None, by: str, now: int) -> int:
    """Writes a new reminder; returns its number. NotFoundError where nobody has that external id."""
    account_id = account_number(session.connection, account)
    session.run(_ADD, account_id, *_values(session, account_id, draft, next_at), "active", now, by, now)
    made = session.one(_NEWEST, account_id)
    assert made is not None
    note(session, made[0], "created", now, by)
    return int(made[0])


def edit(
    session: Session, was: Reminder, draft: Draft, *, version: int, next_at: int | None, by: str, now: int
) -> None:
    """Changes what a reminder says. ConflictError where somebody else did meanwhile."""
    values = _values(session, was.account_id, draft, next_at if was.state == "active" and not was.archived else None)
    if not session.run(_EDIT, *values, now, version + 1, was.id, version):
        raise ConflictError(_("somebody has changed this meanwhile; load it again. Nothing was saved"))
    changed = [name for name in Draft.__slots__ if getattr(was.draft, name) != getattr(draft, name)]
    note(session, was.id, "edited", now, by, fields=changed)


_RETIME: Final = setting(
    tables.reminder, "first_day every_days times hour repeated next_at updated_at version", "id version"
)


def retime(
    session: Session, was: Reminder, timing: Timing, *, version: int, next_at: int | None, by: str, now: int
) -> None:
    """Changes when a reminder is sent by itself; its repeats are counted anew. ConflictError as `edit`."""
    if was.state != "active" or was.archived:
        raise ConflictError(_("it is not active: nothing of it is sent"))
    first = timing.first and timing.first.isoformat()
    values = (first, timing.every_days, timing.times, timing.hour, 0, next_at)
    if not session.run(_RETIME, *values, now, version + 1, was.id, version):
        raise ConflictError(_("somebody has changed this meanwhile; load it again. Nothing was saved"))
    note(session, was.id, "edited", now, by, fields=["timing"])


_KINDS: Final = {"paid": "paid", "cancelled": "cancelled", "active": "reopened"}


def set_state(
    session: Session, was: Reminder, state: State, *, next_at: int | None = None, by: str, now: int, **detail: Any
) -> None:
    """Says that a reminder is paid, cancelled, or active again."""
    if was.state == state:
        return
    session.run(_STATE, state, None if was.archived else next_at, now, was.version + 1, was.id)
    note(session, was.id, _KINDS[state], now, by, **detail)


def archive(session: Session, was: Reminder, *, archived: bool, next_at: int | None = None, by: str, now: int) -> None:
    """Puts a reminder aside, where it is sent no more by itself, or back."""
    if was.archived == archived:
        return
    session.run(_ARCHIVED, archived, None if was.state != "active" else next_at, now, was.version + 1, was.id)
    note(session, was.id, "archived" if archived else "restored", now, by)


def remove(session: Session, was: Reminder) -> None:
    """Removes a reminder with its history. ConflictError for one that was sent: what somebody got stays on record."""
    if was.sends:
        raise ConflictError(_("it was sent already, and what was sent stays on record: archive it instead"))
    session.run(_DROP_EVENTS, was.id)
    session.run(_DROP, was.id)

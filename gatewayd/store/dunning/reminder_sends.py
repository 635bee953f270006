"""Sends of reminders: decided first, then recorded as jobs; each is its customer's contact of that day."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, func, or_, select

from drivers.base import spoken
from gatewayd.billing.balance import balances
from gatewayd.store import tables
from gatewayd.store.billing import marks
from gatewayd.store.billing.facts import facts
from gatewayd.store.contacts.audience import AudienceRow, Occasion, audience_rows
from gatewayd.store.dunning import addresses, contacted
from gatewayd.store.dunning.addresses import Withheld
from gatewayd.store.dunning.reminders import Reminder, note
from gatewayd.store.sending import causes
from gatewayd.store.session import Session, adding, given, setting
from gatewayd.values.addresses import NUMBERED
from gatewayd.values.errors import ConflictError
from gatewayd.values.reminder import State, following_send
from gatewayd.words.translation import gettext as _

_R: Final = tables.reminder.c
_E: Final = tables.reminder_event.c
_JOB: Final = tables.job.c
_I: Final = tables.invoice.c
_O: Final = tables.owed.c

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
    amount: int | None
    """What billing says is open of the invoice; None: it does not know it. Millionths."""
    withheld: Withheld | None = None
    """Why it says other words than the reminder's."""


def due(connection: Connection, *, now: int) -> Sequence[int]:
    """Returns the reminders whose time to be sent by themselves has come."""
    return list(connection.scalars(_DUE, {"p_now": now}))


def next_due(connection: Connection) -> int | None:
    """Returns when the next one is sent by itself (Unix ms)."""
    found = connection.scalar(_NEXT)
    return None if found is None else int(found)


def waiting(connection: Connection) -> Sequence[Send]:
    """Returns the sends that have no job yet, oldest first."""
    columns = (_E.id, _E.reminder_id, _E.number, _E.cause_id, _E.at, _E.day, _E.detail)
    statement = select(*columns).where(_E.state == "waiting").order_by(_E.id).limit(AT_ONCE)
    return [_send(row) for row in connection.execute(statement)]


def _send(row: Sequence[Any]) -> Send:
    detail = json.loads(row[6])
    number, reminder, which, cause, at, day, _detail = row
    return Send(number, reminder, which, cause, at, day, detail.get("amount"), detail.get("reason"))


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
        occasion=Occasion(now, day, CLASS, region, str(zone)),
    )
    return rows[0] if rows else None


def sendable(connection: Connection, known: Reminder, *, now: int, zone: ZoneInfo, region: str) -> str:
    """Returns the address to which a reminder goes; ConflictError where it cannot be sent now, with why."""
    if known.archived or known.state != "active":
        raise ConflictError(_("it is not active: nothing of it is sent"))
    found = person(connection, known, now=now, zone=zone, region=region)
    if found is None:
        raise ConflictError(
            _("{customer} cannot be reached by this channel, or nothing may be claimed from it").format(
                customer=known.draft.customer
            )
        )
    return found.address


def withheld(session: Session, known: Reminder, address: str) -> Withheld | None:
    """Returns why a reminder to that address names neither amount nor person, as a claim does; None: it may."""
    if known.draft.channel not in NUMBERED:
        return None
    return addresses.withheld(session, known.account_id, known.customer_id, address)


_RIVALS: Final[Mapping[str, str]] = {
    "claimed_today": spoken("a claim goes to the customer already, or has gone today"),
    "contacted_today": spoken("the customer was contacted about its debt today already"),
    "number_today": spoken("another customer with that number was written to today already"),
}


def rival(session: Session, known: Reminder, address: str, *, now: int, zone: ZoneInfo) -> str | None:
    """Returns what is the contact of today already: the customer's in the reminder's currency, or that of a number
    which it shares; None: nothing."""
    day = datetime.fromtimestamp(now / 1000, zone).date()
    found = contacted.rival(session, known.customer_id, known.draft.currency, day, zone.key)
    if found is None and known.draft.channel in NUMBERED:
        since = contacted.midnight(day, zone.key)
        if address in addresses.shared(session, known.account_id, [address], since=since).busy:
            return "number_today"
    return found


def first_today(session: Session, known: Reminder, address: str, *, now: int, zone: ZoneInfo) -> None:
    """ConflictError where the customer is contacted about what it owes in that currency today, by whatever it is, or
    its number for another customer."""
    found = rival(session, known, address, now=now, zone=zone)
    if found is not None:
        raise ConflictError(_(_RIVALS[found]))


def open_amount(session: Session, known: Reminder) -> int | None:
    """Returns what is open of a reminder's invoice, free credit taken off; None where billing does not know it."""
    if not known.draft.invoice:
        return None
    found = facts(session, known.account_id, [known.customer_id]).get(known.customer_id)
    mine = [one for one in (found.invoices if found else ()) if known.draft.invoice in {one.external_id, one.number}]
    if found is None or not mine:
        return None
    owed = balances(found.invoices, found.payments)
    names = {one.external_id for one in mine}
    rows = [one for balance in owed.values() for one in balance.invoices if one.invoice.external_id in names]
    return sum(one.net for one in rows)


_OVER: Final = (
    select(_R.id, _I.state, _I.open)
    .select_from(
        tables.reminder.join(
            tables.invoice,
            and_(_I.customer_id == _R.customer_id, or_(_I.external_id == _R.invoice, _I.number == _R.invoice)),
        ).outerjoin(tables.owed, and_(_O.customer_id == _R.customer_id, _O.currency == _I.currency))
    )
    .where(_R.state == "active", _R.invoice != "", or_(_I.open.is_(False), func.coalesce(_O.balance, 0) == 0))
    .order_by(_R.id)
    .limit(AT_ONCE)
)


def over(connection: Connection) -> Sequence[tuple[int, State, str]]:
    """Returns active reminders of which billing says that nothing is open any more: what they are then, and why.

    What a complete list lacks is closed: nobody says that it was paid.
    """
    found: dict[int, tuple[int, State, str]] = {}
    for number, state, _open in connection.execute(_OVER):
        ended: State = "cancelled" if state in {"cancelled", "closed"} else "paid"
        found[number] = (number, ended, f"invoice_{state}" if ended == "cancelled" else "payment")
    return list(found.values())


def decide(
    session: Session, was: Reminder, *, now: int, zone: ZoneInfo, by: str, why: Withheld | None = None
) -> int:  # fmt: skip
    """Writes that a reminder is sent, by a person or (`by` empty) by itself; returns which of its sends it is. Its job
    follows, and is withdrawn with what the customer owes; `why` it will say other words than the reminder's.
    ConflictError where billing says that it is paid."""
    number, draft = was.sends + 1, was.draft
    repeated, next_at = was.repeated, was.next_at
    if not by:
        repeated += 1
        next_at = following_send(draft.timing, repeated, now, zone)
    # Asked for before the facts are read: whatever changes them from here on withdraws what is written.
    cause = causes.mint(session, was.account_id, was.customer_id, draft.currency, now)
    amount = open_amount(session, was)
    if amount == 0:
        raise ConflictError(_("billing says that nothing of it is open"))
    said: dict[str, Any] = {"channel": draft.channel}
    said |= {} if amount is None else {"amount": amount}
    said |= {} if why is None else {"reason": why}
    detail = json.dumps(said)
    values = (was.id, now, "sent", by, detail, number, today(now, zone), was.customer_id, draft.currency, "waiting")
    session.run(_ADD, *values, cause)
    # It is a contact: what rules decide about the customer today is another thing now.
    marks.mark(session, was.account_id, [was.customer_id], now)
    session.run(_SENT, number, now, repeated, next_at, now, was.version + 1, was.id)
    return number


def put_off(session: Session, was: Reminder, *, until: int | None, now: int, reason: str) -> None:
    """Lets one that is due wait, or not be sent by itself any more, and says why."""
    session.run(_LATER, until, now, was.id)
    note(session, was.id, "put_off", now, "", reason=reason)


def recorded(session: Session, send: Send, job_id: int, why: Withheld | None = None) -> None:
    """Notes the job that a send became, and why it says other words than the reminder's."""
    session.run(_ENDED, "recorded", job_id, json.dumps({"reason": why} if why else {}), send.id, "waiting")


def given_up(session: Session, send: Send, state: str, reason: str, sentence: str = "") -> None:
    """Notes that a send becomes no job: `refused` by intake, or `withdrawn` before it was recorded."""
    detail = json.dumps({"reason": reason, "sentence": sentence}, ensure_ascii=False)
    session.run(_ENDED, state, None, detail, send.id, "waiting")


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

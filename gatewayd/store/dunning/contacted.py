"""Who was contacted about what it owes, and when: one contact a person, currency and day, whoever makes it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select

from gatewayd.dunning.ladder import day_of
from gatewayd.store import tables
from gatewayd.store.commands import CLAIM, REMINDER
from gatewayd.store.dunning import steps
from gatewayd.store.session import Session, Statement, among, given
from gatewayd.values.model import State

Rival = Literal["claimed_today", "contacted_today"]
"""What is that day's contact already: a claim that left or is on its way, or something else."""

_MESSAGE: Final = tables.message.c
_JOB: Final = tables.job.c
_ELSEWHERE: Final = tables.elsewhere.c
_LEFT: Final = tuple(
    one.value
    for one in (
        *(State.SUBMITTED, State.DELIVERED, State.READ, State.UNCERTAIN),
        *(State.UNDELIVERED, State.SENDING),
    )
)
_SENT: Final = (
    select(_MESSAGE.person_id, _MESSAGE.at)
    .select_from(tables.message.join(tables.job, _JOB.id == _MESSAGE.job_id))
    .where(
        _MESSAGE.at >= given(_MESSAGE.at, "p_since"),
        _JOB["class"] == "collections",
        _MESSAGE.attempt_id.is_not(None),
        _MESSAGE.state.in_(_LEFT),
        among(_MESSAGE.person_id),
    )
)
_ALL_SENT: Final = Statement(_SENT, "p_since")
# Of claims and reminders is known in which currency they asked.
_OTHERS_SENT: Final = Statement(_SENT.where(_JOB.origin.not_in((CLAIM, REMINDER))), "p_since")
_NOTED: Final = Statement(
    select(_ELSEWHERE.person_id, _ELSEWHERE.at).where(
        _ELSEWHERE.at >= given(_ELSEWHERE.at, "p_since"),
        _ELSEWHERE["class"] == "collections",
        _ELSEWHERE.counts,
        _ELSEWHERE.direction == "out",
        among(_ELSEWHERE.person_id),
    ),
    "p_since",
)
_EVENT: Final = tables.reminder_event.c
_BY_HAND: Final = Statement(
    select(*(_EVENT.customer_id, _EVENT.currency, _EVENT.day, _EVENT.state), *(_MESSAGE.state, _MESSAGE.at))
    .select_from(tables.reminder_event.outerjoin(tables.message, _MESSAGE.job_id == _EVENT.job_id))
    .where(_EVENT.state.in_(("waiting", "recorded")), among(_EVENT.customer_id))
)
_NOTHING: Final = frozenset({State.FAILED, State.INVALID, State.CANCELLED, State.EXPIRED})
_OPEN: Final = frozenset({State.QUEUED, State.SCHEDULED, State.HELD, State.SENDING})


def midnight(today: date, zone: str) -> int:
    """Returns when a day begins in a zone (Unix ms)."""
    return int(datetime(today.year, today.month, today.day, tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def by_hand(session: Session, customers: Collection[int], today: date, zone: str) -> dict[int, set[tuple[str, date]]]:
    """Returns the days on which customers were reminded by hand, with the currency.

    One that waits or is under way counts for today too, so that nothing else is sent beside it. Of one that came to
    nothing there was no contact.
    """
    found: dict[int, set[tuple[str, date]]] = {}
    for number, currency, day, state, message, at in session.among(_BY_HAND, sorted(set(customers))):
        if message in _NOTHING:
            continue
        own = found.setdefault(number, set())
        own.add((currency, date.fromisoformat(day)))
        if state == "waiting" or message in _OPEN:
            own.add((currency, today))
        elif message is not None:
            own.add((currency, day_of(at, zone)))
    return found


def days(session: Session, customers: Collection[int], today: date, zone: str) -> dict[int, set[date]]:
    """Returns the days, from today on, on which something about their debts left to customers, claims included."""
    return _days(session, (_ALL_SENT, _NOTED), customers, today, zone)


def rival(session: Session, customer: int, currency: str, today: date, zone: str) -> Rival | None:
    """Returns what a reminder would be a second contact beside, on this day and in this currency; None: nothing.

    A claim that is planned counts, though it may wait yet: it was there first.
    """
    for one in steps.of(session, [customer]).get(customer, ()):
        if one.currency != currency or one.action != "message":
            continue
        if one.fate in {"planned", "unreached"} or (one.fate == "done" and day_of(one.left_at, zone) >= today):
            return "claimed_today"
    if any(
        asked == currency and day >= today for asked, day in by_hand(session, [customer], today, zone).get(customer, ())
    ):
        return "contacted_today"
    if any(day >= today for day in _days(session, (_OTHERS_SENT, _NOTED), [customer], today, zone).get(customer, ())):
        return "contacted_today"
    return None


def _days(
    session: Session, statements: Collection[Statement], customers: Collection[int], today: date, zone: str
) -> dict[int, set[date]]:
    since = midnight(today, zone)
    found: dict[int, set[date]] = {}
    for statement in statements:
        for number, at in session.among(statement, sorted(set(customers)), since):
            found.setdefault(number, set()).add(day_of(at, zone))
    return found

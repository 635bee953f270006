"""Sends of reminders that another life of the store made, as the spool tells it after a copy was put back: they were
made, and are not made again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

from gatewayd.store import tables
from gatewayd.store.billing import marks
from gatewayd.store.dunning.reminder_sends import today
from gatewayd.store.dunning.reminders import by_number
from gatewayd.store.numbered import number_of, numbering
from gatewayd.store.session import Session, setting
from gatewayd.values.actor import Scope
from gatewayd.values.errors import NotFoundError
from gatewayd.values.reminder import following_send, job_name

_ADD: Final = numbering(tables.reminder_event, "reminder_id at kind actor detail number day customer_id currency state")
_SENT: Final = setting(tables.reminder, "sends sent_at repeated next_at updated_at version", "id")


def take_over(
    session: Session, account: str, job: str, *, at: int, now: int, zone_of: Callable[[int], ZoneInfo]
) -> bool:
    """Writes the send that a job of reminders was, made at `at`; of several of one reminder the earlier first.

    False where the copy has it, has no such reminder, or another one of that number. The next time is moved on where it
    had come by then: whether a person was quicker nobody knows here, and once too few is better than twice.
    """
    reminder, number = int(job.removeprefix("r-").partition(".")[0]), int(job.rpartition("-")[2])
    try:
        was = by_number(session.connection, scope=Scope.of(account), number=reminder)
    except NotFoundError:
        return False
    if job_name(was.id, number, was.created_at) != job:
        return False
    zone, draft = zone_of(was.account_id), was.draft
    detail: dict[str, Any] = {"channel": draft.channel}
    values = (was.id, at, "sent", "", json.dumps(detail), number, today(at, zone), was.customer_id, draft.currency)
    if number_of(session, _ADD, *values, "recorded") is None:
        return False
    repeated, next_at = was.repeated, was.next_at
    if next_at is not None and next_at <= at:
        repeated += 1
        next_at = following_send(draft.timing, repeated, at, zone)
    sends, sent_at = max(was.sends, number), max(was.sent_at or 0, at)
    session.run(_SENT, sends, sent_at, repeated, next_at, now, was.version + 1, was.id)
    marks.mark(session, was.account_id, [was.customer_id], now)
    return True

"""New rows of messages: what intake and single posts write the same way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import select, update

from gatewayd.store.commands import NewMessage
from gatewayd.store.contacts.blocklist import barred
from gatewayd.store.contacts.points import persons_of
from gatewayd.store.sending import causes
from gatewayd.store.sending.rows import JobInfo, MessageRow
from gatewayd.store.sending.tallies import HOUR_MS
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Row, Session, Statement, adding, given
from gatewayd.store.tables import job, message, queue
from gatewayd.values.model import State
from gatewayd.values.money import format_money

REPLY: Final = "reply"
"""The class of what a person has just asked for: no block keeps it."""
TEST: Final = "test"
"""Reason of what a test token posted: it was priced, and is withdrawn before anything could send it."""

_QUEUES_OF: Final = Statement(
    select(queue.c.prefix, queue.c.id).where(queue.c.job_id == given(queue.c.job_id), queue.c.without == ""), "p_job_id"
)
_ADD_QUEUE: Final = adding(queue, "job_id prefix")
_ADD: Final = adding(
    message,
    "id job_id queue_id row ref to text encoding segments state final reason due updated_at detail options account_id"
    " channel at person_id cause_id",
)
_GROW: Final = Statement(
    update(job).where(job.c.id == given(job.c.id, "k_id")).values(messages=job.c.messages + given(job.c.messages)),
    "p_messages k_id",
)


def queues(session: Session, job_id: int, prefixes: set[str]) -> dict[str, int]:
    """Returns the job's queue of each prefix, made where it is missing."""
    known: dict[str, int] = dict(session.all(_QUEUES_OF, job_id))
    missing = prefixes - known.keys()
    if missing:
        session.many(_ADD_QUEUE, [(job_id, prefix) for prefix in sorted(missing)])
        known = dict(session.all(_QUEUES_OF, job_id))
    return known


def blocked(session: Session, info: JobInfo, rows: Iterable[NewMessage]) -> set[str]:
    """Returns the addresses of `rows` that the job must not write to."""
    if info.klass == REPLY:
        return set()
    return barred(session, info.account_id, info.channel, {row.to for row in rows if row.to is not None})


def fate(info: JobInfo, reason: str | None, now: int) -> str:
    """Returns the state in which a message of the job begins; `reason` is why it can never be sent, or None."""
    if reason is not None:
        return State.INVALID.value
    if info.test:
        return State.CANCELLED.value
    return (State.QUEUED if info.not_before is None or info.not_before <= now else State.SCHEDULED).value


def write(
    unit: Unit,
    info: JobInfo,
    rows: Sequence[NewMessage],
    now: int,
    *,
    numbers: Iterable[int],
    listed: set[str],
    shown: bool = False,
) -> int:
    """Writes rows of one job under these numbers; returns how many of them are good. `listed` are blocked; of a job
    that is `shown` already the refused ones are counted at once."""
    queue_of = queues(unit.session, info.id, {row.prefix for row in rows})
    due = now if info.not_before is None else max(now, info.not_before)
    waits = fate(info, None, now)
    people = persons_of(
        unit.session,
        info.account_id,
        info.channel,
        {new.to for new in rows if new.to is not None and new.reason is None},
    )
    facts = {new.cause for new in rows if new.cause is not None}
    # One that is nobody's comes in all the same: what left of it, the receipts say, and the rest ends before it goes.
    fates = causes.fates(unit.session, facts, info.account_id) | {causes.NOBODYS: None} if facts else {}
    added: list[Row] = []
    counts: dict[tuple[int, str], list[int]] = {}
    good = 0
    for number, new in zip(numbers, rows, strict=False):
        row, ref, to, body, encoding, segments, prefix, reason, detail, options, cause = new
        if reason is None and to in listed:
            reason = "blocked"
        withdrawn = fates[cause] if cause is not None and reason is None else None
        queue_id = queue_of[prefix]
        good += reason is None
        state = State.CANCELLED.value if withdrawn else (waits if reason is None else State.INVALID.value)
        count = counts.setdefault((queue_id, state), [0, 0])
        count[0] += 1
        count[1] += segments
        if reason is None and withdrawn is None and not info.test:
            added.append(
                (
                    number,
                    info.id,
                    queue_id,
                    row,
                    ref,
                    to,
                    body,
                    encoding,
                    segments,
                    state,
                    False,
                    None,
                    due,
                    now,
                    detail,
                    options,
                    info.account_id,
                    info.channel,
                    now,
                    people.get(to) if to is not None else None,
                    cause,
                )
            )
            continue
        if withdrawn is not None:
            # The facts that it was written from were no longer so when it came to be recorded.
            reason = withdrawn
        elif reason is None:
            reason, detail = TEST, _priced(info, segments, detail)
        added.append(
            (
                *(number, info.id, queue_id, row, ref, to, body, encoding, segments),
                *(state, True, reason, now, now, detail, None, info.account_id),
                *(info.channel, now, people.get(to) if to is not None else None, cause),
            )
        )
        ended = MessageRow(
            *(number, info.id, queue_id, row, ref, to, encoding, segments, state, True, reason, now, 0),
            *(None, None, None, 0, now, detail, None, None, None),
            was=(state, True, segments, 0, None, None),
        )
        unit.journal.tell(info, ended, now)
    unit.session.many(_ADD, added)
    for (queue_id, state), (messages, segments) in counts.items():
        unit.counts.add(queue_id, state, state != waits or info.test, messages, segments)
        hour = None
        if shown and state == State.INVALID and not info.test:
            hour = info.created_at // HOUR_MS
        elif state == State.CANCELLED and state != waits:
            hour = now // HOUR_MS
        if hour is not None:
            unit.tallies.add((hour, info.account_id, info.channel, "", state), messages, segments, 0)
    unit.session.run(_GROW, len(rows), info.id)
    return good


def _priced(info: JobInfo, segments: int, detail: str | None) -> str:
    """Returns the detail of a test's message: what it would have cost."""
    known = json.loads(detail or "{}")
    return json.dumps(known | {"price": format_money(info.unit_price * segments)}, ensure_ascii=False)

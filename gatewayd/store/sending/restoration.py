"""A store that is older than what was sent from it: which it is, and what the receipts outside say of its messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, func, select, text, update

from gatewayd.store.sending.rows import COLUMNS, MessageRow
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Row, Session, Statement, adding, given, merging
from gatewayd.store.tables import account, attempt, inbound, job, message, part, receipt, segment, setting
from gatewayd.store.webhooks import outbox
from gatewayd.values.model import WAITING, PartState, State

RESTORED: Final = "restored"
"""Reason of what an older store cannot know: it was sent, or ended, after the store was copied."""

COPIED: Final = "copied"
"""Setting of a copy that `db backup` made."""

_GENERATION: Final = "generation:"
_RETAKEN: Final = "retaken:"

_GET: Final = Statement(select(setting.c.value).where(setting.c.key == given(setting.c.key)), "p_key")
_PUT: Final = merging(setting, "key value", "key", replace="value")
_DROP: Final = Statement(delete(setting).where(setting.c.key == given(setting.c.key)), "p_key")
_STARTING: Final = Statement(
    select(setting.c.key, setting.c.value).where(setting.c.key.startswith(_RETAKEN, autoescape=False))
)


# ---------------------------------------------------------------------------------------------------- which store it is


@dataclass(frozen=True, slots=True)
class Age:
    """How far a store has come: its generation for one node, and whether it is a copy that was put back."""

    generation: int
    copied: bool


def age(unit: Unit, node: str) -> Age:
    """Returns how far the store has come."""
    known = unit.session.one(_GET, _GENERATION + node)
    return Age(0 if known is None else int(known[0]), unit.session.one(_GET, COPIED) is not None)


def advance(unit: Unit, node: str, beyond: int = 0) -> int:
    """Begins the next generation, the first above `beyond`; the store is nobody's copy any more. Returns it."""
    now = max(age(unit, node).generation, beyond) + 1
    unit.session.run(_PUT, _GENERATION + node, str(now))
    unit.session.run(_DROP, COPIED)
    return now


_STILL: Final = "standing_still"


def stand_still(unit: Unit, now: int) -> None:
    """Keeps every engine from going on until a person releases them: what they did since the copy is not known here."""
    unit.session.run(_PUT, _STILL, str(now))


def standing_still(connection: Connection) -> bool:
    """Returns whether engines stand still, for `Reader.ask`."""
    return connection.scalar(select(setting.c.value).where(setting.c.key == _STILL)) is not None


def release(unit: Unit) -> bool:
    """Lets engines go on; returns whether they stood still."""
    return unit.session.run(_DROP, _STILL) > 0


IDS_SKIPPED: Final = 10_000_000
"""Numbers that the life after the copy was made may have given out; reports will still name them."""


def skip_ids(unit: Unit) -> None:
    """Gives none of the numbers out again that the life after the copy may have used."""
    unit.memory.ids.skip(unit.session, IDS_SKIPPED)


_LAST_INBOUND: Final = Statement(select(func.max(inbound.c.id)))


def last_inbound(unit: Unit) -> int:
    """Returns the number of the last message that the store has received; 0 where there is none."""
    row = unit.session.one(_LAST_INBOUND)
    return int(row[0] or 0) if row is not None else 0


# ------------------------------------------------------------------------------------------------------------ its jobs


@dataclass(frozen=True, slots=True)
class KnownJob:
    """A job as the store has it; receipts up to `written` are in the spool for certain."""

    id: int
    account: str
    name: str
    state: str
    written: int


_KNOWN: Final = (
    select(job.c.id, account.c.name, job.c.name, job.c.state, job.c.written_seq)
    .select_from(job.join(account, account.c.id == job.c.account_id))
    .where(job.c.state != "loading")
)
_JOBS: Final = Statement(_KNOWN.order_by(job.c.id))
_JOB: Final = Statement(_KNOWN.where(job.c.id == given(job.c.id)), "p_id")
_PAUSE: Final = Statement(
    update(job)
    .where(
        job.c.state == "running",
        text(
            "EXISTS (SELECT 1 FROM queue JOIN queue_count ON queue_count.queue_id = queue.id"
            " WHERE queue.job_id = job.id AND queue_count.messages > 0"
            " AND queue_count.state IN ('queued', 'scheduled', 'held', 'held_window', 'held_stale', 'sending'))"
        ),
    )
    .values(state="paused")
)


def jobs(unit: Unit, only: int | None = None) -> tuple[KnownJob, ...]:
    """Returns every job that is recorded whole, or the one of that number."""
    rows = unit.session.all(_JOBS) if only is None else unit.session.all(_JOB, only)
    return tuple(KnownJob(*row) for row in rows)


def pause(unit: Unit) -> int:
    """Pauses each job that has something left to send, until a person decides. Returns how many there were."""
    unit.flush()
    return unit.session.run(_PAUSE)


_DROP_RECEIPTS: Final = Statement(
    delete(receipt).where(receipt.c.job_id == given(receipt.c.job_id), receipt.c.seq <= given(receipt.c.seq, "p_last")),
    "p_job_id p_last",
)
_DROP_SEGMENTS: Final = Statement(delete(segment).where(segment.c.job_id == given(segment.c.job_id)), "p_job_id")
_RENUMBER: Final = Statement(
    update(job)
    .where(job.c.id == given(job.c.id, "k_id"), job.c.last_seq < given(job.c.last_seq, "p_last"))
    .values(last_seq=given(job.c.last_seq, "p_to")),
    "k_id p_last p_to",
)
_WRITTEN: Final = Statement(
    update(job)
    .where(job.c.id == given(job.c.id, "k_id"), job.c.written_seq < given(job.c.written_seq, "p_last"))
    .values(written_seq=given(job.c.written_seq, "p_to")),
    "k_id p_last p_to",
)


def renumber(unit: Unit, job_id: int, last_seq: int) -> None:
    """Continues the receipts of a job behind those that the spool has."""
    unit.flush()
    session = unit.session
    session.run(_DROP_RECEIPTS, job_id, last_seq)
    session.run(_DROP_SEGMENTS, job_id)
    session.run(_RENUMBER, job_id, last_seq, last_seq)
    session.run(_WRITTEN, job_id, last_seq, last_seq)


def post_again(unit: Unit, job_id: int, segments: Sequence[tuple[int, int]], now: int) -> None:
    """Logs segments that the spool has and this store never cut, for the webhooks that want them: nobody knows here
    which of them were posted."""
    owner = unit.job(job_id).account_id
    if owner in outbox.listeners(unit.session, outbox.RECEIPT):
        outbox.add_segments(unit.session, [(owner, now, job_id, *each) for each in segments], held=False)


# ------------------------------------------------------------------------------------------- jobs it has never heard of


def expect(unit: Unit, account_name: str, job_name: str, last_seq: int) -> None:
    """Says of a job that is read again how far its receipts have come: it begins behind them, and paused."""
    unit.session.run(_PUT, f"{_RETAKEN}{account_name}/{job_name}", str(last_seq))


def expected(session: Session, account_name: str, job_name: str) -> int | None:
    """Returns how far the receipts of a job that is read again have come; None for any other job."""
    known = session.one(_GET, f"{_RETAKEN}{account_name}/{job_name}")
    return None if known is None else int(known[0])


def outstanding(unit: Unit) -> tuple[str, ...]:
    """Returns the jobs (`ACCOUNT/JOB`) that are read again and were not yet compared with their receipts."""
    return tuple(row[0].removeprefix(_RETAKEN) for row in unit.session.all(_STARTING))


def compared(unit: Unit, name: str) -> None:
    """Ends what `expect` began, for the job `ACCOUNT/JOB`."""
    unit.session.run(_DROP, _RETAKEN + name)


# -------------------------------------------------------------------------------------------------------- its messages


@dataclass(frozen=True, slots=True)
class Said:
    """The last word of the receipts on one message: `state` is one of the contract's."""

    state: str
    reason: str | None
    line: str | None


_LEFT: Final = frozenset({"submitted", "delivered", "read", "undelivered", "uncertain"})
"""The message was, or may have been, in the network."""
_ENDED: Final = frozenset({"failed", "expired", "cancelled"})
_REPORTED: Final = {
    "delivered": (State.DELIVERED, PartState.DELIVERED),
    "read": (State.READ, PartState.DELIVERED),
    "undelivered": (State.UNDELIVERED, PartState.UNDELIVERED),
}

_PAGE: Final = Statement(
    select(*(message.c[name] for name in COLUMNS), attempt.c.number, attempt.c.state, attempt.c.started_at)
    .select_from(message.outerjoin(attempt, attempt.c.id == message.c.attempt_id))
    .where(message.c.job_id == given(message.c.job_id), message.c.id > given(message.c.id, "p_after"))
    .order_by(message.c.id)
    .limit(given(message.c.id, "p_limit")),
    "p_job_id p_after p_limit",
)
_ADD_ATTEMPT: Final = adding(attempt, "id message_id number line node epoch state outcome reason started_at ended_at")
_ADD_PART: Final = adding(part, "attempt_id part line to state reason at")
_PARTS: Final = Statement(
    update(part)
    .where(part.c.attempt_id == given(part.c.attempt_id, "k_attempt_id"), part.c.state == "taken")
    .values(state=given(part.c.state)),
    "k_attempt_id p_state",
)


@dataclass(frozen=True, slots=True)
class Compared:
    """A portion of a job's messages, compared: the number of the last, and how many are in doubt now."""

    last: int | None
    """None: there are no more."""
    doubted: int


def compare(
    unit: Unit, *, job_id: int, said: Mapping[int, Said], after: int, limit: int, node: str, now: int
) -> Compared:
    """Takes over what the receipts say of the next `limit` messages of a job behind the number `after`.

    One that waits here and may have left becomes `uncertain`, with an attempt that a late report still finds and a
    person settles; one that ended becomes what it became; one that was in the network takes its report over.
    """
    unit.flush()
    rows = unit.session.all(_PAGE, job_id, after, limit)
    doubted = 0
    for found in rows:
        known = said.get(found[3])
        if known is not None:
            doubted += _take_over(unit, unit.keep(found), known, node, now)
    return Compared(rows[-1][0] if len(rows) == limit else None, doubted)


def _take_over(unit: Unit, row: MessageRow, said: Said, node: str, now: int) -> bool:
    state = State(row.state)
    if state in WAITING and said.state in _LEFT:
        _doubt(unit, row, said.line or "", node, now)
        unit.turn(row, State.UNCERTAIN.value, now, reason=RESTORED, final=True)
        return True
    if state in WAITING and said.state in _ENDED:
        unit.turn(row, said.state, now, reason=said.reason, final=True)
    elif state is State.SUBMITTED and said.state in _REPORTED:
        became, each = _REPORTED[said.state]
        unit.session.run(_PARTS, row.attempt_id, each.value)
        unit.turn(row, became.value, now, reason=said.reason, final=True)
    return False


def _doubt(unit: Unit, row: MessageRow, line: str, node: str, now: int) -> None:
    """Records the attempt that the store has missed: each part in doubt, its price held as far as the balance goes."""
    info = unit.job(row.job_id)
    number = unit.memory.ids.take(unit.session, attempt, 1)
    tried = (row.number or 0) + 1
    unit.session.run(_ADD_ATTEMPT, number, row.id, tried, line, node, 0, "closed", "uncertain", RESTORED, now, now)
    parts: list[Row] = []
    for each in range(1, max(row.segments, 1) + 1):
        parts.append((number, each, line, row.to or "", PartState.DOUBT.value, RESTORED, now))
        if unit.book.pots(info.account_id).balance >= info.unit_price:
            unit.book.hold(info.account_id, attempt=number, part=each, amount=info.unit_price, now=now)
    unit.session.many(_ADD_PART, parts)
    row.attempt_id, row.number, row.line, row.sent_at = number, tried, line, now
    row.dirty = True

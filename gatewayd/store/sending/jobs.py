"""Jobs: recorded in portions while they are loading, made visible by one update, paused, resumed and cancelled."""

from __future__ import annotations

import json
from itertools import count
from typing import Final

from sqlalchemy import func, select, text

from gatewayd.store.commands import (
    CAMPAIGN,
    CAMPAIGN_JOB,
    CLAIM,
    CLAIM_JOB,
    REMINDER,
    REMINDER_JOB,
    AddMessages,
    BeginJob,
    BegunJob,
    ForsakenJob,
    JobChange,
    JobPace,
    KeyBusyError,
    LoadingJobs,
    LoadQueues,
    PublishJob,
    QueueInfo,
    SetJobState,
    SharedJob,
)
from gatewayd.store.commands.posting import ORIGIN
from gatewayd.store.sending import additions, causes, counts, keys, restoration
from gatewayd.store.sending.tallies import HOUR_MS
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Row, Session, Statement, adding, given, setting
from gatewayd.store.tables import account, job, message, queue, queue_count
from gatewayd.values.errors import ConflictError, CurrencyError, NotFoundError
from gatewayd.values.model import Priority, Route

_ACCOUNT: Final = Statement(
    select(account.c.id, account.c.currency).where(account.c.name == given(account.c.name)), "p_name"
)
_KNOWN: Final = Statement(
    select(job.c.id, job.c.content_hash, job.c.state, job.c.origin, job.c.test).where(
        job.c.account_id == given(job.c.account_id), job.c.name == given(job.c.name)
    ),
    "p_account_id p_name",
)
BEGIN: Final = adding(
    job,
    "account_id name channel priority state content_hash not_before not_after resend unit_price currency content node"
    " created_at test origin class template template_version",
)
_BEGIN_BEHIND: Final = setting(job, "last_seq written_seq", "id")
_LOADING: Final = Statement(
    select(job.c.id).where(job.c.state == "loading", job.c.node == given(job.c.node)).order_by(job.c.id), "p_node"
)
_BEGUN: Final = Statement(
    select(job.c.id, job.c.state, job.c.node, job.c.created_at, job.c.content_hash)
    .select_from(job.join(account, account.c.id == job.c.account_id))
    .where(account.c.name == given(account.c.name, "p_account"), job.c.name == given(job.c.name)),
    "p_account p_name",
)
_ALL_LOADING: Final = Statement(select(job.c.id).where(job.c.state == "loading").order_by(job.c.id))


def begin(unit: Unit, commands: list[BeginJob]) -> list[BegunJob | Exception]:
    results: list[BegunJob | Exception] = []
    for command in commands:
        try:
            results.append(_begin(unit, command))
        except (NotFoundError, ConflictError) as error:
            results.append(error)
    return results


def _begin(unit: Unit, command: BeginJob) -> BegunJob:
    session = unit.session
    owner = session.one(_ACCOUNT, command.account)
    if owner is None:
        raise NotFoundError(f"no account {command.account!r}")
    key = command.key
    if key is not None:
        keys.forget_old(session, command.now, 1)
    if key is not None and (answer := keys.claim(session, owner[0], key, command.now)) is not None:
        return BegunJob(0, known=True, answer=answer)
    try:
        begun = _begin_new(unit, command, owner)
    except ConflictError:
        if key is not None:
            keys.release(session, owner[0], key)
        raise
    if key is not None:
        keys.bear(session, owner[0], key, begun.job_id)
        if begun.known:
            keys.complete(session, begun.job_id)
    return begun


_ENGINES: Final = {"c-": (CAMPAIGN, CAMPAIGN_JOB), "d-": (CLAIM, CLAIM_JOB), "r-": (REMINDER, REMINDER_JOB)}
"""By the first letters of a job's name: the engine that gives such names, and how they are."""


_DEBTS: Final = frozenset({"d-", "r-"})
"""First letters of the names of those whose texts all speak of a debt; a campaign's rows say which of them do."""


def _begin_new(unit: Unit, command: BeginJob, owner: Row) -> BegunJob:
    session = unit.session
    known = session.one(_KNOWN, owner[0], command.name)
    behind = restoration.expected(session, command.account, command.name)
    origin = command.origin
    if not origin and (engine := _ENGINES.get(command.name[:2])) and engine[1].fullmatch(command.name):
        if behind is None:
            raise ConflictError(f"job {command.account}/{command.name} bears a name that only the gateway gives")
        origin = engine[0]  # one of ours that is read again after a restore
    if known is not None:
        if known[3] != origin or bool(known[4]) != command.test:
            raise ConflictError(f"job {command.account}/{command.name} is known with another origin")
        # What an engine brings in is known by its name, which is its piece of work.
        if not command.origin and known[1] != command.content_hash:
            raise ConflictError(f"job {command.account}/{command.name} is known with other content")
        if command.key is not None and known[2] == "loading":
            raise KeyBusyError(f"job {command.account}/{command.name} is being recorded")
        return BegunJob(known[0], known=True)
    if command.unit_price and command.currency != owner[1]:
        raise CurrencyError(owner[1])
    session.run(
        BEGIN,
        owner[0],
        command.name,
        command.channel,
        command.priority.value,
        "loading",
        command.content_hash,
        command.not_before,
        command.not_after,
        command.resend,
        command.unit_price,
        command.currency,
        command.content,
        command.node,
        command.now,
        command.test,
        origin,
        command.klass or str(unit.memory.rules.of(session, owner[0]).default),
        *(command.template or (None, None)),
    )
    begun = session.one(_KNOWN, owner[0], command.name)
    assert begun is not None
    if behind is not None:
        session.run(_BEGIN_BEHIND, behind, behind, begun[0])
    return BegunJob(begun[0], known=False)


def begin_shared(unit: Unit, account_id: int, name: str, shared: SharedJob, *, node: str, now: int) -> None:
    """Makes a job that single messages share; it is visible at once."""
    session = unit.session
    session.run(
        BEGIN,
        account_id,
        name,
        shared.channel,
        shared.priority.value,
        "running",
        shared.content_hash,
        shared.not_before,
        shared.not_after,
        shared.resend,
        shared.unit_price,
        shared.currency,
        shared.content,
        node,
        now,
        shared.test,
        ORIGIN,
        shared.klass or str(unit.memory.rules.of(session, account_id).default),
        *(shared.template or (None, None)),
    )


def loading(unit: Unit, commands: list[LoadingJobs]) -> list[tuple[int, ...] | Exception]:
    return [tuple(row[0] for row in _left_by(unit.session, command.node)) for command in commands]


def _left_by(session: Session, node: str) -> list[Row]:
    # On SQLite nobody else is at work: a node that was given another name meanwhile left them.
    return session.all(_ALL_LOADING) if session.sqlite and node else session.all(_LOADING, node)


def forsaken(unit: Unit, commands: list[ForsakenJob]) -> list[int | Exception | None]:
    found = [(one.begun, unit.session.one(_BEGUN, one.begun.account, one.begun.name)) for one in commands]
    return [
        row[0] if row is not None and tuple(row[1:]) == ("loading", begun.node, begun.now, begun.content_hash) else None
        for begun, row in found
    ]


# ------------------------------------------------------------------------------------------------------------ messages

_STATE: Final = Statement(select(job.c.state).where(job.c.id == given(job.c.id)).with_for_update(), "p_id")


def add(unit: Unit, commands: list[AddMessages]) -> list[int | Exception]:
    results: list[int | Exception] = []
    for command in commands:
        state = unit.session.one(_STATE, command.job_id)
        if state is None or state[0] != "loading":
            results.append(ConflictError(f"job {command.job_id} is not loading"))
        else:
            results.append(_add(unit, command))
    return results


def _add(unit: Unit, command: AddMessages) -> int:
    if not command.rows:
        return 0
    info = unit.job(command.job_id)
    listed = additions.blocked(unit.session, info, command.rows)
    first = unit.memory.ids.take(unit.session, message, len(command.rows))
    rows = command.rows
    every = info.name[:2] in _DEBTS
    if (every or any(row.cause is not None for row in rows)) and _again(unit, info.id):
        # Written from facts of another life: nobody knows whether they are still so.
        rows = [
            row._replace(cause=causes.NOBODYS) if row.reason is None and (every or row.cause is not None) else row
            for row in rows
        ]
    return additions.write(unit, info, rows, command.now, numbers=count(first), listed=listed)


# ------------------------------------------------------------------------------------------------------------- visible

_INFO: Final = (
    queue.c.id,
    queue.c.job_id,
    job.c.name,
    job.c.account_id,
    account.c.name,
    job.c.priority,
    job.c.channel,
    queue.c.prefix,
    job.c.content,
    job.c.unit_price,
    job.c.not_before,
    job.c.not_after,
    job.c.created_at,
    job.c.state,
    queue.c.held_reason,
    queue.c.without,
    queue.c.held_until,
    job.c.pace_group,
    job.c.pace,
)
_WIDTH: Final = len(_INFO)
_WITH_JOB: Final = queue.join(job, job.c.id == queue.c.job_id).join(account, account.c.id == job.c.account_id)
_INFO_OF_JOB: Final = Statement(
    select(
        *_INFO,
        select(func.coalesce(func.sum(queue_count.c.messages), 0))
        .where(queue_count.c.queue_id == queue.c.id, counts.WAITS)
        .scalar_subquery(),
    )
    .select_from(_WITH_JOB)
    .where(queue.c.job_id == given(queue.c.job_id))
    .order_by(queue.c.id),
    "p_job_id",
)
_INFO_WAITING: Final = Statement(
    select(*_INFO, queue_count.c.messages)
    .select_from(_WITH_JOB.join(queue_count, queue_count.c.queue_id == queue.c.id))
    .where(counts.WAITS, job.c.state.in_(["running", "paused"]))
    .order_by(queue.c.id)
)
_SET_STATE: Final = setting(job, "state", "id")
_OWNER: Final = Statement(
    select(account.c.name, job.c.name)
    .select_from(job.join(account, account.c.id == job.c.account_id))
    .where(job.c.id == given(job.c.id)),
    "p_id",
)


_REFUSED: Final = Statement(
    select(queue_count.c.state, func.sum(queue_count.c.messages), func.sum(queue_count.c.segments))
    .select_from(queue_count.join(queue, queue.c.id == queue_count.c.queue_id))
    .where(queue.c.job_id == given(queue.c.job_id), text("queue_count.state = 'invalid'"))
    .group_by(queue_count.c.state),
    "p_job_id",
)


def _again(unit: Unit, job_id: int) -> bool:
    """Returns whether a job is read again after a store was put back."""
    found = unit.session.one(_OWNER, job_id)
    return found is not None and restoration.expected(unit.session, *found) is not None


def publish(unit: Unit, commands: list[PublishJob]) -> list[tuple[QueueInfo, ...] | Exception]:
    unit.flush()
    results: list[tuple[QueueInfo, ...] | Exception] = []
    for command in commands:
        state = unit.session.one(_STATE, command.job_id)
        if state is None:
            results.append(NotFoundError(f"no job {command.job_id}"))
            continue
        if state[0] == "loading":
            unit.session.run(_SET_STATE, "paused" if _again(unit, command.job_id) else "running", command.job_id)
            if command.keyed:
                keys.complete(unit.session, command.job_id)
            _tally_refused(unit, command.job_id)
            if command.follow is not None:
                command.follow(unit, command.job_id)
        results.append(infos(unit.session, command.job_id))
    return results


def _tally_refused(unit: Unit, job_id: int) -> None:
    """Counts the rows that were refused when they were recorded: in the hour of their job, now that it is one."""
    info = unit.job(job_id)
    if info.test:
        return
    hour = info.created_at // HOUR_MS
    for state, messages, segments in unit.session.all(_REFUSED, job_id):
        unit.tallies.add((hour, info.account_id, info.channel, "", state), int(messages), int(segments), 0)


def infos(session: Session, job_id: int) -> tuple[QueueInfo, ...]:
    return tuple(_info(row) for row in session.all(_INFO_OF_JOB, job_id))


def load_queues(unit: Unit, commands: list[LoadQueues]) -> list[tuple[QueueInfo, ...] | Exception]:
    unit.flush()
    found: dict[int, list[Row]] = {}
    for row in unit.session.all(_INFO_WAITING):
        found.setdefault(row[0], []).append(row)
    queues = tuple(_info((*rows[0][:_WIDTH], sum(row[_WIDTH] for row in rows))) for rows in found.values())
    return [queues] * len(commands)


def _info(row: Row) -> QueueInfo:
    content = json.loads(row[8])
    lines = content.get("lines") or ()
    area = (content.get("email") or {}).get("area", "")
    return QueueInfo(
        id=row[0],
        job_id=row[1],
        job=row[2],
        account_id=row[3],
        account=row[4],
        priority=Priority(row[5]),
        route=Route(row[6], row[7], tuple(lines), area, tuple(row[15].split())),
        unit_price=row[9],
        not_before=row[10],
        not_after=row[11],
        created_at=row[12],
        paused=row[13] == "paused",
        waiting=int(row[_WIDTH]),
        held_reason=row[14],
        held_until=row[16],
        content="" if row[6] == "sms" else row[8],
        pace=None if row[17] is None or row[18] is None else JobPace(row[17], row[18]),
    )


# -------------------------------------------------------------------------------------------------------------- states

_BY_NAME: Final = Statement(
    select(job.c.id, job.c.state)
    .select_from(job.join(account, account.c.id == job.c.account_id))
    .where(account.c.name == given(account.c.name, "p_account"), job.c.name == given(job.c.name))
    .with_for_update(of=job),
    "p_account p_name",
)
_OPEN_COUNT: Final = Statement(
    select(func.coalesce(func.sum(queue_count.c.messages), 0))
    .select_from(queue_count.join(queue, queue.c.id == queue_count.c.queue_id))
    .where(
        queue.c.job_id == given(queue.c.job_id),
        queue_count.c.state.in_([*counts.WAITING_WORDS, "sending"]),
    ),
    "p_job_id",
)


def set_state(unit: Unit, commands: list[SetJobState]) -> list[JobChange | Exception]:
    unit.flush()
    results: list[JobChange | Exception] = []
    for command in commands:
        try:
            results.append(_set_state(unit.session, command))
        except (NotFoundError, ConflictError) as error:
            results.append(error)
    return results


def _set_state(session: Session, command: SetJobState) -> JobChange:
    found = session.one(_BY_NAME, command.account, command.job)
    if found is None or found[1] == "loading":
        raise NotFoundError(f"no job {command.account}/{command.job}")
    job_id, state = found
    if state == "cancelled":
        raise ConflictError(f"job {command.account}/{command.job} is cancelled")
    if command.state != "running":
        left = session.one(_OPEN_COUNT, job_id)
        if left is None or not left[0]:
            raise ConflictError(f"job {command.account}/{command.job} has nothing left to send")
    if state != command.state:
        session.run(_SET_STATE, command.state, job_id)
    return JobChange(job_id, command.state, infos(session, job_id))

"""Keys of posts: written with what they stand for, in one transaction, and asked before it."""

from __future__ import annotations

import json
from typing import Final

from sqlalchemy import Connection, delete, func, select, tuple_, update

from gatewayd.store.commands import KeyBusyError, KeyReusedError, PostKey
from gatewayd.store.commands.keys import KEPT_MS
from gatewayd.store.session import Row, Session, Statement, given, merging, setting
from gatewayd.store.tables import account, job, posted, queue, queue_count

ACCEPTED: Final = 202

_KNOWN: Final = Statement(
    select(posted.c.fingerprint, posted.c.status, posted.c.answer).where(
        posted.c.account_id == given(posted.c.account_id), posted.c.key == given(posted.c.key)
    ),
    "p_account_id p_key",
)
_KEEP: Final = merging(posted, "account_id key fingerprint job_id status answer at", "account_id key")
_OLD: Final = Statement(
    delete(posted).where(
        tuple_(posted.c.account_id, posted.c.key).in_(
            select(posted.c.account_id, posted.c.key)
            .where(posted.c.at < given(posted.c.at))
            .order_by(posted.c.at)
            .limit(given(posted.c.at, "p_limit"))
        )
    ),
    "p_at p_limit",
)
_AMEND: Final = setting(posted, "answer", "account_id key")
_BEAR: Final = setting(posted, "job_id", "account_id key")
_RELEASE: Final = Statement(
    delete(posted).where(posted.c.account_id == given(posted.c.account_id), posted.c.key == given(posted.c.key)),
    "p_account_id p_key",
)
_COMPLETE: Final = Statement(
    update(posted)
    .where(posted.c.job_id == given(posted.c.job_id, "k_job_id"), posted.c.status.is_(None))
    .values(status=given(posted.c.status), answer=given(posted.c.answer)),
    "p_status p_answer k_job_id",
)
_JOB: Final = Statement(
    select(account.c.name, job.c.name, job.c.state, job.c.test, job.c.messages)
    .select_from(job.join(account, account.c.id == job.c.account_id))
    .where(job.c.id == given(job.c.id)),
    "p_id",
)
_RECORDED: Final = Statement(
    select(job.c.id)
    .select_from(job.join(account, account.c.id == job.c.account_id))
    .where(
        account.c.name == given(account.c.name, "p_account"), job.c.name == given(job.c.name), job.c.state != "loading"
    ),
    "p_account p_name",
)
_FORGET_JOB: Final = Statement(delete(posted).where(posted.c.job_id == given(posted.c.job_id)), "p_job_id")


def forget_old(session: Session, now: int, keys: int) -> None:
    """Removes keys past their time: twice as many as so many new ones, so that they cannot pile up."""
    session.run(_OLD, now - KEPT_MS, 2 * keys + 1)


def claim(session: Session, account_id: int, key: PostKey, now: int, answer: str | None = None) -> str | None:
    """Writes a key that is new and returns None; for one that is known, returns what its first request was answered.

    Without `answer` the new key waits for its job (`bear`, `complete`). KeyReusedError where the first request said
    something else, KeyBusyError where it is still being recorded.
    """
    status = None if answer is None else ACCEPTED
    # Never a look first: of two who come at once on two nodes, the second waits here for the first one's commit.
    if session.run(_KEEP, account_id, key.key, key.fingerprint, None, status, answer, now):
        return None
    earlier = known(session, account_id, key)
    if earlier is None:
        raise KeyBusyError("the request is being recorded")
    return earlier


def known(session: Session, account_id: int, key: PostKey) -> str | None:
    """Returns what the key's first request was answered; None for a key that is new, or was a moment ago.

    Only `claim` says that it is new. KeyReusedError and KeyBusyError as there.
    """
    row = session.one(_KNOWN, account_id, key.key)
    if row is None:
        return None
    if row[0] != key.fingerprint:
        raise KeyReusedError("the key stands for another request")
    if row[1] is None:
        raise KeyBusyError("the request is being recorded")
    return str(row[2])


def amend(session: Session, account_id: int, key: PostKey, answer: str) -> None:
    """Changes what a key that was claimed in this transaction answers."""
    session.run(_AMEND, answer, account_id, key.key)


def bear(session: Session, account_id: int, key: PostKey, job_id: int) -> None:
    """Says which job a claimed key waits for."""
    session.run(_BEAR, job_id, account_id, key.key)


def release(session: Session, account_id: int, key: PostKey) -> None:
    """Removes a claimed key: its request was refused."""
    session.run(_RELEASE, account_id, key.key)


def complete(session: Session, job_id: int) -> None:
    """Gives the key that waits for a job its answer."""
    session.run(_COMPLETE, ACCEPTED, json.dumps(answer_of(session, job_id), ensure_ascii=False), job_id)


def answer_of(session: Session, job_id: int) -> dict[str, object]:
    """Returns what is answered to who posted the job."""
    row = session.one(_JOB, job_id)
    assert row is not None, f"no job {job_id}"
    return _answer(row)


def _answer(row: Row) -> dict[str, object]:
    return {"account": row[0], "job": row[1], "state": row[2], "messages": row[4], "test": bool(row[3])}


def forget_job(session: Session, job_id: int) -> None:
    """Removes the keys that stand for a job which is being removed."""
    session.run(_FORGET_JOB, job_id)


def is_known(session: Session, *, account_name: str, job_name: str) -> bool:
    """Returns whether the store has recorded that job."""
    return session.one(_RECORDED, account_name, job_name) is not None


def posted_job(connection: Connection, *, account_name: str, job_name: str) -> dict[str, object] | None:
    """Returns what is answered to who posted a job; None where it is not recorded."""
    query = (
        select(account.c.name, job.c.name, job.c.state, job.c.test, job.c.messages)
        .select_from(job.join(account, account.c.id == job.c.account_id))
        .where(account.c.name == account_name, job.c.name == job_name, job.c.state != "loading")
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _answer(tuple(row))


def priced(connection: Connection, *, account_name: str, job_name: str) -> int:
    """Returns what the messages of a job cost (millionths) that were not refused; 0 where it is not recorded."""
    statement = (
        select(func.coalesce(func.sum(queue_count.c.segments * job.c.unit_price), 0))
        .select_from(
            queue_count.join(queue, queue.c.id == queue_count.c.queue_id)
            .join(job, job.c.id == queue.c.job_id)
            .join(account, account.c.id == job.c.account_id)
        )
        .where(account.c.name == account_name, job.c.name == job_name, queue_count.c.state != "invalid")
    )
    return int(connection.scalar(statement) or 0)

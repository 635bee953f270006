"""The audit trail: written with what it tells, read newest first, forgotten when it is old."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from gatewayd.store import tables
from gatewayd.store.commands import AuditEntry, Changed
from gatewayd.store.session import Session, Statement, adding, among, given
from gatewayd.store.snapshots import Page
from gatewayd.values.actor import Scope
from gatewayd.values.errors import GatewayError, kind_of

DONE: Final = "done"

_AUDIT: Final = tables.audit.c
_ADD: Final = adding(tables.audit, "at kind actor actor_id address account operation subject outcome before after")
_OLD: Final = Statement(
    select(_AUDIT.id).where(_AUDIT.at < given(_AUDIT.at)).order_by(_AUDIT.at).limit(given(_AUDIT.id, "p_limit")),
    "p_at p_limit",
)
_DROP: Final = Statement(delete(tables.audit).where(among(_AUDIT.id)))


def write(session: Session, acts: Sequence[tuple[AuditEntry, Any]]) -> None:
    """Writes a row for each act; with each comes what it answered, or the error that it ended with."""
    rows = []
    for entry, result in acts:
        before, after = entry.before, entry.after
        if isinstance(result, Changed):
            before = before if result.before is None else text_of(result.before)
            after = after if result.after is None else text_of(result.after)
        about = result.about if isinstance(result, Changed | GatewayError) else ""
        subject = entry.subject or about
        rows.append(
            (
                *(entry.at, entry.kind, entry.actor or about, entry.actor_id, entry.address, entry.account),
                *(entry.operation, subject, outcome_of(result), before, after),
            )
        )
    session.many(_ADD, rows)


def outcome_of(result: Any) -> str:
    """Returns `done`, or the word for the error."""
    return kind_of(result) if isinstance(result, Exception) else DONE


def text_of(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), default=str)


def prune(session: Session, before: int, limit: int) -> int:
    """Removes at most `limit` rows older than `before` (Unix ms); answers how many."""
    numbers = [row[0] for row in session.all(_OLD, before, limit)]
    session.among(_DROP, numbers)
    return len(numbers)


@dataclass(frozen=True, slots=True)
class AuditView:
    """One act, as people read it."""

    id: int
    at: int
    kind: str
    actor: str
    address: str
    account: str | None
    operation: str
    subject: str
    outcome: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which acts are meant; None leaves a property open. Times are Unix ms."""

    actor: str | None = None
    operation: str | None = None
    """Its name, or the first word of it (`user` for every act on users)."""
    account: str | None = None
    subject: str | None = None
    refused: bool | None = None
    since: int | None = None
    until: int | None = None


def acts(
    connection: Connection, *, scope: Scope, wanted: AuditFilter, before: int | None, limit: int
) -> Page[AuditView]:
    """Returns the acts that are meant, newest first, from those with a number below `before`."""
    statement = select(tables.audit).order_by(_AUDIT.id.desc()).limit(limit + 1)
    account = scope.account if wanted.account is None else wanted.account
    for condition in (
        None if before is None else _AUDIT.id < before,
        None if account is None else _AUDIT.account == account,
        None if scope.account is None else _AUDIT.account == scope.account,
        None if wanted.actor is None else _AUDIT.actor == wanted.actor,
        None if wanted.subject is None else _AUDIT.subject == wanted.subject,
        None if wanted.refused is None else (_AUDIT.outcome != DONE if wanted.refused else _AUDIT.outcome == DONE),
        None if wanted.since is None else _AUDIT.at >= wanted.since,
        None if wanted.until is None else _AUDIT.at < wanted.until,
    ):
        if condition is not None:
            statement = statement.where(condition)
    if wanted.operation is not None:
        statement = statement.where(
            (_AUDIT.operation == wanted.operation)
            | _AUDIT.operation.startswith(f"{wanted.operation}.", autoescape=True)
        )
    rows = connection.execute(statement).all()
    following = str(rows[limit - 1].id) if len(rows) > limit else None
    return Page(tuple(_view(row) for row in rows[:limit]), following)


def _view(row: Any) -> AuditView:
    return AuditView(
        *(row.id, row.at, row.kind, row.actor, row.address, row.account, row.operation, row.subject, row.outcome),
        None if row.before is None else json.loads(row.before),
        None if row.after is None else json.loads(row.after),
    )

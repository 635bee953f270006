"""The process log: work in the background, who asked for it, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select, text, update

from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.session import Session, Statement, adding, given, merging, setting
from gatewayd.store.snapshots import Page
from gatewayd.store.tables.insight import OPEN_PROCESS
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

OPEN_MAX: Final = 20
"""Of one person: what waits and runs."""
OPEN: Final = ("waiting", "running")

_PROCESS: Final = tables.process.c
_ADD: Final = adding(tables.process, "kind account_id user_id actor node request state created_at due")
_OPEN_OF: Final = Statement(
    select(_PROCESS.id).where(_PROCESS.actor == given(_PROCESS.actor), _PROCESS.state.in_(OPEN)), "p_actor"
)
_LATEST: Final = Statement(
    select(_PROCESS.id).where(_PROCESS.actor == given(_PROCESS.actor)).order_by(_PROCESS.id.desc()).limit(1), "p_actor"
)
_BEGIN: Final = setting(tables.process, "state started_at done", "id state")
_ADVANCE: Final = setting(tables.process, "done", "id")
_END: Final = setting(tables.process, "state ended_at done file octets reason outcome", "id")
_AGAIN: Final = setting(tables.process, "state started_at done", "node state kind")
_FAULT: Final = merging(
    tables.process_fault, "process_id row field code value", "process_id row", replace="field code value"
)
_RUNNING: Final = Statement(
    select(_PROCESS.id).where(_PROCESS.id == given(_PROCESS.id), _PROCESS.state == "running"), "p_id"
)
_FORGET: Final = setting(tables.process, "file", "id")
_CANCEL: Final = Statement(
    update(tables.process)
    .where(_PROCESS.id == given(_PROCESS.id, "k_id"), _PROCESS.state.in_(OPEN))
    .values(state="cancelled", ended_at=given(_PROCESS.ended_at)),
    "p_ended_at k_id",
)


@dataclass(frozen=True, slots=True)
class Process:
    """Work in the background. Times are Unix ms."""

    id: int
    kind: str
    account: str | None
    user: int | None
    actor: str
    node: str
    request: str
    """JSON."""
    state: str
    """waiting, running, done, failed, cancelled."""
    created_at: int
    due: int
    started_at: int | None
    ended_at: int | None
    done: int
    """Rows."""
    file: str | None
    """None: there is none yet, or no more."""
    octets: int | None
    reason: str | None
    outcome: str | None
    """JSON: what came of it in numbers, by kind of work; None for what ends with a file alone."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row of a file that could not be taken, and why."""

    row: int
    """As the sheet counts them: the header is row 1."""
    field: str
    code: str
    value: str
    """The cell, cut."""


@dataclass(frozen=True, slots=True)
class NewProcess:
    kind: str
    account: str | None
    user: int | None
    actor: str
    node: str
    request: str
    due: int
    now: int


_PROCESSES: Final = select(tables.process, tables.account.c.name.label("account")).select_from(
    tables.process.outerjoin(tables.account, tables.account.c.id == _PROCESS.account_id)
)


def _view(row: Any) -> Process:
    return Process(
        *(row.id, row.kind, row.account, row.user_id, row.actor, row.node, row.request, row.state, row.created_at),
        *(row.due, row.started_at, row.ended_at, row.done, row.file, row.octets, row.reason, row.outcome),
    )


def _within(statement: Any, scope: Scope) -> Any:
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    return statement if scope.person is None else statement.where(_PROCESS.user_id == scope.person)


def processes(connection: Connection, *, scope: Scope, before: int | None, limit: int) -> Page[Process]:
    """Returns the processes within a scope, newest first; with a person in it, that person's own."""
    statement = _within(_PROCESSES, scope).order_by(_PROCESS.id.desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(_PROCESS.id < before)
    rows = connection.execute(statement).all()
    following = str(rows[limit - 1].id) if len(rows) > limit else None
    return Page(tuple(_view(row) for row in rows[:limit]), following)


def process(connection: Connection, *, scope: Scope, number: int) -> Process:
    """Returns one process within a scope. NotFoundError."""
    row = connection.execute(_within(_PROCESSES, scope).where(_PROCESS.id == number)).one_or_none()
    if row is None:
        raise NotFoundError(_("no task {number}").format(number=number))
    return _view(row)


def waiting(connection: Connection, *, node: str, kind: str) -> Sequence[Process]:
    """Returns what of one kind a node has still to do, by when it is due."""
    # In so many words, as the partial index says it.
    statement = _PROCESSES.where(text(f"process.{OPEN_PROCESS}"), _PROCESS.node == node, _PROCESS.kind == kind)
    statement = statement.order_by(_PROCESS.due)
    return [_view(row) for row in connection.execute(statement.limit(1_000))]


def kept_files(connection: Connection, *, node: str, before: int, limit: int) -> Sequence[Process]:
    """Returns processes of a node that ended before a time and still keep a file."""
    statement = _PROCESSES.where(_PROCESS.node == node, _PROCESS.file.is_not(None), _PROCESS.ended_at < before)
    return [_view(row) for row in connection.execute(statement.order_by(_PROCESS.id).limit(limit))]


def add(session: Session, connection: Connection, new: NewProcess) -> int:
    """Enters work to be done; returns its number. ConflictError where somebody has too much open already."""
    if len(session.all(_OPEN_OF, new.actor)) >= OPEN_MAX:
        raise ConflictError(
            _("{count} of your tasks are still open; wait for one, or cancel it").format(count=OPEN_MAX)
        )
    account = None if new.account is None else account_number(connection, new.account)
    session.run(_ADD, new.kind, account, new.user, new.actor, new.node, new.request, "waiting", new.now, new.due)
    made = session.one(_LATEST, new.actor)
    assert made is not None
    return int(made[0])


def begin(session: Session, number: int, now: int) -> bool:
    """Marks it as running; returns whether it was still waiting."""
    return bool(session.run(_BEGIN, "running", now, 0, number, "waiting"))


def advance(session: Session, number: int, done: int) -> None:
    session.run(_ADVANCE, done, number)


def end(
    session: Session,
    number: int,
    state: str,
    now: int,
    *,
    done: int = 0,
    file: str | None = None,
    octets: int | None = None,
    reason: str | None = None,
    outcome: str | None = None,
) -> None:
    """Writes what came of it; `outcome` is JSON."""
    session.run(_END, state, now, done, file, octets, reason, outcome, number)


def again(session: Session, node: str, kind: str) -> None:
    """Lets what of one kind a node's crash has interrupted wait once more."""
    session.run(_AGAIN, "waiting", None, 0, node, "running", kind)


def running(session: Session, number: int) -> bool:
    """Returns whether work is still wanted: it was begun, and nobody has cancelled it."""
    return session.one(_RUNNING, number) is not None


def cancel(session: Session, number: int, now: int) -> bool:
    """Cancels what is not over; returns whether it was so."""
    return bool(session.run(_CANCEL, now, number))


def forget_file(session: Session, number: int) -> None:
    """Writes down that its file is no more."""
    session.run(_FORGET, None, number)


def add_faults(session: Session, number: int, faults: Sequence[Fault]) -> None:
    """Writes down rows that could not be taken; one that is known already is replaced."""
    session.many(_FAULT, [(number, one.row, one.field, one.code, one.value) for one in faults])


def faults(connection: Connection, *, number: int, limit: int) -> Sequence[Fault]:
    """Returns the first rows of a process's file that could not be taken."""
    fault = tables.process_fault.c
    statement = select(fault.row, fault.field, fault.code, fault.value).where(fault.process_id == number)
    return [Fault(*row) for row in connection.execute(statement.order_by(fault.row).limit(limit))]

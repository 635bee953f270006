"""Runs: a day's look at everybody, once for each hour of an account's rules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, null, select, text

from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, given, merging, setting
from gatewayd.store.tables.dunning import OPEN_RUN
from gatewayd.values.actor import Scope

_RUN: Final = tables.dunning_run.c


@dataclass(frozen=True, slots=True)
class Run:
    """A row. Times are Unix ms."""

    id: int
    account: str
    account_id: int
    day: str
    hour: str
    state: str
    """running, done, stopped."""
    reason: str | None
    cursor: int
    counts: Mapping[str, int]
    """Customers by reason."""
    started_at: int
    ended_at: int | None


_SELECT: Final = select(
    *(_RUN.id, tables.account.c.name, _RUN.account_id, _RUN.day, _RUN.hour, _RUN.state, _RUN.reason, _RUN.cursor),
    *(_RUN.counts, _RUN.started_at, _RUN.ended_at),
).join(tables.account, tables.account.c.id == _RUN.account_id)


def _view(row: Any) -> Run:
    values = list(row)
    values[8] = json.loads(values[8])
    return Run(*values)


def open_runs(connection: Connection) -> Sequence[Run]:
    """Returns the runs that are not over."""
    return [_view(row) for row in connection.execute(_SELECT.where(text(OPEN_RUN)).order_by(_RUN.id))]


def runs(connection: Connection, *, scope: Scope, limit: int = 50) -> Sequence[Run]:
    """Returns runs, newest first."""
    statement = _SELECT.order_by(_RUN.id.desc()).limit(limit)
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    return [_view(row) for row in connection.execute(statement)]


def run_of(connection: Connection, *, account_id: int, day: str, hour: str) -> Run | None:
    """Returns the run of a day and hour; None: there was none."""
    row = connection.execute(
        _SELECT.where(_RUN.account_id == account_id, _RUN.day == day, _RUN.hour == hour)
    ).one_or_none()
    return None if row is None else _view(row)


_BEGIN: Final = merging(tables.dunning_run, "account_id day hour state started_at", "account_id day hour")
_GO_ON: Final = setting(tables.dunning_run, "cursor counts state reason", "id cursor")
_END: Final = setting(tables.dunning_run, "state reason ended_at", "id")
_STATE: Final = setting(tables.dunning_run, "state reason", "id")


def begin(session: Session, account_id: int, day: str, hour: str, now: int) -> bool:
    """Begins a day's run; False where there has been one."""
    return bool(session.run(_BEGIN, account_id, day, hour, "running", now))


def go_on(session: Session, run: Run, cursor: int, counts: Mapping[str, int]) -> bool:
    """Keeps how far a run is; False where another life has gone further."""
    written = json.dumps(dict(counts), sort_keys=True)
    return bool(session.run(_GO_ON, cursor, written, "running", None, run.id, run.cursor))


_ANEW: Final = Statement(
    tables.dunning_run.update()
    .where(
        _RUN.account_id == given(_RUN.account_id, "k_account_id"),
        _RUN.day == given(_RUN.day, "k_day"),
        _RUN.state.in_(("done", "running")),
    )
    .values(state="running", cursor=0, counts="{}", ended_at=null()),
    "k_account_id k_day",
)


def anew(session: Session, account_id: int, day: str) -> None:
    """Has the runs of a day look at everybody again: a rule has changed. Whoever was claimed stays so."""
    session.run(_ANEW, account_id, day)


def stop(session: Session, run: Run, reason: str) -> None:
    """Says why a run stands still."""
    session.run(_STATE, "stopped", reason, run.id)


def end(session: Session, run: Run, now: int, *, state: str = "done", reason: str | None = None) -> None:
    """Says that a run has looked at everybody, or will not."""
    session.run(_END, state, reason, now, run.id)

"""Batches: steps of one level and channel that become one job."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, exists, select

from gatewayd.store import tables
from gatewayd.store.commands import CLAIM
from gatewayd.store.numbered import number_of, numbering
from gatewayd.store.session import Session, Statement, given, setting
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

GATHERING: Final = ("gathering", "gathering_approval")
"""States of batches to which a run that is under way adds people."""
WAITING: Final = frozenset({*GATHERING, "approval", "ready"})
"""States of batches that have no job yet, and may get one."""

_BATCH: Final = tables.dunning_batch.c
_TRY: Final = tables.step_try.c


@dataclass(frozen=True, slots=True)
class Batch:
    """A row. Times are Unix ms."""

    id: int
    account: str
    account_id: int
    policy: int
    version: int
    level: str
    channel: str
    template: str
    day: str
    state: str
    """gathering, gathering_approval (a run adds more people), approval, ready, recorded, refused, rejected."""
    job_id: int | None
    reason: str | None
    people: int
    created_at: int

    @property
    def job(self) -> str:
        """The name of its job: a store that was put back gives numbers out again, but no moment."""
        return f"d-{self.created_at}.{self.id}"


_SELECT: Final = select(
    *(_BATCH.id, tables.account.c.name, _BATCH.account_id, _BATCH.policy_id, _BATCH.policy_version, _BATCH.level),
    *(_BATCH.channel, _BATCH.template, _BATCH.day, _BATCH.state, _BATCH.job_id, _BATCH.reason, _BATCH.people),
    _BATCH.created_at,
).join(tables.account, tables.account.c.id == _BATCH.account_id)


def _view(row: Any) -> Batch:
    return Batch(*list(row))


def waiting(connection: Connection, *, state: str = "ready", scope: Scope | None = None) -> Sequence[Batch]:
    """Returns the batches that are to become jobs, or those (`approval`) that wait for a person's word."""
    statement = _SELECT.where(_BATCH.state == state).order_by(_BATCH.id).limit(500)
    if scope is not None and scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    return [_view(row) for row in connection.execute(statement)]


def batch(connection: Connection, *, scope: Scope, number: int) -> Batch:
    """Returns one; NotFoundError."""
    row = connection.execute(_SELECT.where(_BATCH.id == number)).one_or_none()
    if row is None or not scope.holds(row[1]):
        raise NotFoundError(_("there is no such batch of claims"))
    return _view(row)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a batch."""

    external_id: str
    address: str
    cells: str
    """JSON: texts by the heads' plain names."""
    cause: int | None


def members(connection: Connection, *, number: int) -> Sequence[Member]:
    """Returns who is in a batch, in the order of its job's rows."""
    customer, step = tables.customer.c, tables.step.c
    statement = (
        select(customer.external_id, _TRY.address, _TRY.cells, _TRY.cause_id)
        .select_from(
            tables.step_try.join(tables.step, step.id == _TRY.step_id).join(
                tables.customer, customer.id == step.customer_id
            )
        )
        .where(_TRY.batch_id == number)
        .order_by(_TRY.place)
    )
    return [Member(*list(row)) for row in connection.execute(statement)]


_ADD: Final = numbering(
    tables.dunning_batch,
    "account_id policy_id policy_version level channel template day state people created_at",
)
_RECORDED: Final = setting(tables.dunning_batch, "state job_id", "id state")
_REFUSED: Final = setting(tables.dunning_batch, "state reason", "id state")
_LAPSED: Final = setting(tables.dunning_batch, "state reason decided_at", "id state")
_DECIDED: Final = Statement(
    tables.dunning_batch.update()
    .where(_BATCH.id == given(_BATCH.id, "k_id"), _BATCH.state == "approval")
    .values(state=given(_BATCH.state), decided_by=given(_BATCH.decided_by), decided_at=given(_BATCH.decided_at)),
    "p_state p_decided_by p_decided_at k_id",
)


@dataclass(frozen=True, slots=True)
class NewBatch:
    account_id: int
    policy: int
    version: int
    level: str
    channel: str
    template: str
    day: str
    approval: bool


def add(session: Session, new: NewBatch, people: int, now: int, *, gathering: bool = False) -> int:
    """Writes a batch; returns its number. `gathering`: it becomes no job before `release`."""
    state = "approval" if new.approval else "ready"
    if gathering:
        state = "gathering_approval" if new.approval else "gathering"
    number = number_of(
        *(session, _ADD, new.account_id, new.policy, new.version, new.level, new.channel, new.template, new.day),
        *(state, people, now),
    )
    assert number is not None
    return number


_GROW: Final = Statement(
    tables.dunning_batch.update()
    .where(
        _BATCH.id == given(_BATCH.id, "k_id"),
        _BATCH.people == given(_BATCH.people, "k_people"),
        _BATCH.state.in_(GATHERING),
    )
    .values(people=given(_BATCH.people)),
    "p_people k_id k_people",
)
_GATHERED: Final = Statement(
    _SELECT.where(_BATCH.account_id == given(_BATCH.account_id), _BATCH.state.in_(GATHERING)).order_by(_BATCH.id),
    "p_account_id",
)
_LET_GO: Final = setting(tables.dunning_batch, "state", "id state")


def grow(session: Session, number: int, people: int, more: int) -> bool:
    """Makes room for more people behind the `people` of a batch that gathers; False where it does so no longer."""
    return bool(session.run(_GROW, people + more, number, people))


def release(session: Session, account_id: int, numbers: Collection[int] | None = None) -> list[Batch]:
    """Lets go of what was gathered for an account, or of those batches alone; returns those that wait for a person's
    word now."""
    found = [_view(row) for row in session.all(_GATHERED, account_id)]
    let_go = [one for one in found if numbers is None or one.id in numbers]
    for one in let_go:
        session.run(_LET_GO, "approval" if one.state == "gathering_approval" else "ready", one.id, one.state)
    return [one for one in let_go if one.state == "gathering_approval"]


def forsaken(connection: Connection) -> list[int]:
    """Returns the accounts for which something was gathered, and of which no run is open that would let it go."""
    run = tables.dunning_run.c
    statement = (
        select(_BATCH.account_id)
        .where(
            _BATCH.state.in_(GATHERING), ~exists().where(run.account_id == _BATCH.account_id, run.ended_at.is_(None))
        )
        .distinct()
    )
    return [int(number) for number in connection.scalars(statement)]


def recorded(session: Session, number: int, job_id: int) -> None:
    """Says which job a batch has become."""
    session.run(_RECORDED, "recorded", job_id, number, "ready")


def refused(session: Session, number: int, reason: str) -> None:
    """Says why a batch has become no job."""
    session.run(_REFUSED, "refused", reason, number, "ready")


def lapse(session: Session, number: int, state: str, now: int) -> bool:
    """Ends a batch that has waited for too long, in that state, to become a job: its steps are undone, and planned anew
    from what is so then. False where it waits no longer."""
    return bool(session.run(_LAPSED, "rejected", "late", now, number, state))


def decide(session: Session, number: int, *, approved: bool, now: int, by: str) -> None:
    """Takes a person's word about a batch; ConflictError where somebody has decided."""
    if not session.run(_DECIDED, "ready" if approved else "rejected", by, now, number):
        raise ConflictError(_("somebody has decided already"))


def job_of(connection: Connection, *, account: str, name: str) -> int | None:
    """Returns the number of a recorded job of claims; None: there is none."""
    job = tables.job.c
    found = connection.scalar(
        select(job.id)
        .select_from(tables.job.join(tables.account, tables.account.c.id == job.account_id))
        .where(tables.account.c.name == account, job.name == name, job.origin == CLAIM, job.state != "loading")
    )
    return None if found is None else int(found)

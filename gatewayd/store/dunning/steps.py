"""Steps: levels that were taken. What became of one is read of its messages; the row keeps what was read last."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from sqlalchemy import Connection, null, or_, select

from gatewayd.dunning.decision import Decision
from gatewayd.dunning.situation import Step, StepState
from gatewayd.store import tables
from gatewayd.store.dunning.batches import WAITING
from gatewayd.store.session import Session, Statement, adding, among, given, merging, setting
from gatewayd.values.model import State

_STEP: Final = tables.step.c
_BATCH: Final = tables.dunning_batch.c
_MESSAGE: Final = tables.message.c

Fate = Literal["planned", "done", "undone", "unreached"]
"""`unreached`: the channel did not reach the person; the next one is to be tried."""

_UNREACHED: Final = frozenset({State.FAILED.value, State.INVALID.value, State.EXPIRED.value})
_WAITING: Final = frozenset({State.QUEUED.value, State.SCHEDULED.value, State.HELD.value})
_OPEN: Final = _WAITING | {State.SENDING.value}


@dataclass(frozen=True, slots=True)
class StepRow:
    """A row with what its message says. Times are Unix ms."""

    id: int
    account_id: int
    customer: int
    currency: str
    level: str
    cycle: date
    state: StepState
    action: str
    at: int
    policy: int
    version: int
    channel: str | None
    batch: int | None
    place: int | None
    amount: int
    batch_state: str | None
    batch_reason: str | None
    job: int | None
    message: int | None
    message_state: str | None
    message_at: int | None
    attempt: int | None
    """Row of its latest attempt."""
    attempt_state: str | None

    @property
    def fate(self) -> Fate:
        """What has become of it: done at its first point of no return, and not before."""
        if self.state != "planned":
            return self.state
        if self.batch is None or self.batch_state in WAITING:
            return "planned"
        if self.batch_state == "rejected":
            return "undone"
        if self.batch_state == "refused":
            return "unreached"
        if self.message_state is None:
            # Its job is recorded, and its message is kept no longer: nobody can say that it did not leave.
            return "done"
        if self.message_state in _UNREACHED:
            return "unreached"
        if self.message_state == State.CANCELLED.value:
            return "undone"
        if self.message_state in _WAITING:
            return "planned"
        if self.message_state == State.SENDING.value:
            return "done" if self.attempt_state == "open" else "planned"
        return "done"

    @property
    def over(self) -> bool:
        """Returns whether what became of it will not be otherwise: it may pass, and be refused after that."""
        return self.fate != "planned" and self.message_state != State.SENDING.value

    @property
    def left_at(self) -> int:
        """When it was planned or, once done, when it passed."""
        return self.at if self.state != "planned" or self.message_at is None else self.message_at

    @property
    def value(self) -> Step:
        """Returns it as rules see it: one that did not reach the person is still on its way, by the next channel."""
        fate = self.fate
        return Step(self.currency, self.level, self.cycle, "planned" if fate == "unreached" else fate, self.left_at)


_SELECT: Final = select(
    *(_STEP.id, _STEP.account_id, _STEP.customer_id, _STEP.currency, _STEP.level, _STEP.cycle, _STEP.state),
    *(_STEP.action, _STEP.at, _STEP.policy_id, _STEP.policy_version, _STEP.channel, _STEP.batch_id, _STEP.place),
    *(_STEP.amount, _BATCH.state, _BATCH.reason, _BATCH.job_id, _MESSAGE.id, _MESSAGE.state, _MESSAGE.at),
    *(_MESSAGE.attempt_id, tables.attempt.c.state),
).select_from(
    tables.step.outerjoin(tables.dunning_batch, (_BATCH.id == _STEP.batch_id) & (_STEP.state == "planned"))
    .outerjoin(tables.message, (_MESSAGE.job_id == _BATCH.job_id) & (_MESSAGE.row == _STEP.place))
    .outerjoin(tables.attempt, tables.attempt.c.id == _MESSAGE.attempt_id)
)
_OF: Final = Statement(_SELECT.where(among(_STEP.customer_id)))
_ONES: Final = Statement(_SELECT.where(among(_STEP.id)))


def _view(row: Sequence[Any]) -> StepRow:
    values = list(row)
    values[5] = date.fromisoformat(values[5])
    return StepRow(*values)


def of(session: Session, customers: Iterable[int]) -> dict[int, list[StepRow]]:
    """Returns the steps of some customers."""
    found: dict[int, list[StepRow]] = {}
    for row in session.among(_OF, sorted(set(customers))):
        found.setdefault(row[2], []).append(_view(row))
    return found


def ones(session: Session, numbers: Iterable[int]) -> list[StepRow]:
    """Returns some steps by number."""
    return [_view(row) for row in session.among(_ONES, sorted(set(numbers)))]


def unsettled(connection: Connection, *, after: int, limit: int, jobs: Collection[int] | None = None) -> list[StepRow]:
    """Returns planned steps behind the number `after` of which something has become, by their messages; `jobs`: only
    those whose messages are in these."""
    over = or_(
        _BATCH.state.in_(("refused", "rejected")),
        (_BATCH.job_id.is_not(None)) & or_(_MESSAGE.id.is_(None), _MESSAGE.state.not_in(sorted(_OPEN))),
    )
    statement = _SELECT.where(_STEP.state == "planned", _STEP.id > after, over).order_by(_STEP.id).limit(limit)
    if jobs is not None:
        statement = statement.where(_BATCH.job_id.in_(sorted(jobs)))
    return [_view(row) for row in connection.execute(statement)]


# ------------------------------------------------------------------------------------------------------------- written

_PLAN: Final = merging(
    tables.step,
    "account_id customer_id currency level cycle state action at policy_id policy_version amount invoices",
    "account_id customer_id currency level cycle",
)
_AGAIN: Final = Statement(
    tables.step.update()
    .where(
        *(_STEP.account_id == given(_STEP.account_id, "k_account_id"),),
        *(_STEP.customer_id == given(_STEP.customer_id, "k_customer_id"),),
        *(_STEP.currency == given(_STEP.currency, "k_currency"), _STEP.level == given(_STEP.level, "k_level")),
        *(_STEP.cycle == given(_STEP.cycle, "k_cycle"), _STEP.state == "undone"),
    )
    .values(
        state="planned",
        action=given(_STEP.action),
        at=given(_STEP.at),
        policy_id=given(_STEP.policy_id),
        policy_version=given(_STEP.policy_version),
        amount=given(_STEP.amount),
        invoices=given(_STEP.invoices),
        batch_id=null(),
        place=null(),
    ),
    "p_action p_at p_policy_id p_policy_version p_amount p_invoices"
    " k_account_id k_customer_id k_currency k_level k_cycle",
)
_NUMBER: Final = Statement(
    select(_STEP.id).where(
        *(_STEP.account_id == given(_STEP.account_id), _STEP.customer_id == given(_STEP.customer_id)),
        *(_STEP.currency == given(_STEP.currency), _STEP.level == given(_STEP.level)),
        _STEP.cycle == given(_STEP.cycle),
    ),
    "p_account_id p_customer_id p_currency p_level p_cycle",
)


def plan(
    session: Session,
    account_id: int,
    customer: int,
    decision: Decision,
    action: str,
    *,
    policy: int,
    version: int,
    now: int,
) -> int | None:
    """Takes a level; returns the step's number, None where it is taken already: its key forbids it."""
    assert decision.level is not None
    assert decision.cycle is not None
    key = (account_id, customer, decision.currency, decision.level, decision.cycle.isoformat())
    said = (decision.amount, json.dumps(list(decision.invoices), ensure_ascii=False))
    if not session.run(_PLAN, *key, "planned", action, now, policy, version, *said) and not session.run(
        _AGAIN, action, now, policy, version, *said, *key
    ):
        return None
    found = session.one(_NUMBER, *key)
    return None if found is None else int(found[0])


_END: Final = setting(tables.step, "state at", "id state")
_GIVE: Final = setting(tables.step, "state action at", "id state")
_PLACE: Final = Statement(
    tables.step.update()
    .where(_STEP.id == given(_STEP.id, "k_id"), _STEP.state == "planned")
    .values(
        channel=given(_STEP.channel),
        template=given(_STEP.template),
        batch_id=given(_STEP.batch_id),
        place=given(_STEP.place),
        tries=_STEP.tries + 1,
    ),
    "p_channel p_template p_batch_id p_place k_id",
)


def end(session: Session, number: int, state: StepState, at: int) -> bool:
    """Keeps what became of a planned step; False where somebody has."""
    return bool(session.run(_END, state, at, number, "planned"))


def hand_over(session: Session, number: int, at: int) -> bool:
    """Gives a planned step to a person, for no channel reaches the customer; False where somebody has ended it."""
    return bool(session.run(_GIVE, "done", "person", at, number, "planned"))


_TRY: Final = adding(tables.step_try, "batch_id place step_id address cells cause_id")


@dataclass(frozen=True, slots=True)
class Try:
    """A step by one channel."""

    step: int
    address: str
    cells: str
    """JSON: texts by the heads' plain names."""
    cause: int | None


def put_in(session: Session, batch: int, channel: str, template: str, tries: Sequence[Try], *, behind: int = 0) -> None:
    """Puts steps into a batch, in this order, behind so many that are in it."""
    placed = list(enumerate(tries, behind + 1))
    session.many(_TRY, [(batch, place, one.step, one.address, one.cells, one.cause) for place, one in placed])
    session.many(_PLACE, [(channel, template, batch, place, one.step) for place, one in placed])


# ---------------------------------------------------------------------------------------------------------- a slice's

Key = tuple[int, str, str, str]
"""Customer, currency, level, cycle."""

_TAKEN: Final = Statement(
    select(_STEP.customer_id, _STEP.currency, _STEP.level, _STEP.cycle, _STEP.id, _STEP.state).where(
        _STEP.account_id == given(_STEP.account_id), among(_STEP.customer_id)
    ),
    "p_account_id",
)
_ENTER: Final = adding(
    tables.step,
    "account_id customer_id currency level cycle state action at policy_id policy_version amount invoices"
    " channel template batch_id place tries",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A step by a message, with its place in a batch."""

    key: Key
    policy: int
    version: int
    amount: int
    invoices: str
    """JSON: external ids."""
    channel: str
    template: str
    batch: int
    place: int
    address: str
    cells: str
    cause: int


def taken(session: Session, account_id: int, customers: Iterable[int]) -> dict[Key, tuple[int, str]]:
    """Returns number and state of each step of some customers."""
    rows = session.among(_TAKEN, sorted(set(customers)), account_id)
    return {(row[0], row[1], row[2], row[3]): (row[4], row[5]) for row in rows}


def enter(
    session: Session, account_id: int, entries: Sequence[Entry], known: Mapping[Key, tuple[int, str]], now: int
) -> None:
    """Writes steps of which `known` has none that is planned or done, each with its place."""
    fresh = [one for one in entries if one.key not in known]
    again = [one for one in entries if one.key in known]
    session.many(
        _ENTER,
        [
            (
                *(account_id, *one.key, "planned", "message", now, one.policy, one.version, one.amount, one.invoices),
                *(one.channel, one.template, one.batch, one.place, 1),
            )
            for one in fresh
        ],
    )
    for one in again:
        key = (account_id, *one.key)
        session.run(_AGAIN, "message", now, one.policy, one.version, one.amount, one.invoices, *key)
    session.many(_PLACE, [(one.channel, one.template, one.batch, one.place, known[one.key][0]) for one in again])
    # Of those that were there the numbers are known.
    numbers = dict(known) | taken(session, account_id, {one.key[0] for one in fresh}) if fresh else known
    session.many(
        _TRY, [(one.batch, one.place, numbers[one.key][0], one.address, one.cells, one.cause) for one in entries]
    )

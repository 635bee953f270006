"""Two customers made one: their steps, promises, pauses, novelties and decisions are the one person's."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import delete, select, update

from gatewayd.store import tables
from gatewayd.store.contacts.customers import one_of
from gatewayd.store.session import Session, Statement, among, given, setting
from gatewayd.values.actor import Scope

_STEP: Final = tables.step.c
_TRY: Final = tables.step_try.c
_DECISION: Final = tables.decision.c
_OWN: Final = tables.customer_policy.c

_STEPS: Final = Statement(
    select(_STEP.id, _STEP.currency, _STEP.level, _STEP.cycle, _STEP.state, _STEP.at).where(
        _STEP.customer_id == given(_STEP.customer_id)
    ),
    "p_customer_id",
)
_FATE: Final = setting(tables.step, "state at", "id")
_MOVE_TRY: Final = setting(tables.step_try, "step_id", "step_id")
_DROP: Final = Statement(delete(tables.step).where(among(_STEP.id)))
_MOVED: Final = tuple(
    Statement(
        update(table)
        .where(table.c.customer_id == given(table.c.customer_id, "k_customer"))
        .values(customer_id=given(table.c.customer_id)),
        "p_customer_id k_customer",
    )
    for table in (tables.step, tables.promise, tables.pause, tables.novelty, tables.decision)
)
_CLOSE: Final = Statement(
    update(tables.decision)
    .where(_DECISION.customer_id == given(_DECISION.customer_id, "k_customer"), _DECISION.last_day.is_(None))
    .values(last_day=_DECISION.day),
    "k_customer",
)
_OWN_OF: Final = Statement(select(_OWN.policy_id).where(_OWN.customer_id == given(_OWN.customer_id)), "p_customer_id")
_DROP_OWN: Final = Statement(
    delete(tables.customer_policy).where(_OWN.customer_id == given(_OWN.customer_id)), "p_customer_id"
)
_MOVE_OWN: Final = setting(tables.customer_policy, "customer_id", "customer_id")


def move(unit: Any, scope: Scope, stays: str, gone: str) -> None:
    """Hangs what was decided and done of one customer on another one, both by external id, before they become one.

    A step that either has done is done for the person. NotFoundError.
    """
    session: Session = unit.session
    _account, to = one_of(session, scope, stays)
    _account, of = one_of(session, scope, gone)
    if to.head.id == of.head.id:
        return
    known = {row[1:4]: row for row in session.all(_STEPS, to.head.id)}
    twice: list[int] = []
    for number, *key, state, at in session.all(_STEPS, of.head.id):
        same = known.get(tuple(key))
        if same is None:
            continue
        if state == "done" and same[4] != "done":
            session.run(_FATE, "done", at, same[0])
        session.run(_MOVE_TRY, same[0], number)
        twice.append(number)
    if twice:
        session.among(_DROP, twice)
    session.run(_CLOSE, of.head.id)
    for statement in _MOVED:
        session.run(statement, to.head.id, of.head.id)
    if session.one(_OWN_OF, of.head.id) is not None:
        if session.one(_OWN_OF, to.head.id) is None:
            session.run(_MOVE_OWN, to.head.id, of.head.id)
        else:
            session.run(_DROP_OWN, of.head.id)

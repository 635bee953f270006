"""What is known of numbers before somebody is written to: whether others share them, and whether they were reached."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from gatewayd.model import State
from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, among, given

_POINT: Final = tables.contact_point.c
_MESSAGE: Final = tables.message.c
_TRY: Final = tables.step_try.c
_STEP: Final = tables.step.c

_WHOSE: Final = Statement(
    select(_POINT.address, _POINT.customer_id)
    .where(_POINT.account_id == given(_POINT.account_id), _POINT.state != "wrong_person", among(_POINT.address))
    .distinct(),
    "p_account_id",
)
_REACHED: Final = Statement(
    select(_MESSAGE.to)
    .where(
        # By the index of numbers: without statistics SQLite would read every message of the account.
        (_MESSAGE.account_id + 0) == given(_MESSAGE.account_id),
        _MESSAGE.state.in_((State.SUBMITTED.value, State.DELIVERED.value, State.READ.value, State.UNCERTAIN.value)),
        among(_MESSAGE.to),
    )
    .distinct(),
    "p_account_id",
)
_BUSY: Final = Statement(
    select(_TRY.address)
    .select_from(tables.step_try.join(tables.step, _STEP.id == _TRY.step_id))
    .where(
        _STEP.account_id == given(_STEP.account_id),
        _STEP.at >= given(_STEP.at, "p_since"),
        _STEP.state != "undone",
        among(_TRY.address),
    )
    .distinct(),
    "p_account_id p_since",
)


@dataclass(frozen=True, slots=True)
class Shared:
    """What is known of some numbers."""

    several: frozenset[str]
    """Those of more than one customer."""
    reached: frozenset[str]
    """Those to which something left before."""
    busy: set[str]
    """Those of several customers, to which a claim goes today."""


def shared(session: Session, account_id: int, numbers: Collection[str], *, since: int) -> Shared:
    """Returns what is known of some numbers; `since` is when today began (Unix ms)."""
    if not numbers:
        return Shared(frozenset(), frozenset(), set())
    owners: dict[str, set[int]] = {}
    for address, customer in session.among(_WHOSE, sorted(numbers), account_id):
        owners.setdefault(address, set()).add(customer)
    several = frozenset(address for address, whose in owners.items() if len(whose) > 1)
    reached = frozenset(row[0] for row in session.among(_REACHED, sorted(numbers), account_id))
    busy = {row[0] for row in session.among(_BUSY, sorted(several), account_id, since)} if several else set()
    return Shared(several, reached, busy)

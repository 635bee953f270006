"""What is known of numbers before somebody is written to: whether others share them, and whether they were reached."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import select, text

from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, among, given
from gatewayd.values.model import State

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


_EVENT: Final = tables.reminder_event.c
_NOTHING: Final = tuple(one.value for one in (State.FAILED, State.INVALID, State.CANCELLED, State.EXPIRED))
_REMINDED: Final = Statement(
    select(_MESSAGE.to)
    .select_from(tables.reminder_event.join(tables.message, _MESSAGE.job_id == _EVENT.job_id))
    .where(
        (_MESSAGE.account_id + 0) == given(_MESSAGE.account_id),
        _EVENT.at >= given(_EVENT.at, "p_since"),
        _MESSAGE.state.not_in(_NOTHING),
        among(_MESSAGE.to),
    )
    .distinct(),
    "p_account_id p_since",
)
# Its job comes in a moment, and will say to which of the customer's numbers.
_ABOUT_TO: Final = Statement(
    select(_POINT.address)
    .select_from(tables.reminder_event.join(tables.contact_point, _POINT.customer_id == _EVENT.customer_id))
    .where(
        _POINT.account_id == given(_POINT.account_id),
        text("reminder_event.state = 'waiting'"),
        among(_POINT.address),
    )
    .distinct(),
    "p_account_id",
)
_CONFIRMED: Final = Statement(
    select(_POINT.address).where(
        _POINT.account_id == given(_POINT.account_id),
        _POINT.customer_id == given(_POINT.customer_id),
        _POINT.state == "confirmed",
        among(_POINT.address),
    ),
    "p_account_id p_customer_id",
)

Withheld = Literal["shared_number", "first_contact"]
"""Why a message names neither amount nor person: two customers have the number, or nobody knows yet whose it is."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What is known of some numbers."""

    several: frozenset[str]
    """Those of more than one customer."""
    reached: frozenset[str]
    """Those to which something left before."""
    busy: set[str]
    """Those of several customers, to which a claim or a reminder goes today."""


def shared(session: Session, account_id: int, numbers: Collection[str], *, since: int) -> Shared:
    """Returns what is known of some numbers; `since` is when today began (Unix ms)."""
    if not numbers:
        return Shared(frozenset(), frozenset(), set())
    owners: dict[str, set[int]] = {}
    for address, customer in session.among(_WHOSE, sorted(numbers), account_id):
        owners.setdefault(address, set()).add(customer)
    several = frozenset(address for address, whose in owners.items() if len(whose) > 1)
    reached = frozenset(row[0] for row in session.among(_REACHED, sorted(numbers), account_id))
    busy: set[str] = set()
    if several:
        wanted = sorted(several)
        for statement, values in ((_BUSY, (since,)), (_REMINDED, (since,)), (_ABOUT_TO, ())):
            busy.update(row[0] for row in session.among(statement, wanted, account_id, *values))
    return Shared(several, reached, busy)


def withheld(session: Session, account_id: int, customer: int, number: str) -> Withheld | None:
    """Returns why a message to a customer's number names neither amount nor person; None: it may name them."""
    known = shared(session, account_id, [number], since=0)
    if number in known.several:
        return "shared_number"
    if number in known.reached or session.among(_CONFIRMED, [number], account_id, customer):
        return None
    return "first_contact"

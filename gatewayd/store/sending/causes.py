"""Causes: the facts that a message was written from, and what withdraws it once they are no longer so.

A cause is a row for what one customer owes (in one currency, or in any: empty). Whoever writes a text from facts asks
for the present row first, then reads row and facts in one snapshot, and gives the row's number to the message. Whoever
changes the facts withdraws the row in the same transaction: what waits ends at once, what is claimed or recorded only
later is stopped by the point of no return, and what has passed that is named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, select, text

from gatewayd.store.sending.sweeps import withdraw as end_waiting
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Session, Statement, among, given, merging, setting
from gatewayd.store.tables import attempt, cause, job, message
from gatewayd.store.tables.base import of
from gatewayd.store.tables.causes import HOLDS
from gatewayd.store.tables.sending import CAUSED
from gatewayd.values.model import State, ulid

Reason = Literal["paid", "promised", "disputed", "blocked", "changed"]
"""What became of the facts."""
REASONS: Final = frozenset({"paid", "promised", "disputed", "blocked", "changed"})
DEBT: Final = "debt"
ANY: Final = ""
"""In place of a currency: whatever the customer owes. A change of any of its debts withdraws it."""
NOBODYS: Final = -1
"""The cause of a text that another life of the store wrote, from facts that are not known here: withdrawn (`changed`)
when it is to go."""
TOGETHER: Final = 500
"""Customers of one reading."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a withdrawal did."""

    causes: tuple[int, ...] = ()
    """Rows that it withdrew, for `past` once it is committed."""
    messages: int = 0
    """Those that were waiting, and have ended."""
    jobs: tuple[int, ...] = ()
    """Jobs that got receipts."""

    def __add__(self, other: Withdrawal) -> Withdrawal:
        jobs = tuple(sorted({*self.jobs, *other.jobs}))
        return Withdrawal((*self.causes, *other.causes), self.messages + other.messages, jobs)


@dataclass(frozen=True, slots=True)
class Past:
    """A message that was past its point of no return when its cause was withdrawn, and has no outcome yet."""

    message_id: int
    job_id: int
    job: str
    made_at: int
    """When its job was recorded (Unix ms)."""

    def public(self, salt: int) -> str:
        """Returns the id by which people know the message."""
        return ulid(self.made_at, salt, self.message_id)


_PRESENT: Final = Statement(
    select(cause.c.customer_id, cause.c.id).where(
        cause.c.kind == DEBT,
        cause.c.currency == given(cause.c.currency),
        text("cause." + HOLDS),
        among(cause.c.customer_id),
    ),
    "p_currency",
)


# Two nodes may both see that there is none: the second one's row is the first one's.
_ADD: Final = merging(cause, "account_id kind customer_id currency made_at", "")


def mint(session: Session, account_id: int, customer_id: int, currency: str, now: int) -> int:
    """Returns the present cause of what a customer owes in a currency (`ANY`: in all), made where there is none."""
    return mint_many(session, account_id, [customer_id], currency, now)[customer_id]


def mint_many(session: Session, account_id: int, customers: Collection[int], currency: str, now: int) -> dict[int, int]:
    """Returns the present cause of each customer, made where there is none."""
    wanted = sorted(set(customers))
    found: dict[int, int] = dict(session.among(_PRESENT, wanted, currency))
    while missing := [customer for customer in wanted if customer not in found]:
        session.many(_ADD, [(account_id, DEBT, customer, currency, now) for customer in missing])
        found.update(session.among(_PRESENT, missing, currency))
    return found


def mint_each(
    session: Session, account_id: int, whose: Iterable[tuple[str, int]], now: int
) -> dict[tuple[str, int], int]:
    """Returns the present cause of each currency and customer, made where there is none."""
    grouped: dict[str, list[int]] = {}
    for currency, customer in whose:
        grouped.setdefault(currency, []).append(customer)
    return {
        (currency, customer): cause
        for currency, customers in sorted(grouped.items())
        for customer, cause in mint_many(session, account_id, customers, currency, now).items()
    }


def present(connection: Connection, customers: Collection[int], currency: str = ANY) -> Mapping[int, int]:
    """Returns the present cause of each customer that has one. What is read in the same snapshot are its facts."""
    found: dict[int, int] = {}
    wanted = sorted(set(customers))
    for start in range(0, len(wanted), TOGETHER):
        statement = select(cause.c.customer_id, cause.c.id).where(
            cause.c.customer_id.in_(wanted[start : start + TOGETHER]),
            cause.c.kind == DEBT,
            cause.c.currency == currency,
            text("cause." + HOLDS),
        )
        found.update((row[0], row[1]) for row in connection.execute(statement))
    return found


# ---------------------------------------------------------------------------------------------------------- withdrawn

_STANDING: Final = Statement(
    select(cause.c.id, cause.c.customer_id, cause.c.currency)
    .where(cause.c.kind == DEBT, text("cause." + HOLDS), among(cause.c.customer_id))
    .order_by(cause.c.id)
    # The points of no return of other nodes have read them, or wait for this.
    .with_for_update()
)
_OWNERS: Final = Statement(select(cause.c.customer_id, cause.c.currency, cause.c.id).where(among(cause.c.id)))
_WITHDRAW: Final = setting(cause, "withdrawn withdrawn_at", "id")
_CAUSED: Final = of("message", CAUSED)
_WAITING: Final = Statement(
    select(message.c.id).where(
        _CAUSED,
        message.c.state != State.SENDING.value,
        among(message.c.cause_id),
    )
)


def withdraw_of(
    unit: Unit, customers: Collection[int], reason: Reason, now: int, *, currency: str | None = None
) -> Withdrawal:
    """Withdraws what was written from what these customers owed, in one currency or (None) in all. A withdrawal in one
    currency takes what speaks of all debts with it."""
    rows = [
        row
        for row in unit.session.among(_STANDING, sorted(set(customers)))
        if currency is None or row[2] in {ANY, currency}
    ]
    return _withdraw(unit, [row[0] for row in rows], reason, now)


def withdraw(unit: Unit, causes: Iterable[int], reason: Reason, now: int) -> Withdrawal:
    """Withdraws causes by their numbers, with those that speak of all debts of the same customers. Those that are
    withdrawn already stay as they are."""
    meant = {row[2]: (row[0], row[1]) for row in unit.session.among(_OWNERS, sorted(set(causes)))}
    customers = {customer for customer, _currency in meant.values()}
    rows = [row[0] for row in unit.session.among(_STANDING, sorted(customers)) if row[0] in meant or row[2] == ANY]
    return _withdraw(unit, rows, reason, now)


def _withdraw(unit: Unit, causes: Sequence[int], reason: Reason, now: int) -> Withdrawal:
    if not causes:
        return Withdrawal()
    unit.session.many(_WITHDRAW, [(reason, now, number) for number in causes])
    unit.flush_messages()
    rows = unit.load(row[0] for row in unit.session.among(_WAITING, causes))
    waiting = [rows[number] for number in sorted(rows)]
    end_waiting(unit, waiting, State.CANCELLED, reason, now)
    return Withdrawal(tuple(causes), len(waiting), tuple(sorted({row.job_id for row in waiting})))


_FATES: Final = Statement(
    select(cause.c.id, cause.c.account_id, cause.c.withdrawn)
    .where(among(cause.c.id))
    .order_by(cause.c.id)
    # Whoever withdraws one waits until this has passed, and then sees it among those that are past.
    .with_for_update(read=True)
)


def fates(session: Session, causes: Collection[int], account_id: int | None = None) -> dict[int, str | None]:
    """Returns why each cause was withdrawn, None where it was not, held as they are until the transaction ends. One
    that does not exist, or is another account's, counts as `changed`."""
    found: dict[int, str | None] = dict.fromkeys(causes, "changed")
    rows = session.among(_FATES, sorted(set(causes)))
    return found | {row[0]: row[2] for row in rows if account_id is None or row[1] == account_id}


def past(connection: Connection, causes: Collection[int]) -> Sequence[Past]:
    """Returns the messages of withdrawn causes that are past their point of no return, and of which nobody knows yet
    what became of them. To be asked once the withdrawal is committed."""
    found: list[Past] = []
    wanted = sorted(set(causes))
    for start in range(0, len(wanted), TOGETHER):
        statement = (
            select(message.c.id, job.c.id, job.c.name, job.c.created_at)
            .select_from(
                message.join(attempt, attempt.c.id == message.c.attempt_id).join(job, job.c.id == message.c.job_id)
            )
            .where(
                _CAUSED,
                message.c.cause_id.in_(wanted[start : start + TOGETHER]),
                message.c.state == State.SENDING.value,
                attempt.c.state == "open",
            )
            .order_by(message.c.id)
        )
        found += [Past(*row) for row in connection.execute(statement)]
    return found

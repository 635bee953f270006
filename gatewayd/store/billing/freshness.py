"""How old an account's billing is, and the complete list that waits for a person's word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.contacts import billing_age
from gatewayd.store.session import Row, Session, Statement, given, merging, setting

_STATE: Final = tables.billing_state.c
_COLUMNS: Final = (
    "account_id as_of source complete_as_of first_at invoices_at payments_at pending_as_of pending_source pending_since"
    " pending_reason pending_missing pending_known"
)
_ONE: Final = Statement(
    select(*(_STATE[name] for name in _COLUMNS.split())).where(_STATE.account_id == given(_STATE.account_id)),
    "p_account_id",
)
_ADD: Final = merging(tables.billing_state, "account_id as_of source first_at updated_at", "account_id")
_NEWER: Final = setting(tables.billing_state, "as_of source updated_at", "account_id")
_THROUGH: Final = {
    kind: setting(tables.billing_state, f"{kind}_at updated_at", "account_id") for kind in ("invoices", "payments")
}
_PENDING: Final = setting(
    tables.billing_state,
    "pending_as_of pending_source pending_since pending_reason pending_missing pending_known updated_at",
    "account_id",
)
_COMPLETE: Final = setting(tables.billing_state, "complete_as_of updated_at", "account_id")


@dataclass(frozen=True, slots=True)
class Pending:
    """A complete list that closes nothing until a person has looked. Times are Unix ms."""

    as_of: int
    source: str
    since: int
    """When its load began: what came later is not missing."""
    reason: str
    """many: it lacks more than a tenth; none: it has no row at all; faulty: a row of it could not be read."""
    missing: int
    known: int


@dataclass(frozen=True, slots=True)
class Billing:
    """An account's billing. Times are Unix ms."""

    account_id: int
    as_of: int
    """What we have was so then, at the newest."""
    source: str
    complete_as_of: int | None
    first_at: int
    invoices_at: int | None
    payments_at: int | None
    """When the first import of each was through; what comes with that is no news. None: none was yet."""
    pending: Pending | None

    def age(self, now: int) -> int:
        """Returns how old it is in ms."""
        return max(0, now - self.as_of)


def _read(row: Row) -> Billing:
    pending = None if row[7] is None else Pending(*row[7:13])
    return Billing(row[0], row[1], row[2], row[3], row[4], row[5], row[6], pending)


def billing(session: Session, account_id: int) -> Billing | None:
    """Returns what is known of an account's billing; None where none has ever come."""
    row = session.one(_ONE, account_id)
    return None if row is None else _read(row)


@dataclass(frozen=True, slots=True)
class Ask:
    """What of an account's billing asks for a person."""

    account: str
    reason: Literal["billing_old", "billing_pending"]
    count: int
    """Hours that it is old; open invoices that a complete list lacks."""


def asks(connection: Connection, *, max_age_ms: int, now: int) -> list[Ask]:
    """Returns which accounts' billing asks for a person, by name; it may be `max_age_ms` old where an account says
    nothing else."""
    session = Session(connection)
    account = tables.account.c
    statement = (
        select(account.name, _STATE.account_id, _STATE.as_of, _STATE.pending_missing)
        .join(tables.billing_state, _STATE.account_id == account.id)
        .order_by(account.name)
    )
    found = []
    for name, number, as_of, missing in connection.execute(statement).all():
        if billing_age.age(session, number, max_age_ms, now).old:
            found.append(Ask(name, "billing_old", (now - as_of) // 3_600_000))
        if missing is not None:
            found.append(Ask(name, "billing_pending", missing))
    return found


def refresh(session: Session, account_id: int, as_of: int, source: str, now: int) -> None:
    """Notes that what we have of an account was so at that moment; an older one changes nothing."""
    found = billing(session, account_id)
    if found is None:
        session.run(_ADD, account_id, as_of, source, now, now)
    elif as_of > found.as_of:
        session.run(_NEWER, as_of, source, now, account_id)


def through(session: Session, account_id: int, kind: Literal["invoices", "payments"], now: int) -> None:
    """Notes that the account's first import of a kind is over, where it was the first: what comes later is news."""
    found = billing(session, account_id)
    if found is not None and (found.invoices_at if kind == "invoices" else found.payments_at) is None:
        session.run(_THROUGH[kind], now, now, account_id)


def completed(session: Session, account_id: int, as_of: int, now: int) -> None:
    """Notes that a complete list of that moment was taken whole; what waited for a person's word does so no more."""
    session.run(_COMPLETE, as_of, now, account_id)
    session.run(_PENDING, None, None, None, None, None, None, now, account_id)


def wait(session: Session, account_id: int, pending: Pending | None, now: int) -> None:
    """Keeps a complete list until a person has looked at what it lacks; None: nothing waits."""
    values = (
        (None,) * 6
        if pending is None
        else (*(pending.as_of, pending.source, pending.since, pending.reason, pending.missing, pending.known),)
    )
    session.run(_PENDING, *values, now, account_id)

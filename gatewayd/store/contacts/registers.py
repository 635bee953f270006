"""Legal registers of people who may not be called: what is kept of each, and its numbers, in bounded portions.

The numbers are blocks of everybody under the register's name. An import puts its numbers beside what is there and then
takes away what it did not name, so that nobody who is on the register is off it in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from gatewayd.store.contacts.blocklist import EVERYBODY
from gatewayd.store.session import Session, Statement, among, given, merging
from gatewayd.store.tables import blocklist, register

PORTION: Final = 2_000
"""Numbers that one transaction looks at."""
DAY_MS: Final = 86_400_000

_KEEP: Final = merging(
    register,
    "name channel source as_of imported_at numbers max_age_days",
    "name",
    replace="channel source as_of imported_at numbers max_age_days",
)
_DROP: Final = Statement(delete(register).where(register.c.name == given(register.c.name)), "p_name")
_OF_IT: Final = (blocklist.c.account_id == EVERYBODY, blocklist.c.register == given(blocklist.c.register))
_SEEN: Final = Statement(
    update(blocklist)
    .where(*_OF_IT, among(blocklist.c.to))
    .values(at=given(blocklist.c.at), channel=given(blocklist.c.channel)),
    "p_at p_channel p_register",
)
_REMOVE: Final = Statement(delete(blocklist).where(*_OF_IT, among(blocklist.c.to)), "p_register")


@dataclass(frozen=True, slots=True)
class RegisterView:
    """A register as it was imported; times are Unix ms."""

    name: str
    channel: str | None
    """The one channel that it is about; None: all."""
    source: str
    as_of: int
    """The day that the list is of."""
    imported_at: int
    numbers: int
    max_age_days: int
    """Days after `as_of` from which on a newer one has to be brought."""

    def age_days(self, now: int) -> int:
        """Returns how many days old the list is."""
        return max(0, now - self.as_of) // DAY_MS

    def stale(self, now: int) -> bool:
        """Returns whether a newer one has to be brought."""
        return self.age_days(now) > self.max_age_days


def registers(connection: Connection) -> list[RegisterView]:
    """Returns all registers by name."""
    return [_view(row) for row in connection.execute(select(register).order_by(register.c.name))]


def _view(row: Any) -> RegisterView:
    return RegisterView(
        *(row.name, row.channel or None, row.source, row.as_of, row.imported_at, row.numbers, row.max_age_days)
    )


def keep(session: Session, wanted: RegisterView) -> None:
    """Keeps what is known of a register, in place of what was known."""
    session.run(
        _KEEP,
        *(wanted.name, wanted.channel or "", wanted.source, wanted.as_of, wanted.imported_at, wanted.numbers),
        wanted.max_age_days,
    )


def begin(
    session: Session, *, name: str, channel: str | None, source: str, as_of: int, max_age_days: int, now: int
) -> RegisterView:
    """Begins an import: keeps what is said of a register, and returns it with the instant that its numbers are marked
    from."""
    before = next((one for one in registers(session.connection) if one.name == name), None)
    # What an earlier import named is older than this one, wherever the clock went meanwhile.
    began = max(now, 0 if before is None else before.imported_at + 1)
    made = RegisterView(name, channel, source, as_of, began, 0 if before is None else before.numbers, max_age_days)
    keep(session, made)
    return made


def still(connection: Connection, *, begun: RegisterView) -> bool:
    """Returns whether an import is the last one of its register, which is there."""
    found = select(register.c.imported_at).where(register.c.name == begun.name)
    return bool(connection.scalar(found) == begun.imported_at)


def counted(session: Session, begun: RegisterView, numbers: int) -> None:
    """Keeps how many numbers a register has after its import."""
    keep(session, replace(begun, numbers=numbers))


def seen(session: Session, name: str, channel: str, numbers: Sequence[str], at: int) -> None:
    """Marks numbers of a register as named by an import at that time."""
    session.among(_SEEN, numbers, at, channel, name)


def named_since(connection: Connection, *, name: str, since: int) -> bool:
    """Returns whether an import since then has named anybody."""
    found = select(blocklist.c.to).where(
        blocklist.c.account_id == EVERYBODY, blocklist.c.register == name, blocklist.c.at >= since
    )
    return connection.execute(found.limit(1)).first() is not None


def sweep(session: Session, name: str, before: int, after: str) -> tuple[str | None, int]:
    """Takes numbers of a register away that no import since `before` has named, of a portion behind the number `after`.

    Returns where the next portion begins (None: it was the last) and how many of this one stay.
    """
    rows = session.connection.execute(
        select(blocklist.c.to, blocklist.c.register, blocklist.c.at)
        .where(blocklist.c.account_id == EVERYBODY, blocklist.c.to > after)
        .order_by(blocklist.c.to)
        .limit(PORTION)
    ).all()
    mine = [row for row in rows if row.register == name]
    gone = [row.to for row in mine if row.at < before]
    if gone:
        session.among(_REMOVE, gone, name)
    return rows[-1].to if len(rows) == PORTION else None, len(mine) - len(gone)


def drop(session: Session, name: str) -> None:
    """Forgets a register whose numbers are gone."""
    session.run(_DROP, name)

"""What an account asks of people who send to many, and whom they have sent to in the last day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select

from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.commands import Changed
from gatewayd.store.session import Session, Statement, adding, among, given, merging
from gatewayd.values.errors import ConflictError
from gatewayd.words.translation import gettext as _

DAY_MS: Final = 86_400_000

_RULE: Final = tables.mass_rule.c
_REACH: Final = tables.reach.c


@dataclass(frozen=True, slots=True)
class MassRule:
    """What an account asks of a send to many."""

    password: str | None
    """argon2id, PHC string; None: none is set yet."""
    approve_above: int | None
    """People above which somebody else approves; None: nobody needs to."""
    version: int


_SET: Final = merging(
    tables.mass_rule,
    "account_id password approve_above version",
    "account_id",
    replace="password approve_above version",
)
_ADD: Final = adding(tables.reach, "account_id actor at to people")
_OLD: Final = Statement(
    select(_REACH.id).where(_REACH.at < given(_REACH.at)).limit(given(_REACH.id, "p_limit")), "p_at p_limit"
)
_DROP: Final = Statement(delete(tables.reach).where(among(_REACH.id)))


def mass_rule(connection: Connection, *, account: str) -> MassRule:
    """Returns what an account asks; NotFoundError without the account."""
    number = account_number(connection, account)
    row = connection.execute(select(tables.mass_rule).where(_RULE.account_id == number)).one_or_none()
    return MassRule(None, None, 0) if row is None else MassRule(row.password, row.approve_above, row.version)


def set_rule(session: Session, account: str, values: dict[str, Any], version: int | None) -> Changed[MassRule]:
    """Changes what an account asks; `values` are those of `MassRule` that change. ConflictError for an old version."""
    was = mass_rule(session.connection, account=account)
    if version is not None and version != was.version:
        raise ConflictError(_("somebody has changed this meanwhile; load it again. Nothing was saved"))
    password = values.get("password", was.password)
    above = values.get("approve_above", was.approve_above)
    number = account_number(session.connection, account)
    session.run(_SET, number, password, above, was.version + 1)
    return Changed(MassRule(password, above, was.version + 1), _told(was), _told(MassRule(password, above, 0)))


def _told(rule: MassRule) -> dict[str, Any]:
    return {"password": None if rule.password is None else "***", "approve_above": rule.approve_above}


def reached(connection: Connection, *, account: str, actor: str, since: int, to: Collection[str]) -> int:
    """Returns how many people `actor` reaches with a send to `to`, together with those since then (Unix ms)."""
    number = account_number(connection, account)
    mine = (_REACH.account_id == number, _REACH.actor == actor, _REACH.at >= since)
    many = connection.scalar(select(func.coalesce(func.sum(_REACH.people), 0)).where(*mine, _REACH.to.is_(None)))
    one_by_one = {
        row[0] for row in connection.execute(select(_REACH.to).where(*mine, _REACH.to.is_not(None)).distinct())
    }
    return int(many or 0) + len(one_by_one | set(to))


def note_reach(session: Session, account: str, actor: str, now: int, to: Collection[str]) -> None:
    """Writes down whom `actor` sends to."""
    number = account_number(session.connection, account)
    if len(to) == 1:
        session.run(_ADD, number, actor, now, next(iter(to)), 1)
    elif to:
        session.run(_ADD, number, actor, now, None, len(to))


def prune(session: Session, before: int, limit: int) -> int:
    """Forgets at most `limit` sends before then (Unix ms); answers how many."""
    numbers = [row[0] for row in session.all(_OLD, before, limit)]
    session.among(_DROP, numbers)
    return len(numbers)

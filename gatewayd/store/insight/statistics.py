"""What became of what was sent, summed up from the hourly counts: never from rows of messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import ColumnElement, Connection, func, literal, select

from gatewayd.store import tables
from gatewayd.values.actor import Scope
from gatewayd.values.staff import ACCOUNT as STAFF

Group = Literal["hour", "day", "weekday", "hour_of_day", "channel", "line", "account"]
"""hour, day: a moment; weekday: 0 is Monday; hour_of_day: 0 to 23. The rest are names."""

_TALLY: Final = tables.tally.c
_ACCOUNT: Final = tables.account.c
_THURSDAY: Final = 3
"""1970-01-01 was one."""


@dataclass(frozen=True, slots=True)
class Tallied:
    """The sum of one group and state, of accounts with one currency."""

    group: str | int
    """Hours (hour) or days (day) since 1970 in the zone asked for; else as `Group` says."""
    state: str
    """`received`: what came in."""
    currency: str
    messages: int
    segments: int
    cost: int
    """Millionths."""


def tallied(
    connection: Connection,
    scope: Scope,
    *,
    first: int,
    end: int,
    offset: int,
    by: Group,
    channel: str | None = None,
    line: str | None = None,
    account: str | None = None,
) -> list[Tallied]:
    """Returns the sums of the hours from `first` up to, not including, `end` (hours since 1970, UTC).

    `offset` is the zone's, in whole hours east of UTC.
    """
    group = _group(by, offset)
    statement = (
        select(
            group.label("group_"),
            _TALLY.state,
            _ACCOUNT.currency,
            func.sum(_TALLY.messages),
            func.sum(_TALLY.segments),
            func.sum(_TALLY.cost),
        )
        .select_from(tables.tally.join(tables.account, _ACCOUNT.id == _TALLY.account_id))
        .where(_TALLY.hour >= first, _TALLY.hour < end, _ACCOUNT.name != STAFF)
        .group_by(group, _TALLY.state, _ACCOUNT.currency)
        .order_by(group)
    )
    for column, wanted in ((_TALLY.channel, channel), (_TALLY.line, line), (_ACCOUNT.name, account)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if scope.account is not None:
        statement = statement.where(_ACCOUNT.name == scope.account)
    rows = connection.execute(statement)
    return [Tallied(row[0], row[1], row[2], int(row[3]), int(row[4]), int(row[5])) for row in rows if row[3] or row[5]]


def _group(by: Group, offset: int) -> ColumnElement[int] | ColumnElement[str]:
    hour = _TALLY.hour + literal(offset)
    match by:
        case "hour":
            return hour
        case "day":
            return hour // 24
        case "weekday":
            return (hour // 24 + _THURSDAY) % 7
        case "hour_of_day":
            return hour % 24
        case "channel":
            return _TALLY.channel
        case "line":
            return _TALLY.line
    return _ACCOUNT.name

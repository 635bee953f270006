"""How the feeds of the configuration went: when each was read, when last to its end, and its last fault."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from gatewayd.store import tables
from gatewayd.store.session import Session, merging, setting
from gatewayd.values.actor import Scope
from gatewayd.values.errors import NotFoundError
from gatewayd.words.translation import gettext as _

_FEED: Final = tables.feed.c
_WHOLE: Final = ""
"""Its `kind`: a reading is one for all queries of a feed."""
_ADD: Final = merging(tables.feed, "account_id name kind node", "account_id name kind", replace="node")
_KEYS: Final = "account_id name kind"
_SHAPE: Final = setting(tables.feed, "counts", _KEYS)
_BEGIN: Final = setting(tables.feed, "began_at", _KEYS)
_END: Final = setting(tables.feed, "ended_at ok_at as_of rows counts failures fault detail", _KEYS)
_FAIL: Final = setting(tables.feed, "ended_at failures fault detail", _KEYS)
_COLUMNS: Final = "account_id name node began_at ended_at ok_at as_of rows counts failures fault detail"


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as it went. Times are Unix ms."""

    account: str
    account_id: int
    name: str
    node: str
    began_at: int | None
    ended_at: int | None
    ok_at: int | None
    as_of: int | None
    """What it brought last was so then."""
    rows: int
    failures: int
    """Readings one after another that came to no end."""
    fault: str | None
    detail: str
    shape: Mapping[str, Any] = field(default_factory=dict)
    """What it is, as the configuration says it, and under `kinds` what became of the rows of each query."""


def declare(session: Session, node: str, found: Mapping[tuple[int, str], Mapping[str, Any]]) -> None:
    """Writes down which feeds this node has, by account and name; those that it has no more are forgotten."""
    for number, name in [
        (row[0], row[1])
        for row in session.connection.execute(select(_FEED.account_id, _FEED.name).where(_FEED.node == node))
    ]:
        if (number, name) not in found:
            session.connection.execute(
                delete(tables.feed).where(_FEED.account_id == number, _FEED.name == name, _FEED.node == node)
            )
    for (number, name), shape in found.items():
        session.run(_ADD, number, name, _WHOLE, node)
        before = one(session.connection, number, name)
        session.run(_SHAPE, json.dumps({**before.shape, **shape}), number, name, _WHOLE)


def begin(session: Session, account_id: int, name: str, now: int) -> None:
    """Notes that a reading begins."""
    session.run(_BEGIN, now, account_id, name, _WHOLE)


def done(
    session: Session, account_id: int, name: str, *, as_of: int, now: int, kinds: Mapping[str, Mapping[str, Any]]
) -> None:
    """Notes that a feed was read to its end."""
    before = one(session.connection, account_id, name)
    shape = json.dumps({**before.shape, "kinds": kinds})
    rows = sum(int(counts.get("rows", 0)) for counts in kinds.values())
    session.run(_END, now, now, as_of, rows, shape, 0, None, None, account_id, name, _WHOLE)


def failed(session: Session, account_id: int, name: str, fault: tuple[str, str], now: int) -> None:
    """Notes that a reading came to no end, and why: a code, and the name that it is about."""
    code, detail = fault
    before = one(session.connection, account_id, name)
    session.run(_FAIL, now, before.failures + 1, code, detail, account_id, name, _WHOLE)


def one(connection: Connection, account_id: int, name: str) -> Feed:
    """Returns a feed. NotFoundError where it was not declared."""
    found = _select(connection, _FEED.account_id == account_id, _FEED.name == name)
    if not found:
        raise NotFoundError(_("no feed {name}").format(name=name))
    return found[0]


def feeds(connection: Connection, *, scope: Scope) -> list[Feed]:
    """Returns the feeds of the accounts that somebody may see."""
    own = () if scope.account is None else (tables.account.c.name == scope.account,)
    return _select(connection, *own)


def of_node(connection: Connection, node: str) -> Collection[Feed]:
    """Returns the feeds that a node has."""
    return _select(connection, _FEED.node == node)


def _select(connection: Connection, *conditions: Any) -> list[Feed]:
    rows = connection.execute(
        select(tables.account.c.name.label("account"), *(_FEED[name] for name in _COLUMNS.split()))
        .join(tables.account, tables.account.c.id == _FEED.account_id)
        .where(_FEED.kind == _WHOLE, *conditions)
        .order_by(tables.account.c.name, _FEED.name)
    ).all()
    return [
        Feed(
            *(row.account, row.account_id, row.name, row.node, row.began_at, row.ended_at, row.ok_at, row.as_of),
            *(row.rows, row.failures, row.fault, row.detail or ""),
            json.loads(row.counts or "{}"),
        )
        for row in rows
    ]

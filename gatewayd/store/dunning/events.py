"""Events: what other systems are told to do (suspension due, reconnection), by webhook and by a file in the spool."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.session import Session, adding, setting

_EVENT: Final = tables.collection_event.c
_ADD: Final = adding(tables.collection_event, "account_id event document at")
_WRITTEN: Final = setting(tables.collection_event, "written", "id")


@dataclass(frozen=True, slots=True)
class CollectionEvent:
    """A row. `at` is Unix ms."""

    id: int
    account: str
    event: str
    document: Mapping[str, Any]
    at: int


def add(session: Session, account_id: int, event: str, document: Mapping[str, Any], now: int) -> None:
    """Writes an event down, to be told."""
    session.run(_ADD, account_id, event, json.dumps(dict(document), ensure_ascii=False), now)


def unwritten(connection: Connection, limit: int = 500) -> Sequence[CollectionEvent]:
    """Returns events whose file does not lie in the spool yet, oldest first."""
    statement = (
        select(_EVENT.id, tables.account.c.name, _EVENT.event, _EVENT.document, _EVENT.at)
        .join(tables.account, tables.account.c.id == _EVENT.account_id)
        .where(_EVENT.written.is_(False))
        .order_by(_EVENT.id)
        .limit(limit)
    )
    return [
        CollectionEvent(row[0], row[1], row[2], json.loads(row[3]), row[4]) for row in connection.execute(statement)
    ]


def written(session: Session, number: int) -> None:
    """Says that an event's file lies in the spool."""
    session.run(_WRITTEN, True, number)

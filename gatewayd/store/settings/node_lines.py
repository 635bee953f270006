"""What each node has said of its lines, so that others know what the whole of them can carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.session import Session, merging

_PREFIX: Final = "lines of node "
_TELL: Final = merging(tables.setting, "key value", "key", replace="value")


def tell(session: Session, node: str, document: str) -> None:
    """Writes down what a node says of its lines."""
    session.run(_TELL, _PREFIX + node, document)


def told(connection: Connection) -> Mapping[str, str | None]:
    """Returns what every node has said; None of one that has said nothing, as older ones do."""
    setting, node = tables.setting.c, tables.node.c
    rows = connection.execute(
        select(node.name, setting.value).outerjoin(tables.setting, setting.key == _PREFIX + node.name)
    )
    return {row.name: row.value for row in rows}

"""Lines that people added: written by changes, found by questions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, select

from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, adding, given, merging, setting
from gatewayd.values.added_lines import AddedLine
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

LINES_MOST: Final = 500
"""Added lines of one store; each is a task and a device of the daemon's."""

_LINE: Final = tables.added_line.c
_SECRET: Final = tables.line_secret.c


def added_lines(connection: Connection) -> Sequence[AddedLine]:
    """Returns every added line, by name."""
    secrets: dict[str, dict[str, str]] = {}
    for row in connection.execute(select(_SECRET.line, _SECRET.key, _SECRET.sealed)):
        secrets.setdefault(row.line, {})[row.key] = row.sealed
    return [
        AddedLine(
            row.name,
            row.driver,
            json.loads(row.keys),
            secrets.get(row.name, {}),
            row.added_at,
            row.added_by,
            row.version,
        )
        for row in connection.execute(select(tables.added_line).order_by(_LINE.name))
    ]


_VERSION: Final = Statement(select(_LINE.version).where(_LINE.name == given(_LINE.name)), "p_name")
_NAMES: Final = Statement(select(_LINE.name))
_ADD: Final = adding(tables.added_line, "name driver keys added_at added_by changed_at version")
_SET: Final = setting(tables.added_line, "keys changed_at version", "name")
_REMOVE: Final = Statement(tables.added_line.delete().where(_LINE.name == given(_LINE.name)), "p_name")
_KEEP_SECRET: Final = merging(tables.line_secret, "line key sealed changed_at", "line key", replace="sealed changed_at")
_DROP_SECRET: Final = Statement(
    tables.line_secret.delete().where(_SECRET.line == given(_SECRET.line), _SECRET.key == given(_SECRET.key)),
    "p_line p_key",
)
_DROP_SECRETS: Final = Statement(tables.line_secret.delete().where(_SECRET.line == given(_SECRET.line)), "p_line")


def add(session: Session, line: AddedLine, now: int) -> None:
    """Writes a new line down, secrets included. ConflictError where the name is taken, or there are too many."""
    names = {row[0] for row in session.all(_NAMES)}
    if line.name in names:
        raise ConflictError(_("a line has the name {name} already").format(name=line.name))
    if len(names) >= LINES_MOST:
        raise ConflictError(_("there are {count} lines already, as many as there may be").format(count=len(names)))
    session.run(_ADD, line.name, line.driver, _document(line.keys), now, line.added_by, now, 1)
    for key, sealed in line.secrets.items():
        session.run(_KEEP_SECRET, line.name, key, sealed, now)


def change(session: Session, name: str, keys: Mapping[str, object], now: int, version: int | None) -> None:
    """Replaces a line's keys. NotFoundError without it; ConflictError where it is no longer at `version`."""
    found = _version(session, name)
    if version is not None and version != found:
        raise ConflictError("the line is no longer at that version")
    session.run(_SET, _document(keys), now, found + 1, name)


def keep_secret(session: Session, name: str, key: str, sealed: str | None, now: int) -> None:
    """Keeps a sealed secret in place of an earlier one, or none. NotFoundError without the line."""
    _version(session, name)
    if sealed is None:
        session.run(_DROP_SECRET, name, key)
    else:
        session.run(_KEEP_SECRET, name, key, sealed, now)


def remove(session: Session, name: str) -> None:
    """Removes a line and its secrets; what was counted over it stays. NotFoundError without it."""
    _version(session, name)
    session.run(_DROP_SECRETS, name)
    session.run(_REMOVE, name)


def _version(session: Session, name: str) -> int:
    row = session.one(_VERSION, name)
    if row is None:
        raise NotFoundError(_("no line {line}").format(line=name))
    return int(row[0])


def _document(keys: Mapping[str, object]) -> str:
    return json.dumps(keys, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

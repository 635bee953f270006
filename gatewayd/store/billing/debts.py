"""Imports of customers after which it is still to be worked out what those owe whom they have brought or changed.

A note in the store says how far that is, so that a crash forgets nobody; the import itself is over, and is not held up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, select

from gatewayd.store import tables
from gatewayd.store.session import Session, Statement, given, merging

AT_ONCE: Final = 1_000
_KEY: Final = "debts_of_import:"
_TOP: Final = "debts_of_import;"
_ROW: Final = tables.import_row.c
_SETTING: Final = tables.setting.c
_IMPORT: Final = tables.sheet_import.c
_PORTION: Final = Statement(
    select(_ROW.row, _ROW.customer_id)
    .where(
        _ROW.import_id == given(_ROW.import_id),
        _ROW.row > given(_ROW.row),
        _ROW.kind.in_(("new", "changed", "absent", "undone")),
        _ROW.customer_id.is_not(None),
    )
    .order_by(_ROW.row)
    .limit(given(_ROW.row, "p_limit")),
    "p_import_id p_row p_limit",
)
_THERE: Final = Statement(
    select(tables.customer.c.id).where(
        tables.customer.c.account_id == given(tables.customer.c.account_id),
        tables.customer.c.id.in_(
            select(_ROW.customer_id).where(
                _ROW.import_id == given(_ROW.import_id),
                _ROW.row > given(_ROW.row),
                _ROW.row <= given(_ROW.row, "p_last"),
            )
        ),
    ),
    "p_account_id p_import_id p_row p_last",
)
_KEEP: Final = merging(tables.setting, "key value", "key", replace="value")
_DROP: Final = Statement(delete(tables.setting).where(_SETTING.key == given(_SETTING.key)), "p_key")
_FIRST: Final = -(1 << 62)
_AT_WORK: Final = ("running", "undoing")
"""States of imports that write rows still, perhaps on another node."""


@dataclass(frozen=True, slots=True)
class Left:
    """An import of which something is left to do."""

    import_id: int
    account_id: int
    behind: int
    """The row behind which it goes on."""


def note(session: Session, import_id: int) -> None:
    """Notes, with the end of an import, that this is still to be done."""
    session.run(_KEEP, f"{_KEY}{import_id}", str(_FIRST))


def left(connection: Connection) -> Sequence[Left]:
    """Returns the imports that are left."""
    rows = connection.execute(select(_SETTING.key, _SETTING.value).where(_SETTING.key >= _KEY, _SETTING.key < _TOP))
    behind = {int(key.removeprefix(_KEY)): int(value) for key, value in rows}
    statement = select(_IMPORT.id, _IMPORT.account_id).where(_IMPORT.id.in_(behind), _IMPORT.state.not_in(_AT_WORK))
    accounts = {row[0]: row[1] for row in connection.execute(statement)}
    return [Left(number, accounts[number], after) for number, after in sorted(behind.items()) if number in accounts]


def portion(session: Session, of: Left, behind: int) -> tuple[list[int], int | None]:
    """Returns the next customers, and the row they end with; None once there are none."""
    rows = session.all(_PORTION, of.import_id, behind, AT_ONCE)
    if not rows:
        return [], None
    last = int(rows[-1][0])
    return [row[0] for row in session.all(_THERE, of.account_id, of.import_id, behind, last)], last


def keep(session: Session, of: Left, behind: int | None) -> None:
    """Notes how far it is; None: done."""
    if behind is None:
        session.run(_DROP, f"{_KEY}{of.import_id}")
    else:
        session.run(_KEEP, f"{_KEY}{of.import_id}", str(behind))

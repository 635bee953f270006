"""What a database driver's error means for whoever asked."""

from __future__ import annotations

import sqlite3
from enum import Enum
from typing import Final

from sqlalchemy.exc import DBAPIError


class Fault(Enum):
    AWAY = "away"
    """The store cannot be written now (disk full, locked, server gone): it fails for all alike, and may work later."""
    CLASH = "clash"
    """Two nodes were in each other's way: at once again."""
    REFUSED = "refused"
    """The store will not take this; what else was in the transaction may go without it."""


_AWAY: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
    }
)
"""Primary result codes of SQLite; an extended code has one in its low byte (sqlite.org: Result and Error Codes)."""

_AWAY_CLASSES: Final = frozenset({"08", "25", "53", "57", "58"})
"""Classes of SQLSTATE: connection, read-only, resources, operator, system (PostgreSQL, appendix A)."""
_CLASH_CLASS: Final = "40"


def fault(error: Exception) -> Fault:
    """Tells it by SQLite's result code or PostgreSQL's SQLSTATE."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        return Fault.AWAY if code is not None and code & 0xFF in _AWAY else Fault.REFUSED
    state = getattr(error, "sqlstate", None)
    if state is None:
        # psycopg gives none where the server could not say anything: the link is gone, or a value never left here.
        names = {kind.__name__ for kind in type(error).__mro__}
        return Fault.AWAY if names & {"OperationalError", "InterfaceError"} else Fault.REFUSED
    if state.startswith(_CLASH_CLASS):
        return Fault.CLASH
    return Fault.AWAY if state[:2] in _AWAY_CLASSES else Fault.REFUSED


def one_line(error: DBAPIError) -> str:
    """What the driver says, which may be several lines, as a person is told it."""
    return " ".join(str(error.orig).split())

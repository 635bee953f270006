"""Says what a database driver's error means for the caller."""

from __future__ import annotations

import sqlite3
from enum import Enum
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from gatewayd.values.errors import DamagedError, GatewayError
from gatewayd.words.translation import gettext as _


class Fault(Enum):
    AWAY = "away"
    """The store cannot be written now (disk full, locked, server gone): it fails for all alike, and may work later."""
    CLASH = "clash"
    """Two nodes were in each other's way: at once again."""
    DAMAGED = "damaged"
    """The store's own pages are not what was written: nothing that is read from them can be trusted."""
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

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

_AWAY_CLASSES: Final = frozenset({"08", "25", "53", "57", "58"})
"""Classes of SQLSTATE: connection, read-only, resources, operator, system (PostgreSQL, appendix A)."""
_CLASH_CLASS: Final = "40"
_DAMAGED_CLASS: Final = "XX"
"""Internal error: data_corrupted, index_corrupted, or a server that does not know its own tables any more."""


def fault(error: Exception) -> Fault:
    """Tells it by SQLite's result code or PostgreSQL's SQLSTATE."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            return Fault.REFUSED
        if code & 0xFF in _DAMAGED:
            return Fault.DAMAGED
        return Fault.AWAY if code & 0xFF in _AWAY else Fault.REFUSED
    state = getattr(error, "sqlstate", None)
    if state is None:
        # psycopg gives none where the server could not say anything: the link is gone, or a value never left here.
        names = {kind.__name__ for kind in type(error).__mro__}
        return Fault.AWAY if names & {"OperationalError", "InterfaceError"} else Fault.REFUSED
    if state.startswith(_CLASH_CLASS):
        return Fault.CLASH
    if state[:2] == _DAMAGED_CLASS:
        return Fault.DAMAGED
    return Fault.AWAY if state[:2] in _AWAY_CLASSES else Fault.REFUSED


_CANCELED: Final = "57014"
"""query_canceled: among others, a statement that its bound has ended (PostgreSQL, appendix A)."""


def interrupted(error: Exception) -> bool:
    """Returns whether a statement was ended because it took too long."""
    cause = error.orig if isinstance(error, DBAPIError) and isinstance(error.orig, Exception) else error
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
    return getattr(cause, "sqlstate", None) == _CANCELED


def translated(error: Exception, store: URL | str, kind: type[GatewayError], sentence: str) -> GatewayError:
    """Returns the error that people are shown: DamagedError with its remedy where the store is damaged, else one of
    that kind with that sentence, whose `{error}` is what the database says."""
    cause = error.orig if isinstance(error, DBAPIError) and isinstance(error.orig, Exception) else error
    said = " ".join(str(cause).split())
    if fault(cause) is not Fault.DAMAGED:
        return kind(sentence.format(error=said))
    return damaged(store, said)


def damaged(store: URL | str, said: str) -> DamagedError:
    """Returns what people are shown of a damaged store, with its remedy; `said` is what the database says."""
    url = make_url(store)
    sqlite = url.get_backend_name() == "sqlite"
    place = url.database if sqlite else url.render_as_string()
    remedy = (
        _("restore the last backup, so: stop the daemon, then gatewayd db restore FILE")
        if sqlite
        else _("restore the last backup, so: stop the daemon, then pg_restore into a new database")
    )
    return DamagedError(_("the store {store} is damaged ({error})").format(store=place, error=said), remedy)

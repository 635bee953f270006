"""Opening the store for writing: one connection, one process at a time on SQLite.

`open_store` takes the lock, opens the connection, and brings the schema up to date where it is behind. Readers have
read-only connections of their own (`gatewayd.store.reader`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from gatewayd.store import migrations
from gatewayd.store.faults import translated
from gatewayd.values.errors import ConfigError, StoreLockedError, UnavailableError, UsageError
from gatewayd.words.translation import gettext as _

BUSY_S: Final = 5.0
"""The writer is alone: it waits only for a reader that recovers the log, or for a person's sqlite3 shell."""

CACHE_KIB: Final = 16_000
"""Page cache of the writer: the upper levels of every index of a million messages, and the pages in use."""

CACHE_BULK_KIB: Final = 48_000
"""The same from when an engine has written much in bulk until the store is idle: changed pages that find no room go to
the log in the middle of a transaction, and are read from there again. It is taken as it is used."""

PAGE: Final = 2048
"""Octets of a page of the database. A message changes a few octets in each of two dozen pages, which go to the log
whole: half as large they cost a commit half as much. Smaller ones yet have more pages change, and deeper trees."""

_MODE: Final = 0o660


@dataclass(frozen=True, slots=True)
class Store:
    """The store, held for writing by this process until it is closed."""

    url: URL
    engine: Engine
    connection: Connection
    path: Path | None
    """The SQLite file; None for PostgreSQL."""
    lock: int | None
    """Descriptor of the lock file beside it."""

    def close(self) -> None:
        self.connection.close()
        self.engine.dispose()
        if self.lock is not None:
            os.close(self.lock)


def writing_url(url: str | URL, password: str | None = None) -> URL:
    """`postgresql://` means psycopg. UsageError for any other database than the two."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise UsageError("a store needs a file: sqlite:////path/to/gatewayd.db")
            return parsed.set(drivername="sqlite")
        case "postgresql":
            require_psycopg()
            if password is not None:
                parsed = parsed.set(password=password)
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            raise UsageError(
                _("unknown kind of store: {kind}; use sqlite:////path or postgresql://user@host/db").format(kind=other)
            )


def require_psycopg() -> None:
    """Raises ConfigError where the library for PostgreSQL, which few need, is not installed."""
    if find_spec("psycopg") is None:
        raise ConfigError(_("a store in PostgreSQL needs one more library: pip install 'psycopg[binary]'"))


def open_store(url: str | URL, *, password: str | None = None) -> Store:
    """Opens the store for writing, made anew where it does not exist, migrated where it is behind.

    StoreLockedError when another process holds it, SchemaError when it is newer than this program, UnavailableError
    when it cannot be reached.
    """
    parsed = writing_url(url, password)
    if parsed.get_backend_name() == "sqlite":
        assert parsed.database is not None
        path = Path(parsed.database)
        try:
            lock = _lock(path)
        except OSError as error:
            raise UnavailableError(f"store {path}: {error.strerror}") from error
        engine = _sqlite(parsed)
    else:
        path, lock = None, None
        # Positional placeholders, so that rows go to the driver as tuples.
        engine = create_engine(
            parsed,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            paramstyle="format",
            connect_args={"connect_timeout": 5},
        )
    with ExitStack() as undo:
        if lock is not None:
            undo.callback(os.close, lock)
        undo.callback(engine.dispose)
        try:
            connection = undo.enter_context(engine.connect())
            migrations.upgrade(connection)
        except DBAPIError as error:
            sentence = f"store {parsed.render_as_string()}".replace("{", "{{").replace("}", "}}") + ": {error}"
            raise translated(error, parsed, UnavailableError, sentence) from error
        undo.pop_all()
    return Store(parsed, engine, connection, path, lock)


def is_behind(url: str | URL, *, password: str | None = None) -> bool:
    """Whether the store has to be made, or its schema brought up to date; False where that cannot be told. Holds
    nothing, and loads nothing that changes a schema."""
    parsed = writing_url(url, password)
    if parsed.get_backend_name() == "sqlite":
        assert parsed.database is not None
        if not Path(parsed.database).exists():
            return True
        parsed = make_url(f"sqlite:///file:{parsed.database}?mode=ro&uri=true")
    engine = create_engine(parsed, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return migrations.revision(connection) != migrations.HEAD
    except DBAPIError:
        return False
    finally:
        engine.dispose()


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Holds the lock of a SQLite store without opening it; StoreLockedError where another process has it."""
    lock = _lock(path, make=False)
    try:
        yield
    finally:
        os.close(lock)


def _lock(path: Path, *, make: bool = True) -> int:
    """Holds the lock file beside the store; the operating system lets go of it with the process, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StoreLockedError(f"store {path} is held by another process") from error
    # Made here for its mode: the log and its index take theirs from the store.
    if make:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE))
    return lock


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"check_same_thread": False, "timeout": BUSY_S, "cached_statements": 512},
    )

    @event.listens_for(engine, "connect")
    def _prepare(raw, _record) -> None:  # type: ignore[no-untyped-def]
        cursor = raw.cursor()
        # Of a store that is made now; one that is there keeps its own.
        cursor.execute(f"PRAGMA page_size = {PAGE}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # Every commit is on the disk before anyone is told.
        cursor.execute("PRAGMA synchronous = FULL")
        # The writer checkpoints itself, when the waiters have been woken.
        cursor.execute("PRAGMA wal_autocheckpoint = 0")
        cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.close()

    return engine

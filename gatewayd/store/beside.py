"""Reading a store beside its daemon, as another user, whether the daemon runs, has stopped or was killed.

SQLite in WAL mode (sqlite.org/wal.html): while a daemon has the store open, and after it was killed, its log and the
log's index are there, and who may read the three files reads them. After a clean end neither is there, and only who may
write the folder could make them: then the file itself is the whole store, and is read as one that does not change. A
connection of that kind is used for as long as nothing shows that a daemon has come back.

A snapshot keeps the log from being cut, so each has a bound.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

from gatewayd.process.access_list import READ, admit

SNAPSHOT_S: Final = 5.0
"""The longest that one snapshot may take: a page is made in milliseconds, and an export reads in portions."""
_LOOK_S: Final = 0.25
_TRIES: Final = 20
_TRY_S: Final = 0.05
"""A daemon that starts takes some milliseconds between making the files and letting others read them."""


def share(path: Path, uid: int) -> None:
    """Lets a user read a SQLite store that is open for writing, its log and the log's index. OSError as `admit`."""
    for file in (path, _log(path), path.with_name(f"{path.name}-shm")):
        with suppress(FileNotFoundError):
            admit(file, uid, READ)


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


@dataclass(frozen=True, slots=True)
class _Seen:
    """What shows that a file is no longer the one that was opened."""

    device: int
    inode: int
    changed: int | None
    """Of a file that should not change: when it last did (ns). None: it may change."""


class _File:
    """Opens connections to one SQLite file, and tells which of them are out of date."""

    def __init__(self, path: Path, busy_s: float) -> None:
        self._path = path
        self._busy_s = busy_s

    def connect(self) -> sqlite3.Connection:
        for _ in range(_TRIES):
            still = not _log(self._path).exists()
            with suppress(sqlite3.OperationalError):
                return self._open(still=still)
            time.sleep(_TRY_S)
        return self._open(still=not _log(self._path).exists())

    def _open(self, *, still: bool) -> sqlite3.Connection:
        where = f"file:{self._path}?mode=ro{'&immutable=1' if still else ''}"
        connection = sqlite3.connect(
            where, uri=True, check_same_thread=False, isolation_level=None, timeout=self._busy_s, factory=_Connection
        )
        try:
            connection.seen = self.look(still=still)
            connection.execute("PRAGMA query_only = ON")
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
            if still and not self.current(connection):
                raise sqlite3.OperationalError("a daemon has come back")
        except (OSError, sqlite3.Error) as error:
            connection.close()
            raise sqlite3.OperationalError(str(error)) from error
        return connection

    def look(self, *, still: bool) -> _Seen:
        status = self._path.stat()
        return _Seen(status.st_dev, status.st_ino, status.st_mtime_ns if still else None)

    def current(self, connection: Any) -> bool:
        """Returns whether a connection still sees the store as it is."""
        seen: _Seen = connection.seen
        still = seen.changed is not None
        try:
            return self.look(still=still) == seen and not (still and _log(self._path).exists())
        except OSError:
            return False


class _Connection(sqlite3.Connection):
    seen: _Seen


class Watch:
    """Ends snapshots that take too long, by a thread of its own."""

    def __init__(self, limit_s: float = SNAPSHOT_S) -> None:
        self._limit_s = limit_s
        self._running: dict[int, tuple[float, sqlite3.Connection]] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._look, name="snapshots", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    @contextmanager
    def over(self, connection: sqlite3.Connection) -> Iterator[None]:
        with self._lock:
            self._running[id(connection)] = time.monotonic() + self._limit_s, connection
        try:
            yield
        finally:
            with self._lock:
                del self._running[id(connection)]

    def _look(self) -> None:
        while not self._closed.wait(_LOOK_S):
            now = time.monotonic()
            with self._lock:  # an interrupt must not meet the next snapshot of the same connection
                for until, connection in self._running.values():
                    if now > until:
                        connection.interrupt()


class Beside:
    """Connections of a reader beside the daemon."""

    def __init__(self, url: URL, *, pool: int, busy_s: float, cache_kib: int, limit_s: float = SNAPSHOT_S) -> None:
        assert url.database is not None
        self._file = _File(Path(url.database), busy_s)
        self._watch = Watch(limit_s)
        self.engine = _engine(self._file, url, pool, cache_kib)

    @contextmanager
    def over(self, connection: Connection) -> Iterator[None]:
        """Bounds a snapshot; raises sqlite3.OperationalError where a daemon came back meanwhile, and it may be torn."""
        raw: Any = connection.connection.driver_connection
        with self._watch.over(raw):
            yield
        if raw.seen.changed is not None and not self._file.current(raw):
            raise sqlite3.OperationalError("a daemon has come back")

    def close(self) -> None:
        self.engine.dispose()
        self._watch.close()


def _engine(file: _File, url: URL, pool: int, cache_kib: int) -> Engine:
    engine = create_engine(
        url.set(drivername="sqlite"), poolclass=QueuePool, pool_size=pool, max_overflow=0, creator=file.connect
    )

    @event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: object) -> None:
        raw.execute(f"PRAGMA cache_size = -{cache_kib}")

    @event.listens_for(engine, "checkout")
    def _look(raw: Any, _record: object, _proxy: object) -> None:
        if not file.current(raw):
            raise DisconnectionError("the store is another one now")

    # Without it every statement would read a snapshot of its own.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine

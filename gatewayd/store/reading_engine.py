"""Engines whose connections can only read."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.pool import QueuePool

from gatewayd.store.connection import require_psycopg
from gatewayd.store.reading_role import refuse_excess

BUSY_S: Final = 5.0
"""A reader of SQLite in WAL mode waits for a lock only while the log is recovered after a crash."""
CACHE_KIB: Final = 2000
"""Page cache of a reading connection: the upper levels of the trees, no more."""


def reading_engine(
    url: str, *, password: str | None = None, pool: int = 2, limit_s: float | None = None, apart: bool = False
) -> Engine:
    """Returns an engine whose connections can only read; each transaction sees one snapshot.

    PostgreSQL: `limit_s` bounds each statement, and how long a transaction may rest between two; `apart` refuses a role
    that could do more than read (UnavailableError when it connects).
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            f"sqlite:///file:{parsed.database}?mode=ro&uri=true",
            poolclass=QueuePool,
            pool_size=pool,
            max_overflow=0,
            connect_args={"check_same_thread": False, "isolation_level": None, "timeout": BUSY_S},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        # Without it every statement would read a snapshot of its own.
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        return engine
    require_psycopg()
    parsed = parsed.set(drivername="postgresql+psycopg")
    if password:
        parsed = parsed.set(password=password)
    options = "-c default_transaction_read_only=on"
    if limit_s is not None:
        limit_ms = int(limit_s * 1000)
        options += f" -c statement_timeout={limit_ms} -c idle_in_transaction_session_timeout={limit_ms}"
    engine = create_engine(
        parsed,
        pool_size=pool,
        max_overflow=0,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ",
        connect_args={"options": options, "application_name": "gatewayd reader"},
    )
    if apart:
        event.listen(engine, "connect", lambda raw, _record: refuse_excess(raw))
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only = ON")
    cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    cursor.close()

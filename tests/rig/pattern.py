"""New SQLite stores as copies of one that was migrated in this process: a fifth of a second of migrations saved each.

What the migrations do is the business of their own tests, which run them, as do all that measure.
"""

from __future__ import annotations

import os
import sqlite3
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from gatewayd.store import migrations
from gatewayd.store.connection import PAGE

_RUN: Final = migrations._run
_HEAD: Final = migrations.HEAD
_THEIRS: Final = ("migration", "upgrade")
"""Tests with these words in their names run what is said there."""


@cache
def pattern() -> sqlite3.Connection:
    """Returns an empty store with today's schema, in memory."""
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    with TemporaryDirectory() as folder:
        engine = create_engine(
            f"sqlite:///{Path(folder) / 'store.db'}", isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
        with engine.connect() as connection:
            # A copy can only be laid into a store with pages of the same size.
            connection.exec_driver_sql(f"PRAGMA page_size = {PAGE}")
            _RUN(connection)
            _raw(connection).backup(kept)
        engine.dispose()
    return kept


def copying() -> None:
    """Has this process, and those forked from it, make new stores so."""
    pattern()
    migrations._run = _run


def _run(connection: Connection) -> None:
    if (
        connection.dialect.name != "sqlite"
        or migrations.HEAD != _HEAD
        or any(word in os.environ.get("PYTEST_CURRENT_TEST", "") for word in _THEIRS)
        or connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
    ):
        _RUN(connection)
    else:
        pattern().backup(_raw(connection))


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection

"""A store that cannot be opened says why in one line, and what is missing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gatewayd.store import admin, connection
from gatewayd.store import backup as copies
from gatewayd.store.connection import PAGE, open_store
from gatewayd.store.reading_engine import reading_engine
from gatewayd.values.errors import ConfigError, StoreError, UnavailableError

NOBODY = "postgresql://nobody@127.0.0.1:1/nothing"


def test_a_server_that_is_not_there_is_told_in_one_line() -> None:
    with pytest.raises(UnavailableError) as unopened:
        open_store(NOBODY)
    with pytest.raises(StoreError) as unread:
        admin.recognise(NOBODY)
    assert "\n" not in f"{unopened.value}{unread.value}"


def test_the_library_that_few_need_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match="psycopg"):
        open_store(NOBODY)
    with pytest.raises(ConfigError, match="psycopg"):
        reading_engine(NOBODY)


def page_size(path: Path) -> int:
    with closing(sqlite3.connect(path)) as raw:
        return int(raw.execute("PRAGMA page_size").fetchone()[0])


def test_a_new_store_has_small_pages_and_an_older_one_keeps_its_own(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "older.db")) as raw:
        raw.execute("PRAGMA page_size = 4096")
        raw.execute("CREATE TABLE early (id INTEGER)")
    for name, size in (("new", PAGE), ("older", 4096)):
        path = tmp_path / f"{name}.db"
        for _ in range(2):
            with closing(open_store(f"sqlite:///{path}")) as store:
                mode = store.connection.exec_driver_sql("PRAGMA journal_mode").scalar()
                assert mode == "wal"
        assert page_size(path) == size
        copies.backup(f"sqlite:///{path}", tmp_path / f"{name}.copy")
        assert page_size(tmp_path / f"{name}.copy") == size

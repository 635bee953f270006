"""A store that cannot be opened says why in one line, and what is missing."""

from __future__ import annotations

import pytest

from gatewayd.errors import ConfigError, StoreError, UnavailableError
from gatewayd.store import admin, connection
from gatewayd.store.connection import open_store
from gatewayd.store.reading_engine import reading_engine

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

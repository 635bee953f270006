"""A store in PostgreSQL as the web process reads it: by a role that can only read, and never for long."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from gatewayd.store.connection import open_store
from gatewayd.store.reader import Reader
from gatewayd.store.reading_role import let_read
from gatewayd.values.errors import StoreError, UnavailableError

PAGE = Path(__file__).parents[2] / "docs" / "operators.md"


@pytest.fixture
def shared(postgres: str) -> Iterator[str]:
    """A store with a role as the operators' page makes it; gives the URL of that role."""
    owner = postgres.format(name="beside")
    administration = create_engine(
        postgres.format(name="postgres").replace("postgresql:", "postgresql+psycopg:"),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
    )
    found = re.search(r"```sql\n(CREATE ROLE gatewayd_web.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    with administration.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE beside")
    open_store(owner).close()
    made = create_engine(owner.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with made.begin() as connection:
        for statement in found[1].replace("DATABASE gatewayd", "DATABASE beside").split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    let_read(owner, "gatewayd_web")  # as the daemon does when it starts
    yield owner.replace("gatewayd@", "gatewayd_web@")
    with made.begin() as connection:
        connection.exec_driver_sql("DROP OWNED BY gatewayd_web")
    with administration.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE beside WITH (FORCE)")
        connection.exec_driver_sql("DROP ROLE gatewayd_web")


def test_the_role_of_the_operators_page_reads_and_cannot_write(shared: str) -> None:
    reader = Reader(shared, beside=True)
    try:
        assert reader.accounts() == []
        began = time.monotonic()
        with pytest.raises(UnavailableError, match="too long"):
            reader.ask(lambda connection: connection.exec_driver_sql("SELECT pg_sleep(60)").all())
        assert time.monotonic() - began < 15
        with pytest.raises(StoreError):
            reader.ask(lambda connection: connection.exec_driver_sql("UPDATE account SET balance = 0"))
        assert reader.accounts() == []
    finally:
        reader.close()
    writing = create_engine(shared.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with writing.connect() as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.exec_driver_sql("UPDATE account SET balance = 0")

"""The role by which the web process's user reads PostgreSQL: let at what is there, refused where it can do more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from gatewayd.operations.diagnosis import findings
from gatewayd.store.connection import open_store
from gatewayd.store.reader import Reader
from gatewayd.store.reading_role import excess, let_read, role_of
from gatewayd.values.errors import UnavailableError
from tests.rig.databases import Addresses, postgresql_with_passwords

ROLE = "gatewayd_web"


@pytest.fixture(scope="module")
def server() -> Iterator[Addresses]:
    with postgresql_with_passwords() as addresses:
        open_store(addresses[0]).close()
        yield addresses


@pytest.fixture
def owner(server: Addresses) -> Iterator[psycopg.Connection]:
    """The daemon's role; whatever it gives the other one is taken back at the end."""
    with psycopg.connect(server.owner, autocommit=True) as connection:
        yield connection
        connection.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {ROLE}")
        connection.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {ROLE}")
        connection.execute(f"REVOKE UPDATE (note) ON transfer FROM {ROLE}")


def accounts(address: str) -> list[str]:
    with closing(Reader(address, beside=True, apart=True)) as reader:
        return [one.name for one in reader.accounts()]


def test_it_is_let_at_all_that_there_is_and_at_nothing_else(server: Addresses, owner: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), psycopg.connect(server.reading) as connection:
        connection.execute("SELECT * FROM account")
    owner.execute("CREATE TABLE another_programs (x text)")
    let_read(server.owner, ROLE)
    assert accounts(server.reading) == []
    assert excess(server.owner, ROLE) == (False, False)
    with psycopg.connect(server.reading) as connection:
        readable = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            " AND NOT has_table_privilege(oid, 'SELECT')"
        ).fetchall()
    assert readable == [("another_programs",)]
    owner.execute("DROP TABLE another_programs")
    owner.execute(f"REVOKE SELECT ON message FROM {ROLE}")  # as a table that a migration has added
    let_read(server.owner, ROLE)
    with psycopg.connect(server.reading) as connection:
        assert connection.execute("SELECT count(*) FROM message").fetchone() == (0,)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("GRANT INSERT ON message TO gatewayd_web", ""),
        ("GRANT UPDATE (note) ON transfer TO gatewayd_web", ""),
        ("GRANT TRUNCATE ON audit TO PUBLIC", "REVOKE TRUNCATE ON audit FROM PUBLIC"),
        ("GRANT UPDATE ON SEQUENCE message_id_seq TO gatewayd_web", ""),
    ],
)
def test_what_it_has_beyond_reading_is_found(
    given: str, taken: str, server: Addresses, owner: psycopg.Connection
) -> None:
    let_read(server.owner, ROLE)
    assert accounts(server.reading) == []
    owner.execute(given)
    try:
        assert excess(server.owner, ROLE) == (True, False)
        with pytest.raises(UnavailableError, match="may change the store"):
            accounts(server.reading)
    finally:
        if taken:
            owner.execute(taken)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("GRANT daemon TO gatewayd_web; ALTER ROLE gatewayd_web NOINHERIT",
         "REVOKE daemon FROM gatewayd_web; ALTER ROLE gatewayd_web INHERIT"),
        ("ALTER ROLE gatewayd_web SUPERUSER", "ALTER ROLE gatewayd_web NOSUPERUSER"),
        ("ALTER ROLE gatewayd_web CREATEROLE", "ALTER ROLE gatewayd_web NOCREATEROLE"),
        ("GRANT pg_write_all_data TO gatewayd_web", "REVOKE pg_write_all_data FROM gatewayd_web"),
    ],
)  # fmt: skip
def test_what_it_could_make_of_itself_is_found(given: str, taken: str, server: Addresses) -> None:
    let_read(server.owner, ROLE)
    with psycopg.connect(server.root, autocommit=True) as root:
        root.execute(given)
        try:
            assert excess(server.owner, ROLE)[0]
            with pytest.raises(UnavailableError, match="may change the store"):
                accounts(server.reading)
        finally:
            root.execute(taken)


def test_the_daemons_own_role_is_refused(server: Addresses) -> None:
    with pytest.raises(UnavailableError, match="the role daemon may change the store"):
        accounts(server.owner)


def test_one_that_may_create_is_told_of(server: Addresses, owner: psycopg.Connection) -> None:
    let_read(server.owner, ROLE)
    with psycopg.connect(server.root, autocommit=True) as root:
        root.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        try:
            assert excess(server.owner, ROLE) == (False, True)
            assert accounts(server.reading) == []
        finally:
            root.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")


def test_nobody_is_no_role(server: Addresses) -> None:
    for ask in (let_read, excess):
        with pytest.raises(UnavailableError, match="nadie"):
            ask(server.owner, "nadie")


def test_a_role_is_the_addresses_or_the_users() -> None:
    assert role_of("postgresql://lector:x@db/gatewayd", "gatewayd-web") == "lector"
    assert role_of("postgresql:///gatewayd?user=lector", "gatewayd-web") == "lector"
    assert role_of("postgresql://db/gatewayd", "gatewayd-web") == "gatewayd-web"


def test_check_names_one_that_could_write(server: Addresses, owner: psycopg.Connection, tmp_path: Path) -> None:
    def found(web: str) -> list[str]:
        file = tmp_path / "gatewayd.toml"
        file.write_text(
            f'[store]\nurl = "{server.owner}"\n[spool]\npath = "{tmp_path}/spool"\n[http]\nlisten = ""\n[web]\n{web}\n'
        )
        return [one["message"] for one in findings(file)[0] if one["key"].startswith("web.")]

    let_read(server.owner, ROLE)
    assert found("start = false") == ["the web process would have the daemon's own role"]
    assert found(f'start = false\nstore_url = "{server.reading}"') == []
    assert "may change the store" in found(f'start = false\nstore_url = "{server.owner}"')[0]
    assert found("") == [], "the daemon's child is the daemon's user"

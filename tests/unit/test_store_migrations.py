"""The schema as the migrations build it, the lock, and what is said of a store that cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from gatewayd.store import migrations
from gatewayd.store.connection import open_store
from gatewayd.store.tables import metadata
from gatewayd.values.errors import DamagedError, SchemaError, StoreLockedError, UnavailableError, UsageError


def words(connection: Connection) -> dict[str, list[str]]:
    """The words of each table and index as SQLite keeps them, whatever their order."""
    found = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name != 'alembic_version'"
    )
    return {name: sorted(sql.replace(",", " ").replace('"', "").split()) for name, sql in found}


# SQLAlchemy does not reflect indexes on expressions; the words of the schema tell whether they are the same.
@pytest.mark.filterwarnings("ignore:.*expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping")
def test_the_migrations_build_what_the_code_expects(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/a.db")
    try:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(store.connection, opts=options), metadata) == []
        built = words(store.connection)
    finally:
        store.close()
    engine = create_engine(f"sqlite:///{tmp_path}/b.db", poolclass=NullPool)
    with engine.begin() as connection:
        metadata.create_all(connection)
        # Alembic compares neither the conditions of indexes nor tables without rowid.
        assert built == words(connection)


def test_the_revisions_are_the_ones_on_disk() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert [script.revision for script in reversed(list(scripts.walk_revisions()))] == list(migrations.REVISIONS)


def test_a_store_that_is_up_to_date_starts_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    open_store(url).close()
    program = (
        "import sys; from gatewayd.store.connection import open_store\n"
        f"open_store({url!r}).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_texts_that_were_joined_are_over_and_others_wait_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    with pytest.MonkeyPatch.context() as older:
        older.setattr(migrations, "HEAD", "0001")
        store = open_store(url)
    for reference, number in ((7, 1), (7, 2), (8, 2)):
        store.connection.exec_driver_sql(
            "INSERT INTO inbound_part VALUES ('claro-1', '+54911', ?, 2, ?, ?, NULL, 'x', 1, 1)",
            (reference, number, f"{reference}.{number}"),
        )
    store.close()
    store = open_store(url)
    try:
        found = store.connection.exec_driver_sql("SELECT reference, number, total FROM inbound_part ORDER BY 1, 2")
        assert [tuple(row) for row in found] == [(7, 1, -2), (7, 2, -2), (8, 2, 2)]
    finally:
        store.close()


def test_a_newer_store_is_not_touched(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    store = open_store(url)
    store.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(SchemaError, match="9999"):
        open_store(url)
    with pytest.raises(SchemaError):
        open_store(url)


def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    store = open_store(url)
    store.connection.exec_driver_sql("DELETE FROM alembic_version")
    store.close()
    with pytest.raises(UnavailableError, match="already exists"):
        open_store(url)


def test_one_process_holds_a_store(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deeper/a.db"
    store = open_store(url)
    with pytest.raises(StoreLockedError, match="held by another process"):
        open_store(url)
    store.close()
    open_store(url).close()


def test_the_store_is_for_owner_and_group(tmp_path: Path) -> None:
    before = os.umask(0o007)
    try:
        store = open_store(f"sqlite:///{tmp_path}/a.db")
        store.connection.exec_driver_sql("INSERT INTO setting VALUES ('a', 'b')")
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert modes == {"a.db": 0o660, "a.db-wal": 0o660, "a.db-shm": 0o660, "a.db.lock": 0o660}


def test_what_cannot_be_a_store_is_told(tmp_path: Path) -> None:
    for url in ("sqlite://", "sqlite:///:memory:", "mysql://host/db"):
        with pytest.raises(UsageError):
            open_store(url)
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError):
        open_store(f"sqlite:///{tmp_path}/file/a.db")
    (tmp_path / "text.db").write_text("this is not a database at all, but a letter to my aunt" * 20)
    with pytest.raises(DamagedError, match="not a database"):
        open_store(f"sqlite:///{tmp_path}/text.db")
    with pytest.raises(UnavailableError):
        open_store(f"postgresql://nobody@/gatewayd?host={tmp_path}")


def test_no_partial_index_makes_sqlite_build_a_table_for_each_row_that_is_written(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/a.db")
    try:
        run = store.connection.exec_driver_sql
        tables = [
            name for (name,) in run("SELECT name FROM sqlite_schema WHERE type = 'table' AND name != 'alembic_version'")
        ]
        for table in tables:
            columns = [row[1] for row in run(f'PRAGMA table_info("{table}")') if not row[5]]
            if not columns:
                continue
            changes = ", ".join(f'"{column}" = ?' for column in columns)
            steps = run(f'EXPLAIN UPDATE "{table}" SET {changes}', tuple(None for _ in columns)).all()
            # The rows that are to be changed are gathered once; what comes after that is done for each.
            each = [step for step in steps if step[1] == "OpenEphemeral" and "k(1,B)" in str(step[5])]
            assert not each, f"{table}: a condition of an index is an IN of more than two"
    finally:
        store.close()

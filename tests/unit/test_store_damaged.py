"""A store whose pages are damaged: each way into it names the damage and the remedy in one line."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from gatewayd import cli
from gatewayd.operations.diagnosis import findings
from gatewayd.store import admin
from gatewayd.store import backup as copies
from gatewayd.store.commands import CreateAccount, Credit
from gatewayd.store.connection import PAGE, open_store
from gatewayd.store.faults import Fault, fault, translated
from gatewayd.store.reader import Reader
from gatewayd.store.transactions import Transactions
from gatewayd.values.errors import DamagedError, GatewayError, StoreError, UnavailableError
from gatewayd.words import translation


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    before = translation.language()
    translation.set_language("en")
    yield
    translation.set_language(before)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with a few hundred transfers."""
    path = tmp_path / "gatewayd.db"
    with closing(open_store(f"sqlite:///{path}")) as opened:
        transactions = Transactions(opened.connection)
        transactions.do(CreateAccount("norte", "ARS", 1))
        for amount in range(1, 300):
            transactions.do(Credit("norte", amount, amount))
        transactions.close()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def roots(store: Path, *tables: str) -> list[int]:
    with closing(sqlite3.connect(store)) as raw:
        marks = ", ".join("?" * len(tables))
        return [row[0] for row in raw.execute(f"SELECT rootpage FROM sqlite_master WHERE name IN ({marks})", tables)]


def spoil(store: Path, *tables: str) -> None:
    """Overwrites the first page of these tables."""
    pages = roots(store, *tables)
    assert pages
    with store.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * PAGE)
            file.write(b"\xa5" * PAGE)


def settings(store: Path) -> None:
    spoil(store, "setting")


def head(store: Path) -> None:
    with store.open("r+b") as file:
        file.write(bytes(PAGE))


def half(store: Path) -> None:
    with store.open("r+b") as file:
        file.truncate(store.stat().st_size // PAGE // 2 * PAGE)


@pytest.mark.parametrize("damage", [settings, head, half])
@pytest.mark.parametrize("arguments", [["account", "list"], ["status", "--json"], ["db", "check"], ["db", "upgrade"]])
def test_a_command_says_so_in_one_line(
    store: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[Path], None], arguments: list[str]
) -> None:
    damage(store)
    config = store.with_name("gatewayd.toml")
    config.write_text(
        f'node = "n"\nlocale = "en"\ncontrol = "{store.parent}/control.sock"\n[store]\nurl = "sqlite:///{store}"\n'
        f'[spool]\npath = "{store.parent}/spool"\n'
    )
    with pytest.raises(SystemExit) as ended:
        cli.main(["--config", str(config), *arguments])
    assert ended.value.code == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert f"the store {store} is damaged" in err
    assert "gatewayd db restore FILE" in err


def test_what_is_read_or_written_later_says_so(store: Path) -> None:
    url = f"sqlite:///{store}"
    spoil(store, "transfer")
    with closing(open_store(url)) as opened:
        transactions = Transactions(opened.connection)
        with pytest.raises(DamagedError):
            transactions.do(Credit("norte", 5, 1))
        # What lies on other pages goes on.
        transactions.do(CreateAccount("sur", "ARS", 1))
        transactions.close()
    with closing(Reader(url)) as reader, pytest.raises(DamagedError):
        reader.statement("norte")
    with pytest.raises(DamagedError):
        admin.check(url)


def test_a_damaged_store_is_not_copied_over_a_good_copy(store: Path, tmp_path: Path) -> None:
    spoil(store, "transfer")
    with pytest.raises(DamagedError):
        copies.backup(f"sqlite:///{store}", tmp_path / "copy.db")
    assert not [path for path in tmp_path.iterdir() if "copy" in path.name]


def test_a_server_that_has_lost_its_pages() -> None:
    error = sqlite3.DatabaseError("x")
    assert fault(error) is Fault.REFUSED
    index = SimpleNamespace(sqlstate="XX002")
    assert fault(index) is Fault.DAMAGED  # type: ignore[arg-type]


def test_the_password_of_a_server_is_not_shown() -> None:
    error = sqlite3.DatabaseError("malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    found = translated(error, "postgresql://me:secret@host/db", StoreError, "x: {error}")
    assert isinstance(found, DamagedError)
    assert "secret" not in str(found)
    assert "pg_restore" in found.remedy


def test_anything_else_is_told_as_before() -> None:
    error = sqlite3.OperationalError("database is locked")
    found: GatewayError = translated(error, "sqlite:////x", UnavailableError, "the store: {error}")
    assert type(found) is UnavailableError
    assert str(found) == "the store: database is locked"


def test_check_looks_at_every_page(store: Path) -> None:
    config = store.with_name("gatewayd.toml")
    config.write_text(
        f'node = "n"\nlocale = "en"\n[store]\nurl = "sqlite:///{store}"\n[spool]\npath = "{store.parent}/spool"\n'
    )
    assert not findings(config, alone=True)[0]
    spoil(store, "transfer")
    (found,) = findings(config, alone=True)[0]
    assert found["key"] == "store.url"
    assert "is damaged" in found["message"]
    assert "db restore FILE" in found["remedy"]

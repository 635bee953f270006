"""Backups of a SQLite store while it is being written to."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatewayd.store import admin
from gatewayd.store import backup as copies
from gatewayd.store.commands import CreateAccount
from gatewayd.store.connection import open_store
from gatewayd.store.reader import Reader
from gatewayd.store.transactions import Transactions
from gatewayd.values.errors import ConflictError, UnavailableError


def test_a_backup_is_one_file_of_one_instant(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gatewayd.db"
    store = open_store(url)
    transactions = Transactions(store.connection)
    transactions.do(CreateAccount("norte", "ARS", 1))
    transactions.session.begin()  # a writer in the middle of something
    transactions.session.plain("UPDATE account SET currency = 'XXX'")
    size = copies.backup(url, tmp_path / "copy.db")
    transactions.session.abandon()
    transactions.close()
    store.close()
    assert size == (tmp_path / "copy.db").stat().st_size
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.db"]
    assert admin.check(f"sqlite:///{tmp_path}/copy.db") == []
    reader = Reader(f"sqlite:///{tmp_path}/copy.db")
    assert reader.account("norte").currency == "ARS"
    reader.close()


def test_a_backup_overwrites_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gatewayd.db"
    open_store(url).close()
    (tmp_path / "precious").write_text("x")
    with pytest.raises(ConflictError):
        copies.backup(url, tmp_path / "precious")
    assert (tmp_path / "precious").read_text() == "x"


def test_a_server_is_backed_up_by_its_own_tools(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="pg_dump"):
        copies.backup("postgresql://gatewayd@/x", tmp_path / "f")

"""The mark in the spool by which a store that is older than what was sent from it is found out."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable
from contextlib import closing
from pathlib import Path
from typing import Any

from gatewayd.restoration import MARK, Restoration, Restored
from gatewayd.store.commands import StartNode
from gatewayd.store.connection import open_store
from gatewayd.store.transactions import Transactions
from spool.folders import Spool


def start(store: Path, spool: Spool) -> Restored | None:
    """Examines the store as a daemon does when it starts."""
    with closing(open_store(f"sqlite:///{store}")) as opened:
        transactions = Transactions(opened.connection)

        async def execute(command: Any) -> Any:
            return transactions.do(command)

        def handed(command: Any, /) -> Awaitable[Any]:
            return execute(command)

        transactions.do(StartNode("n", 1))
        restoration = Restoration(handed, spool, node="n", salt=transactions.salt)
        try:
            return asyncio.run(restoration.examine())
        finally:
            transactions.close()


def test_an_empty_store_that_ran_meanwhile_does_not_make_a_copy_look_new(tmp_path: Path) -> None:
    store, spool = tmp_path / "store.db", Spool(tmp_path / "spool")
    spool.create()
    assert start(store, spool) is None
    shutil.copy(store, tmp_path / "copy.db")
    assert start(store, spool) is None
    store.unlink()  # lost; the service is started all the same, twice
    assert start(store, spool) is None
    assert start(store, spool) is None
    shutil.copy(tmp_path / "copy.db", store)
    assert start(store, spool) == Restored(0, 0, ())
    assert start(store, spool) is None


def test_a_mark_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    store, spool = tmp_path / "store.db", Spool(tmp_path / "spool")
    spool.create()
    assert start(store, spool) is None
    mark = json.loads((spool.path / MARK).read_text())
    (spool.path / MARK).write_text(
        json.dumps({"store": mark["store"], "node": "n", "generation": mark["generation"] + 5})
    )
    assert start(store, spool) == Restored(0, 0, ())


def test_a_mark_that_is_none_says_nothing(tmp_path: Path) -> None:
    store, spool = tmp_path / "store.db", Spool(tmp_path / "spool")
    spool.create()
    for text in ("", "[]", '{"store": 1}', '{"store": 1, "generation": 2, "others": []}', "\0" * 100):
        (spool.path / MARK).write_text(text)
        assert start(store, spool) is None

"""The mark in the spool by which a store that is older than what was sent from it is found out."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Awaitable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gatewayd.contact.said import Verdict
from gatewayd.outgoing.inbox_writer import inbox_document
from gatewayd.restoration import MARK, Restoration, Restored
from gatewayd.store import tables
from gatewayd.store.campaigns import campaigns, numbers
from gatewayd.store.commands import Change, CreateAccount, Inbound, InboxWritten, StartNode, UnwrittenInbox
from gatewayd.store.connection import open_store
from gatewayd.store.session import Statement
from gatewayd.store.transactions import Transactions
from spool.folders import Spool
from spool.inbox import write_inbox
from tests.rig.processes import run


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


def receive(store: Path, spool: Spool, sender: str, verdict: Verdict) -> Path:
    """A reply comes in, and its file is written."""
    with closing(open_store(f"sqlite:///{store}")) as opened:
        transactions = Transactions(opened.connection)
        key = f"k-{sender}"
        transactions.do(Inbound("m0", "sms", key, sender, None, "x", 1, None, None, lambda _text, _subject: verdict, 1))
        entry = transactions.do(UnwrittenInbox())[0]
        transactions.do(InboxWritten((entry.id,)))
        transactions.close()
    return write_inbox(spool, None, entry.public, inbox_document(entry))


def blocked(store: Path) -> set[str]:
    with closing(sqlite3.connect(store)) as raw:
        return {row[0] for row in raw.execute('SELECT "to" FROM blocklist')}


def test_who_opted_out_after_the_copy_is_blocked_again(tmp_path: Path) -> None:
    store, spool = tmp_path / "store.db", Spool(tmp_path / "spool")
    spool.create()
    assert start(store, spool) is None
    receive(store, spool, "+5491150000001", Verdict.YES)
    with closing(sqlite3.connect(store)) as raw:
        raw.execute("DELETE FROM blocklist")  # by a person: they have asked to be written to again
        raw.commit()
    shutil.copy(store, tmp_path / "copy.db")
    assert start(store, spool) is None
    later = receive(store, spool, "+5491150000002", Verdict.YES)
    receive(store, spool, "+5491150000003", Verdict.NO)
    forged = json.loads(later.read_text()) | {"from": "+5491150000004"}
    (later.parent / "notes.json").write_text(json.dumps(forged))
    (later.parent / f"{'0' * 26}.json").write_text(json.dumps(forged))
    shutil.copy(tmp_path / "copy.db", store)
    for log in tmp_path.glob("store.db-*"):
        log.unlink()
    assert start(store, spool) == Restored(0, 0, ())
    assert blocked(store) == {"+5491150000002"}


def test_what_a_command_logs_is_no_part_of_its_answer(tmp_path: Path) -> None:
    """Standard output bears one JSON document; what the restore warns of goes to standard error."""
    store, spool = tmp_path / "store.db", Spool(tmp_path / "spool")
    spool.create()
    assert start(store, spool) is None
    shutil.copy(store, tmp_path / "copy.db")
    receive(store, spool, "+5491150000002", Verdict.YES)
    config = tmp_path / "gatewayd.toml"
    lines = (
        'node = "n"',
        'locale = "en"',
        "[store]",
        f'url = "sqlite:///{store}"',
        "[spool]",
        f'path = "{spool.path}"',
    )
    config.write_text("\n".join(lines))
    done = run(["--config", str(config), "db", "restore", str(tmp_path / "copy.db"), "--json"])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["paused"] == 0
    assert "blocked again" in done.stderr


def following(store: Path) -> int:
    """Returns the number that the next campaign gets."""
    with closing(open_store(f"sqlite:///{store}")) as opened:
        transactions = Transactions(opened.connection)
        try:
            return transactions.do(Change(lambda unit: numbers.following(unit.session)))
        finally:
            transactions.close()


def keep(store: Path, name: str) -> int:
    """Saves a campaign; returns its number."""
    with closing(open_store(f"sqlite:///{store}")) as opened:
        transactions = Transactions(opened.connection)
        try:
            if not transactions.session.all(Statement(select(tables.account.c.id))):
                transactions.do(CreateAccount("norte", "ARS", 1))
            new = campaigns.NewCampaign("norte", name, "{}", "ana", 1)
            return transactions.do(Change(lambda unit: campaigns.add(unit.session, new)))
        finally:
            transactions.close()


def put_back(copy: Path, store: Path) -> None:
    shutil.copy(copy, store)
    for log in store.parent.glob("store.db-*"):
        log.unlink()


def test_no_campaign_gets_the_number_of_one_that_came_after_the_copy(tmp_path: Path) -> None:
    store, spool, copy = tmp_path / "store.db", Spool(tmp_path / "spool"), tmp_path / "copy.db"
    spool.create()
    assert start(store, spool) is None
    assert keep(store, "Agosto") == 1
    shutil.copy(store, copy)
    assert start(store, spool) is None
    # A weekly one came after the copy, and its run of this hour is in the spool: its jobs have the hour in their names.
    assert keep(store, "Semanal") == 2
    (spool.path / "accepted" / "norte" / "c-2.20260907T1030-0-0").mkdir(parents=True)
    put_back(copy, store)
    assert start(store, spool) is not None
    assert keep(store, "Otra semanal") == 1_001
    assert start(store, spool) is None  # the spool sees that number
    put_back(copy, store)
    assert start(store, spool) is not None
    assert following(store) == 2_001

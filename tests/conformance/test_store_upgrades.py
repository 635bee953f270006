"""Stores that older versions made, brought up to date: nothing is lost, and everything still works.

`tests/data/stores/REVISION.sql` is what a version of that revision wrote, as text: two accounts, one job on its way (a
message delivered, one sent, one long, one in doubt, one that a crash left open, one waiting), one paused, what came in,
and a number that wants no more. 0006 is version 0.1.0's.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import parse
from gatewayd.operations import perform
from gatewayd.store import migrations
from gatewayd.store.commands import LoadQueues, SetJobState
from gatewayd.values.actor import Actor, Role
from gatewayd.values.model import State
from tests.conformance.house import House

STORES = Path(__file__).parents[1] / "data" / "stores"
RELEASED = "0006"
"""The revision of version 0.1.0; a later release adds its own store."""
OPERATOR = Actor("operator", "uid 0 (root)", Role.ADMINISTRATOR)


def kept() -> list[str]:
    return sorted(path.stem for path in STORES.glob("*.sql"))


def made_by(revision: str, folder: Path) -> Path:
    """Returns the store of that revision, as it was left."""
    path = folder / "gatewayd.db"
    with sqlite3.connect(path) as store:
        store.executescript((STORES / f"{revision}.sql").read_text(encoding="utf-8"))
        store.execute("PRAGMA journal_mode = WAL")
    store.close()
    return path


class Upgraded(House):
    """A house that moves into a store that is there."""

    def __init__(self, path: Path) -> None:
        self.url = f"sqlite:///{path}"
        self.node = "pop"
        self.pruned = False
        self.epoch = 0
        with sqlite3.connect(path) as store:
            (self.now,) = store.execute("SELECT max(updated_at) FROM message").fetchone()
        store.close()
        self.now += 1000
        self.open()


def test_a_store_of_every_revision_that_was_in_use_is_kept() -> None:
    assert kept() == [one for one in migrations.REVISIONS if one <= RELEASED]


@pytest.mark.parametrize("revision", kept())
def test_nothing_is_lost_and_messages_go_on(revision: str, tmp_path: Path) -> None:
    path = made_by(revision, tmp_path)
    with sqlite3.connect(path) as store:
        before = store.execute("SELECT id, state, reason, cost FROM message ORDER BY id").fetchall()
        assert store.execute("SELECT version_num FROM alembic_version").fetchall() == [(revision,)]
    store.close()
    house = Upgraded(path)
    try:
        assert house.rows("SELECT version_num FROM alembic_version") == [(migrations.HEAD,)]
        assert house.rows("SELECT id, state, reason, cost FROM message ORDER BY id") == before
        house.check()
        started = house.start()
        assert len(started.open) == 1, "what the crash left open"
        for left in started.open:
            house.finish(left.work, State.UNCERTAIN)
        august = next(queue for queue in house.do(LoadQueues()) if queue.job == "agosto")
        claimed, waiting = house.claim(august, limit=5).work
        house.send(claimed, first=30)
        house.report(claimed, 30, "delivered")
        house.send(waiting, first=31)
        house.do(SetJobState("sur", "setiembre", "running", house.now))
        september = next(queue for queue in house.do(LoadQueues()) if queue.job == "setiembre")
        for reference, work in enumerate(house.claim(september, limit=5).work, start=50):
            house.send(work, first=reference)
        assert house.cut()
        house.check()
        states = dict(house.rows("SELECT state, count(*) FROM message GROUP BY state"))
        assert states["uncertain"] == 2
        assert states["delivered"] == 2
        assert sum(states.values()) == 8
    finally:
        house.close()


@pytest.mark.parametrize("revision", kept())
def test_every_question_and_act_is_answered(revision: str, tmp_path: Path) -> None:
    path = made_by(revision, tmp_path)
    raw: dict[str, Any] = {
        "locale": "en",
        "store": {"url": f"sqlite:///{path}"},
        "spool": {"path": str(tmp_path / "spool")},
        "line": [{"name": "claro-1", "driver": "gsm", "port": "/dev/ttyUSB9"}],
    }
    backend = OfflineBackend(parse(raw, tmp_path / "gatewayd.toml"))

    def ask(operation: str, /, **arguments: Any) -> Any:
        return asyncio.run(perform(backend, operation, arguments, OPERATOR))

    try:
        assert [one["name"] for one in ask("account.list")["items"]] == ["norte", "sur"]
        assert len(ask("account.statement", account="norte")["items"]) >= 9
        assert ask("account.sums", account="norte", by="job")["items"]
        assert {one["job"] for one in ask("job.list")["items"]} == {"agosto", "setiembre"}
        messages = ask("message.list")["items"]
        assert len(messages) == 8
        for one in messages:
            assert ask("message.show", message=one["message"])["text"]
        assert [one["kind"] for one in ask("status")["needs"] if one["kind"] == "uncertain"] == ["uncertain"]
        assert ask("blocklist.list")["items"][0]["to"] == "+5491150009999"
        # What came in before there were conversations is in them.
        assert len(ask("inbox.list", account="norte", which="all")["items"]) >= 2
        assert not next(one for one in ask("line.list")["items"] if one["name"] == "claro-1")["sent_today"]
        doubt = next(one for one in messages if one["state"] == "uncertain")
        assert ask("message.settle", message=doubt["message"], verdict="not-sent")["state"] == "failed"
        ask("account.credit", account="sur", amount="1")
        ask("user.create", user="ana", role="administrator", password="corral-de-piedra-verde")
        assert [one["operation"] for one in ask("audit.list")["items"]] == [
            *("user.create", "account.credit", "message.settle"),
        ]
    finally:
        backend.close()

"""Intake over a store that fails for a while: a job is in `incoming` or recorded, whatever could not be undone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gatewayd.config import parse
from gatewayd.intake.lines import Lines
from gatewayd.intake.reception import REFUSED_AT, IntakeDesk
from gatewayd.numbers import Policy
from gatewayd.store.commands import AddMessages, Command, CreateAccount, DropJob, LoadingJobs, QueueInfo
from gatewayd.store.connection import open_store
from gatewayd.store.transactions import Transactions
from gatewayd.store.writer import Writer
from gatewayd.values.clock import now_ms
from gatewayd.values.errors import UnavailableError
from spool.document import parse as read_job
from spool.folders import Spool
from spool.intake import take
from spool.recovery import mark, recover


class Stumbling:
    """The store, on a disk that is full for the commands named, once each."""

    def __init__(self, transactions: Transactions, *full: type[Command[Any]]) -> None:
        self._transactions = transactions
        self.full = list(full)

    async def do(self, command: Command[Any], *, patient: bool = False) -> Any:
        if type(command) in self.full:
            self.full.remove(type(command))
            raise UnavailableError("the store cannot be written now: database or disk is full")
        (result,) = self._transactions.apply([command])
        if isinstance(result, Exception):
            raise result
        return result

    def post(self, command: Command[Any]) -> None:
        self._transactions.apply([command])


class Published:
    def __init__(self) -> None:
        self.queues: list[QueueInfo] = []
        self.heard: asyncio.Queue[str] = asyncio.Queue()

    def appeared(self, infos: Sequence[QueueInfo]) -> None:
        self.queues.extend(infos)

    def publish(self, infos: Sequence[QueueInfo]) -> None:
        self.queues.extend(infos)

    def recorded(self, job_id: int) -> None: ...

    def happened(self, subject: str, state: str, reason: str | None) -> None:
        self.heard.put_nowait(state)

    def stalled(self, subject: str, state: str, reason: str | None) -> None: ...


async def test_a_job_that_could_not_be_forgotten_is_not_taken_for_a_known_one(tmp_path: Path) -> None:
    raw = {"store": {"url": f"sqlite:///{tmp_path}/g.db"}, "spool": {"path": str(tmp_path / "spool")}}
    config = parse(raw, tmp_path / "g.toml")
    spool = Spool(tmp_path / "spool")
    spool.create()
    spool.create_account("norte")
    store = open_store(config.store.url)
    writer = Stumbling(Transactions(store.connection), AddMessages, DropJob)
    published = Published()
    await writer.do(CreateAccount("norte", "ARS", now_ms()))
    intake = IntakeDesk(config, spool, writer, Policy("AR", "11", True), Lines(), published, published)
    content = {"channel": "sms", "text": "hola", "recipients": [{"to": "1159876543"}]}
    data = json.dumps(content).encode()
    (spool.folder("incoming", "norte") / "j.json").write_bytes(data)
    try:
        with pytest.raises(UnavailableError):
            await intake.record(take(spool, "norte", "j.json"), read_job(data, "j.json"))
        assert not writer.full
        assert not published.queues
        await intake.record(take(spool, "norte", "j.json"), read_job(data, "j.json"))
        assert len(published.queues) == 1
        assert await writer.do(LoadingJobs(config.node)) == ()
        assert (spool.folder("accepted", "norte") / "j" / "j.json").exists()
    finally:
        await intake.feed.close()
        store.close()


@pytest.mark.parametrize(("suspicion", "refused", "workers"), [(0, False, 0), (1, False, 1), (REFUSED_AT, True, 0)])
async def test_what_the_daemon_died_over_is_read_apart_then_refused(
    tmp_path: Path, suspicion: int, refused: bool, workers: int
) -> None:
    raw = {"store": {"url": f"sqlite:///{tmp_path}/g.db"}, "spool": {"path": str(tmp_path / "spool")}}
    config = parse(raw, tmp_path / "g.toml")
    spool = Spool(tmp_path / "spool")
    spool.create_account("norte")
    job = {"channel": "sms", "text": "hola", "recipients": [{"to": "1150000001"}]}
    (spool.folder("incoming", "norte") / "j.json").write_text(json.dumps(job))
    for _ in range(suspicion):
        recover(spool)
        mark(take(spool, "norte", "j.json"))
    store = open_store(config.store.url)
    writer = Writer(Transactions(store.connection))
    writer.start()
    await writer.do(CreateAccount("norte", "ARS", now_ms()))
    published = Published()
    policy = Policy("AR", "11", True)
    intake = IntakeDesk(config, spool, writer, policy, Lines(), published, published, recover(spool))
    running = asyncio.create_task(intake.run())
    async with asyncio.timeout(30):
        assert await published.heard.get() == ("refused" if refused else "recorded")
    assert len(intake.feed.pids) == workers
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await writer.close()
    store.close()
    if refused:
        error = json.loads((spool.folder("rejected", "norte") / "j.json.error.json").read_text())
        assert error["code"] == "recipients_unreadable"

"""What waits in the store for its file is written as soon as it can be, and none waits for another in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gatewayd.outgoing import inbox_writer, receipt_writer
from gatewayd.outgoing.inbox_writer import InboxWriter
from gatewayd.outgoing.receipt_writer import ReceiptWriter
from gatewayd.store.commands import CutSegments, InboxEntry, InboxWritten, Segment, SegmentsWritten, UnwrittenInbox
from gatewayd.values.errors import NotFoundError
from spool.errors import SpoolError
from spool.folders import Spool

ENTRY = InboxEntry(
    id=1,
    public="01JD0000000000000000000001",
    account="norte",
    at=1_790_000_000_000,
    channel="sms",
    line="m0",
    sender="+5491150000000",
    to=None,
    text="hola",
    key="k1",
    job=None,
    message=None,
    ref=None,
    opt_out=False,
)


class OneMessage:
    """A store with one message to write out."""

    def __init__(self) -> None:
        self.waiting: list[InboxEntry] = [ENTRY]
        self.written = asyncio.Event()

    async def do(self, command: Any, *, patient: bool = False) -> Any:
        match command:
            case UnwrittenInbox():
                return tuple(self.waiting)
            case CutSegments():
                return ()
            case InboxWritten():
                self.waiting.clear()
                self.written.set()
        return None

    def post(self, command: Any) -> None:
        raise AssertionError(command)


async def test_a_reply_that_could_not_be_written_is_tried_again_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_writer, "TROUBLE_S", 0.01)
    spool = Spool(tmp_path / "spool")
    spool.create()
    spool.create_account("norte")
    store, refused = OneMessage(), 0

    async def written(work: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal refused
        if not refused:
            refused += 1
            raise SpoolError("disk full")
        return work(*arguments)

    task = asyncio.create_task(InboxWriter(store, spool, lambda *call: asyncio.ensure_future(written(*call))).run())
    try:
        async with asyncio.timeout(20):
            await store.written.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert refused == 1
    assert (spool.folder("inbox", "norte") / f"{ENTRY.public}.json").exists()


class OneJobLeft:
    """Of two jobs, retention has removed the first."""

    def owners(self, jobs: Sequence[int], node: str) -> dict[int, str]:
        return dict.fromkeys(jobs, "norte")

    def job_by_number(self, job_id: int, now: int) -> Any:
        if job_id == 1:
            raise NotFoundError("no job 1")
        return SimpleNamespace(account="norte", job="j", last_seq=0, document=lambda: {"job": "j"})


async def test_a_job_that_has_grown_too_old_keeps_no_other_from_its_summary(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.create()
    spool.create_account("norte")

    async def written(work: Callable[..., Any], *arguments: Any) -> Any:
        return work(*arguments)

    receipts = ReceiptWriter(
        OneMessage(),
        OneJobLeft(),  # type: ignore[arg-type] # as much of a reader as is asked here
        spool,
        node="n",
        now=lambda: 1,
        in_thread=lambda *call: asyncio.ensure_future(written(*call)),
    )
    receipts.due([1, 2])
    await receipts.flush()
    assert (spool.folder("receipts", "norte", "j") / "summary.json").exists()


CROWD = 400
"""Jobs of another account that are due too: fifty portions."""
OURS = 1000


class Crowd:
    """A store with many jobs that are due, and one of norte's that goes on: new, then sent, then delivered."""

    def __init__(self) -> None:
        self.turns: list[int] = []
        self.waiting: set[int] = set()
        """Of norte's job, the receipt that waits."""

    def owners(self, jobs: Sequence[int], node: str) -> dict[int, str]:
        return {job_id: "norte" if job_id == OURS else "malo" for job_id in jobs}

    def job_by_number(self, job_id: int, now: int) -> Any:
        self.turns.append(job_id)
        account = "norte" if job_id == OURS else "malo"
        return SimpleNamespace(account=account, job=f"j{job_id}", last_seq=0, document=lambda: {"job": "j"})

    async def do(self, command: Any, *, patient: bool = False) -> Any:
        match command:
            case CutSegments() if OURS in (command.jobs or ()) and self.waiting:
                (seq,) = self.waiting
                return (Segment("norte", f"j{OURS}", OURS, seq, seq, ("{}",)),)
            case CutSegments():
                return ()
            case SegmentsWritten():
                self.waiting.clear()
        return None

    def post(self, command: Any) -> None:
        raise AssertionError(command)


async def test_a_job_that_goes_on_does_not_wait_for_thousands_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipt_writer, "CLOSE_S", 0.1)
    spool = Spool(tmp_path / "spool")
    spool.create()
    for account in ("norte", "malo"):
        spool.create_account(account)
    store = Crowd()
    times: list[float] = []

    async def written(work: Callable[..., Any], *arguments: Any) -> Any:
        result = work(*arguments)
        await asyncio.sleep(0.005)
        seen = store.turns.count(OURS)
        if len(times) < seen:
            times.append(asyncio.get_running_loop().time())
        if 0 < seen < 3 and not store.waiting:
            store.waiting = {seen}
            receipts.due([OURS])
        return result

    receipts = ReceiptWriter(
        store,
        store,  # type: ignore[arg-type] # as much of a reader as is asked here
        spool,
        node="n",
        now=lambda: 1,
        in_thread=lambda *call: asyncio.ensure_future(written(*call)),
    )
    receipts.due([*range(CROWD), OURS])
    await receipts.flush()
    places = [place for place, job_id in enumerate(store.turns) if job_id == OURS]
    assert len(places) == 3, places
    # What became of the new job is told at once, what came later a second after that, and neither behind the crowd.
    assert places[1] < 5 * receipt_writer.PORTION
    assert times[2] - times[1] >= 0.1
    assert places[2] < CROWD


class OtherNodes(Crowd):
    """A store in which another node has told something of norte's job; this node's own work never ends."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def unwritten_jobs(self, _node: str) -> list[int]:
        self.asked += 1
        return [OURS] if self.asked > 1 else []


@pytest.mark.parametrize("told", [False, True])
async def test_what_nobody_has_said_to_be_due_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    """Though something is always due: after a while where other nodes work on the store, at once when asked to look."""
    monkeypatch.setattr(receipt_writer, "CLOSE_S", 0.01)
    monkeypatch.setattr(receipt_writer, "LOOK_S", 3600.0 if told else 0.2)
    spool = Spool(tmp_path / "spool")
    spool.create()
    for account in ("norte", "malo"):
        spool.create_account(account)
    store, seen = OtherNodes(), asyncio.Event()

    async def written(work: Callable[..., Any], *arguments: Any) -> Any:
        result = work(*arguments)
        receipts.due([1])
        if OURS in store.turns:
            seen.set()
        return result

    receipts = ReceiptWriter(
        store,
        store,  # type: ignore[arg-type] # as much of a reader as is asked here
        spool,
        node="n",
        now=lambda: 1,
        in_thread=lambda *call: asyncio.ensure_future(written(*call)),
        shared=True,
    )
    receipts.due([1])
    running = asyncio.create_task(receipts.run())
    try:
        async with asyncio.timeout(10):
            while not store.turns:
                await asyncio.sleep(0.01)
            if told:
                receipts.look()
            await seen.wait()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

"""The writer: groups, wakes, keeps what was posted, and says when the store cannot be written."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from gatewayd.store import checkpoint as checkpoint_module
from gatewayd.store import writer as writer_module
from gatewayd.store.checkpoint import Checkpointer
from gatewayd.store.commands import (
    AddMessages,
    Block,
    Change,
    Command,
    CreateAccount,
    Credit,
    HoldQueue,
    LoadQueues,
    NewMessage,
    SetLineEnabled,
    Unblock,
)
from gatewayd.store.connection import CACHE_KIB, Store, open_store
from gatewayd.store.reserve import Reserve
from gatewayd.store.transactions import BULK_CHANGES, More, Transactions
from gatewayd.store.writer import Writer
from gatewayd.values.errors import ConflictError, NotFoundError, StoreError, UnavailableError


class Held(Transactions):
    """Transactions that wait for a word before each batch, and tell what came in it."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.connection)
        self.batches: list[list[Command[Any]]] = []
        self.begun = threading.Semaphore(0)
        self.done = threading.Semaphore(0)
        self.go = threading.Semaphore(1_000_000)

    def hold(self) -> None:
        self.go = threading.Semaphore(0)

    def apply(self, batch: Any, more: More | None = None) -> list[Any]:
        # Not a copy: what an engine's portions are followed by comes into it.
        self.batches.append(batch)
        self.begun.release()
        self.go.acquire()
        results = super().apply(batch, more)
        self.done.release()
        return results


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = open_store(f"sqlite:///{tmp_path}/a.db")
    yield opened
    opened.close()


@pytest.fixture
async def held(store: Store) -> Held:
    return Held(store)


@pytest.fixture
async def writer(held: Held) -> AsyncIterator[Writer]:
    started = Writer(held, checkpointer=Checkpointer(held.session))
    started.start()
    yield started
    await started.close()


def balance(store: Store) -> int:
    """As another process sees it: what is committed."""
    assert store.path is not None
    with closing(sqlite3.connect(store.path)) as reader:
        return int(reader.execute("SELECT balance FROM account").fetchone()[0])


async def reached(semaphore: threading.Semaphore) -> None:
    assert await asyncio.to_thread(semaphore.acquire, timeout=10)


async def test_what_gathers_goes_in_one_commit(writer: Writer, held: Held, store: Store) -> None:
    await writer.do(CreateAccount("norte", "ARS", 1))
    await reached(held.begun)
    held.hold()
    first = writer.do(Credit("norte", 1, 1))
    await reached(held.begun)
    rest = [writer.do(Credit("norte", amount, 1)) for amount in range(2, 12)]
    held.go.release(2)
    assert (await first).balance == 1
    assert [(await future).balance for future in rest][-1] == 66
    assert [len(batch) for batch in held.batches] == [1, 1, 10]
    assert (writer.stats.commits, writer.stats.commands, writer.stats.awaited) == (3, 12, 12)
    assert writer.stats.seconds > 0
    assert balance(store) == 66


async def test_a_transaction_is_bounded_by_parts_too(
    writer: Writer, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many outcomes of long texts are many transactions, and who comes behind them waits for one alone."""
    monkeypatch.setattr(Credit, "weight", 200)
    await writer.do(CreateAccount("norte", "ARS", 1))
    await reached(held.begun)
    held.hold()
    begun = writer.do(SetLineEnabled("claro-1", True))
    await reached(held.begun)
    rest = [writer.do(Credit("norte", amount, 1)) for amount in range(1, 8)]
    held.go.release(10)
    await asyncio.gather(begun, *rest)
    assert [len(batch) for batch in held.batches] == [1, 1, 3, 3, 1]


def portion(amount: int, until: threading.Event | None = None) -> Change[int]:
    """A portion of an engine: adds to the first account, once told so; None: at once."""

    def work(unit: Any) -> int:
        assert until is None or until.wait(10)
        unit.session.plain(f"UPDATE account SET granted = granted + {amount}, balance = balance + {amount}")
        return amount

    return Change(work, bulk=True)


def granted(held: Held) -> int:
    return int(held.session.plain("SELECT granted FROM account")[0][0])


async def test_portions_go_together_while_nobody_else_waits(writer: Writer, held: Held, mocker: MockerFixture) -> None:
    mocker.patch.object(writer_module, "TOGETHER", 4)
    mocker.patch.object(writer_module, "TOGETHER_S", 3_600.0)
    await writer.do(CreateAccount("norte", "ARS", 1))
    queued = threading.Event()
    rest = [writer.do(portion(1, queued)), *(writer.do(portion(one)) for one in range(2, 7))]
    queued.set()
    assert await asyncio.gather(*rest) == [1, 2, 3, 4, 5, 6]
    assert [len(batch) for batch in held.batches] == [1, 4, 2]
    for _batch in held.batches:
        await reached(held.begun)
    queued.clear()
    rest = [writer.do(portion(1, queued))]
    await reached(held.begun)
    rest += [writer.do(portion(2)), writer.do(portion(3))]
    someone = writer.do(Credit("norte", 7, 1))
    queued.set()
    await someone
    assert await asyncio.gather(*rest) == [1, 2, 3]
    # The one under way, then who came, then what is left.
    assert [len(batch) for batch in held.batches[3:]] == [1, 1, 2]
    assert granted(held) == 21 + 6 + 7
    mocker.patch.object(writer_module, "TOGETHER_S", 0.0)
    assert await asyncio.gather(*(writer.do(portion(1)) for _ in range(3))) == [1, 1, 1]
    assert [len(batch) for batch in held.batches[6:]] == [1, 1, 1]


async def test_a_portion_that_is_refused_takes_no_other_with_it(writer: Writer, held: Held) -> None:
    await writer.do(CreateAccount("norte", "ARS", 1))
    queued = threading.Event()

    def refuse(unit: Any) -> int:
        unit.session.plain("UPDATE account SET granted = granted + 100, balance = balance + 100")
        raise ConflictError("no")

    rest = [writer.do(portion(1, queued)), writer.do(Change(refuse, bulk=True)), writer.do(portion(2))]
    queued.set()
    done = await asyncio.gather(*rest, return_exceptions=True)
    assert (done[0], done[2], granted(held)) == (1, 2, 3)
    assert isinstance(done[1], ConflictError)


async def test_an_error_goes_to_whoever_asked(writer: Writer) -> None:
    results = await asyncio.gather(
        writer.do(CreateAccount("norte", "ARS", 1)), writer.do(CreateAccount("norte", "ARS", 1)), return_exceptions=True
    )
    assert isinstance(results[1], ConflictError)
    assert writer.stats.failures == 1


async def test_a_posted_command_rides_with_the_next(writer: Writer, held: Held, store: Store) -> None:
    await writer.do(CreateAccount("norte", "ARS", 1))
    writer.post(Credit("norte", 5, 1))
    await writer.do(Credit("norte", 6, 1))
    assert [len(batch) for batch in held.batches] == [1, 2]
    assert balance(store) == 11


async def test_a_posted_command_waits_for_nobody_for_long(writer: Writer, held: Held) -> None:
    writer.post(SetLineEnabled("claro-1", enabled=True))
    writer.post(SetLineEnabled("claro-2", enabled=True))
    await reached(held.begun)
    assert len(held.batches[0]) == 2


async def test_closing_applies_what_has_gathered(held: Held, store: Store) -> None:
    writer = Writer(held)
    await writer.close()
    writer = Writer(held)
    writer.start()
    await writer.do(CreateAccount("norte", "ARS", 1))
    for _ in range(700):
        writer.post(Credit("norte", 1, 1))
    await writer.close()
    await writer.close()
    assert balance(store) == 700
    with pytest.raises(UnavailableError):
        await writer.do(LoadQueues())


async def test_a_given_up_wait_is_no_harm(writer: Writer, held: Held, store: Store) -> None:
    await writer.do(CreateAccount("norte", "ARS", 1))
    await reached(held.begun)
    held.hold()
    first = writer.do(Credit("norte", 1, 1))
    await reached(held.begun)
    first.cancel()
    second = writer.do(Credit("norte", 2, 1))
    second.cancel()
    third = writer.do(Credit("norte", 4, 1))
    held.go.release(9)
    await third
    assert balance(store) == 5, "what had begun is applied, what had not is not"


async def test_one_portion_of_heavy_work_at_a_time(writer: Writer, held: Held) -> None:
    held.hold()
    first = writer.do(LoadQueues())
    await reached(held.begun)
    heavy = [writer.do(Block([str(n)], "test", None, 1)) for n in range(3)]
    light = writer.do(Unblock("0"))
    held.go.release(9)
    await asyncio.gather(first, *heavy, light)
    kinds = [[type(command).__name__ for command in batch] for batch in held.batches]
    assert kinds == [["LoadQueues"], ["Block", "Unblock"], ["Block"], ["Block"]]


async def test_a_small_job_goes_with_the_portion_of_a_list(writer: Writer, held: Held) -> None:
    def add(count: int, text: str = "Hola") -> asyncio.Future[int]:
        rows = [NewMessage(n, None, "+5491150000001", text, "", 1, "", None, None) for n in range(1, count + 1)]
        return writer.do(AddMessages(1, rows, 1))

    held.hold()
    first = writer.do(LoadQueues())
    await reached(held.begun)
    waiting = [add(1000), add(1), add(16), add(1000), add(1)]
    held.go.release(9)
    await asyncio.gather(first, *waiting, return_exceptions=True)
    sizes = [[len(command.rows) for command in batch if isinstance(command, AddMessages)] for batch in held.batches]
    assert sizes == [[], [1000, 1, 16], [1000, 1]]
    assert not AddMessages(1, [NewMessage(1, None, None, "x" * 20_000, "", 1, "", None, None)], 1).is_small


# -------------------------------------------------------------------------------------------------------------- faults


class Failing:
    """A cursor under which the disk is full for as long as a test wants."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self.error: Callable[[], Exception] | None = None
        self.on = "COMMIT"

    def execute(self, sql: str, *values: Any) -> Any:
        if self.error is not None and sql.startswith(self.on):
            raise self.error()
        return self._cursor.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


def full() -> Exception:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


def broken(held: Held) -> Failing:
    failing = Failing(held.session._cursor)
    held.session._cursor = failing
    return failing


async def test_a_full_disk_fails_those_who_wait_and_keeps_what_was_posted(
    writer: Writer, held: Held, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_S", (0.01, 0.02))
    await writer.do(CreateAccount("norte", "ARS", 1))
    failing = broken(held)
    failing.error = full
    writer.post(Credit("norte", 1, 1))
    with pytest.raises(UnavailableError, match="disk is full"):
        await writer.do(Credit("norte", 2, 1))
    assert writer.stalled
    writer.post(Credit("norte", 4, 1))
    with pytest.raises(UnavailableError):
        await writer.do(LoadQueues())
    failing.error = None
    await writer.do(LoadQueues())
    assert balance(store) == 5


async def test_a_stalled_store_is_tried_again_without_being_asked(
    writer: Writer, held: Held, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_S", (0.01,))
    await writer.do(CreateAccount("norte", "ARS", 1))
    failing = broken(held)
    failing.error = full
    writer.post(Credit("norte", 1, 1))
    for _ in range(5):
        await reached(held.done)
    assert balance(store) == 0
    failing.error = None
    while not balance(store):
        await reached(held.done)


async def test_nobody_waits_behind_what_is_kept(
    writer: Writer, held: Held, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "BATCH", 2)
    await writer.do(CreateAccount("norte", "ARS", 1))
    failing = broken(held)
    failing.error = full
    for amount in (1, 2, 3):
        writer.post(Credit("norte", amount, 1))
    for _ in range(3):
        with pytest.raises(UnavailableError):
            await asyncio.wait_for(writer.do(Credit("norte", 10, 1)), 4)
    failing.error = None
    await writer.do(LoadQueues())
    while balance(store) != 6:
        await writer.do(LoadQueues())


async def test_what_was_kept_keeps_its_order(
    writer: Writer, held: Held, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_S", (0.01,))
    monkeypatch.setattr(writer_module, "BATCH", 2)
    await writer.do(CreateAccount("norte", "ARS", 1))
    await reached(held.done)
    held.batches.clear()
    failing = broken(held)
    failing.error = full
    posted = [Credit("norte", amount, 1) for amount in (1, 2, 3)]
    for command in posted:
        writer.post(command)
    for _ in range(4):
        await reached(held.done)
    assert [batch[0] for batch in held.batches[:4]] == [posted[0]] * 4
    failing.error = None
    while balance(store) != 6:
        await reached(held.done)


async def test_what_the_store_refuses_for_good_is_told(store: Store) -> None:
    lost: list[tuple[Command[Any], Exception]] = []
    told = asyncio.Event()

    def on_lost(command: Command[Any], error: Exception) -> None:
        lost.append((command, error))
        told.set()

    writer = Writer(Transactions(store.connection), on_lost=on_lost)
    writer.start()
    command = Credit("nobody", 1, 1)
    writer.post(command)
    await asyncio.wait_for(told.wait(), 10)
    await writer.close()
    assert lost[0][0] is command


async def test_a_bad_command_in_a_batch_fails_alone(writer: Writer, held: Held, store: Store) -> None:
    await writer.do(CreateAccount("norte", "ARS", 1))
    held.hold()
    first = writer.do(LoadQueues())
    await reached(held.begun)
    await reached(held.begun)
    good = writer.do(Credit("norte", 1, 1))
    bad = writer.do(SetLineEnabled(None, enabled=True))  # type: ignore[arg-type]
    worse = writer.do(Credit("norte", 2**70, 1))
    held.go.release(9)
    await first
    assert (await good).balance == 1
    for future in (bad, worse):
        with pytest.raises(StoreError):
            await future
    assert balance(store) == 1
    assert not writer.stalled


# --------------------------------------------------------------------------------------------------------- checkpoints


async def test_the_log_is_brought_home_and_does_not_grow_for_ever(writer: Writer, held: Held, tmp_path: Path) -> None:
    numbers = [f"+54911{n:08}" for n in range(1000)]
    for turn in range(20):
        await writer.do(Block([f"{number}{turn}" for number in numbers], "test", None, 1))
    assert writer.stats.checkpoints >= 1
    assert (tmp_path / "a.db-wal").stat().st_size < 40_000_000
    await writer.close()
    assert (tmp_path / "a.db-wal").stat().st_size == 0


async def test_many_small_commits_after_a_large_one_leave_no_long_log(
    held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_module, "LOG_MAX", 1 << 20)
    monkeypatch.setattr(checkpoint_module, "LOG_STEP", 1 << 19)
    log = tmp_path / "a.db-wal"
    writer = Writer(held, checkpointer=Checkpointer(held.session, log=log))
    writer.start()
    numbers = [f"+54911{n:08}" for n in range(9000)]
    await writer.do(Block(numbers, "test", None, 1))
    longest = 0
    for turn in range(60):
        # One row of each of many pages: few changes, much log.
        await asyncio.gather(*[writer.do(Unblock(number)) for number in numbers[turn::150]])
        await writer.do(LoadQueues())
        longest = max(longest, log.stat().st_size)
    await writer.close()
    assert longest < 3 << 20


async def test_on_a_full_disk_the_log_gives_up_its_room(writer: Writer, held: Held, tmp_path: Path) -> None:
    await writer.do(Block([f"+54911{n:08}" for n in range(1000)], "test", None, 1))
    assert (tmp_path / "a.db-wal").stat().st_size > 0
    failing = broken(held)
    failing.error = full
    with pytest.raises(UnavailableError):
        await writer.do(Credit("norte", 1, 1))
    failing.error = None
    with pytest.raises(NotFoundError):  # the next turn has begun, so the last one is over
        await writer.do(Credit("norte", 1, 1))
    assert (tmp_path / "a.db-wal").stat().st_size == 0


async def test_what_is_kept_does_not_grow_with_lines_that_come_and_go(
    writer: Writer, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_S", (0.01,))
    monkeypatch.setattr(writer_module, "BATCH", 4)
    await writer.do(CreateAccount("norte", "ARS", 1))
    failing = broken(held)
    failing.error = full
    for turn in range(50):
        for queue in (1, 2):
            writer.post(HoldQueue(queue, "no_line" if turn % 2 else None, turn))
        writer.post(Credit("norte", 1, turn))
    for _ in range(60):
        await reached(held.done)
        if writer.waiting == 52:
            break
    assert writer.waiting == 52, "each queue's last word, and all that counts"
    failing.error = None
    await writer.do(LoadQueues())
    while writer.waiting:
        await reached(held.done)
    holds = {command.queue_id: command for batch in held.batches for command in batch if isinstance(command, HoldQueue)}
    assert [(number, command.reason) for number, command in sorted(holds.items())] == [(1, "no_line"), (2, "no_line")]


class FullDisk:
    """SQLite on a disk where the database can grow only once the reserve has been given up."""

    Error = sqlite3.OperationalError
    changes = 0

    def __init__(self, reserve: Path) -> None:
        self.reserve = reserve
        self.cut = False

    def plain(self, sql: str) -> list[tuple[int, int, int]]:
        if "wal_checkpoint" in sql:
            if self.reserve.exists():
                raise sqlite3.OperationalError("database or disk is full")
            self.cut = True
        return [(0, 0, 0)]


def test_the_reserve_makes_room_for_the_log_to_be_brought_home(tmp_path: Path) -> None:
    reserve, file = Reserve(tmp_path / "a.db", size=3 << 20), tmp_path / "a.db.reserve"
    reserve.keep()
    assert file.stat().st_size == 3 << 20
    assert file.stat().st_blocks * 512 >= 3 << 20, "a hole has no room"
    disk = FullDisk(file)
    checkpointer = Checkpointer(disk, reserve=reserve)  # type: ignore[arg-type] # as much of a session as it uses
    checkpointer.relieve()
    assert disk.cut
    assert not file.exists()
    checkpointer.idle()
    assert not file.exists(), "a store that hardly grows needs none"
    assert not reserve.give()


def test_no_reserve_is_kept_where_room_is_scarce(tmp_path: Path, mocker: MockerFixture) -> None:
    mocker.patch("os.statvfs", return_value=mocker.Mock(f_bavail=1000, f_frsize=4096))
    Reserve(tmp_path / "a.db").keep()
    assert not (tmp_path / "a.db.reserve").exists()


async def test_a_reader_does_not_keep_the_writer_waiting(writer: Writer, store: Store, tmp_path: Path) -> None:
    reader = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM account").fetchall()
    for turn in range(8):
        await asyncio.wait_for(writer.do(Block([f"{n}.{turn}" for n in range(1000)], "test", None, 1)), 5)
    await asyncio.wait_for(writer.close(), 5)
    reader.close()


async def test_the_cache_is_large_from_much_in_bulk_until_nobody_writes(writer: Writer, held: Held) -> None:
    async def large() -> bool:
        ((kib,),) = await writer.do(Change(lambda unit: unit.session.plain("PRAGMA cache_size")))
        return -int(kib) > CACHE_KIB

    def much(unit: Any) -> None:
        unit.session.plain("CREATE TEMP TABLE much (number INTEGER)")
        counted = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {BULK_CHANGES})"
        unit.session.plain(f"INSERT INTO much {counted} SELECT i FROM n")

    assert not await large()
    await writer.do(Change(lambda _unit: None, bulk=True))
    assert not await large(), "an engine has looked, and found nothing to do"
    await writer.do(Change(much, bulk=True))
    assert await large()
    Checkpointer(held.session).idle()
    assert not await large()


async def test_it_is_said_when_nobody_hears_what_was_applied(writer: Writer, held: Held, store: Store) -> None:
    unheard = asyncio.Event()
    writer.unheard = unheard.set
    await writer.do(CreateAccount("norte", "ARS", 1))
    await reached(held.begun)
    held.hold()
    asked = writer.do(Credit("norte", 5, 1))
    await reached(held.begun)
    asked.cancel()
    assert not unheard.is_set()
    held.go.release()
    async with asyncio.timeout(10):
        await unheard.wait()
    assert balance(store) == 5


async def test_it_is_said_when_the_store_did_not_answer(
    writer: Writer, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    unheard = asyncio.Event()
    writer.unheard = unheard.set
    await writer.do(CreateAccount("norte", "ARS", 1))
    assert not unheard.is_set()
    with monkeypatch.context() as patch:

        def away(batch: Any, _more: Any = None) -> list[Any]:
            return [UnavailableError("away")] * len(batch)

        patch.setattr(held, "apply", away)
        with pytest.raises(UnavailableError):
            await writer.do(Credit("norte", 5, 1))
    assert unheard.is_set()

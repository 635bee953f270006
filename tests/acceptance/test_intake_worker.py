"""The process that reads recipients: streams, dies and comes back without the daemon noticing more than it must."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import uvloop

from gatewayd.intake.feed import LARGE, SMALL, Feed, Request
from gatewayd.intake.lane import WorkerDiedError
from gatewayd.numbers import Policy
from spool.copies import Identity
from spool.document import parse
from spool.errors import JobFileError
from spool.intake import Taken

POLICY = Policy("AR", "11")
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def feed() -> AsyncIterator[Feed]:
    feed = Feed(idle_s=30)
    yield feed
    await feed.close()


def request(folder: Path, rows: int, name: str = "job.json", **keys: Any) -> Request:
    """A job with inline recipients, as intake hands it over."""
    recipients = [{"to": f"11{50_000_001 + i}", "ref": f"C-{i}", "nombre": f"Ana {i}"} for i in range(rows)]
    raw = {"channel": "sms", "text": "Hola %nombre%", "recipients": recipients, **keys}
    (folder / name).write_text(json.dumps(raw))
    return Request(parse((folder / name).read_bytes(), name), folder, POLICY, ("+549",), {})


def listed(folder: Path, rows: int, **keys: Any) -> Request:
    """A job with a list beside it."""
    lines = [f"Ana {i};{i},50;011-15-{5000 + i // 10_000}-{i % 10_000:04}" for i in range(rows)]
    (folder / "clientes.csv").write_text("\n".join(["Nombre;Deuda;Teléfono", *lines]), encoding="cp1252")
    raw = {"channel": "sms", "text": "Hola %nombre%, debe %deuda%", "recipients_file": "clientes.csv", **keys}
    (folder / "job.json").write_text(json.dumps(raw))
    document = parse((folder / "job.json").read_bytes(), "job.json")
    return Request(document, folder, POLICY, (), {"clientes.csv": "0" * 64})


async def numbers(feed: Feed, asked: Request) -> list[int]:
    return [message.row async for rows in feed.chunks(asked) for message in rows]


async def felled(feed: Feed, asked: Request, death: signal.Signals) -> None:
    """Reads on after the worker has met its end."""
    async with feed.open(asked) as stream:
        await anext(aiter(stream))
        os.kill(feed.pids[0], death)
        async for _ in stream:
            pass


async def gone(pid: int) -> None:
    """Returns when the process has ended."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(fd, ended.set)
    try:
        async with asyncio.timeout(20):
            await ended.wait()
    finally:
        asyncio.get_running_loop().remove_reader(fd)
        os.close(fd)


async def test_a_big_job_comes_whole_and_in_order(tmp_path: Path, feed: Feed) -> None:
    asked = request(tmp_path, 5_000)
    async with feed.open(asked) as stream:
        assert len(feed.pids) == 1
        chunks = [rows async for rows in stream]
    assert [len(rows) for rows in chunks] == [1000] * 5
    assert [message.row for rows in chunks for message in rows] == list(range(1, 5_001))
    last = chunks[-1][-1]
    assert (last.ref, last.to, last.text, last.prefix) == ("C-4999", "+5491150005000", "Hola Ana 4999", "+549")
    assert stream.content_hash == asked.document.content_hash({})
    assert stream.totals is not None
    assert (stream.totals.rows, stream.totals.valid, stream.totals.segments) == (5_000, 5_000, 5_000)


@pytest.mark.parametrize(("rows", "workers"), [(50, 0), (1_000, 0), (4_000, 1)])
async def test_a_list_is_read_the_same_way_wherever_it_is_read(
    tmp_path: Path, feed: Feed, rows: int, workers: int
) -> None:
    asked = listed(tmp_path, rows, recipients_rows=rows)
    async with feed.open(asked) as stream:
        messages = [message async for chunk in stream for message in chunk]
    assert len(feed.pids) == workers
    assert len(messages) == rows
    assert (messages[-1].row, messages[-1].text) == (rows, f"Hola Ana {rows - 1}, debe {rows - 1},50")
    assert (messages[0].to, messages[0].detail) == ("+5491150000000", '{"raw":"011-15-5000-0000"}')
    assert stream.content_hash == asked.document.content_hash({"clientes.csv": "0" * 64})
    assert stream.totals is not None
    assert stream.totals.valid == rows


@pytest.mark.parametrize("rows", [50, 1_000, 4_000])
async def test_a_list_that_is_not_whole_is_refused_at_its_end(tmp_path: Path, feed: Feed, rows: int) -> None:
    with pytest.raises(JobFileError) as refused:
        await numbers(feed, listed(tmp_path, rows, recipients_rows=rows + 1))
    assert (refused.value.code, refused.value.field) == ("recipients_mismatch", "recipients_rows")
    assert refused.value.file == "clientes.csv"


async def test_a_sheet_is_never_read_inside_the_daemon(tmp_path: Path, feed: Feed) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet(index=0)
    sheet.append(["telefono", "nombre"])
    sheet.append([1159876543, "Ana"])
    book.save(tmp_path / "clientes.xlsx")
    raw = {"channel": "sms", "text": "Hola %nombre%", "recipients_file": "clientes.xlsx"}
    (tmp_path / "job.json").write_text(json.dumps(raw))
    document = parse((tmp_path / "job.json").read_bytes(), "job.json")
    asked = Request(document, tmp_path, POLICY)
    [[message]] = [rows async for rows in feed.chunks(asked)]
    assert (message.to, message.text) == ("+5491159876543", "Hola Ana")
    assert len(feed.pids) == 1


async def test_one_worker_serves_one_job_after_another(tmp_path: Path, feed: Feed) -> None:
    asked = request(tmp_path, 2_000)
    assert len(await numbers(feed, asked)) == 2_000
    pids = feed.pids
    assert len(await numbers(feed, asked)) == 2_000
    assert feed.pids == pids
    [pid] = pids
    assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)


async def test_small_jobs_need_no_worker_and_wait_for_none(tmp_path: Path, feed: Feed) -> None:
    feed.warm(POLICY)
    async with feed.open(request(tmp_path, 5_000)) as stream:
        await anext(aiter(stream))
        busy = feed.pids
        assert await numbers(feed, request(tmp_path, 1, "tiny.json")) == [1]
        assert len(await numbers(feed, request(tmp_path, 500, "small.json"))) == 500
        assert feed.pids == busy
    assert (tmp_path / "small.json").stat().st_size < SMALL < (tmp_path / "job.json").stat().st_size


async def test_a_big_job_does_not_wait_for_a_bigger_one(tmp_path: Path, feed: Feed) -> None:
    bigger = request(tmp_path, 30_000, "bigger.json")
    assert (tmp_path / "bigger.json").stat().st_size > LARGE
    async with feed.open(bigger) as stream:
        await anext(aiter(stream))
        assert len(await numbers(feed, request(tmp_path, 3_000))) == 3_000
        assert len(feed.pids) == 2


async def test_a_large_job_file_is_read_outside_the_daemon(tmp_path: Path, feed: Feed) -> None:
    """The document comes without its recipients, and its rows all the same."""
    asked = request(tmp_path, 3_000)
    identity = Identity.of((tmp_path / "job.json").stat())
    document = await feed.read(Taken("norte", "job.json", identity, "x", tmp_path))
    assert document.recipients == ()
    assert len(feed.pids) == 1
    async with feed.open(Request(document, tmp_path, POLICY, (), {})) as stream:
        assert stream.content_hash == asked.document.content_hash({})
        assert sum([len(rows) async for rows in stream]) == 3_000


async def test_what_is_wrong_with_a_job_is_told_and_the_worker_stays(tmp_path: Path, feed: Feed) -> None:
    wrong = request(tmp_path, 3_000, text="Hola %nombre%, %zona%")
    with pytest.raises(JobFileError) as refused:
        await numbers(feed, wrong)
    assert (refused.value.code, refused.value.field, refused.value.file) == ("variable_unknown", "zona", "job.json")
    assert "%zona%" in refused.value.text("es")
    pids = feed.pids
    assert len(pids) == 1
    assert len(await numbers(feed, request(tmp_path, 3_000))) == 3_000
    assert feed.pids == pids


async def test_an_idle_worker_ends_and_the_next_job_has_a_new_one(tmp_path: Path) -> None:
    feed = Feed(idle_s=0.05)
    asked = request(tmp_path, 2_000)
    seen = set()
    for _ in range(3):
        assert len(await numbers(feed, asked)) == 2_000
        for pid in feed.pids:
            seen.add(pid)
            await gone(pid)
    assert len(seen) >= 2
    await feed.close()
    assert feed.pids == []


async def test_a_worker_killed_in_the_middle_fails_its_job_alone(tmp_path: Path, feed: Feed) -> None:
    asked = request(tmp_path, 30_000)
    with pytest.raises(WorkerDiedError, match="SIGKILL"):
        await felled(feed, asked, signal.SIGKILL)
    assert len(await numbers(feed, request(tmp_path, 2_000))) == 2_000


@pytest.mark.parametrize(("death", "code"), [(signal.SIGABRT, "too_large"), (signal.SIGSEGV, "recipients_unreadable")])
async def test_a_file_that_fells_the_worker_is_refused(
    tmp_path: Path, feed: Feed, death: signal.Signals, code: str
) -> None:
    with pytest.raises(JobFileError) as refused:
        await felled(feed, request(tmp_path, 30_000), death)
    assert refused.value.code == code


async def test_leaving_early_ends_the_worker_and_frees_the_lane(tmp_path: Path, feed: Feed) -> None:
    asked = request(tmp_path, 30_000)
    async with feed.open(asked) as stream:
        await anext(aiter(stream))
        [pid] = feed.pids
    await gone(pid)
    assert len(await numbers(feed, asked)) == 30_000


async def written_ahead(feed: Feed) -> None:
    """Returns when the worker of the large lane has filled all there is between it and the daemon."""
    process = feed._lanes[True]._process
    assert process is not None
    assert process.stdout is not None
    while not process.stdout._paused:  # type: ignore[attr-defined] # nothing public tells
        await asyncio.sleep(0)


async def test_leaving_waits_for_nobody_however_much_is_written_ahead(tmp_path: Path, feed: Feed) -> None:
    async with feed.open(request(tmp_path, 30_000)) as stream:
        await anext(aiter(stream))
        await written_ahead(feed)
    assert feed.pids == []


async def test_the_daemon_may_stop_in_the_middle_of_a_job(tmp_path: Path, feed: Feed) -> None:
    async with feed.open(request(tmp_path, 30_000)) as stream:
        await anext(aiter(stream))
        await written_ahead(feed)
        [pid] = feed.pids
        await feed.close()
        await gone(pid)
        with pytest.raises(WorkerDiedError, match="SIGKILL"):
            async for _ in stream:
                pass


async def test_a_job_that_does_not_fit_the_memory_is_refused(tmp_path: Path) -> None:
    feed = Feed(memory=160 << 20)
    with pytest.raises(JobFileError) as refused:
        await numbers(feed, request(tmp_path, 250_000))
    assert refused.value.code == "too_large"
    await feed.close()


async def test_the_worker_dies_with_the_daemon(tmp_path: Path) -> None:
    request(tmp_path, 30_000)
    program = f"""
import asyncio
from pathlib import Path
from gatewayd.intake.feed import Feed, Request
from gatewayd.numbers import Policy
from spool.document import parse

async def main():
    folder = Path({str(tmp_path)!r})
    feed = Feed()
    document = parse((folder / "job.json").read_bytes(), "job.json")
    async with feed.open(Request(document, folder, Policy("AR"))) as stream:
        await anext(aiter(stream))
        print(feed.pids[0], flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
    daemon = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT, stdout=subprocess.PIPE)
    assert daemon.stdout is not None
    worker = int(await daemon.stdout.readline())
    os.kill(worker, 0)
    daemon.kill()
    await daemon.wait()
    await gone(worker)


def test_the_worker_streams_on_uvloop_too(tmp_path: Path) -> None:
    async def main() -> int:
        feed = Feed()
        try:
            return len(await numbers(feed, request(tmp_path, 10_000)))
        finally:
            await feed.close()

    assert uvloop.run(main()) == 10_000


def test_the_worker_knows_neither_store_nor_network() -> None:
    program = "import sys, gatewayd.intake.worker; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {"sqlalchemy", "pydantic", "fastapi", "aiohttp", "uvicorn", "asyncio", "serial", "rich", "openpyxl"}
    assert not heavy & set(done.stdout.split())

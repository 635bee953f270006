"""Single posts to the API, 32 at once, while 16 modems send: against a FastAPI route that only answers, turn by turn.

The same client, the same bodies and the same load of modems meet both. Each answered post is looked for in the store
afterwards: an answer means that it is durable.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.machine import pss_mb, tree
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import scratch
from tests.rig.panel import Panel, panel
from tests.rig.ports import free_port
from tests.rig.processes import end
from tests.rig.programs import token

AT_ONCE: Final = 32
TOKENS: Final = 3
MODEMS: Final = 16
RATE: Final = "30/min"
"""Of each modem: some six times what a real one sends."""
SHARE: Final = 0.4
SLOWEST_MS: Final = 100.0
FOLDERS: Final = 3
GROWTH_MB: Final = 100.0
PACE: Final = MODEMS * 0.5
"""Messages a second of all modems."""
KEPT: Final = 95.0

BARE: Final = """
import sys, uvicorn
from fastapi import FastAPI
app = FastAPI(openapi_url=None)
@app.post("/v1/messages", status_code=202)
async def post(message: dict) -> dict:
    return {"status": "accepted", "account": "norte", "job": "post-t1-20261130-16-a4ca35", "state": "queued",
            "id": "01M8PXC6CVKFH0000000000001", "ref": message["ref"], "to": message["to"], "segments": 1}
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=False)
"""


@dataclass(slots=True)
class Load:
    """What a run came to."""

    seconds: float
    slow_ms: list[float] = field(default_factory=list)
    """Of each post."""
    ids: list[str] = field(default_factory=list)
    jobs: set[str] = field(default_factory=set)

    @property
    def rate(self) -> float:
        return len(self.slow_ms) / self.seconds

    @property
    def p99_ms(self) -> float:
        return quantiles(self.slow_ms, n=100)[98]


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    seconds = scale.run_s * 5
    shares, rates, bares, slow, slow_bares, growths, paces = [], [], [], [], [], [], []
    folders = lost = 0
    with scratch(base) as folder, panel(folder, modems=MODEMS, rate=RATE) as shown:
        # Three programs share the work: a token has a bound a second, which a quick machine reaches.
        secrets = tuple(token(shown, "read", "send") for _ in range(TOKENS))
        shown.gateway.campaign(int(MODEMS * seconds * scale.runs * 4), "busy", lines=[f"m{n}" for n in range(MODEMS)])
        with _bare() as bare_port:
            _run(shown.port, secrets, 1.0, 0)
            _run(bare_port, secrets, 1.0, 0)
            before = _folders(shown)
            memory = _memory(shown)
            for index in range(scale.runs):
                bare = _run(bare_port, secrets, seconds, index)
                sent, began = _sent(shown), time.monotonic()
                ours = _run(shown.port, secrets, seconds, index + 1)
                paces.append(100 * (_sent(shown) - sent) / (PACE * (time.monotonic() - began)))
                shares.append(ours.rate / bare.rate)
                rates.append(ours.rate)
                bares.append(bare.rate)
                slow.append(ours.p99_ms)
                slow_bares.append(bare.p99_ms)
                lost += _lost(shown, ours)
                growths.append(_memory(shown) - memory)
            folders = _folders(shown) - before
    name = f"API single posts, {AT_ONCE} at once, {MODEMS} modems sending"
    yield Figure(f"{name}: share of a bare FastAPI route", median(shares), "", SHARE, ">=", runs=tuple(shares))
    yield Figure(f"{name}: posts", median(rates), "/s", runs=tuple(rates))
    yield Figure("beside it the bare route", median(bares), "/s", runs=tuple(bares))
    yield Figure(f"{name}: p99", median(slow), "ms", SLOWEST_MS, "<=", runs=tuple(slow))
    yield Figure("beside it the bare route's p99", median(slow_bares), "ms", runs=tuple(slow_bares))
    yield Figure(
        f"{name}: what the modems sent meanwhile", median(paces), "% of their pace", KEPT, ">=", runs=tuple(paces)
    )
    yield Figure(f"{name}: answered and not in the store", lost, "messages", 0, "<=")
    yield Figure(f"{name}: folders made in the spool", folders, "folders", FOLDERS, "<=")
    yield Figure(f"{name}: growth of memory, daemon and web", max(growths), "MB", GROWTH_MB, "<=")


def _sent(shown: Panel) -> int:
    """Counts what all modems have sent: the campaign, and what was posted."""
    return sum(int(line["sent_today"]) for line in shown.gateway.call("line.list")["items"])


def _folders(shown: Panel) -> int:
    """Counts the folders of jobs that the account has in the spool."""
    return sum(1 for _ in shown.gateway.spool.folder("accepted", "norte").iterdir())


def _memory(shown: Panel) -> float:
    return pss_mb(tree(shown.gateway.pid))


@contextmanager
def _bare() -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port)])
    try:
        until = time.monotonic() + 20
        while True:
            try:
                asyncio.run(_connected(port))
                break
            except OSError:
                assert time.monotonic() < until, "the bare route did not start"
                time.sleep(0.05)
        yield port
    finally:
        end(process)


async def _connected(port: int) -> None:
    _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


def _run(port: int, secrets: Sequence[str], seconds: float, index: int) -> Load:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_load(port, secrets, seconds, index))


async def _load(port: int, secrets: Sequence[str], seconds: float, index: int) -> Load:
    begin = time.monotonic()
    load = Load(0.0)
    async with asyncio.TaskGroup() as group:
        for number in range(AT_ONCE):
            first = index * 10_000_000 + number * 100_000
            group.create_task(_poster(port, secrets[number % len(secrets)], begin + seconds, load, first))
    load.seconds = time.monotonic() - begin
    return load


async def _poster(port: int, secret: str, until: float, load: Load, number: int) -> None:
    """One program that posts message after message over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {secret}\r\n"
        "Content-Type: application/json\r\n"
    )
    try:
        while time.monotonic() < until:
            number += 1
            body = json.dumps(
                {
                    "to": f"011-15-{2000 + number % 7000}-{number % 10_000:04d}",
                    "text": "Estimado %nombre%, su saldo es $ %deuda%. Gracias por elegir Norte Wifi.",
                    "values": {"nombre": f"Ana {number}", "deuda": "1.500,50"},
                    "ref": f"C-{number}",
                }
            ).encode()
            began = time.perf_counter()
            writer.write(f"{head}Idempotency-Key: k-{number}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            answer = await _answer(reader)
            load.slow_ms.append((time.perf_counter() - began) * 1000)
            load.ids.append(answer["id"])
            load.jobs.add(answer["job"])
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> Any:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    body = await reader.readexactly(length)
    assert head.startswith(b"HTTP/1.1 202"), head + body
    return json.loads(body)


def _lost(shown: Panel, load: Load) -> int:
    """Counts the answered messages that the store does not have; by the references, which only we have given."""
    marks = ",".join("?" * len(load.jobs))
    [[kept]] = shown.gateway.sql(
        f"SELECT count(*) FROM message JOIN job ON job.id = message.job_id WHERE job.name IN ({marks})",
        *sorted(load.jobs),
    )
    total = len(set(load.ids))
    return max(0, total - int(kept)) + (len(load.ids) - total)

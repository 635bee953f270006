"""A campaign beside another whose receipts are posted: what a webhook costs those who send, and how fast it is.

Two daemons over modems of their own take turns, so that whatever else the machine does meets both. The receiver is a
process of its own: acknowledging is its work, not ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import Scale
from tests.benchmarks.throughput import GUESS, WARM
from tests.benchmarks.trial import STEP_S, Trial, trial
from tests.rig.processes import ROOT

SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WEBHOOK: Final = f"""
[[webhook]]
account = "norte"
url = "http://127.0.0.1:{{port}}/"
secret = "{SECRET}"
allow_private = true
"""
RECEIVER: Final = """
import asyncio

class Receiver(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.left = b""

    def data_received(self, data):
        self.left += data
        while (end := self.left.find(b"\\r\\n\\r\\n")) >= 0:
            head = self.left[:end].lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\\r\\n")[0])
            if len(self.left) < end + 4 + length:
                return
            self.left = self.left[end + 4 + length :]
            self.transport.write(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")

async def main():
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
POSTED_S: Final = 120.0


@contextmanager
def _receiver() -> Iterator[int]:
    """A receiver that acknowledges everything at once; its port."""
    process = subprocess.Popen([sys.executable, "-c", RECEIVER], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    modems = scale.fleets[0] if len(scale.fleets) == 1 else scale.fleets[1]
    count = int(GUESS.get(modems, 700) * scale.run_s)
    with (
        _receiver() as port,
        trial(base, modems) as plain,
        trial(base, modems, extra=WEBHOOK.format(port=port)) as posting,
    ):
        for each in (plain, posting):
            each.warm_up(WARM)
        _posted(posting, 2 * WARM)
        runs: list[tuple[float, float]] = []
        plains: list[float] = []
        costs: list[float] = []
        paces: list[float] = []
        for index in range(scale.runs):
            idle = plain.cpu_s()
            before = _run(plain, index, count)
            plains.append((plain.cpu_s() - idle) / count * 1000)
            begun, cpu = time.monotonic(), posting.cpu_s()
            runs.append((before, _run(posting, index, count)))
            _posted(posting, 2 * WARM + 2 * count * (index + 1))
            paces.append(2 * count / (time.monotonic() - begun))
            costs.append((posting.cpu_s() - cpu) / count * 1000)
    shares = tuple(after / before for before, after in runs)
    yield Figure(f"rate beside a webhook, times that without, {modems} modems", median(shares), "", runs=shares)
    yield Figure("events posted while sending, from the drop to the last", median(paces), "events/s", runs=tuple(paces))
    yield Figure("CPU per 1,000 messages, their 2,000 events posted", median(costs), "s", runs=tuple(costs))
    yield Figure("CPU per 1,000 messages, no webhook", median(plains), "s", runs=tuple(plains))


def _run(running: Trial, index: int, count: int) -> float:
    """Segments a second of one campaign, counted at the simulator."""
    running.simulator.ask("reset_stats")
    record, job = running.taken, f"run{index}"
    running.drop(job, count, WARM + index * count)
    running.wait_taken(count)
    first: float = running.simulator.ask("stats")["total"]["first_cmgs"]["monotonic"]
    running.done(job)
    return count / (running.takes(record)[-1].at - first)


def _posted(running: Trial, count: int) -> None:
    """Until so many events are acknowledged."""
    until = time.monotonic() + POSTED_S
    while (found := running.gateway.call("webhook.show", webhook=1))["acknowledged"] < count:
        if time.monotonic() > until:
            raise AssertionError(json.dumps(found))
        time.sleep(STEP_S)

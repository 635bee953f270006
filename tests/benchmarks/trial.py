"""Simulated modems and a daemon, warm, and the ways of the benchmarks to ask them how fast they were.

What is counted is counted at the simulator: the instant a submit was taken by the network. Its monotonic clock is the
machine's, so it may be held against ours.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.machine import cpu_s
from tests.rig import Gateway, Simulator

ACCOUNT = "norte"
READY_S = 60.0
"""64 modems are initialised within a second or two; a busy machine may take some more."""
ASK_S = 20.0
"""One wait of the simulator; its client gives up after 60 s."""
STEP_S = 0.02
"""Between looks where nothing tells by itself; small against every figure that is read this way."""
TEXT = "Estimado %nombre%, su saldo es $ %deuda%. Gracias por elegir %empresa%."


def rows(count: int, start: int = 0) -> bytes:
    """A billing system's list: semicolons, local numbers, decimal commas; `count` different people."""
    lines = ["Código;Nombre;Teléfono;Deuda"]
    for index in range(start, start + count):
        number = 20_000_000 + index
        lines.append(f"C-{index:07d};José Peña {index};011-15-{number // 10000}-{number % 10000:04d};{index}.500,50")
    return ("\n".join(lines) + "\n").encode()


@dataclass(frozen=True, slots=True)
class Take:
    """A submit that the network took."""

    modem: int
    at: float
    """Monotonic s."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A pair that runs."""

    folder: Path
    simulator: Simulator
    gateway: Gateway

    @property
    def pid(self) -> int:
        return self.gateway.pid

    def cpu_s(self) -> float:
        """Of all our processes."""
        return cpu_s(self.pid)

    def simulator_cpu_s(self) -> float:
        return cpu_s(self.simulator.process.pid)

    def begin(self) -> None:
        """Creates the account, with credit for everything."""
        self.gateway.account(ACCOUNT, "100000000")

    def ready(self, timeout_s: float = READY_S) -> None:
        """Until every line can send."""
        until = time.monotonic() + timeout_s
        while True:
            states = [line["state"] for line in self.gateway.call("line.list")["items"]]
            if all(state in {"ready", "busy"} for state in states):
                return
            if time.monotonic() > until:
                raise AssertionError(f"lines are not ready: {states}")
            time.sleep(STEP_S)

    def warm_up(self, count: int) -> None:
        """A campaign that fills every cache and lets the lines learn their pace."""
        self.drop("warm", count, 0, priority="urgent")
        self.done("warm")
        self.simulator.ask("reset_stats")

    # ------------------------------------------------------------------------------------------------------- dropping

    def put(self, name: str, data: bytes) -> Path:
        """A file in `incoming` under a name that nobody looks at, on the disk; rename it to `final` of it."""
        folder = self.gateway.spool.folder("incoming", ACCOUNT)
        aside = folder / f".{name}.tmp"
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return aside

    def show(self, aside: Path) -> float:
        """Renames what `put` has put; the instant before, monotonic s."""
        final = aside.with_name(aside.name.removeprefix(".").removesuffix(".tmp"))
        at = time.monotonic()
        aside.rename(final)
        return at

    def drop(self, job: str, count: int, start: int = 0, **keys: Any) -> float:
        """A campaign of `count` one-segment messages to people from `start` on; the instant it was dropped."""
        document = {"job": job, "channel": "sms", "text": TEXT, "values": {"empresa": "Norte Wifi"}}
        document |= {"recipients_file": f"{job}.csv", "encoding": "gsm7", **keys}
        data = self.put(f"{job}.csv", rows(count, start))
        aside = self.put(f"{job}.json", json.dumps(document).encode())
        self.show(data)
        return self.show(aside)

    def drop_one(self, job: str, number: int, **keys: Any) -> float:
        """A message to one person, in one file; the instant it was dropped."""
        person = {"to": f"011-15-{number // 10000}-{number % 10000:04d}", "nombre": "Ana", "deuda": "1.500,50"}
        document = {"job": job, "channel": "sms", "text": TEXT, "values": {"empresa": "Norte Wifi"}}
        return self.show(self.put(f"{job}.json", json.dumps(document | {"recipients": [person], **keys}).encode()))

    def visible(self, job: str) -> bool:
        """Whether the job is recorded in the store, with all its messages."""
        assert self.gateway.process is not None
        if self.gateway.process.poll() is not None:
            raise AssertionError(f"the daemon has ended:\n{self.gateway.log.read_text()[-2000:]}")
        found = self.gateway.sql("SELECT state FROM job WHERE name = ?", job)
        return bool(found) and found[0][0] != "loading"

    def recorded(self, job: str, timeout_s: float) -> float:
        """Until the job is visible in the store; the instant, monotonic s."""
        until = time.monotonic() + timeout_s
        while not self.visible(job):
            if time.monotonic() > until:
                raise AssertionError(f"{job} was not recorded:\n{self.gateway.log.read_text()[-2000:]}")
            time.sleep(STEP_S)
        return time.monotonic()

    def require(self, job: str, messages: int) -> None:
        """AssertionError unless the job has so many messages, all of them good."""
        shown = self.gateway.call("job.show", job=f"{ACCOUNT}/{job}")
        assert shown["messages"] == messages, shown
        assert not shown["counts"]["invalid"], shown

    def done(self, job: str, timeout_s: float = 120.0) -> None:
        """Until every message of the job is final and its receipts are written."""
        self.gateway.wait_job(job, timeout_s=timeout_s)

    # ------------------------------------------------------------------------------------------------------- counting

    @property
    def taken(self) -> int:
        """Entries of the network's record."""
        total: int = self.simulator.ask("texts", since=0, limit=0)["total"]
        return total

    def wait_taken(self, count: int, timeout_s: float = 120.0) -> None:
        """Until so many were taken since the counters were reset; AssertionError when it takes too long."""
        until = time.monotonic() + timeout_s
        while not (answer := self.simulator.wait_taken(count, ASK_S))["reached"]:
            if time.monotonic() > until:
                raise AssertionError(f"{answer['taken']} of {count} were taken in {timeout_s:.0f} s")

    def takes(self, since: int = 0) -> list[Take]:
        """What the network took after its first `since` messages, in order."""
        return [Take(text["modem"], text["monotonic"]) for text in self.simulator.texts(since)]


def intervals_rate(takes: Iterable[Take], begin: float, end: float) -> float:
    """Submits a second between two instants: of each modem by its own first and last one, so that the window's edges
    cut nothing off."""
    by_modem: dict[int, list[float]] = defaultdict(list)
    for take in takes:
        if begin <= take.at <= end:
            by_modem[take.modem].append(take.at)
    return sum((len(at) - 1) / (at[-1] - at[0]) for at in by_modem.values() if len(at) > 1)


@contextmanager
def simulated(folder: Path, modems: int, latency_s: float = 0.0, more: Sequence[str] = ()) -> Iterator[Simulator]:
    """Modems that write no record to the disk: it would be theirs that is measured."""
    options = ["--latency", str(latency_s), *more]
    with Simulator(folder, modems, options=options, recording=False) as simulator:
        yield simulator


@contextmanager
def trial(
    base: Path, modems: int, *, latency_s: float = 0.0, simulated_as: Sequence[str] = (), **gateway: Any
) -> Iterator[Trial]:
    """A fresh pair in a folder of its own below `base`, its lines ready; ended and removed with the block."""
    with scratch(base) as folder, simulated(folder, modems, latency_s, simulated_as) as simulator:
        daemon = Gateway(folder, simulator.ports, **gateway)
        with daemon.start():
            running = Trial(folder, simulator, daemon)
            running.begin()
            running.ready()
            yield running


@contextmanager
def scratch(base: Path) -> Iterator[Path]:
    """A folder with a short name: a Unix socket's path has 107 octets."""
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

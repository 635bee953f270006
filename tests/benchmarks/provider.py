"""A provider's line: how many messages a second, at no latency and at the internet's, and what each costs in CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from drivers.provider.simulator import ProviderSimulatorProcess
from tests.benchmarks.figure import Figure
from tests.benchmarks.machine import cpu_s
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import ACCOUNT, TEXT, rows, scratch
from tests.rig import Gateway

RATE_TARGET: Final = 500.0
CPU_TARGET_S: Final = 1.6
SHARE_TARGET: Final = 95.0
LATENCY_S: Final = 0.2
AT_ONCE: Final = 50
AT_ONCE_FAR: Final = 100
GUESS: Final = 600
"""Messages a second, to choose how many make a run of the wanted length."""
WARM: Final = 300
ENDED_S: Final = 120.0
PAGE: Final = 5000

LINE: Final = """
[[line]]
name = "p{index}"
driver = "provider"
rate = "100000/s"
url = "{url}"
auth = "bearer"
key = "{key}"
json = {{ id = "{{id}}", to = "{{number}}", text = "{{text}}" }}
id = "$.id"
rules = [{{ status = 201, json = "$.status", matches = "accepted", result = "accepted" }}]
{more}
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """A provider and a daemon that run."""

    simulator: ProviderSimulatorProcess
    gateway: Gateway

    def campaign(self, job: str, count: int, start: int) -> None:
        """Drops messages to `count` people from `start` on."""
        document = {"job": job, "channel": "sms", "text": TEXT, "values": {"empresa": "Norte Wifi"}}
        document |= {"recipients_file": f"{job}.csv", "encoding": "gsm7"}
        self.gateway.drop(document, {f"{job}.csv": rows(count, start)})

    def ended(self, job: str, count: int) -> dict[str, Any]:
        """The job's summary, once each of its messages is taken, in doubt or refused, and its receipts are written."""
        ends = ("submitted", "delivered", "undelivered", "uncertain", "failed")
        wanted = lambda summary: sum(summary["counts"][state] for state in ends) == count  # noqa: E731
        return self.gateway.wait_job(job, wanted, timeout_s=ENDED_S)

    def texts(self, since: int) -> list[dict[str, Any]]:
        """What the provider took after its first `since` messages."""
        taken: list[dict[str, Any]] = []
        while rows := self.simulator.ask("texts", since=since + len(taken), limit=PAGE)["texts"]:
            taken += rows
        return taken


@contextmanager
def pair(base: Path, more: str = "", *options: str, listen: str = "") -> Iterator[Pair]:
    """A fresh pair in a folder of its own below `base`; `more`: further keys of the line, `listen`: HTTP's address."""
    with scratch(base) as folder, ProviderSimulatorProcess(*options) as simulator:
        device = simulator.devices[0]
        keys = {"url": device["url"], "key": device["key"], "more": more}
        gateway = Gateway(folder, [], extra=LINE.format(index=0, **keys), listen=listen)
        with gateway.start():
            gateway.account(ACCOUNT, "100000000")
            gateway.wait_line("p0", "ready")
            yield Pair(simulator, gateway)


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    count = int(GUESS * scale.run_s)
    runs = _runs(base, scale, count, AT_ONCE, 0.0)
    name = f"a provider at zero latency, {AT_ONCE} at once"
    rates = tuple(run.rate for run in runs)
    yield Figure(name, median(rates), "messages/s", RATE_TARGET, ">=", runs=rates)
    costs = tuple(run.cpu_s for run in runs)
    yield Figure("CPU per 1,000 messages, a provider", median(costs), "s", CPU_TARGET_S, "<=", runs=costs)
    theirs = tuple(run.simulator_cpu_s for run in runs)
    yield Figure("beside it the simulator's, a provider", median(theirs), "s", runs=theirs)
    runs = _runs(base, scale, count, AT_ONCE_FAR, LATENCY_S)
    most = AT_ONCE_FAR / LATENCY_S
    shares = tuple(run.rate / most * 100 for run in runs)
    name = f"a provider at {LATENCY_S * 1000:.0f} ms, {AT_ONCE_FAR} at once: share of {most:.0f}/s"
    yield Figure(name, median(shares), "%", SHARE_TARGET, ">=", runs=shares)


def _runs(base: Path, scale: Scale, count: int, at_once: int, latency_s: float) -> list[_Run]:
    with pair(base, f"capacity = {at_once}", "--latency", str(latency_s)) as running:
        _Run(running, "warm", 0, WARM, at_once)
        return [_Run(running, f"run{index}", WARM + index * count, count, at_once) for index in range(scale.runs)]


class _Run:
    """One campaign, counted at the provider."""

    def __init__(self, running: Pair, job: str, start: int, count: int, at_once: int) -> None:
        pid, theirs = running.gateway.pid, running.simulator.pid
        before, before_simulator = cpu_s(pid), cpu_s(theirs)
        running.campaign(job, count, start)
        summary = running.ended(job, count)
        assert summary["counts"]["submitted"] == count, summary
        self.cpu_s = (cpu_s(pid) - before) / count * 1000
        self.simulator_cpu_s = (cpu_s(theirs) - before_simulator) / count * 1000
        at = [row["monotonic"] for row in running.texts(start)]
        assert len(at) == count
        # The first `at_once` are taken together: they are the start, not what was done in the time.
        self.rate = (count - at_once) / (at[-1] - at[at_once - 1])

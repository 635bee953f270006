"""Modems that take no time: how many segments a second the gateway can do, and what each costs in CPU."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Final

from tests.benchmarks import bare
from tests.benchmarks.bare import Bare, Kind
from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import Trial, scratch, simulated, trial

TARGETS: Final = {1: 300.0, 16: 700.0, 64: 700.0}
PEERS: Final = {1: (2.6, "smstools"), 16: (41.0, "smstools"), 64: (60.6, "gammu-smsd")}
CPU_AT: Final = 16
CPU_TARGET_S: Final = 1.2
CPU_PEER: Final = (2.1, "gammu-smsd")
GUESS: Final = {1: 350, 16: 750}
"""Segments a second, to choose how many make a run of the wanted length."""
WARM: Final = 300
BARE_SHARES: Final = {1: 0.5, 16: 0.6, 64: 0.6}
BARE_COST: Final = 8.0


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    for modems in scale.fleets:
        with trial(base, modems) as running, scratch(base) as folder, simulated(folder, modems) as spare:
            running.warm_up(WARM)
            count = int(GUESS.get(modems, 700) * scale.run_s)
            runs: list[_Run] = []
            bares: dict[Kind, list[Bare]] = {"serial": [], "raw": []}
            for index in range(scale.runs):
                # Turn by turn, so that whatever else the machine does meets both.
                runs.append(_Run(running, index, count))
                for kind, each in bares.items():
                    each.append(bare.run(kind, count, spare.ports))
        yield from _figures(modems, runs)
        for kind, each in bares.items():
            yield from _against_bare(kind, modems, runs, each)


class _Run:
    """One campaign, counted at the simulator."""

    def __init__(self, running: Trial, index: int, count: int) -> None:
        running.simulator.ask("reset_stats")
        before, before_simulator, record = running.cpu_s(), running.simulator_cpu_s(), running.taken
        job = f"run{index}"
        running.drop(job, count, WARM + index * count)
        running.wait_taken(count)
        first = running.simulator.ask("stats")["total"]["first_cmgs"]["monotonic"]
        running.done(job)
        self.cpu_s = (running.cpu_s() - before) / count * 1000
        self.simulator_cpu_s = (running.simulator_cpu_s() - before_simulator) / count * 1000
        summary = running.gateway.summary(job)
        assert summary is not None
        assert summary["counts"]["delivered"] == count, summary
        self.rate = count / (running.takes(record)[-1].at - first)


def _figures(modems: int, runs: list[_Run]) -> Iterator[Figure]:
    rates = tuple(run.rate for run in runs)
    peer, name = PEERS.get(modems, (None, ""))
    yield Figure(
        f"zero latency, {_modems(modems)}", median(rates), "segments/s", TARGETS.get(modems), ">=", peer, name, rates
    )
    costs = tuple(run.cpu_s for run in runs)
    target, peer, name = (CPU_TARGET_S, *CPU_PEER) if modems == CPU_AT else (None, None, "")
    yield Figure(
        f"CPU per 1,000 messages, {_modems(modems)}", median(costs), "s", target, "<=", peer, name, costs
    )  # fmt: skip
    theirs = tuple(run.simulator_cpu_s for run in runs)
    yield Figure(f"beside it the simulator's, {_modems(modems)}", median(theirs), "s", runs=theirs)


LOOPS: Final[Mapping[Kind, str]] = {"serial": "a bare loop of AT+CMGS on pyserial", "raw": "the leanest such loop"}


def _against_bare(kind: Kind, modems: int, runs: list[_Run], bares: list[Bare]) -> Iterator[Figure]:
    loop, fleet = LOOPS[kind], _modems(modems)
    promised = kind == "serial" and modems in BARE_SHARES
    rates = tuple(each.rate for each in bares)
    yield Figure(f"beside it {loop}, {fleet}", median(rates), "segments/s", runs=rates)
    shares = tuple(run.rate / each.rate for run, each in zip(runs, bares, strict=True))
    target = BARE_SHARES[modems] if promised else None
    yield Figure(f"share of the rate of {loop}, {fleet}", median(shares), "", target, ">=", runs=shares)
    costs = tuple(run.cpu_s / each.cpu_s for run, each in zip(runs, bares, strict=True))
    name = f"CPU a message, times that of {loop}, {fleet}"
    yield Figure(name, median(costs), "×", BARE_COST if promised else None, "<=", runs=costs)


def _modems(count: int) -> str:
    return f"{count} modem{'s' if count > 1 else ''}"

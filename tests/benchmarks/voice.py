"""Calls at the pace of a busy trunk: how many a second, beside what Asterisk does when it is merely told to call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any, Final

from dialplan.context import Flow, Key, variables
from tests.benchmarks.figure import Figure
from tests.benchmarks.machine import cpu_s
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import scratch
from tests.peers.asterisk import Asterisk
from tests.peers.asterisk_callees import PATIENT, PEOPLE, person
from tests.peers.asterisk_generator import generate
from tests.peers.onlooker import Onlooker
from tests.rig import Gateway
from tests.rig.calling import TARIFF, campaign, exchange, line

ACCOUNT: Final = "norte"
RATE_SHARE: Final = 0.98
"""Within 2 %."""
BARE_SHARE: Final = 0.95
"""Of the bare generator, where it reaches less."""
CPU_TARGET: Final = 0.25
LIVE_S: Final = 6.0
"""A call: 4.8 s of message and menu, 1.2 s until the key is pressed."""
SPARE: Final = 1.2
"""Channels above what the pace needs: it is the pace that shall hold, not they."""
SPARE_S: Final = 2.0
"""Of calls that still begin when the window has ended."""
DIGIT: Final = 2
MESSAGE: Final = "uno dos tres cuatro cinco seis siete ocho"
MENU: Final = "pulse dos por favor"
"""The test's voice takes 0.4 s a word."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Calls in a window."""

    per_s: float
    live: float
    asterisk_cores: float
    our_cores: float


class _Window:
    """Waits for calls that begin, then measures for a while."""

    def __init__(self, pbx: Asterisk, seen: Onlooker, pid: int | None, scale: Scale) -> None:
        self._pbx, self._seen, self._pid, self._scale = pbx, seen, pid, scale

    def measure(self) -> Pace:
        self._seen.wait_begun(1, 60)
        time.sleep(self._scale.calls_ramp_s)
        began, asterisk, ours = time.monotonic(), cpu_s(self._pbx.pid), self._ours()
        live = []
        while time.monotonic() < began + self._scale.calls_for_s:
            time.sleep(0.25)
            live.append(self._seen.live)
        ended = time.monotonic()
        took = ended - began
        inside = [at for at in self._seen.began if began <= at <= ended]
        return Pace(
            (len(inside) - 1) / (inside[-1] - inside[0]),
            mean(live),
            (cpu_s(self._pbx.pid) - asterisk) / took,
            (self._ours() - ours) / took,
        )

    def _ours(self) -> float:
        return cpu_s(self._pid) if self._pid is not None else 0.0


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    seconds = scale.calls_ramp_s + scale.calls_for_s + SPARE_S
    people = [person(PATIENT, row, DIGIT) for row in range(int(scale.calls_s * seconds))]
    with scratch(base) as folder, exchange(folder / "pbx", verbose=0) as pbx:
        ours = _gateway(folder, pbx, people, scale)
        bare = asyncio.run(_bare(pbx, people, scale))
    wanted = scale.calls_s * RATE_SHARE
    target = wanted if bare.per_s >= wanted else bare.per_s * BARE_SHARE
    name = f"calls, message and menu, {scale.calls_for_s:.0f} s at {scale.calls_s:g}/s"
    yield Figure(f"{name}", ours.per_s, "calls/s", target, ">=", bare.per_s, "a bare generator")
    yield Figure("calls live meanwhile", ours.live, "calls")
    yield Figure("CPU of all our processes meanwhile", ours.our_cores, "cores", CPU_TARGET, "<=")
    yield Figure("CPU of Asterisk meanwhile", ours.asterisk_cores, "cores")
    yield Figure("CPU of Asterisk under the bare generator", bare.asterisk_cores, "cores")


def _gateway(folder: Path, pbx: Asterisk, people: Sequence[str], scale: Scale) -> Pace:
    channels = int(scale.calls_s * LIVE_S * SPARE)
    extra = line(pbx, channels=channels, rate=f"{scale.calls_s:g}/s")
    with Gateway(folder, [], extra=extra, tariff=TARIFF).start() as gateway, Onlooker(pbx) as seen:
        gateway.account(ACCOUNT, "100000000")
        gateway.wait_line("troncal", "ready")
        script = {"message": [{"say": MESSAGE}, {"say": MENU}], "menu": {str(DIGIT): "promise", "9": "opt_out"}}
        job, files = campaign("llamadas", people, script=script, ring_s=10)
        gateway.drop(job, files)
        pace = _Window(pbx, seen, gateway.pid, scale).measure()
        summary = gateway.wait_job("llamadas")
        _require(summary, seen, len(people), channels, gateway)
    return pace


def _require(summary: dict[str, Any], seen: Onlooker, calls: int, channels: int, gateway: Gateway) -> None:
    """Every one heard to its end, called once, and never more at once than channels."""
    assert summary["counts"]["delivered"] == calls, summary
    keys = {receipt["detail"]["key"] for receipt in gateway.receipts("llamadas") if receipt["state"] == "delivered"}
    assert keys == {str(DIGIT)}, keys
    assert len(seen.called) == calls == seen.called.total(), seen.called.most_common(3)
    assert seen.most <= channels


async def _bare(pbx: Asterisk, people: Sequence[str], scale: Scale) -> Pace:
    """The same people, the same context, the prompt that the gateway has made."""
    [prompt] = (pbx.base / "prompts").glob("*.wav")
    keys = {str(DIGIT): Key("promise"), "9": Key("opt_out")}
    flow = variables(Flow("G", str(prompt.with_suffix("")), menu=keys))
    with Onlooker(pbx) as seen:
        window = asyncio.create_task(asyncio.to_thread(_Window(pbx, seen, None, scale).measure))
        channels = (PEOPLE.format(number=f"549{number}") for number in people)
        came = await generate(pbx, channels, scale.calls_s, "gatewayd", flow)
        assert came.reported == came.answered == came.asked, came
        return await window

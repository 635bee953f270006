"""From the instant somebody answers to the first sound they hear: at the far end of a SIP trunk, which is sipp."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles
from typing import Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import scratch
from tests.peers.asterisk_callees import LISTENS, person
from tests.peers.rtp import RtpListener
from tests.peers.sipp import Sipp
from tests.rig import Gateway
from tests.rig.calling import TARIFF, campaign, exchange, line

P99_MS: Final = 300.0
CHANNELS: Final = 100
MESSAGE: Final = "uno dos tres cuatro cinco"
"""Two seconds: some fifty calls are live, and every one plays."""


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    with (
        scratch(base) as folder,
        RtpListener() as listener,
        Sipp(folder / "sipp", listener.port) as people,
        exchange(folder / "pbx", verbose=0) as pbx,
    ):
        extra = line(pbx, channels=CHANNELS, rate=f"{scale.audio_s:g}/s", dial=people.dial)
        with Gateway(folder, [], extra=extra, tariff=TARIFF).start() as gateway:
            gateway.account(credit="100000")
            gateway.wait_line("troncal", "ready")
            numbers = (person(LISTENS, row) for row in range(scale.audio_calls))
            gateway.drop(*campaign("oyen", numbers, script={"message": MESSAGE}, ring_s=10))
            summary = gateway.wait_job("oyen", timeout_s=60 + scale.audio_calls / scale.audio_s)
            assert summary["counts"]["delivered"] == scale.audio_calls, summary
        times = list(_times(people, listener))
    assert len(times) == scale.audio_calls
    cuts = quantiles(times, n=100, method="inclusive")
    name = f"answer to first audio, {len(times):,} calls at {scale.audio_s:g}/s"
    yield Figure(f"{name}, p50", cuts[49], "ms")
    yield Figure(f"{name}, p99", cuts[98], "ms", P99_MS, "<=")
    yield Figure("the slowest", max(times), "ms")


def _times(people: Sipp, listener: RtpListener) -> Iterator[float]:
    """ms of each call."""
    for call in people.record().calls:
        assert call.answered is not None, call
        heard = listener.first_after(call.rtp, call.answered)
        assert heard is not None, call
        assert call.ended is not None, call
        assert heard < call.ended, call
        yield (heard - call.answered) * 1000

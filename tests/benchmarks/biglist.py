"""A list of 100,000 people is dropped: until it is recorded, what it takes, and what everybody else feels of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.machine import Memory, pss_mb, tree
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import STEP_S, Trial, intervals_rate, trial

IDLE_TARGET_S: Final = 10.0
BUSY_TARGET_S: Final = 20.0
KEPT_TARGET: Final = 90.0
GROWTH_TARGET_MB: Final = 150.0
URGENT_TARGET_S: Final = 1.0
MODEMS: Final = 16
BEFORE_S: Final = 20.0
"""The modems' own rate is measured for so long before the list comes."""
URGENT_FIRST_S: Final = 0.2
URGENT_EVERY_S: Final = 0.9
"""Urgent messages while the list is being recorded, each to a line that has nothing to do by then."""
TIMEOUT_S: Final = 180.0
SPARE: Final = MODEMS
"""Index of the line that is left free for the urgent messages."""


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    yield from _measure(base, scale, busy=False)
    yield from _measure(base, scale, busy=True)


def _measure(base: Path, scale: Scale, *, busy: bool) -> Iterator[Figure]:
    words = f"{scale.list_rows:,} rows, {MODEMS} modems busy" if busy else f"{scale.list_rows:,} rows, lines idle"
    latency_s = scale.busy_submit_s if busy else 0.0
    before_s = min(BEFORE_S, scale.share_s) if busy else 1.0
    with trial(base, MODEMS + 1, latency_s=latency_s) as running:
        running.warm_up(2 * MODEMS)
        if busy:
            lines = [f"m{index}" for index in range(MODEMS)]
            running.drop("running", int(MODEMS * scale.busy_s / latency_s), 5_000_000, lines=lines)
            running.wait_taken(2 * MODEMS)
        # The process that read the campaign, and all that went with it, is gone before growth is measured.
        while len(tree(running.pid)) > 1:
            time.sleep(0.1)
        began = time.monotonic()
        time.sleep(before_s)
        base_mb = pss_mb(tree(running.pid))
        with Memory(running.pid) as memory:
            # It waits for tomorrow, so that only its recording is measured and not its sending.
            dropped = running.drop("list", scale.list_rows, not_before=_tomorrow(), priority="bulk")
            recorded, urgent = _until_recorded(running, dropped)
        running.require("list", scale.list_rows)
        waits = _waits(running, urgent, latency_s)
        takes = running.takes()
    yield Figure(
        f"{words}: drop to recorded", recorded - dropped, "s", BUSY_TARGET_S if busy else IDLE_TARGET_S, "<="
    )  # fmt: skip
    if busy:
        others = [take for take in takes if take.modem != SPARE]
        rate = intervals_rate(others, began, dropped)
        meanwhile = intervals_rate(others, dropped, recorded)
        assert any(take.at > recorded for take in others), "the modems had sent all before the list was recorded"
        yield Figure(f"{words}: their rate meanwhile", meanwhile / rate * 100, "%", KEPT_TARGET, ">=")
    yield Figure(f"{words}: growth of memory", memory.peak_mb - base_mb, "MB", GROWTH_TARGET_MB, "<=")
    yield Figure(
        f"{words}: urgent one on an idle line, slowest of {len(waits)}", max(waits), "s", URGENT_TARGET_S, "<="
    )


def _until_recorded(running: Trial, dropped: float) -> tuple[float, list[float]]:
    """Drops an urgent message a second, and one at least; answers when the list was recorded, and when each of them was
    dropped."""
    urgent: list[float] = []
    recorded: float | None = None
    while recorded is None or not urgent:
        now = time.monotonic()
        if recorded is None and running.visible("list"):
            recorded = now
        elif now - dropped > TIMEOUT_S:
            raise AssertionError(f"the list was not recorded within {TIMEOUT_S:.0f} s")
        if now - dropped > URGENT_FIRST_S + len(urgent) * URGENT_EVERY_S:
            job = f"urgent{len(urgent)}"
            urgent.append(running.drop_one(job, 40_000_000 + len(urgent), priority="urgent", lines=[f"m{SPARE}"]))
        time.sleep(STEP_S)
    return recorded, urgent


def _waits(running: Trial, urgent: list[float], latency_s: float) -> list[float]:
    """Seconds from each urgent drop to its AT+CMGS: to when the network took it, less what the submit itself took."""
    until = time.monotonic() + TIMEOUT_S
    while time.monotonic() < until:
        taken = [take.at for take in running.takes() if take.modem == SPARE and urgent and take.at > urgent[0]]
        if len(taken) >= len(urgent):
            return [at - latency_s - dropped for at, dropped in zip(taken, urgent, strict=True)]
        time.sleep(0.1)
    raise AssertionError("urgent messages were not sent")


def _tomorrow() -> str:
    return (datetime.now().astimezone() + timedelta(days=1)).isoformat(timespec="seconds")

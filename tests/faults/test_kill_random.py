"""SIGKILL at random moments under load, again and again over one store and one spool."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Final

import pytest

from tests.faults.ordeal import Ordeal, told

SEED: Final = int(os.environ.get("GATEWAYD_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
"""Another one each time; a failing test prints it."""

EVENTS: Final = {
    "+CNMI": 4,
    "+CMGS": 30,
    "submits": 30,
    "taken": 30,
    "reports_sent": 28,
    "reports_acknowledged": 26,
}
"""What the modems count, and how far it comes in a load of 30 parts: from the lines' start to the last reports.

Counted at the modems: a machine that is slow today makes no crash earlier or later.
"""


def killed(folder: Path, times: int) -> None:
    chance = random.Random(SEED)
    crashes: list[str] = [f"GATEWAYD_FAULT_SEED={SEED}"]
    with Ordeal(folder, modems=4, latency_s=0.02) as ordeal:
        for _ in range(times):
            event = chance.choice(list(EVENTS))
            count = chance.randint(1, EVENTS[event])
            ordeal.kill_after(event, count, urgent=9, bulk=7, inbound=chance.random() < 0.5)
            crashes.append(f"{event} {count}")
        verdict = ordeal.end()
        assert not verdict.faults, told(verdict, ordeal, crashes)
        assert verdict.messages == times * 16


@pytest.mark.timeout(300)
def test_six_random_kills_under_load(tmp_path: Path) -> None:
    killed(tmp_path, 6)


@pytest.mark.fault
@pytest.mark.timeout(1200)
def test_fifty_random_kills_under_load(tmp_path: Path) -> None:
    killed(tmp_path, 50)

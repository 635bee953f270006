"""Ten thousand histories of people who owe: the oracle agrees with the engine, and finds every planted fault."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Final

import pytest

from gatewayd.dunning.decide import decide
from tests.rig.collections.planted import FAULTS, Fault, finding, in_histories

pytestmark = pytest.mark.fault

SEED: Final = int(os.environ.get("GATEWAYD_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
"""Another one each time; a failing test prints it."""
HISTORIES: Final = 10_000
PORTION: Final = 500


@pytest.mark.parametrize("portion", range(HISTORIES // PORTION))
def test_the_engine_decides_as_the_oracle_does(portion: int) -> None:
    print(f"GATEWAYD_FAULT_SEED={SEED}")
    first = SEED + portion * PORTION
    assert in_histories(decide, first, first + PORTION) == ""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_planted_fault_is_found(fault: Fault, tmp_path: Path) -> None:
    assert finding(fault, tmp_path, 1_000)

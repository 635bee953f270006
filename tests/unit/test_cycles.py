"""What is loaded is left out of looks for cycles; those that are made later are still found."""

from __future__ import annotations

import subprocess
import sys

_LIFE = """
import gc, weakref
from gatewayd.process import cycles

class Ring:
    pass

kept = [Ring() for _ in range(1000)]
cycles.settle()
frozen = gc.get_freeze_count()
ring = Ring()
ring.self = ring
gone = weakref.ref(ring)
del ring
found = [Ring() for _ in range(cycles.COLLECT_AFTER + 1000)]
print(frozen > 1000, gone() is None)
"""


def test_what_is_loaded_is_not_looked_through_and_later_cycles_are_found() -> None:
    done = subprocess.run([sys.executable, "-c", _LIFE], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "True"]

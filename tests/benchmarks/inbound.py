"""Many messages come in by one line: how soon all are on the disk, each once, and how much memory that takes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.machine import Memory, pss_mb, tree
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import scratch
from tests.rig import Gateway
from tests.rig.devices import device

DURABLE_TARGET_S: Final = 60.0
GROWTH_TARGET_MB: Final = 50.0
LATE_S: Final = 240.0
"""A line that takes longer is told as it is."""
STEP_S: Final = 0.05
PEOPLE: Final = 500


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    for name in scale.receivers:
        yield from _line(base, name, scale.inbound)


def _line(base: Path, name: str, count: int) -> Iterator[Figure]:
    with scratch(base) as folder, device(name, folder, poll_s=1.0) as source:
        gateway = Gateway(folder, [], extra=f'[inbox]\ndefault = "norte"\n{source.line}')
        with gateway.start():
            gateway.account()
            gateway.wait_line(name, "ready")
            source.receive([(_sender(name, 0), "warm")])
            _stored(gateway, 1)
            before = pss_mb(tree(gateway.pid))
            with Memory(gateway.pid) as memory:
                began = time.monotonic()
                source.receive([(_sender(name, n), f"Respuesta {n}") for n in range(count)])
                given_s = time.monotonic() - began
                _stored(gateway, count + 1)
                durable_s = time.monotonic() - began
                written_s = _written(gateway) - began
            got = Counter(document["text"] for document in gateway.inbox())
            assert gateway.stop() == 0
    missing = sum(f"Respuesta {n}" not in got for n in range(count))
    title = f"{count:,} come in by {name}"
    yield Figure(f"{title}: all durable", durable_s, "s", DURABLE_TARGET_S, "<=")
    yield Figure("of that, the device had the last one", given_s, "s")
    yield Figure("each has its file", written_s, "s")
    yield Figure(f"{title}: lost, or twice", missing + sum(n - 1 for n in got.values()), "messages", 0, "<=")
    yield Figure(f"{title}: growth of memory", memory.peak_mb - before, "MB", GROWTH_TARGET_MB, "<=")


def _sender(name: str, number: int) -> str:
    person = f"54911{40_000_000 + number % PEOPLE:08d}"
    return f"{person}@hogar.example" if name == "smtp" else f"+{person}"


def _stored(gateway: Gateway, count: int) -> None:
    """Until so many are in the store."""
    _until(gateway, "SELECT COUNT(*) FROM inbound", count)


def _written(gateway: Gateway) -> float:
    """When the last one has its file; monotonic s."""
    _until(gateway, "SELECT COUNT(*) = 0 FROM inbound WHERE NOT written", 1)
    return time.monotonic()


def _until(gateway: Gateway, query: str, value: int) -> None:
    until = time.monotonic() + LATE_S
    while (found := gateway.sql(query)[0][0]) < value:
        if time.monotonic() > until:
            raise AssertionError(f"{found} of {value} after {LATE_S:.0f} s\n{gateway.log.read_text()[-2000:]}")
        time.sleep(STEP_S)

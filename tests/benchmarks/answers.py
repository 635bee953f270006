"""People ask for their balance, 50 a second over 64 modems: how soon each one's answer is at the modem, and once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.machine import Memory, pss_mb, tree
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import READY_S, scratch
from tests.rig import Gateway, Simulator

MODEMS: Final = 64
RATE: Final = 50
"""Texts a second."""
SLOWEST_MS: Final = 2_000.0
GROWTH_MB: Final = 60.0
LATE_S: Final = 120.0
TOGETHER: Final = 500
"""Customers and invoices of one request."""


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    count = int(RATE * scale.answers_s)
    with scratch(base) as folder, Simulator(folder, MODEMS) as simulator:
        gateway = Gateway(folder, simulator.ports, extra='[inbox]\ndefault = "norte"\n')
        with gateway.start():
            gateway.account()
            gateway.wait_overview(_ready, timeout_s=READY_S)
            _people(gateway, count)
            gateway.call("answers.set", account="norte", debt={"on": True})
            _ask(simulator, _number(count), 0)
            simulator.wait_taken(1)
            before = pss_mb(tree(gateway.pid))
            asked: dict[str, float] = {}
            with Memory(gateway.pid) as memory:
                began = time.monotonic()
                for index in range(count):
                    wait = began + index / RATE - time.monotonic()
                    if wait > 0:
                        time.sleep(wait)
                    asked[_number(index)] = time.monotonic()
                    _ask(simulator, _number(index), index % MODEMS)
                simulator.wait_taken(count + 1, LATE_S / 2)
            # A second one of somebody's would come at once.
            time.sleep(1.0)
            taken = simulator.texts()
            jobs = gateway.sql("SELECT COUNT(*) FROM job")[0][0]
            assert gateway.stop() == 0
    times = Counter(one["to"] for one in taken)
    slow = [1000 * (one["monotonic"] - asked[one["to"]]) for one in taken if one["to"] in asked]
    wrong = sum(_amount(one["to"]) not in one["text"] for one in taken if one["to"] in asked)
    title = f"{count:,} ask for their balance, {RATE} a second over {MODEMS} modems"
    yield Figure(f"{title}: to the answer, p99", quantiles(slow, n=100)[98], "ms", SLOWEST_MS, "<=")
    yield Figure("of that, half are answered within", quantiles(slow, n=100)[49], "ms")
    yield Figure("the slowest", max(slow), "ms")
    missing = sum(times[number] != 1 for number in asked)
    yield Figure(f"{title}: not answered, or twice", missing, "people", 0, "<=")
    yield Figure("another's amount", wrong, "people", 0, "<=")
    yield Figure("jobs that the answers share", jobs, "jobs")
    yield Figure(f"{title}: growth of memory", memory.peak_mb - before, "MB", GROWTH_MB, "<=")


def _ready(snapshot: dict[str, Any]) -> bool:
    return all(line["state"] == "ready" for line in snapshot["lines"])


def _number(index: int) -> str:
    return f"+54911{40_000_000 + index:08d}"


def _amount(number: str) -> str:
    """Returns the amount that is told to a number, without its cents."""
    return f"{100 + int(number[-8:]) - 40_000_000:,}".replace(",", ".")


def _people(gateway: Gateway, count: int) -> None:
    """Gives everybody an invoice of its own amount."""
    for start in range(0, count, TOGETHER):
        indexes = range(start, min(count, start + TOGETHER))
        customers = [
            {
                "external_id": f"C{index}",
                "name": f"Ana {index}",
                "contacts": [{"channel": "phone", "address": _number(index), "state": "confirmed"}],
            }
            for index in indexes
        ]
        gateway.call("customer.put_many", account="norte", customers=customers)
        invoices = [
            {
                "external_id": f"F{index}",
                "customer": f"C{index}",
                "number": f"A-{index}",
                "due": "2030-01-10",
                "currency": "ARS",
                "total": f"{100 + index}.50",
                "balance": f"{100 + index}.50",
            }
            for index in indexes
        ]
        gateway.call("invoice.put_many", account="norte", invoices=invoices)


def _ask(simulator: Simulator, number: str, modem: int) -> None:
    simulator.ask("inject", **{"modem": modem, "from": number, "text": "SALDO"})

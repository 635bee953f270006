"""A campaign to many customers of a live list: from the click to the first AT+CMGS, and until all are recorded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import scratch
from tests.rig.campaigns import ACCOUNT, PASSWORD, allow, wait
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

FIRST_MS: Final = 1000.0
ALL_S: Final = 15.0
TARGET_AT: Final = 200_000
"""People for which the bound of the whole holds."""
PORTION: Final = 1_000


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    count = 2 * scale.list_rows
    with scratch(base) as folder, Simulator(folder, 1) as simulator, Gateway(folder, simulator.ports) as gateway:
        gateway.start()
        gateway.account(credit="100000000")
        allow(gateway)
        for first in range(0, count, PORTION):
            gateway.call("customer.put_many", account=ACCOUNT, customers=_customers(first, min(PORTION, count - first)))
        gateway.call("list.create", account=ACCOUNT, title="Todos", filter={})
        said = {"channel": "sms", "content": {"text": "Hola %nombre%"}, "audience": {"list": "Todos"}}
        made = gateway.call("campaign.save", account=ACCOUNT, title="Agosto", document=said)["campaign"]
        simulator.ask("reset_stats")
        clicked, began = time.monotonic(), time.monotonic()
        gateway.call("campaign.launch", campaign=made, password=PASSWORD)
        simulator.ask("wait", taken=1, timeout=60)
        first_cmgs = simulator.ask("stats")["total"]["first_cmgs"]["monotonic"]
        wait(gateway, made, lambda found: found["messages"] >= count, 600)
        took = time.monotonic() - began
        gateway.call("campaign.cancel", campaign=made)
    first = (first_cmgs - clicked) * 1000
    yield Figure(f"click to first AT+CMGS, {count} people of a live list", first, "ms", FIRST_MS, "<=")
    bound = ALL_S if count == TARGET_AT else None
    yield Figure(f"all {count} recorded", took, "s", bound, "<=")


def _customers(first: int, count: int) -> list[dict[str, Any]]:
    return [
        {
            "external_id": f"R{n}",
            "name": f"Ana {n}",
            "contacts": [{"channel": "phone", "address": f"+54911{50_000_000 + n:08d}"}],
        }
        for n in range(first, first + count)
    ]

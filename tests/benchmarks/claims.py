"""A day's run of claims over everybody who owes: how long it takes, and what facts and lines feel of it."""

from __future__ import annotations

import csv
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

from gatewayd.control import ControlClient
from tests.benchmarks.bills import HEAD, brought
from tests.benchmarks.customers import timed
from tests.benchmarks.figure import Figure
from tests.benchmarks.machine import Memory, cpu_s, pss_mb, tree
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import READY_S, Take, intervals_rate, scratch, simulated
from tests.rig import Gateway, Simulator

RUN_S: Final = 60.0
FACT_MS: Final = 2_000.0
GROWTH_MB: Final = 250.0
LATE_MS: Final = 100.0
SHARE: Final = 95.0
SUBMIT_S: Final = 3.0
SHARE_S: Final = 15.0
"""For so long at least the lines' share is measured."""
FACT_S: Final = 0.25
"""Between two facts: bills, payments and promises in turn."""
LONGEST_S: Final = 600.0
TOGETHER: Final = 500
"""Customers of one request."""
OTHERS: Final = "centro"
"""The account whose messages go over the lines meanwhile."""
LEVELS: Final = [
    {"id": "uno", "days": 1, "channels": ["sms"], "templates": {"sms": "reclamo"}},
    {"id": "dos", "days": 15, "channels": ["sms"], "templates": {"sms": "reclamo"}},
    {"id": "tres", "days": 40, "channels": ["sms", "email"], "templates": {"sms": "reclamo", "email": "reclamo"}},
]
TEXT: Final = "%nombre%: debe %deuda% desde el %vencimiento% (%facturas%). Pague en %enlace_de_pago%"


@dataclass
class Facts:
    """Facts that come one after another, from another thread, each waited for until it is decided about."""

    gateway: Gateway
    customers: int
    took: list[float] = field(default_factory=list)
    """Milliseconds from before the request until the decision is in the store."""
    acknowledged: list[float] = field(default_factory=list)
    error: str = ""
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Facts:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        client = ControlClient.connect([self.gateway.folder / "control.sock"])
        assert client is not None
        number = 0
        try:
            while not self._end.is_set():
                self._one(client, number)
                number += 1
                self._end.wait(FACT_S)
        except Exception as error:  # noqa: BLE001 - told by whoever reads the figures
            self.error = repr(error)
        finally:
            client.close()

    def _one(self, client: ControlClient, number: int) -> None:
        """Brings a fact of somebody behind whom the run has not come, or has: all over the list."""
        whose = number * 7919 % self.customers
        began = time.monotonic()
        moment = int(time.time() * 1000)
        who = f"C{whose:06d}"
        if number % 3 == 0:
            client.call("payment.put", {"account": "norte", "external_id": f"P{number}", "payment": _payment(who)})
        elif number % 3 == 1:
            bill = {"customer": who, "number": f"N{number}", "due": _today().isoformat(), "balance": "9.50"}
            client.call("invoice.put", {"account": "norte", "external_id": f"N{number}", "invoice": bill})
        else:
            day = (_today() + timedelta(days=2)).isoformat()
            client.call("promise.add", {"account": "norte", "customer": who, "day": day})
        self.acknowledged.append((time.monotonic() - began) * 1000)
        while self.gateway.sql(
            "SELECT 1 FROM fact_mark WHERE customer_id = (SELECT id FROM customer WHERE external_id = ?) AND at >= ?",
            *(who, moment),
        ):
            if time.monotonic() - began > LONGEST_S:
                raise AssertionError(f"nobody has decided about {who}")
            time.sleep(0.005)
        self.took.append((time.monotonic() - began) * 1000)


def _payment(who: str) -> dict[str, Any]:
    return {"customer": who, "amount": "100"}


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    for customers in scale.claims:
        yield from _measured(base, customers, scale)


def _measured(base: Path, customers: int, scale: Scale) -> Iterator[Figure]:
    modems, every_s = scale.beside, scale.beside_every_s
    name = f"{customers:,} customers with {customers * 3 // 2:,} open invoices"
    with scratch(base) as folder, simulated(folder, modems, SUBMIT_S) as simulator:
        gateway = Gateway(folder, simulator.ports, rate=f"{60 / every_s:g}/min")
        with gateway.start():
            _brought_in(gateway, folder, customers)
            gateway.wait_overview(
                lambda found: all(one["state"] in {"ready", "busy"} for one in found["lines"]), timeout_s=READY_S
            )
            gateway.account(OTHERS)
            _busy(gateway, "paced", modems * 100)
            simulator.wait_taken(3 * modems, LONGEST_S)
            before, cpu = pss_mb(tree(gateway.pid)), cpu_s(gateway.pid)
            began = time.monotonic()
            with Memory(gateway.pid) as memory, Facts(gateway, customers) as facts:
                gateway.call("policy.save", account="norte", policy="empresa", standard=True, document=_rule())
                _until(gateway, "SELECT count(*) FROM dunning_run WHERE state = 'done'")
                decided = time.monotonic()
                _until(gateway, "SELECT count(*) = 0 FROM dunning_batch WHERE state != 'recorded'")
                ended = time.monotonic()
            spent = cpu_s(gateway.pid) - cpu
            late = _latest(simulator.texts(), began, ended, every_s)
            ((claims,),) = gateway.sql("SELECT count(*) FROM step")
            ((jobs,),) = gateway.sql("SELECT count(*) FROM dunning_batch")
            assert gateway.stop() == 0
        with Gateway(folder, simulator.ports).start() as gateway:
            share, again = _saturated(gateway, simulator, modems)
        assert not facts.error, facts.error
        yield Figure(
            f"{name}: a day's run, everybody decided",
            decided - began,
            "s",
            RUN_S if customers >= 200_000 else None,
            "<=",
        )
        yield Figure(f"{name}: and all {claims:,} claims jobs", ended - began, "s")
        yield Figure(f"{name}: everybody again under a changed rule", again, "s")
        yield Figure(f"{name}: {modems} modems without pace beside that, share", share, "%", SHARE, ">=")
        yield Figure(f"{name}: processor time", spent, "s")
        yield Figure(f"{name}: jobs of claims", jobs, "jobs")
        yield Figure(
            f"{name}: {len(facts.took)} facts meanwhile, until decided, p99", _p99(facts.took), "ms", FACT_MS, "<="
        )
        yield Figure(f"{name}: of that acknowledged, p99", _p99(facts.acknowledged), "ms")
        yield Figure(f"{name}: growth of memory", memory.peak_mb - before, "MB", GROWTH_MB, "<=")
        yield Figure(f"{name}: {modems} modems at {60 / every_s:g} a minute, latest message", late, "ms", LATE_MS, "<=")


def _saturated(gateway: Gateway, simulator: Simulator, modems: int) -> tuple[float, float]:
    """Has everybody decided about again while all lines send what they can; returns the lines' share of that, and the
    seconds of the run."""
    taken = simulator.ask("texts", since=0, limit=0)["total"]
    simulator.wait_taken(taken + 3 * modems, LONGEST_S)
    began = time.monotonic()
    gateway.call("policy.save", account="norte", policy="empresa", standard=True, document=_rule(reclaim_days=9))
    _until(gateway, "SELECT count(*) FROM dunning_run WHERE state = 'done'")
    again = time.monotonic() - began
    time.sleep(max(0.0, SHARE_S - again))
    takes = [Take(one["modem"], one["monotonic"]) for one in simulator.texts()]
    share = intervals_rate(takes, began, time.monotonic()) / (modems / SUBMIT_S) * 100
    assert gateway.stop() == 0
    return share, again


def _rule(**more: Any) -> dict[str, Any]:
    return {"levels": LEVELS, "hour": "00:00", "tolerance_days": 0, **more}


def _today() -> date:
    return datetime.now(UTC).date()


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98] if len(values) > 1 else max(values)


def _latest(taken: list[dict[str, Any]], began: float, ended: float, every_s: float) -> float:
    """Returns by how many ms a message of a line at a pace came later than its place after the one before it."""
    lines: dict[int, list[float]] = defaultdict(list)
    for one in taken:
        lines[one["modem"]].append(one["monotonic"])
    gaps = [
        (after - before - every_s) * 1000
        for times in lines.values()
        for before, after in pairwise(times)
        if began <= after <= ended
    ]
    return max(gaps, default=0.0)


def _until(gateway: Gateway, question: str) -> None:
    end = time.monotonic() + LONGEST_S
    while not gateway.sql(question)[0][0]:
        assert time.monotonic() < end, f"never: {question}\n{gateway.log.read_text()[-3000:]}"
        time.sleep(0.05)


def _busy(gateway: Gateway, name: str, messages: int) -> None:
    """Gives all lines something to do."""
    gateway.drop(
        {
            "job": name,
            "channel": "sms",
            "text": "Hola",
            "recipients": [{"to": f"+54911{60_000_000 + place:08d}"} for place in range(messages)],
        },
        account=OTHERS,
    )


def _brought_in(gateway: Gateway, folder: Path, customers: int) -> None:
    """Imports customers and bills, before there is any rule."""
    gateway.account()
    gateway.call("template.save", account="norte", template="reclamo", channel="sms", content={"text": TEXT})
    mail = {"subject": "Reclamo", "text": TEXT}
    gateway.call("template.save", account="norte", template="reclamo", channel="email", content=mail)
    chance, today = random.Random(16), _today()
    for start in range(0, customers, TOGETHER):
        people = [
            {
                "external_id": f"C{number:06d}",
                "name": f"Ana Pérez {number}",
                "contacts": [{"channel": "phone", "address": f"+54911{30_000_000 + number:08d}", "state": "confirmed"}],
            }
            for number in range(start, min(customers, start + TOGETHER))
        ]
        gateway.call("customer.put_many", account="norte", customers=people)
    bills = (
        [
            *(f"F{number:07d}", f"C{chance.randrange(customers):06d}", f"A-0003-{number:08d}"),
            *((today - timedelta(days=90)).strftime("%d/%m/%Y"),),
            (today + timedelta(days=chance.randrange(-60, 30))).strftime("%d/%m/%Y"),
            *("1500,50", f"{chance.randrange(100, 1500)},50", "ARS", f"https://pagos.norte.example/F{number:07d}"),
        ]
        for number in range(customers * 3 // 2)
    )
    path = folder / "invoices.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter=";")
        table.writerow(HEAD)
        table.writerows(bills)
    _took, found = timed(gateway, brought(gateway, path, "invoices"), "run")
    assert found["counts"]["new"] == customers * 3 // 2, found["counts"]
    _until(gateway, "SELECT count(*) = 0 FROM fact_mark")

"""Lists of invoices are imported, whole and again, beside a loop that only reads them, their amounts and dates."""

from __future__ import annotations

import base64
import csv
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks.customers import GROWTH_MB as _CUSTOMERS_MB
from tests.benchmarks.customers import PORTION, memory, timed
from tests.benchmarks.customers import rows as customers
from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import scratch
from tests.rig import Gateway

TIMES: Final = 2.0
GROWTH_MB: Final = 250.0
FACT_MS: Final = 2_000.0
FACTS: Final = 200
HEAD: Final = ("Id factura", "Nro Cliente", "Comprobante", "Emisión", "Vencimiento", "Total", "Saldo", "Moneda", "Link")
assert GROWTH_MB >= _CUSTOMERS_MB


def rows(count: int, of: int, *, paid: int = 0) -> Iterator[list[str]]:
    """Yields open invoices of `of` customers, as billing writes them; every `paid`-th with another balance."""
    chance = random.Random(15)
    for number in range(count):
        whole, cents = chance.randrange(100, 90_000), chance.randrange(100)
        due = f"{chance.randrange(1, 28):02d}/{chance.randrange(1, 13):02d}/2026"
        open_ = whole // 2 if paid and number % paid == 0 else whole
        yield [
            f"F{number:07d}",
            f"C{chance.randrange(of):06d}",
            f"A-0003-{number:08d}",
            "01/09/2026",
            due,
            f"{whole},{cents:02d}",
            f"{open_},{cents:02d}",
            "ARS",
            f"https://pagos.norte.example/F{number:07d}",
        ]


def write(path: Path, head: tuple[str, ...], found: Iterator[list[str]]) -> Path:
    """Writes a sheet; returns its path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter=";")
        table.writerow(head)
        table.writerows(found)
    return path


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    of = scale.customers
    count = of * 3 // 2
    with scratch(base) as folder, Gateway(folder, []) as gateway:
        gateway.start()
        gateway.call("account.create", account="norte")
        people = write(folder / "clientes.csv", ("Nro Cliente", "Nombre"), ([one[0], one[2]] for one in customers(of)))
        timed(gateway, brought(gateway, people, "customers"), "run")
        first = write(folder / "facturas.csv", HEAD, rows(count, of))
        again = write(folder / "otra.csv", HEAD, rows(count, of, paid=20))
        before = memory(gateway.pid, "VmRSS:")
        bare_s = _bare(first)
        name = f"{count:,} invoices of {of:,} customers"
        yield Figure(f"{name}: a loop that only reads and parses amounts and dates", bare_s, "s")
        for path, word, counts in (
            (first, "first complete import", {"new": count}),
            (again, "complete import, a twentieth changed", {"changed": -(-count // 20)}),
        ):
            took, found = timed(gateway, brought(gateway, path, "invoices", complete=True), "run")
            assert counts.items() <= found["counts"].items(), found["counts"]
            yield Figure(f"{name}: {word}, times that loop", took / bare_s, "×", TIMES, "<=")
            yield Figure(f"{name}: {word}", took, "s")
        facts = sorted(_paid(gateway, number) for number in range(FACTS))
        yield Figure(f"{name}: a payment, acknowledged, p99", facts[-1 - FACTS // 100] * 1000, "ms", FACT_MS, "<=")
        growth = max(0.0, memory(gateway.pid, "VmHWM:") - before)
        yield Figure(f"{name}: growth of the daemon's memory", growth, "MB", GROWTH_MB, "<=")


def _paid(gateway: Gateway, number: int) -> float:
    began = time.monotonic()
    said = {"customer": f"C{number:06d}", "amount": "100"}
    gateway.call("payment.put", account="norte", external_id=f"P{number}", payment=said)
    return time.monotonic() - began


def brought(gateway: Gateway, path: Path, kind: str, *, complete: bool = False) -> int:
    upload = gateway.call("upload.begin", account="norte", file=path.name)["id"]
    at = 0
    with path.open("rb") as file:
        while portion := file.read(PORTION):
            data = base64.b64encode(portion).decode()
            at = gateway.call("upload.add", account="norte", upload=upload, at=at, data=data)["at"]
    gateway.call("upload.end", account="norte", upload=upload)
    made = gateway.call("import.create", account="norte", upload=upload, kind=kind, complete=complete)
    number: int = made["import"]
    gateway.call("import.map", import_id=number, columns=made["guess"])
    return number


def _bare(path: Path) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "tests.benchmarks.bills", str(path)], check=True)
    return time.monotonic() - began


def _only_read(path: Path) -> None:
    from gatewayd.imports.values import amount, day
    from spool.lists.judge import Task, judge

    judgement, opened = judge(path, Task(path.name, "people"))
    money = [judgement.columns.index(name) for name in ("total", "saldo")]
    days = [judgement.columns.index(name) for name in ("emisión", "vencimiento")]
    for cells in opened.rows:
        for place in money:
            amount(cells[place], ",")
        for place in days:
            day(cells[place], True)


if __name__ == "__main__":
    _only_read(Path(sys.argv[1]))

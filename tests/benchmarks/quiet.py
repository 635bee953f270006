"""A first import of everything an account has, with all automatic answers switched on: nobody is thanked or told."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.benchmarks.bills import HEAD, brought, rows, write
from tests.benchmarks.customers import HEAD as CUSTOMERS
from tests.benchmarks.customers import rows as customers
from tests.benchmarks.customers import timed
from tests.benchmarks.figure import Figure
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import scratch
from tests.rig import Gateway

PAYMENTS: Final = ("Id pago", "Nro Cliente", "Importe", "Fecha")
SWITCHES: Final = ("debt", "ticket", "payment", "paid", "promise", "wrong_person", "mail_invoice", "mail_payment")
REST_S: Final = 3.0
"""What would be told is told within it."""


def _payments(count: int, of: int) -> Iterator[list[str]]:
    """Yields what was paid over three years."""
    chance = random.Random(17)
    for number in range(count):
        day = f"{chance.randrange(1, 28):02d}/{chance.randrange(1, 13):02d}/{2024 + number % 3}"
        yield [f"P{number:07d}", f"C{chance.randrange(of):06d}", f"{chance.randrange(100, 5_000)},00", day]


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    of = scale.customers
    count = of * 3 // 2
    with scratch(base) as folder, Gateway(folder, []) as gateway:
        gateway.start()
        gateway.account()
        gateway.call("answers.set", account="norte", **{name: {"on": True} for name in SWITCHES})
        began = time.monotonic()
        for kind, head, found in (
            ("customers", CUSTOMERS, customers(of)),
            ("invoices", HEAD, rows(count, of)),
            ("payments", PAYMENTS, _payments(count, of)),
        ):
            path = write(folder / f"{kind}.csv", head, found)
            _took, done = timed(gateway, brought(gateway, path, kind, complete=kind == "invoices"), "run")
            assert done["counts"]["new"] == (of if kind == "customers" else count), done["counts"]
        took = time.monotonic() - began
        time.sleep(REST_S)
        ((messages,),) = gateway.sql("SELECT count(*) FROM message")
        ((notices,),) = gateway.sql("SELECT count(*) FROM payment_notice")
        ((closed,),) = gateway.sql("SELECT count(*) FROM invoice WHERE state = 'closed'")
    name = f"first import of {count:,} invoices and {count:,} payments, every answer on"
    yield Figure(name, took, "s")
    yield Figure(f"{name}: thanked or told", messages + notices, "people", 0, "<=")
    yield Figure(f"{name}: closed", closed, "invoices", 0, "<=")

"""The billing system of the demo's company: a database that gatewayd did not make, and reads as a feed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from gatewayd.demo.books import CURRENCY, Bill
from gatewayd.demo.campaign import ACCOUNT

FILE: Final = "facturacion.db"
_FEED: Final = '''
[[feed]]
account = "{account}"
name = "facturacion"
url = "sqlite:///{path}"
every = "15m"
invoices = """
SELECT numero AS external_id, abonado AS customer, numero AS number, emitida AS issued, vence AS due, total,
       moneda AS currency, enlace AS link
FROM facturas WHERE pagada = 0"""
payments = """
SELECT recibo AS external_id, abonado AS customer, importe AS amount, aplicado AS invoices, moneda AS currency,
       dia AS value_date, registrado AS posted_at, medio AS method
FROM pagos"""
'''


def feed(folder: Path) -> str:
    """Returns the feed's part of the configuration; the database is in the folder."""
    return _FEED.format(account=ACCOUNT, path=folder / FILE)


def write(folder: Path, books: Sequence[Bill], today: date, zone: ZoneInfo) -> None:
    """Writes the database as it is on the morning of `today`."""
    known = [one for one in books if one.issued <= today]
    payments = [one.payment(zone) for one in known if one.paid is not None and one.paid < today]
    paid = {one["invoices"][0]["external_id"] for one in payments}
    with closing(sqlite3.connect(folder / FILE)) as database, database:
        database.execute(
            "CREATE TABLE facturas (numero TEXT PRIMARY KEY, abonado TEXT, emitida TEXT, vence TEXT, total TEXT,"
            " moneda TEXT, enlace TEXT, pagada INTEGER)"
        )
        database.execute(
            "CREATE TABLE pagos (recibo TEXT PRIMARY KEY, abonado TEXT, importe TEXT, aplicado TEXT, moneda TEXT,"
            " dia TEXT, registrado TEXT, medio TEXT)"
        )
        keys = ("external_id", "customer", "issued", "due", "total", "currency", "link")
        rows = ((*(one.invoice()[key] for key in keys), one.number in paid) for one in known)
        database.executemany("INSERT INTO facturas VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        database.executemany(
            "INSERT INTO pagos VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    *(one["external_id"], one["customer"], one["amount"], json.dumps(one["invoices"]), CURRENCY),
                    *(one["value_date"], one["posted_at"], one["method"]),
                )
                for one in payments
            ),
        )

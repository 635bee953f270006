"""Bills and payments over a running daemon: by a sheet, by the spool, by a program; closed only where that is sure."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatewayd.values.errors import GatewayError
from tests.acceptance.test_imports import bring, csv_of, ended, step
from tests.rig.gateway import Gateway

BILLS = ("Cliente", "Factura", "Vencimiento", "Saldo", "Estado")
PAID = ("Recibo", "Cliente", "Factura", "Importe", "Fecha")


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    running = Gateway(tmp_path, []).start()
    running.call("account.create", account="norte")
    running.call("customer.put", account="norte", external_id="C1", customer={"name": "Ana Pérez"})
    yield running
    running.stop()


def bill(number: int, saldo: str = "1.500,50", estado: str = "Pendiente", cliente: str = "C1") -> list[str]:
    return [cliente, f"A-{number:04d}", "10/11/2026", saldo, estado]


def owed(gateway: Gateway, customer: str = "C1") -> dict[str, tuple[str, str]]:
    found = gateway.call("customer.account", account="norte", external_id=customer)
    return {one["currency"]: (one["balance"], one["credit"]) for one in found["balances"]}


def drop(gateway: Gateway, name: str, document: dict[str, Any], data: bytes) -> dict[str, Any]:
    """Puts a list with its file into the spool; returns the summary."""
    folder = gateway.spool.folder("incoming", "norte")
    (folder / document["rows_file"]).write_bytes(data)
    part = folder / f".{name}.part"
    part.write_text(json.dumps(document))
    part.rename(folder / f"{name}.json")
    summary = gateway.spool.folder("receipts", "norte") / name / "summary.json"
    until = time.monotonic() + 30
    while not summary.exists():
        assert time.monotonic() < until, list(folder.iterdir())
        time.sleep(0.05)
    found: dict[str, Any] = json.loads(summary.read_text())
    return found


def test_bills_come_by_sheet_spool_and_program(gateway: Gateway) -> None:
    rows = [
        *(bill(number) for number in range(1, 21)),
        bill(21, "0", "Pagada"),
        bill(22, "abc"),
        bill(23, "10", "rara"),
        bill(24, "7", cliente=""),
        bill(25, "9", cliente="Z9"),
        bill(1, "3"),
    ]
    made = bring(gateway, csv_of(rows, BILLS), "facturas.csv", kind="invoices", complete=True)
    assert made["guess"] == {
        "customer": "Cliente",
        "number": "Factura",
        "due": "Vencimiento",
        "balance": "Saldo",
        "state": "Estado",
    }
    gateway.call("import.map", import_id=made["import"], columns=made["guess"])
    counts = {"rows": 26, "new": 22, "changed": 0, "same": 0, "refused": 3, "repeated": 1, "unknown": 1}
    tried = step(gateway, "dry", made["import"])
    assert tried["counts"] | {"unknown": 1} == counts, tried["reason"]
    assert gateway.call("invoice.list", account="norte")["items"] == []
    done = step(gateway, "run", made["import"])
    assert (done["state"], done["counts"]) == ("done", counts)
    assert [(one["row"], one["field"], one["reason"]) for one in done["rows"]] == [
        (23, "balance", "amount_invalid"),
        (24, "state", "bill_state_invalid"),
        (25, "customer", "customer_missing"),
        (27, "external_id", "row_repeated"),
    ]
    assert owed(gateway) == {"ARS": ("30010.00", "0.00")}
    assert gateway.call("billing.status", account="norte")["unknown"] == {"invoices": 1, "payments": 0}
    with pytest.raises(GatewayError, match="taken back"):
        gateway.call("import.undo", import_id=made["import"])

    # A list of payments in the spool: one is of nobody, one has no amount; the others count.
    paid = [
        ["R1", "C1", "A-0001", "1.500,50", "30/11/2026"],
        ["R2", "C1", "", "100", "30/11/2026"],
        ["R3", "C1", "", "", ""],
    ]
    told = drop(gateway, "pagos", {"kind": "payments", "rows_file": "pagos.csv"}, csv_of(paid, PAID))
    assert (told["kind"], told["state"], told["counts"]["new"], told["counts"]["refused"]) == ("payments", "done", 2, 1)
    found = gateway.call("payment.list", account="norte")["items"]
    assert [(one["external_id"], one["value_date"], one["amount"]) for one in found] == [
        ("R2", "2026-11-30", "100.00"),
        ("R1", "2026-11-30", "1500.50"),
    ]

    # A program pays one whole, twice, with the same answer; and says something that cannot be.
    said = {"customer": "C1", "amount": "1500.50", "invoices": [{"external_id": "A-0002", "amount": "1500.50"}]}
    first = gateway.call("payment.put", account="norte", external_id="R9", payment=said)
    again = gateway.call("payment.put", account="norte", external_id="R9", payment=said)
    assert (first["outcome"], again["outcome"], first["open"]) == ("new", "same", [])
    many = gateway.call(
        "invoice.put_many",
        account="norte",
        invoices=[{"external_id": "N1", "customer": "C1", "balance": "5", "currency": "USD"}, {"external_id": "N2"}],
    )
    assert (many["new"], [(one["row"], one["reason"]) for one in many["refused_rows"]]) == (
        1,
        [(1, "customer_missing")],
    )
    assert owed(gateway)["USD"] == ("5.00", "0.00")

    # A complete list of half of them closes nothing until somebody says so.
    half = drop(
        gateway,
        "mitad",
        {"kind": "invoices", "rows_file": "f.csv", "complete": True},
        csv_of([bill(number) for number in range(1, 11)], BILLS),
    )
    assert (half["counts"]["asks"], half["counts"]["absent_unmarked"]) == ("many", 12)
    status = gateway.call("billing.status", account="norte")
    assert (status["pending"]["reason"], status["pending"]["missing"], status["stale"]) == ("many", 12, False)
    lacking = gateway.call("billing.rows", account="norte", limit=5)
    assert (len(lacking["items"]), lacking["items"][0]["external_id"]) == (5, "A-0011")
    assert gateway.call("billing.confirm", account="norte", close=True)["closed"] == 12
    assert gateway.call("billing.status", account="norte")["pending"] is None
    assert {one["state"] for one in gateway.call("invoice.list", account="norte", state="closed")["items"]} == {
        "closed"
    }

    # Whom nobody knew comes, and what was billed is his.
    sheet = bring(gateway, csv_of([["Z9", "Zoe"]], ("Nro. de Cliente", "Nombre")))
    gateway.call("import.map", import_id=sheet["import"], columns=sheet["guess"])
    step(gateway, "run", sheet["import"])
    until = time.monotonic() + 20
    while gateway.call("billing.status", account="norte")["unknown"]["invoices"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert ended(gateway, sheet["import"])["state"] == "done"
    shown = gateway.call("invoice.list", account="norte", customer="Z9")["items"]
    assert [(one["external_id"], one["state"], one["customer_known"]) for one in shown] == [("A-0025", "closed", True)]
    assert shown[0]["customer_name"] == "Zoe"

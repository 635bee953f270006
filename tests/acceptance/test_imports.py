"""Sheets of customers over a running daemon: brought, tried, run, run again, and taken back."""

from __future__ import annotations

import base64
import csv
import io
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from gatewayd.values.errors import GatewayError
from tests.rig.gateway import Gateway

HEAD = ("Nro. de Cliente", "Apellido y Nombre", "Celular", "Saldo", "Vencimiento", "Barrio")


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    running = Gateway(tmp_path, []).start()
    running.call("account.create", account="norte")
    yield running
    running.stop()


def row(number: int, **other: str) -> list[str]:
    cells = {
        "Nro. de Cliente": f"C{number:05d}",
        "Apellido y Nombre": f"Pérez Ana {number}",
        "Celular": f"11 5{number:03d}-6543",
        "Saldo": "1.500,50",
        "Vencimiento": "10/11/2026",
        "Barrio": "Córdoba",
    }
    return list({**cells, **other}.values())


def csv_of(rows: Sequence[Sequence[str]], head: Sequence[str] = HEAD) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([head, *rows])
    return text.getvalue().encode()


def upload(gateway: Gateway, data: bytes, file: str = "clientes.csv") -> str:
    number: str = gateway.call("upload.begin", account="norte", file=file)["id"]
    for at in range(0, len(data), 256 * 1024):
        portion = base64.b64encode(data[at : at + 256 * 1024]).decode()
        gateway.call("upload.add", account="norte", upload=number, at=at, data=portion)
    gateway.call("upload.end", account="norte", upload=number)
    return number


def bring(gateway: Gateway, data: bytes, file: str = "clientes.csv", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = gateway.call("import.create", account="norte", upload=upload(gateway, data, file), **more)
    return found


def ended(gateway: Gateway, number: int, within_s: float = 30.0) -> dict[str, Any]:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        found: dict[str, Any] = gateway.call("import.show", import_id=number)
        if found["state"] not in {"checking", "running", "undoing"}:
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def step(gateway: Gateway, name: str, number: int, **more: Any) -> dict[str, Any]:
    gateway.call(f"import.{name}", import_id=number, **more)
    return ended(gateway, number)


def count(gateway: Gateway, **wanted: Any) -> int:
    found: int = gateway.call("customer.count", account="norte", filter=wanted)["count"]
    return found


def test_a_sheet_is_tried_run_run_again_and_taken_back(gateway: Gateway) -> None:
    gateway.call("customer.put", account="norte", external_id="C00002", customer={"name": "Antes", "tags": ["vip"]})
    before = gateway.call("customer.show", account="norte", external_id="C00002")
    rows = [
        *map(row, range(1, 5)),
        row(4),
        row(5, Saldo="mucho"),
        row(6, Celular="abc"),
        row(7, **{"Nro. de Cliente": "", "Celular": "11 5777-7777"}),
        row(1, Saldo="9"),
    ]
    made = bring(gateway, csv_of(rows))
    assert made["judgement"]["delimiter"] == ";"
    assert made["judgement"]["header_row"] == 1
    assert made["guess"] == {
        "external_id": "Nro. de Cliente",
        "name": ["Apellido y Nombre"],
        "phone": ["Celular"],
        "debt.balance": "Saldo",
        "debt.due": "Vencimiento",
    }
    with pytest.raises(GatewayError):
        gateway.call("import.run", import_id=made["import"])
    gateway.call("import.map", import_id=made["import"], columns=made["guess"])

    tried = step(gateway, "dry", made["import"])
    counts = {"rows": 9, "new": 4, "changed": 1, "same": 0, "refused": 2, "repeated": 2}
    assert tried["counts"] == counts, tried["reason"]
    assert [(one["row"], one["kind"], one["reason"]) for one in tried["rows"]] == [
        (6, "repeated", "row_same"),
        (7, "refused", "amount_invalid"),
        (8, "refused", "number_invalid"),
        (10, "repeated", "row_repeated"),
    ]
    assert count(gateway) == 1

    done = step(gateway, "run", made["import"])
    assert (done["state"], done["counts"]) == ("done", counts)
    assert count(gateway, owing=True) == 5
    shown = gateway.call("customer.show", account="norte", external_id="C00002")
    assert (shown["name"], shown["tags"], shown["columns"]) == ("Pérez Ana 2", ["vip"], {"Barrio": "Córdoba"})
    assert (shown["debt"]["balance"], shown["debt"]["due"]) == ("1500.50", "2026-11-10")
    assert gateway.call("customer.show", account="norte", external_id="+5491157777777")["name"] == "Pérez Ana 7"

    back = gateway.call("import.refused", import_id=made["import"], format="csv")
    lines = base64.b64decode(back["data"]).decode("utf-8-sig").splitlines()
    assert lines[0] == ";".join([*HEAD, "Why it was refused", "Row of the sheet"])
    assert lines[1].endswith("mucho: it is not an amount;7")
    assert len(lines) == 4

    again = bring(gateway, csv_of(rows))
    assert again["columns"] == made["guess"]  # remembered for that header
    assert step(gateway, "run", again["import"])["counts"] | {"same": 0} == {
        **counts,
        "new": 0,
        "changed": 0,
        "same": 0,
    }
    assert count(gateway) == 5

    undone = step(gateway, "undo", made["import"])
    assert (undone["state"], undone["counts"]["undone"]) == ("undone", {"removed": 4, "restored": 1, "kept": 0})
    after = gateway.call("customer.show", account="norte", external_id="C00002")
    stamps = ("version", "updated_at")
    assert {key: value for key, value in after.items() if key not in stamps} == {
        key: value for key, value in before.items() if key not in stamps
    }
    assert count(gateway) == 1
    assert count(gateway, search="perez") == 0


def test_a_complete_xlsx_notes_whom_it_lacks_and_hostile_cells_stay_as_they_are(
    gateway: Gateway, tmp_path: Path
) -> None:
    for number in range(20):
        gateway.call("customer.put", account="norte", external_id=f"C{number:05d}", customer={"name": "x"})
    hostile = ["<script>alert(1)</script>", "%nombre% {0} {{x}}", "a\u202ebc", "😀", "z" * 10_000, "@SUM(A1)"]
    book = xlsxwriter.Workbook(str(tmp_path / "c.xlsx"), {"strings_to_formulas": False})
    sheet = book.add_worksheet("Clientes")
    for place, cells in enumerate([("Listado de clientes",), (), ("Código", "Titular", "Correo", "Nota")]):
        sheet.write_row(place, 0, cells)
    for place in range(19):
        text = hostile[place] if place < len(hostile) else ""
        sheet.write_row(3 + place, 0, (f"C{place:05d}", "Ana", f"c{place}@x.ar", text))
    book.close()
    data = (tmp_path / "c.xlsx").read_bytes()
    made = bring(gateway, data, "c.xlsx", complete=True)
    assert (made["judgement"]["sheet"], made["judgement"]["header_row"]) == ("Clientes", 3)
    gateway.call("import.map", import_id=made["import"], columns=made["guess"])
    tried = step(gateway, "dry", made["import"])
    assert (tried["counts"]["changed"], tried["counts"]["absent"], tried["counts"]["asks"]) == (19, 1, False)
    done = step(gateway, "run", made["import"])
    assert done["counts"]["absent"] == 1
    assert count(gateway, absent=True) == 1
    for place, text in enumerate(hostile):
        shown = gateway.call("customer.show", account="norte", external_id=f"C{place:05d}")
        assert shown["columns"] == {"Nota": text}

    few = bring(gateway, csv_of([row(1)]), complete=True)
    gateway.call("import.map", import_id=few["import"], columns=few["guess"])
    assert step(gateway, "dry", few["import"])["counts"]["asks"] is True
    with pytest.raises(GatewayError, match="more than a tenth"):
        gateway.call("import.run", import_id=few["import"])
    assert step(gateway, "run", few["import"], absent="skip")["counts"]["absent_unmarked"] == 18
    assert count(gateway, absent=True) == 1


def test_a_sheet_that_cannot_be_read_says_why_and_is_read_as_told(gateway: Gateway, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "c.xlsx"))
    for name in ("Enero", "Febrero"):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, ("Id", "Nombre"))
        sheet.write_row(1, 0, (f"{name}-1", "Ana"))
    book.close()
    made = bring(gateway, (tmp_path / "c.xlsx").read_bytes(), "c.xlsx")
    assert made["judgement"] is None
    assert "Febrero" in made["reason"]
    told = gateway.call("import.map", import_id=made["import"], reading={"sheet": "Febrero"})
    assert told["judgement"]["sheet"] == "Febrero"
    gateway.call("import.map", import_id=made["import"], columns=told["guess"])
    assert step(gateway, "run", made["import"])["counts"]["new"] == 1
    assert count(gateway, ids=["Febrero-1"]) == 1


def test_a_row_that_is_noted_is_taken_back_like_the_others(gateway: Gateway) -> None:
    rows = [["A1", "Ana", "abc", "ana@x.ar"], ["A2", "Luis", "11 5987-6543", "luis@x.ar"]]
    made = bring(gateway, csv_of(rows, ("Codigo", "Nombre", "Celular", "Correo")))
    gateway.call("import.map", import_id=made["import"], columns=made["guess"])
    done = step(gateway, "run", made["import"])
    assert (done["counts"]["new"], done["counts"]["noted"]) == (2, 1)
    assert [(one["row"], one["kind"], one["text"]) for one in done["rows"]] == [(2, "noted", "abc")]
    assert step(gateway, "run", made["import"])["counts"]["same"] == 2
    gateway.call("customer.put", account="norte", external_id="A2", customer={"name": "Luis M"})
    assert step(gateway, "run", made["import"])["counts"]["changed"] == 1
    undone = step(gateway, "undo", made["import"])["counts"]["undone"]
    assert undone == {"removed": 1, "restored": 0, "kept": 1}


def summary(gateway: Gateway, name: str) -> dict[str, Any]:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = gateway.summary(name)
        if found is not None:
            return found
        time.sleep(0.05)
    raise AssertionError(list(gateway.spool.path.rglob("*")))


def drop(gateway: Gateway, name: str, document: dict[str, Any], data: bytes) -> None:
    folder = gateway.spool.folder("incoming", "norte")
    for file, content in ((document["rows_file"], data), (f"{name}.json", json.dumps(document).encode())):
        (folder / f".{file}").write_bytes(content)
        (folder / f".{file}").rename(folder / file)


def test_a_sheet_in_the_spool_is_imported_once_and_told_of(gateway: Gateway) -> None:
    data = csv_of([row(1), row(2), row(3, Saldo="mucho")])
    document = {"kind": "customers", "rows_file": "clientes.csv", "columns": {"external_id": "Nro. de Cliente"}}
    drop(gateway, "altas", document, data)
    told = summary(gateway, "altas")
    assert (told["state"], told["kind"], told["counts"]["new"]) == ("done", "customers", 3)
    assert (gateway.spool.folder("accepted", "norte", "altas") / "clientes.csv").read_bytes() == data
    shown = gateway.call("customer.show", account="norte", external_id="C00003")
    assert shown["columns"]["Saldo"] == "mucho"

    drop(gateway, "malas", {**document, "columns": {"external_id": "Nada"}}, data)
    error = gateway.spool.folder("rejected", "norte") / "malas.json.error.json"
    until = time.monotonic() + 30
    while not error.exists():
        assert time.monotonic() < until
        time.sleep(0.05)
    said = json.loads(error.read_text())
    assert (said["code"], said["file"]) == ("recipients_unreadable", "clientes.csv")
    assert "Nada" in said["message"]

"""SIGKILL at each failpoint of an import: everybody is there once, nobody is skipped, and undoing leaves nothing."""

from __future__ import annotations

import base64
import csv
import io
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from gatewayd.values.errors import GatewayError
from tests.rig.gateway import Gateway

ROWS: Final = 5_000
"""Five portions."""
SHORT: Final = (
    ("run", "import.begun:1"),
    ("run", "import.read:2"),
    ("run", "import.applied:1"),
    ("undo", "import.taken_back:1"),
)
LONG: Final = (
    ("run", "import.read:1"),
    ("run", "import.read:3"),
    ("run", "import.applied:2"),
    ("run", "import.applied:3"),
    ("run", "import.loaded:1"),
    ("run", "import.absent:1"),
    ("run", "import.ended:1"),
    ("dry", "import.ended:1"),
    ("undo", "import.begun:1"),
    ("undo", "import.taken_back:2"),
    ("undo", "import.ended:1"),
)


def sheet() -> bytes:
    text = io.StringIO()
    table = csv.writer(text, delimiter=";")
    table.writerow(["Codigo", "Nombre", "Celular", "Saldo"])
    for number in range(ROWS):
        table.writerow(
            [f"C{number:05d}", f"Ana {number}", f"11 5{number // 10_000:03d}-{number % 10_000:04d}", "10,50"]
        )
    return text.getvalue().encode()


def bring(gateway: Gateway) -> int:
    data = sheet()
    upload = gateway.call("upload.begin", account="norte", file="c.csv")["id"]
    gateway.call("upload.add", account="norte", upload=upload, at=0, data=base64.b64encode(data).decode())
    gateway.call("upload.end", account="norte", upload=upload)
    made = gateway.call("import.create", account="norte", upload=upload, complete=True)
    gateway.call("import.map", import_id=made["import"], columns=made["guess"])
    number: int = made["import"]
    return number


def ended(gateway: Gateway, number: int) -> dict[str, Any]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found: dict[str, Any] = gateway.call("import.show", import_id=number)
        if found["state"] not in {"checking", "running", "undoing"}:
            return found
        time.sleep(0.05)
    raise AssertionError(found["state"])


def ask(gateway: Gateway, number: int, step: str) -> None:
    """Asks for a step; the daemon may be gone before it answers."""
    with suppress(GatewayError, OSError, EOFError):
        gateway.call(f"import.{step}", import_id=number)


def table(gateway: Gateway, question: str) -> Any:
    with sqlite3.connect(gateway.store) as store:
        return store.execute(question).fetchone()[0]


def killed(folder: Path, step: str, place: str) -> None:
    gateway = Gateway(folder, [])
    with gateway.start():
        gateway.call("account.create", account="norte")
        # Somebody whom the sheet lacks, and somebody whom it changes.
        for number in range(30):
            gateway.call("customer.put", account="norte", external_id=f"C{number:05d}", customer={"name": "Antes"})
        gateway.call("customer.put", account="norte", external_id="OLD", customer={"name": "Antes"})
        number = bring(gateway)
        if step == "undo":
            gateway.call("import.run", import_id=number)
            assert ended(gateway, number)["state"] == "done"
        gateway.stop()
        gateway.start({"GATEWAYD_FAILPOINT": place})
        ask(gateway, number, step)
        assert gateway.died() == -9
        gateway.start()
        found = ended(gateway, number)
        if step == "dry":
            assert (found["state"], found["counts"]["new"], found["counts"]["changed"]) == ("checked", ROWS - 30, 30)
            gateway.call("import.run", import_id=number)
            found = ended(gateway, number)
        if step != "undo":
            assert found["state"] == "done"
            assert found["counts"]["rows"] == ROWS
            assert (found["counts"]["new"], found["counts"]["changed"]) == (ROWS - 30, 30)
            assert table(gateway, "SELECT count(*) FROM customer") == ROWS + 1
            assert table(gateway, "SELECT count(DISTINCT external_id) FROM customer WHERE name LIKE 'Ana%'") == ROWS
            assert table(gateway, "SELECT count(*) FROM contact_point") == ROWS
            assert table(gateway, "SELECT count(*) FROM customer WHERE absent_at IS NOT NULL") == 1
            assert table(gateway, "SELECT count(*) FROM customer_word WHERE word = 'ana'") == ROWS
            gateway.call("import.undo", import_id=number)
            found = ended(gateway, number)
        assert found["state"] == "undone"
        assert table(gateway, "SELECT count(*) FROM customer") == 31
        assert table(gateway, "SELECT count(*) FROM customer WHERE name = 'Antes' AND absent_at IS NULL") == 31
        for name in ("contact_point", "debt"):
            assert table(gateway, f"SELECT count(*) FROM {name}") == 0
        assert table(gateway, "SELECT count(*) FROM customer_word WHERE word = 'ana'") == 0


@pytest.mark.parametrize(("step", "place"), SHORT)
def test_an_import_goes_on_where_it_was_killed(tmp_path: Path, step: str, place: str) -> None:
    killed(tmp_path, step, place)


@pytest.mark.fault
@pytest.mark.parametrize(("step", "place"), LONG)
def test_an_import_goes_on_wherever_it_was_killed(tmp_path: Path, step: str, place: str) -> None:
    killed(tmp_path, step, place)

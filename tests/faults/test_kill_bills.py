"""SIGKILL while a complete list of invoices is imported: each is there once, each customer owes what the list says."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from gatewayd.imports.bills import BY_CUSTOMER
from tests.acceptance.test_imports import csv_of, upload
from tests.faults.test_kill_imports import ask, ended
from tests.rig.gateway import Gateway

CUSTOMERS: Final = 700
ROWS: Final = 2_600
"""Three portions, in whatever order they are read."""
PLACES: Final = (
    "import.read:1",
    "import.applied:2",
    "import.loaded:1",
    "import.absent:1",
    "import.ended:1",
)
HEAD: Final = ("Cliente", "Factura", "Saldo")


def bills(start: int, more: int = 0) -> list[tuple[str, str, str]]:
    """Returns rows in no order of customers; each says another balance with `more`."""
    return [(f"C{at * 37 % CUSTOMERS}", f"A-{at:05d}", f"{at + 1 + more},00") for at in range(start, ROWS)]


def brought(gateway: Gateway, rows: list[tuple[str, str, str]]) -> int:
    sent = upload(gateway, csv_of(rows, HEAD), "f.csv")
    made = gateway.call("import.create", account="norte", upload=sent, kind="invoices", complete=True)
    gateway.call("import.map", import_id=made["import"], columns=made["guess"])
    number: int = made["import"]
    return number


def table(gateway: Gateway, question: str) -> list[Any]:
    with sqlite3.connect(gateway.store) as store:
        return store.execute(question).fetchall()


def expected(rows: list[tuple[str, str, str]]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for who, _name, much in rows:
        owed, count = found.get(who, (0, 0))
        found[who] = (owed + int(much.removesuffix(",00")) * 1_000_000, count + 1)
    return found


def killed(gateway: Gateway, number: int, *places: str) -> dict[str, Any]:
    """Runs an import, which is killed at one place after another; returns how it ended."""
    gateway.stop()
    gateway.start({"GATEWAYD_FAILPOINT": places[0]})
    ask(gateway, number, "run")
    for place in places[1:]:
        assert gateway.died() == -9
        # It goes on at once, so that the daemon may be gone before anybody has asked it.
        gateway.launch({"GATEWAYD_FAILPOINT": place})
    assert gateway.died() == -9
    gateway.start()
    return over(gateway, number)


def over(gateway: Gateway, number: int) -> dict[str, Any]:
    found = ended(gateway, number)
    assert found["state"] == "done", found
    counts: dict[str, Any] = found["counts"]
    return counts


def is_kept(gateway: Gateway, rows: list[tuple[str, str, str]]) -> None:
    """Holds what is open in the store against a list."""
    owed = table(
        gateway, "SELECT external_id, balance, invoices FROM owed JOIN customer ON customer.id = owed.customer_id"
    )
    assert {who: (much, count) for who, much, count in owed} == expected(rows)
    assert table(gateway, "SELECT count(*), count(DISTINCT external_id) FROM invoice") == [(ROWS, ROWS)]
    assert table(gateway, "SELECT count(*) FROM invoice WHERE open") == [(len(rows),)]


@contextmanager
def peopled(folder: Path) -> Iterator[Gateway]:
    with Gateway(folder, []).start() as gateway:
        gateway.call("account.create", account="norte")
        sent = upload(gateway, csv_of([[f"C{at}", "Ana"] for at in range(CUSTOMERS)], ("Codigo", "Nombre")))
        made = gateway.call("import.create", account="norte", upload=sent)
        gateway.call("import.map", import_id=made["import"], columns=made["guess"])
        gateway.call("import.run", import_id=made["import"])
        assert over(gateway, made["import"])["new"] == CUSTOMERS
        yield gateway


def test_a_list_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    with peopled(tmp_path) as gateway:
        counts = killed(gateway, brought(gateway, bills(0)), "import.applied:2")
        assert (counts["rows"], counts["new"], counts["same"]) == (ROWS, ROWS, 0)
        is_kept(gateway, bills(0))
        # The next list says otherwise of each, and lacks some.
        rows = bills(100, 5)
        counts = killed(gateway, brought(gateway, rows), *PLACES)
        assert (counts["rows"], counts["changed"], counts["absent"]) == (len(rows), len(rows), 100)
        is_kept(gateway, rows)


def test_a_list_that_began_in_the_order_of_its_sheet_goes_on_so(tmp_path: Path) -> None:
    """As one that an earlier release had begun."""
    with peopled(tmp_path) as gateway:
        number = brought(gateway, bills(0))
        gateway.stop()
        gateway.start({"GATEWAYD_FAILPOINT": "import.begun:1"})
        ask(gateway, number, "run")
        assert gateway.died() == -9
        with sqlite3.connect(gateway.store) as store:
            task, request = store.execute("SELECT id, request FROM process ORDER BY id DESC").fetchone()
            said = json.loads(request)
            assert said.pop("order") == BY_CUSTOMER
            store.execute("UPDATE process SET request = ? WHERE id = ?", (json.dumps(said), task))
        gateway.launch({"GATEWAYD_FAILPOINT": "import.applied:2"})
        assert gateway.died() == -9
        gateway.start()
        counts = over(gateway, number)
        assert (counts["rows"], counts["new"], counts["same"]) == (ROWS, ROWS, 0)
        # Row numbers are given as rows are written.
        assert table(gateway, "SELECT external_id FROM invoice ORDER BY id LIMIT 2") == [("A-00000",), ("A-00001",)]
        is_kept(gateway, bills(0))

"""Feeds through a real daemon: what a billing system's database says arrives, and whatever goes wrong with it is said
and keeps nothing else."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.rig.gateway import Gateway
from tests.rig.processes import run

SECRET: Final = "clave-secreta-del-lector"
FEED: Final = '''
[[feed]]
account = "norte"
url_file = "billing.url"
every = "1h"
customers = "SELECT id AS external_id, nombre, telefono FROM clientes"
invoices = "SELECT id AS external_id, cliente AS customer, vence AS due, saldo AS balance FROM facturas"
payments = """SELECT id AS external_id, cliente AS customer, monto AS amount, fecha AS posted_at FROM pagos
WHERE fecha > :since"""
'''


class Billing:
    """A billing system's database."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{SECRET}.db"
        self.run(
            "CREATE TABLE clientes (id, nombre, telefono)",
            "CREATE TABLE facturas (id, cliente, vence, saldo)",
            "CREATE TABLE pagos (id, cliente, monto, fecha)",
            *(f"INSERT INTO clientes VALUES ('C-{n}', 'Ana {n}', '11500000{n:02d}')" for n in range(20)),
            *(f"INSERT INTO facturas VALUES ({n}, 'C-{n}', '2026-11-05', {n}.5)" for n in range(20)),
        )
        (folder / "billing.url").write_text(f"sqlite:///{self.path}\n")

    def run(self, *statements: str) -> None:
        connection = sqlite3.connect(self.path)
        with connection:
            for one in statements:
                connection.execute(one)
        connection.close()


def until(found: Callable[[], Any]) -> Any:
    end = time.monotonic() + 30
    while not (value := found()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return value


def test_a_feed_is_read_kept_fresh_and_says_what_is_wrong(tmp_path: Path) -> None:
    billing = Billing(tmp_path)
    with Gateway(tmp_path, [], extra=FEED).start() as gateway:
        gateway.account()

        def state(invoice: int) -> str:
            return str(gateway.sql("SELECT state FROM invoice WHERE external_id = ?", str(invoice))[0][0])

        until(lambda: [one for one in gateway.call("feed.list")["items"] if one["read_at"]])
        assert gateway.sql("SELECT count(*) FROM invoice") == [(20,)]
        until(lambda: gateway.sql("SELECT count(*) FROM customer") == [(20,)])
        until(lambda: gateway.sql("SELECT count(*) FROM invoice WHERE customer_id IS NULL") == [(0,)])

        # One is paid: it is gone from the list, and a payment is there.
        billing.run("DELETE FROM facturas WHERE id = 3", "INSERT INTO pagos VALUES (1, 'C-3', 3.5, '2099-01-01')")
        found = gateway.call("feed.run", wait_s=60)
        assert (found["fault"], found["kinds"]["invoices"]["closed"], state(3)) == (None, 1, "closed")
        assert found["kinds"]["invoices"]["same"] == 19
        assert found["age_s"] < 60
        assert gateway.sql("SELECT external_id FROM payment") == [("1",)]

        # Half the rows are no news that half the people have paid.
        billing.run("CREATE TABLE otras AS SELECT * FROM facturas WHERE id >= 10", "DELETE FROM facturas WHERE id < 10")
        found = gateway.call("feed.run", wait_s=60)
        assert (found["kinds"]["invoices"]["asks"], state(5)) == ("many", "open")

        # A row that cannot be drops no other, and nothing is closed by such a list either.
        billing.run("UPDATE facturas SET saldo = 'mucho' WHERE id = 10")
        found = gateway.call("feed.run", wait_s=60)
        assert found["kinds"]["invoices"]["reasons"] == {"amount_invalid": 1}
        assert (found["kinds"]["invoices"]["refused"], state(10)) == (1, "open")

        # A column was renamed.
        before = found["as_of"]
        billing.run("ALTER TABLE facturas RENAME COLUMN saldo TO importe")
        done = run(["--config", str(gateway.config), "feed", "run"])
        assert done.returncode == 1
        assert "the column saldo is missing" in done.stderr
        found = gateway.call("feed.show")
        assert found["fault"]["detail"] == "saldo"
        assert found["fault"]["failures"] == 1
        assert found["as_of"] == before, "what it brought before is as old as it was"

        # It is gone.
        billing.path.rename(tmp_path / "away.db")
        assert gateway.call("feed.run", wait_s=60)["fault"]["code"] == "database_missing"
        assert not billing.path.exists(), "nothing is made there"
        listed = run(["--config", str(gateway.config), "feed", "list"])
        assert "there is no such database" in listed.stdout
        checked = run(["--config", str(gateway.config), "check"])
        assert "feed[1].url: there is no such database" in checked.stdout + checked.stderr
        told = json.dumps(gateway.call("feed.list")) + gateway.log.read_text() + listed.stdout + checked.stdout
        assert SECRET not in told + checked.stderr
        assert "Ana" not in gateway.log.read_text()


def test_a_feed_stands_still_after_a_restore_and_one_that_hangs_is_ended(tmp_path: Path) -> None:
    Billing(tmp_path)
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i AS external_id, i AS customer, 1 AS balance FROM n WHERE i < 0"
    )
    extra = FEED.replace('every = "1h"', 'every = "1h"\ntimeout = "2s"')
    invoices = next(line for line in extra.splitlines() if line.startswith("invoices"))
    with Gateway(tmp_path, [], extra=extra.replace(invoices, f'invoices = "{endless}"')).start() as gateway:
        gateway.account()
        until(lambda: [one for one in gateway.call("feed.list")["items"] if one["fault"]])
        found = gateway.call("feed.show")
        assert (found["fault"]["code"], found["read_at"]) == ("too_slow", None)
        gateway.stop()
        store = sqlite3.connect(gateway.store)
        with store:
            store.execute("UPDATE feed SET began_at = NULL, ended_at = NULL, fault = NULL, failures = 0")
            store.execute("INSERT INTO setting VALUES ('standing_still', '1')")
        store.close()
        gateway.start()
        time.sleep(2)
        assert gateway.call("feed.show")["began_at"] is None
        gateway.stop()

"""Origins: the databases that are read, what is wrong with one and what to do, and reading it now."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from playwright.sync_api import expect

from tests.rig.panel import panel

FEED = """
[[feed]]
account = "norte"
url_file = "billing.url"
invoices = "SELECT id AS external_id, cliente AS customer, saldo AS balance FROM facturas"
"""


def test_a_database_that_is_not_there_is_said_and_is_read_once_it_is(tmp_path: Path) -> None:
    path = tmp_path / "facturacion.db"
    (tmp_path / "billing.url").write_text(f"sqlite:///{path}")
    with panel(tmp_path, modems=0, extra=FEED) as shown, shown.browser() as browser:
        page = browser.sign_in()
        page.goto(f"{shown.url}/cobranza/origenes")
        main = page.locator("main")
        expect(main).to_contain_text("no existe esa base de datos")
        expect(main).to_contain_text("Corrija el nombre de la base de datos")
        assert "facturacion" not in main.inner_text()
        connection = sqlite3.connect(path)
        with connection:
            connection.execute("CREATE TABLE facturas (id, cliente, saldo)")
            connection.execute("INSERT INTO facturas VALUES (1, 'C-1', 10)")
        connection.close()
        page.get_by_role("button", name="Leer ahora").click()
        # The page goes on by itself as the daemon says that something has changed.
        expect(main).to_contain_text("1 fila, 1 nuevas")
        expect(main).to_contain_text("en orden")

"""A sheet of customers on its way in: understood, mapped, tried, imported, taken back; two made one, one erased."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from gatewayd.errors import NotFoundError
from tests.panel.test_log import judge
from tests.rig.panel import Panel, panel

SHEET = """Nº cliente;Nombre y apellido;DNI;Celular;Deuda;Vence;Barrio
1001;Ana Uno;30111222;11 5000-0001;1.500,50;10/12/2026;Centro
1002;Beto Dos;30111223;11 5000-0002;200,00;11/12/2026;Alberdi
1003;Carla Tres;30111224;no tiene;0;;Güemes
;;;abc;;;
"""
WAIT_MS = 30_000


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("imports"), modems=0) as running:
        yield running


def test_a_sheet_is_understood_tried_imported_and_taken_back(shown: Panel, tmp_path: Path) -> None:
    sheet = tmp_path / "clientes de noviembre.csv"
    sheet.write_text(SHEET, encoding="cp1252")
    with shown.browser() as browser:
        page = browser.sign_in(viewport={"width": 390, "height": 844})
        page.goto(f"{shown.url}/clientes/importaciones")
        judge(page, "imports-390", 390)
        page.set_input_files("input[type=file]", sheet)
        page.get_by_role("button", name="Ver qué dice").click()
        expect(page.locator("main")).to_contain_text("Qué se entendió")
        judge(page, "import-columns-390", 390)
        page.select_option("select[name=column-6]", "ignore")
        page.get_by_role("button", name="Probar").click()
        importing = page.get_by_role("button", name="Importar", exact=True)
        importing.wait_for(timeout=WAIT_MS)
        expect(page.locator("#import-state")).to_contain_text("Nada se guardó todavía")
        judge(page, "import-tried-390", 390)
        assert shown.gateway.call("customer.count", account="norte")["count"] == 0
        importing.click()
        expect(page.locator("#import-state")).to_contain_text("La planilla se importó", timeout=WAIT_MS)
        judge(page, "import-done-390", 390)
        kept = shown.gateway.call("customer.show", account="norte", external_id="1001")
        assert (kept["name"], kept["debt"]["balance"]) == ("Ana Uno", "1500.50")
        assert "Barrio" not in kept["columns"]
        page.get_by_role("button", name="Deshacer").click()
        expect(page.locator("#import-state")).to_contain_text("La importación se deshizo", timeout=WAIT_MS)
        assert shown.gateway.call("customer.count", account="norte")["count"] == 0


def test_what_is_no_list_is_said_before_anything_is_written(shown: Panel, tmp_path: Path) -> None:
    sheet = tmp_path / "notas.csv"
    sheet.write_text("hola\nqué tal\n")
    with shown.browser() as browser:
        page = browser.sign_in()
        page.goto(f"{shown.url}/clientes/importaciones")
        page.set_input_files("input[type=file]", sheet)
        page.get_by_role("button", name="Ver qué dice").click()
        expect(page.locator("main h1")).to_contain_text("notas.csv")
        judge(page, "import-unreadable", 1280)


def test_two_become_one_and_one_is_erased_only_by_its_id(shown: Panel) -> None:
    for number in ("A-1", "A-2"):
        contacts = [{"channel": "phone", "address": f"+54911500000{number[-1]}1"}]
        shown.gateway.call(
            "customer.put", account="norte", external_id=number, customer={"name": number, "contacts": contacts}
        )
    with shown.browser() as browser:
        page = browser.sign_in()
        page.goto(f"{shown.url}/clientes/acciones/unir?id=A-1&other=A-2")
        judge(page, "customer-merge", 1280)
        page.get_by_role("button", name="Unir los dos").click()
        expect(page.locator("h1")).to_contain_text("A-1")
        assert shown.gateway.call("customer.show", account="norte", external_id="A-2")["external_id"] == "A-1"
        page.goto(f"{shown.url}/clientes/acciones/olvidar?id=A-1")
        judge(page, "customer-forget", 1280)
        page.fill("input[name=sure]", "A-2")
        page.get_by_role("button", name="Borrar").click()
        expect(page.locator(".faults")).to_be_visible()
        page.fill("input[name=sure]", "A-1")
        page.get_by_role("button", name="Borrar").click()
        page.wait_for_url("**/clientes")
        with pytest.raises(NotFoundError):
            shown.gateway.call("customer.show", account="norte", external_id="A-1")

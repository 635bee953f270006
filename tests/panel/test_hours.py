"""Hours of contact in the panel: the rules of a country, changed with a fault on the way, and their year."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.rig.axe import Axe
from tests.rig.panel import Panel, panel

SHOTS = os.environ.get("SHOTS")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("hours")) as opened:
        opened.user("sofia", "supervisor")
        yield opened


def look(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)
    found = Axe().run(page)
    assert not found.violations_count, found.generate_report()
    size = page.viewport_size
    assert size is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_a_supervisor_chooses_a_countrys_hours_and_changes_them(shown: Panel) -> None:
    with shown.browser() as browser:
        page = browser.sign_in("sofia")
        page.goto(f"{shown.url}/ajustes/horarios")
        expect(page.locator("main")).to_contain_text("No hay reglas")
        page.locator(".card", has_text="ar-cautious").get_by_role("button", name="Usar …").click()
        page.get_by_role("button", name="Usar estas reglas").click()
        expect(page.locator("main")).to_contain_text("como máximo 3 contactos en 7 días")
        expect(page.locator("table.week tr", has_text="Sábado")).to_contain_text("10:00–14:00")
        page.get_by_role("link", name="Cambiar", exact=True).click()
        page.locator("[name='h.collections.sat']").fill("9 a 13")
        page.locator("[name='cap.week.most']").fill("0")
        page.get_by_role("button", name="Guardar").click()
        expect(page.locator("#e-h\\.collections\\.sat")).to_contain_text("07:00-19:00")
        expect(page.locator("#e-cap\\.week\\.most")).to_be_visible()
        assert shown.gateway.call("contact.rules", account="norte")["own"] == {"preset": "ar-cautious"}
        page.locator("[name='h.collections.sat']").fill("")
        page.locator("[name='cap.week.most']").fill("2")
        page.get_by_label("Feriados propios").fill("2026-12-24\n12-31")
        page.get_by_role("button", name="Ver antes el año").click()
        expect(page.locator("main")).to_contain_text("Todavía no se guardó nada")
        expect(page.locator("table.days")).to_have_count(12)
        look(page, "hours-form")
        page.get_by_role("button", name="Guardar").click()
        expect(page.locator("table.week tr", has_text="Sábado")).to_contain_text("cerrado")
        assert shown.gateway.call("contact.rules", account="norte")["own"] == {
            "preset": "ar-cautious",
            "hours": {"collections": {"sat": ""}},
            "caps": {"week": {"most": 2}},
            "holidays": {"own": ["2026-12-24", "12-31"]},
        }
        # Another preset takes what was changed along, and leaves what was not.
        page.get_by_role("link", name="Cambiar", exact=True).click()
        page.locator("[name=preset]").select_option("co-2300")
        page.get_by_role("button", name="Guardar").click()
        rules = shown.gateway.call("contact.rules", account="norte")["rules"]
        assert rules["hours"]["collections"]["mon"] == "07:00-19:00"
        assert rules["hours"]["collections"]["sat"] == ""
        assert rules["holidays"]["country"] == "CO"


LOOKS: list[dict[str, Any]] = [
    {"locale": "es-AR", "color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    {"locale": "en-US", "color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
]


@pytest.mark.parametrize("options", LOOKS, ids=["wide", "telephone"])
def test_axe_finds_nothing(shown: Panel, options: dict[str, Any]) -> None:
    width = options["viewport"]["width"]
    with shown.browser() as browser:
        page = browser.sign_in(**options)
        for name, path in (
            ("year", "/ajustes/horarios?ver=cl-21320&anio=2026"),
            ("change", "/ajustes/horarios/cambiar"),
        ):
            page.goto(f"{shown.url}{path}")
            look(page, f"hours-{name}-{width}")


def test_a_register_is_brought_and_a_person_on_it_is_told_of(shown: Panel, tmp_path: Path) -> None:
    listed = tmp_path / "registro.csv"
    listed.write_text("numero\n1155551234\n1155556789\n")
    with shown.browser() as browser:
        page = browser.sign_in()
        page.goto(f"{shown.url}/ajustes/bloqueados")
        form = page.locator("#registros form[action='/ajustes/bloqueados/registro']")
        form.get_by_label("Nombre").fill("No Llame")
        form.get_by_role("button", name="Traerlo").click()
        expect(page.locator("#registros .faults")).to_contain_text("archivo")
        form.get_by_label("Quién lo publica").fill("AAIP")
        form.get_by_label("El día del que es").fill("2020-01-01")
        form.locator("input[type=file]").set_input_files(str(listed))
        form.get_by_role("button", name="Traerlo").click()
        expect(page.locator("main")).to_contain_text("Se tomaron todas las filas", timeout=30_000)
        look(page, "register-read")
        page.get_by_role("link", name="Volver a la lista").click()
        expect(page.locator("#registers")).to_contain_text("demasiado viejo")
        look(page, "registers")
        page.goto(f"{shown.url}/ajustes/horarios/persona?number=1155551234")
        row = page.locator("main table tr", has_text="Llamada")
        expect(row).to_contain_text("lista de no contactar")
        look(page, "person")
        page.goto(f"{shown.url}/")
        expect(page.locator("main")).to_contain_text("El registro No Llame tiene")
        page.goto(f"{shown.url}/ajustes/bloqueados")
        page.locator("#registers").get_by_role("button", name="Quitar …").click()
        page.get_by_label("Por qué").locator("visible=true").fill("ya no rige")
        page.get_by_role("button", name="Quitarlo").locator("visible=true").click()
        expect(page.get_by_role("status").first).to_contain_text("No Llame")
        assert shown.gateway.call("register.list")["items"] == []


def test_without_script_the_form_saves(shown: Panel) -> None:
    with shown.browser() as browser:
        page = browser.sign_in("sofia", context=browser.context(java_script_enabled=False))
        page.goto(f"{shown.url}/ajustes/horarios/cambiar")
        page.locator("[name=unanswered]").uncheck()
        page.locator("form[action='/ajustes/horarios/cambiar'] .btn.primary").click()
        assert shown.gateway.call("contact.rules", account="norte")["rules"]["unanswered"] is False

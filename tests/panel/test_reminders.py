"""A reminder in a browser: written, sent, paid, put aside; one that was never sent goes; axe finds nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.rig.axe import Axe
from tests.rig.panel import panel


def judged(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_reminder_from_its_first_to_its_last_day(tmp_path: Path) -> None:
    with panel(tmp_path, modems=1) as shown, shown.browser() as browser:
        known: dict[str, Any] = {"name": "Ana Pérez", "contacts": [{"channel": "phone", "address": "+5491150000001"}]}
        shown.gateway.call("customer.put", account="norte", external_id="C1", customer=known)
        page = browser.sign_in()
        page.goto(f"{shown.url}/cobranza/recordatorios")
        expect(page.locator("main")).to_contain_text("Todavía no hay recordatorios")
        judged(page)
        page.get_by_role("link", name="Crear el primero").click()
        page.get_by_label("Cliente", exact=True).fill("nadie")
        page.get_by_label("Factura", exact=True).fill("F-7")
        page.get_by_label("Vencimiento", exact=True).fill("2026-11-20")
        page.get_by_label("Monto adeudado").fill("1.500,50")
        page.get_by_label("Mensaje", exact=True).fill("%nombre%: %factura% vence %vencimiento%, %monto%")
        page.get_by_role("button", name="Guardar").click()
        expect(page.get_by_role("alert")).to_contain_text("nadie")
        judged(page)
        page.get_by_label("Cliente", exact=True).fill("C1")
        page.get_by_role("button", name="Guardar").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Recordatorio a Ana Pérez")
        expect(page.locator("main")).to_contain_text("1.500,50")
        expect(page.locator("main")).to_contain_text("Nadie confirmó ese número")
        judged(page)
        known["contacts"][0]["state"] = "confirmed"
        shown.gateway.call("customer.put", account="norte", external_id="C1", customer=known)
        page.reload()
        expect(page.locator("main")).not_to_contain_text("Nadie confirmó ese número")
        page.get_by_role("button", name="Enviar ahora").click()
        expect(page.locator("main")).to_contain_text("enviada")
        page.get_by_role("button", name="Enviar ahora").click()
        expect(page.get_by_role("alert")).to_contain_text("hoy ya se contactó al cliente por su deuda")
        expect(page.get_by_role("button", name="Enviarlo de todos modos")).to_be_visible()
        judged(page)
        page.get_by_role("button", name="Marcar como pagado").click()
        page.get_by_role("button", name="Archivar").click()
        page.goto(f"{shown.url}/cobranza/recordatorios?ver=archivo")
        expect(page.locator("#reminders-table")).to_contain_text("Ana Pérez")
        page.goto(f"{shown.url}/cobranza/recordatorios/nuevo?cliente=C1")
        page.get_by_label("Mensaje", exact=True).fill("Le recordamos su factura %fatcura%")
        page.get_by_label("Primer día").fill("2030-01-02")
        page.get_by_role("button", name="Guardar").click()
        expect(page.get_by_role("alert")).to_contain_text("%factura%")
        page.get_by_label("Mensaje", exact=True).fill("Le recordamos su factura")
        page.get_by_role("button", name="Guardar").click()
        page.get_by_role("button", name="Quitar …").click()
        page.get_by_role("button", name="Quitarlo").click()
        expect(page.locator("main")).to_contain_text("Todavía no hay recordatorios")
        assert shown.simulator is not None
        told = [str(one["text"]) for one in shown.simulator.texts()]
        assert len(told) == 1
        assert told[0].startswith("Ana Pérez: F-7 vence 20/11/2026, ")

"""Webhooks in a browser: added with a secret that is shown once, tested, paused, removed; axe finds nothing."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.rig.axe import Axe
from tests.rig.panel import panel


def judged(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_webhook_from_its_first_to_its_last_day(tmp_path: Path) -> None:
    with panel(tmp_path, modems=0) as shown, shown.browser() as browser:
        page = browser.sign_in()
        page.goto(f"{shown.url}/ajustes/webhooks")
        judged(page)
        page.get_by_role("link", name="Agregar un webhook").first.click()
        page.get_by_label("Dirección").fill("https://127.0.0.1:1/eventos")
        judged(page)
        page.get_by_role("button", name="Agregarlo").click()
        secret = page.locator("#secret").inner_text()
        assert secret.startswith("whsec_")
        page.get_by_role("link", name=re.compile("guard")).first.click()
        page.wait_for_url(re.compile(r"/ajustes/webhooks/\d+$"))
        assert secret not in page.content()
        page.get_by_role("button", name="Probar").click()
        expect(page.locator(".notice").first).to_contain_text("no fue confirmada")
        judged(page)
        page.get_by_role("button", name="Pausar").click()
        expect(page.locator("main")).to_contain_text("en pausa")
        page.get_by_role("button", name="Quitar …").click()
        page.get_by_role("button", name="Quitarlo").click()
        expect(page.locator("main")).to_contain_text("Todavía no hay ningún webhook")

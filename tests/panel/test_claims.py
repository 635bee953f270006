"""Claims in a real browser: a rule written, tried and saved; the ladder, novelties, promises, effectiveness."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.rig.axe import Axe
from tests.rig.panel import Panel, Signed, panel

NUMBER = "+5491123450001"
DONE_S = 60.0


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("claims")) as running:
        known = {"name": "Ana", "contacts": [{"channel": "phone", "address": NUMBER, "state": "confirmed"}]}
        running.gateway.call("customer.put", account="norte", external_id="C-1", customer=known)
        words = {"text": "%nombre%, debe %deuda%"}
        running.gateway.call("template.save", account="norte", template="reclamo", channel="sms", content=words)
        due = (date.today() - timedelta(days=5)).isoformat()  # noqa: DTZ011 - days from now, whatever the zone
        bill = {"customer": "C-1", "number": "N-1", "due": due, "balance": "1500.50"}
        running.gateway.call("invoice.put", account="norte", external_id="F-1", invoice=bill)
        yield running


@pytest.fixture(scope="module")
def browser(shown: Panel) -> Iterator[Signed]:
    with shown.browser() as signed:
        yield signed


def judge(page: Page) -> None:
    """Axe finds nothing, and nothing scrolls sideways."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "it scrolls sideways"


def test_a_rule_from_its_form_to_what_comes_of_it(browser: Signed, shown: Panel) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}/cobranza")
    expect(page.get_by_text("Todavía no hay regla de reclamos")).to_be_visible()
    judge(page)
    page.goto(f"{shown.url}/cobranza/reglas?cuenta=norte")
    judge(page)
    page.locator("#f-policy").fill("empresa")
    page.locator("#f-hour").fill("00:00")
    page.locator("#f-name_0").fill("Primer reclamo")
    page.locator("#f-days_0").fill("3")
    page.locator("#f-way_0_0").select_option("sms:reclamo")
    page.get_by_role("button", name="Probarla").click()
    expect(page.get_by_text("Calendario de ejemplo").first).to_be_attached()
    expect(page.get_by_text("Se contactaría hoy: 1.")).to_be_visible()
    judge(page)
    page.get_by_role("button", name="Guardarla").click()
    expect(page.get_by_text("La regla se guardó; vale desde ahora.")).to_be_visible()
    assert shown.simulator is not None
    shown.simulator.wait_taken(1, DONE_S)
    until = time.monotonic() + DONE_S
    while not shown.gateway.call("novelty.list", account="norte")["items"]:
        assert time.monotonic() < until
        time.sleep(0.1)
    page.goto(f"{shown.url}/cobranza")
    expect(page.get_by_text("Primer reclamo").first).to_be_visible()
    judge(page)
    page.goto(f"{shown.url}/cobranza/novedades")
    page.get_by_role("link", name="Ana").click()
    page.locator("#f-result").select_option("talked")
    judge(page)
    page.get_by_role("button", name="Guardar").click()
    expect(page.get_by_text("El resultado quedó anotado.")).to_be_visible()
    page.goto(f"{shown.url}/cobranza/promesas")
    page.locator("#f-customer").fill("C-1")
    page.locator("#f-day").fill((date.today() + timedelta(days=3)).isoformat())  # noqa: DTZ011
    page.get_by_role("button", name="Guardar").click()
    expect(page.get_by_text("La promesa quedó anotada")).to_be_visible()
    judge(page)
    for path in ("efectividad", "simulacion?cuenta=norte"):
        page.goto(f"{shown.url}/cobranza/{path}")
        judge(page)
    assert len(shown.simulator.texts()) == 1

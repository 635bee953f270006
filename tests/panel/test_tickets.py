"""Answers without a person and tickets in a real browser: switched on, tried, a complaint opened, worked on, closed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.rig.axe import Axe
from tests.rig.panel import Panel, Signed, panel

NUMBER = "+5491123450001"
DONE_S = 60.0


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("tickets"), extra='[inbox]\ndefault = "norte"\n') as running:
        known = {"name": "Ana", "contacts": [{"channel": "phone", "address": NUMBER, "state": "confirmed"}]}
        running.gateway.call("customer.put", account="norte", external_id="C-1", customer=known)
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


def test_a_complaint_from_its_word_to_its_end(browser: Signed, shown: Panel) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}/ajustes/respuestas")
    judge(page)
    page.get_by_label("Abrir un ticket a quien reclama").check()
    page.get_by_label("Responder a quien pregunta su saldo").check()
    page.get_by_role("button", name="Guardar").click()
    expect(page.get_by_text("Las respuestas se guardaron.")).to_be_visible()
    page.locator("#f-texto").fill("Saldo")
    page.locator("#f-de").fill(NUMBER)
    page.get_by_role("button", name="¿Qué se respondería?").click()
    expect(page.locator("#tried")).to_contain_text("we cannot tell balances")
    judge(page)
    assert shown.simulator is not None
    shown.simulator.ask("inject", modem=0, sender=NUMBER, text="RECLAMO no anda internet")
    shown.simulator.wait_taken(1, DONE_S)
    assert "your ticket is 1" in shown.simulator.texts()[-1]["text"]
    page.goto(f"{shown.url}/cobranza/tickets")
    page.get_by_role("link", name="#1").click()
    expect(page.get_by_text("RECLAMO no anda internet").first).to_be_visible()
    judge(page)
    page.locator("#f-state").select_option("closed")
    page.locator("#f-note").fill("Era el router")
    page.get_by_role("button", name="Guardar").click()
    expect(page.get_by_text("El ticket se modificó.")).to_be_visible()
    until = time.monotonic() + DONE_S
    folder = shown.gateway.folder / "spool" / "inbox" / "norte" / "tickets"
    while len(list(folder.glob("*.json"))) < 3:
        assert time.monotonic() < until
        time.sleep(0.1)
    ticket = shown.gateway.call("ticket.show", account="norte", ticket=1)
    assert (ticket["state"], [one["kind"] for one in ticket["events"]]) == ("closed", ["opened", "note", "state"])

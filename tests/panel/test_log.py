"""The log as a person uses it, in a real browser: found, opened, kept, exported, sent again; axe finds nothing."""

from __future__ import annotations

import csv
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.rig.axe import Axe
from tests.rig.panel import Panel, Signed, panel

WIDE, PHONE = (1280, 900), (390, 844)
LOOKS = [(WIDE, "light", "es"), (PHONE, "dark", "en")]
"""Each value once; the pages of the navigation are looked at in four ways (`test_panel_pages`)."""
SHOTS = os.environ.get("SHOTS")
MASS = "envios-masivos-de-norte"
DONE_S = 60.0


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """Twelve were sent; one person has answered."""
    with panel(tmp_path_factory.mktemp("log"), modems=1) as running:
        running.gateway.campaign(12, name="cobranza-1")
        running.gateway.wait_job("cobranza-1")
        assert running.simulator is not None
        running.simulator.ask("inject", modem=0, sender="+5491150000003", text="Ya pagué")
        until = time.monotonic() + DONE_S
        while not running.gateway.sql("SELECT 1 FROM inbound"):
            assert time.monotonic() < until
            time.sleep(0.1)
        running.gateway.call("mass.set", account="norte", password=MASS)
        yield running


@pytest.fixture(scope="module")
def browser(shown: Panel) -> Iterator[Signed]:
    with shown.browser() as signed:
        yield signed


def judge(page: Page, name: str, width: int) -> None:
    """Axe finds nothing, and nothing scrolls sideways."""
    found = Axe().run(page)
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "it scrolls sideways"


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS, ids=str)
def test_axe_finds_nothing(browser: Signed, shown: Panel, size: tuple[int, int], scheme: Any, language: str) -> None:
    locale = {"es": "es-AR", "en": "en-US"}[language]
    context = browser.context(locale=locale, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page = browser.sign_in(context=context)
    row = shown.gateway.call("interaction.list", direction="out", limit=1)["items"][0]["id"]
    for name, path in {
        "log": "/interacciones",
        "log-filtered": "/interacciones?state=delivered&period=7d&q=debe",
        "log-open": f"/interacciones?row=out-{row}",
        "log-none": "/interacciones?q=zzzz",
        "export": "/interacciones/exportar?state=delivered",
        "tasks": "/ajustes/tareas",
    }.items():
        answer = page.goto(shown.url + path)
        assert answer is not None
        assert answer.status == 200
        judge(page, f"{name}-{language}-{scheme}-{size[0]}", size[0])
    context.close()


def test_the_navigation_counts_a_conversation_that_is_unread_once(browser: Signed, shown: Panel) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}/interacciones")
    expect(page.locator(".nav a[href='/interacciones/bandeja'] .count")).to_have_text(re.compile(r"^1\b"))
    page.context.close()


def test_a_row_opens_beside_the_table_by_keys(browser: Signed, shown: Panel) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}/interacciones?direction=out")
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    side = page.locator("#side")
    expect(side).to_contain_text("Hola Ana")
    expect(side).to_contain_text("La red la aceptó")
    expect(side).to_contain_text("Entregada")
    assert "row=out-" in page.url
    page.goto(page.url)
    expect(page.locator("#side")).to_contain_text("Hola Ana")
    page.keyboard.press("Escape")
    expect(page.locator("#side")).to_be_empty()
    page.goto(f"{shown.url}/interacciones")
    page.keyboard.press("/")
    page.keyboard.type("5491150000003")
    page.keyboard.press("Enter")
    page.wait_for_url("**/interacciones?*q=5491150000003*")
    expect(page.locator("#log tbody tr")).to_have_count(2)
    expect(page.locator("#log")).to_contain_text("Ya pagué")
    expect(page.locator("#log")).to_contain_text("respondida")
    page.context.close()


def test_filters_are_kept_as_a_view_and_columns_in_their_order(browser: Signed, shown: Panel) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}/interacciones?state=delivered")
    page.get_by_role("button", name="Guardar esta vista").click()
    page.locator("#save-view").get_by_label("Nombre").fill("Las entregadas")
    page.locator("#save-view").get_by_role("button", name="Guardar", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Las entregadas")
    page.goto(f"{shown.url}/interacciones")
    page.get_by_role("link", name="Las entregadas").click()
    assert page.url.endswith("?state=delivered")
    expect(page.locator(".tabs [aria-current]")).to_have_text("Las entregadas")
    page.get_by_role("button", name="Columnas").click()
    dialog = page.locator("#columns")
    dialog.get_by_label("Texto", exact=True).uncheck()
    dialog.get_by_label("Línea", exact=True).check()
    dialog.get_by_label("Lugar de Línea").fill("1")
    dialog.get_by_role("button", name="Guardar").click()
    heads = page.locator("#log thead th[scope=col]:not(.x)")
    assert heads.all_inner_texts()[0] == "Línea"
    assert "Texto" not in heads.all_inner_texts()
    page.get_by_role("button", name="Columnas").click()
    page.get_by_role("button", name="Como al principio").click()
    assert page.locator("#log thead th[scope=col]:not(.x)").all_inner_texts()[0] == "Cuándo"
    page.context.close()


def test_an_export_is_a_task_whose_file_is_read_back(browser: Signed, shown: Panel, tmp_path: Path) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}/interacciones?direction=out")
    page.get_by_role("link", name="Exportar").click()
    page.get_by_label("CSV").check()
    page.get_by_role("button", name="Exportar").click()
    page.wait_for_url("**/ajustes/tareas")
    until = time.monotonic() + DONE_S
    while not page.get_by_role("link", name="Descargar CSV").count():
        assert time.monotonic() < until, page.inner_text("main")
        page.wait_for_timeout(300)
        page.reload()
    with page.expect_download() as download:
        page.get_by_role("link", name="Descargar CSV").first.click()
    path = tmp_path / "a.csv"
    download.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file, delimiter=";")
    assert head[0] == "Cuándo"
    assert len(rows) >= 12
    texts = {row[head.index("Texto")] for row in rows}
    assert {f"Hola Ana{number}, debe $ {number},50" for number in range(12)} <= texts
    assert all(row[head.index("Número o dirección")].isdecimal() for row in rows)
    page.context.close()


def test_what_is_ticked_is_exported_alone(browser: Signed, shown: Panel) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}/interacciones?direction=out&job=cobranza-1")
    for number in (0, 1):
        page.locator("#log tbody .x input").nth(number).check()
    page.locator("[data-chosen]").get_by_role("button", name="Exportar").click()
    expect(page.locator("main")).to_contain_text("2 interacciones")
    page.get_by_label("CSV").check()
    page.get_by_role("button", name="Exportar").click()
    page.wait_for_url("**/ajustes/tareas")
    expect(page.locator("main tbody tr").first).to_contain_text("2 interacciones")
    task = shown.gateway.call("task.list", limit=1)["items"][0]
    until = time.monotonic() + DONE_S
    while (found := shown.gateway.call("task.show", task=task["task"]))["state"] != "done":
        assert time.monotonic() < until, found
        time.sleep(0.1)
    assert found["rows"] == 2
    page.context.close()


def test_many_are_sent_again_with_the_password_and_once(browser: Signed, shown: Panel) -> None:
    assert shown.simulator is not None
    page = browser.sign_in()
    page.goto(f"{shown.url}/interacciones?direction=out&job=cobranza-1")
    before = shown.simulator.ask("texts", since=0, limit=0)["total"]
    for number in (0, 1):
        page.locator("#log tbody .x input").nth(number).check()
    page.locator("[data-chosen]").get_by_role("button", name="Reenviar").click()
    expect(page.locator("main")).to_contain_text("2 mensajes")
    expect(page.locator("main")).to_contain_text("2 personas")
    page.get_by_role("button", name="Enviar a 2 personas").click()
    expect(page.get_by_role("alert")).to_contain_text("Nada se envió")
    page.get_by_label("Contraseña de envíos masivos").fill("equivocada-del-todo")
    page.get_by_role("button", name="Enviar a 2 personas").click()
    expect(page.get_by_role("alert")).to_contain_text("Nada se envió")
    page.get_by_label("Contraseña de envíos masivos").fill(MASS)
    page.get_by_role("button", name="Enviar a 2 personas").click()
    page.wait_for_url("**/interacciones?*")
    until = time.monotonic() + DONE_S
    while (total := shown.simulator.ask("texts", since=0, limit=0)["total"]) < before + 2:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert total == before + 2
    ((name,),) = shown.gateway.sql("SELECT name FROM job WHERE name LIKE 'resend-%'")
    assert name.startswith("resend-cobranza-1-")
    page.context.close()

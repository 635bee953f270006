"""Credits, doubts, the do-not-contact list, statistics and the inbox, as somebody at the desk uses them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.rig.panel import Panel, Signed, panel

INBOX = '\n[inbox]\ndefault = "norte"\n'


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("desk"), modems=1, extra=INBOX) as running:
        running.gateway.campaign(3, text="Su factura vence hoy")
        running.gateway.wait_job("c1")
        yield running


@pytest.fixture(scope="module")
def browser(shown: Panel) -> Iterator[Signed]:
    with shown.browser() as opened:
        yield opened


@pytest.fixture
def page(browser: Signed) -> Iterator[Page]:
    opened = browser.sign_in()
    yield opened
    opened.context.close()


def wait(found: Callable[[], Any], within_s: float = 20.0) -> Any:
    until = time.monotonic() + within_s
    while not (value := found()):
        assert time.monotonic() < until
        time.sleep(0.1)
    return value


def test_credit_is_granted_with_a_note_and_never_guessed(shown: Panel, page: Page) -> None:
    page.goto(f"{shown.url}/ajustes/creditos/norte")
    before = float(shown.gateway.call("account.show", account="norte")["balance"])
    page.fill("input[name=amount]", "1.500")
    page.get_by_role("button", name="Anotar en el resumen").click()
    expect(page.get_by_role("alert")).to_contain_text("El saldo no cambió")
    page.fill("input[name=amount]", "1.500,50")
    page.fill("input[name=note]", "Recibo 17")
    page.get_by_role("button", name="Anotar en el resumen").click()
    expect(page.get_by_role("status").first).to_contain_text("1.500,50")
    assert float(shown.gateway.call("account.show", account="norte")["balance"]) == pytest.approx(before + 1500.5)
    page.goto(f"{shown.url}/ajustes/creditos/norte?ver=all")
    expect(page.get_by_text("Recibo 17")).to_be_visible()


def test_a_number_is_blocked_found_and_taken_off(shown: Panel, page: Page) -> None:
    page.goto(f"{shown.url}/ajustes/bloqueados")
    page.fill("textarea[name=numbers]", "1155551234\njunk 1")
    page.get_by_role("button", name="Poner en la lista").click()
    expect(page.get_by_role("alert")).to_contain_text("no se pudo leer")
    page.goto(f"{shown.url}/ajustes/bloqueados?q=%2B549115555")
    expect(page.get_by_role("row", name="+5491155551234")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Descargar en CSV").click()
    assert "5491155551234" in Path(download.value.path()).read_text(encoding="utf-8")
    page.get_by_role("button", name="Quitar …").first.click()
    page.get_by_label("Por qué").fill("volvió a pedir avisos")
    page.get_by_role("button", name="Quitar de la lista").click()
    expect(page.get_by_role("status").first).to_contain_text("+5491155551234")
    assert shown.gateway.call("blocklist.list")["items"] == []


def test_a_reply_is_read_and_answered_over_its_line(shown: Panel, page: Page) -> None:
    assert shown.simulator is not None
    shown.simulator.ask("inject", modem=0, **{"from": "+5491155559876"}, text="¿Hasta qué hora atienden?")
    shown.gateway.wait_inbox(1)
    page.goto(f"{shown.url}/interacciones/bandeja")
    page.get_by_role("link", name="+5491155559876").click()
    side = page.locator("#side")
    expect(side).to_contain_text("¿Hasta qué hora atienden?")
    side.locator("textarea").fill("Hasta las 18 h: 100 % seguro")
    side.get_by_role("button", name="Responder").click()
    expect(page.get_by_role("status").first).to_contain_text("en camino")
    wait(lambda: [one for one in shown.simulator.texts() if "100 % seguro" in one["text"]])  # type: ignore[union-attr]
    page.goto(f"{shown.url}/interacciones/bandeja?con=%2B5491155559876&cuenta=norte")
    expect(page.locator("#side")).to_contain_text("100 % seguro")
    page.locator("#side").get_by_role("button", name="Terminar").click()
    expect(page.get_by_role("link", name="+5491155559876")).to_have_count(0)


def test_doubts_are_settled_together(shown: Panel, page: Page) -> None:
    assert shown.simulator is not None
    page.goto(f"{shown.url}/interacciones/dudas")
    expect(page.get_by_text("No hay nada en duda")).to_be_visible()
    shown.simulator.ask("set", modem=0, fault={"kind": "silence", "taken": False})
    shown.gateway.campaign(1, "c2", text="¿Salió?")
    wait(lambda: shown.gateway.call("message.list", state="sending")["items"])
    time.sleep(0.5)  # past its point of no return
    shown.gateway.kill()
    shown.gateway.start()
    wait(shown.answers)
    (doubt,) = wait(lambda: shown.gateway.call("message.list", state="uncertain")["items"])
    page.goto(f"{shown.url}/interacciones/dudas")
    page.get_by_role("checkbox", name=f"Mensaje a {doubt['to']}").check()
    page.get_by_role("button", name="No salieron").click()
    expect(page.get_by_role("status").first).to_contain_text("no enviado")
    assert shown.gateway.call("message.show", message=doubt["message"])["state"] == "failed"


def test_statistics_answer_and_can_be_taken_along(shown: Panel, page: Page) -> None:
    page.goto(f"{shown.url}/interacciones/estadisticas")
    expect(page.get_by_role("heading", name="Se entregó el")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Descargar en CSV").click()
    rows = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert rows[0].startswith("group,total,sent")
    assert len(rows) == 2
    page.get_by_role("link", name="Por línea").click()
    expect(page.locator("#numbers")).to_contain_text("m0")

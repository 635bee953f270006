"""A person's day in a browser that runs no script: everything but live updates."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.rig.panel import panel

PATIENCE_S = 60.0


def wait(found: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE_S
    while not (value := found()):
        assert time.monotonic() < until
        time.sleep(0.1)
    return value


def test_a_day_without_script(tmp_path: Path) -> None:
    with panel(tmp_path, extra='\n[inbox]\ndefault = "norte"\n') as shown, shown.browser() as browser:
        gateway, modem = shown.gateway, shown.simulator
        assert modem is not None
        page = browser.sign_in(context=browser.context(java_script_enabled=False))
        expect(page.locator("main h1")).to_have_count(1)

        page.goto(f"{shown.url}/ajustes/creditos/norte")
        page.fill("[name=amount]", "2500,50")
        page.fill("[name=note]", "Recibo 4411")
        page.get_by_role("button", name="Anotar en el resumen").click()
        expect(page.locator("main .notice[role=status]").first).to_contain_text("2.500,50")

        modem.ask("set", modem=0, report="failed")
        gateway.campaign(1, text="Hola")
        (failed,) = wait(lambda: gateway.call("message.list", state="undelivered")["items"])
        modem.ask("set", modem=0, report="delivered")
        page.goto(f"{shown.url}/interacciones")
        page.locator("input[type=search][name=q]").last.fill(failed["to"])
        page.locator("input[type=search][name=q]").last.press("Enter")
        expect(page.locator("#log tbody tr")).to_have_count(1)
        page.locator("#log tbody .x input").first.check()
        page.locator("[data-chosen]").get_by_role("button", name="Reenviar").click()
        page.get_by_role("button", name="Enviar a 1 persona").click()
        wait(lambda: len([one for one in modem.texts() if one["text"] == "Hola"]) == 2)

        page.goto(f"{shown.url}/interacciones")
        page.get_by_role("link", name="Exportar").first.click()
        page.get_by_label("CSV").check()
        page.get_by_role("button", name="Exportar").click()
        page.wait_for_url("**/ajustes/tareas")
        link = page.get_by_role("link", name="Descargar CSV").first
        wait(lambda: link.count() or (page.reload() and False))
        with page.expect_download() as download:
            link.click()
        assert failed["to"].lstrip("+") in Path(download.value.path()).read_text(encoding="utf-8-sig")

        modem.ask("inject", modem=0, **{"from": failed["to"]}, text="¿Puedo pagar el lunes?")
        wait(lambda: gateway.call("inbox.unread")["count"])
        page.goto(f"{shown.url}/interacciones/bandeja")
        page.get_by_role("link", name=failed["to"]).first.click()
        side = page.locator("#side")
        expect(side).to_contain_text("¿Puedo pagar el lunes?")
        side.locator("textarea").fill("Sí, hasta las 18 h")
        side.get_by_role("button", name="Responder").click()
        wait(lambda: [one for one in modem.texts() if one["text"] == "Sí, hasta las 18 h"])

        page.goto(f"{shown.url}/lineas/m0")
        expect(page.locator("#line-now .state").first).to_be_visible()

        page.locator(".top details.menu").last.locator("summary").click()
        page.get_by_role("button", name=re.compile("Cerrar sesión|Salir")).click()
        page.goto(f"{shown.url}/interacciones")
        page.wait_for_url("**/entrar*")

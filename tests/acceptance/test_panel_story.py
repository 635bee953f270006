"""The story of an administrator's first day, in Debian's Chromium, in Spanish and in English: nothing but the panel,
the command line where it begins, and the spool where the billing system drops its files."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.rig.panel import Panel, panel
from tests.rig.processes import end, gatewayd, run
from tests.rig.simulator import Simulator

PASSWORD: Final = "molino-de-agua-clara-83"
PATIENCE_S: Final = 60.0

SPANISH: Final[Mapping[str, str]] = {
    "locale": "es-AR",
    "add": "Agregar",
    "later": "Más tarde",
    "ready": "lista|enviando",
    "write": "Anotar en el resumen",
    "delivered": "entregada",
    "answer": "Responder",
    "resend": "Reenviar",
    "send to one": "Enviar a 1 persona",
    "left": "No salieron",
    "export": "Exportar",
    "download": "Descargar CSV",
    "you": "Usted: ",
    "leave": "Cerrar sesión|Salir",
    "message to": "Mensaje a ",
    "finished": "terminad",
}
ENGLISH: Final[Mapping[str, str]] = {
    "locale": "en-US",
    "add": "Add",
    "later": "Later",
    "ready": "ready|sending now",
    "write": "Write into the statement",
    "delivered": "delivered",
    "answer": "Answer",
    "resend": "Send again|Resend",
    "send to one": "Send to 1 person",
    "left": "They did not leave",
    "export": "Export",
    "download": "Download CSV",
    "you": "You: ",
    "leave": "Sign out",
    "message to": "Message to ",
    "finished": "finished",
}


class Day:
    """One person's browser, and what lies around the panel."""

    def __init__(self, shown: Panel, page: Page, words: Mapping[str, str], modems: Simulator, phone: Path) -> None:
        self.shown = shown
        self.page = page
        self.words = words
        self.modems = modems
        self.phone = phone

    def go(self, path: str) -> None:
        self.page.goto(f"{self.shown.url}{path}")

    def said(self) -> Any:
        """What the page says of the act before it."""
        return expect(self.page.locator("main .notice[role=status]").first)

    def add_line(self, kind: str, secret: str = "", **fields: str) -> None:
        """Adds a line by its forms, the secret's apart, and waits until it works."""
        self.go("/lineas")
        self.page.get_by_role("link", name=self.words["add"], exact=True).first.click()
        self.page.locator(f'a[href="/lineas/agregar/{kind}"]').click()
        self.page.locator("main form details summary").first.click()  # the pace is among what few people change
        for name, value in fields.items():
            self.page.locator(f"[name={name}]").fill(value)
        self.page.locator("[name=name]").press("Enter")
        self.page.wait_for_url(re.compile(rf"/lineas/{fields['name']}(/clave)?$"))
        if secret:
            self.page.locator("input[name=secret]").first.fill(secret)
            self.page.locator("input[name=secret]").first.press("Enter")
            self.page.wait_for_url(re.compile(rf"/lineas/{fields['name']}$"))
        self.go(f"/lineas/{fields['name']}")
        expect(self.page.locator("#line-now .state").first).to_contain_text(
            re.compile(self.words["ready"]), timeout=PATIENCE_S * 1000
        )

    def drop(self, job: str, text: str, *numbers: str) -> None:
        """Does what the billing system does."""
        self.shown.gateway.drop(
            {"job": job, "channel": "sms", "text": text, "recipients": [{"to": n} for n in numbers]}
        )

    def wait(self, found: Callable[[], Any]) -> Any:
        until = time.monotonic() + PATIENCE_S
        while not (value := found()):
            assert time.monotonic() < until
            time.sleep(0.1)
        return value


@pytest.fixture(params=[SPANISH, ENGLISH], ids=["es", "en"])
def day(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Day]:
    """A gateway without lines; a modem and a phone lie beside it."""
    with ExitStack() as stack:
        modems = stack.enter_context(Simulator(tmp_path, 1, options=["--report-delay", "0.2"]))
        phone = gatewayd(
            ["simulate", "android", "--dir", str(tmp_path / "phone"), "--latency", "0.2"], stdout=subprocess.PIPE
        )
        stack.callback(end, phone)
        assert phone.stdout is not None
        stack.callback(phone.stdout.close)
        url = json.loads(phone.stdout.readline())["devices"][0]["url"]
        shown = stack.enter_context(panel(tmp_path, modems=0, extra='\n[inbox]\ndefault = "norte"\n'))
        made = run(
            [
                *("--config", str(shown.gateway.config)),
                *("user", "create", "jefa", "--role", "administrator", "--password-stdin"),
            ],
            given=f"{PASSWORD}\n",
        )
        assert made.returncode == 0, made.stderr
        browser = stack.enter_context(shown.browser(whole=True))
        page = browser.sign_in("jefa", PASSWORD, locale=request.param["locale"])
        page.context.set_default_timeout(PATIENCE_S * 1000)
        day = Day(shown, page, request.param, modems, url)
        yield day


def test_the_first_day(day: Day) -> None:
    page, words = day.page, day.words
    # Two lines.
    day.add_line("modem", name="claro-1", port=day.modems.ports[0], rate="600/min")
    day.add_line("smsgate", "secret", name="celular-1", url=str(day.phone), rate="600/min")

    # Credit, with where it comes from.
    day.go("/ajustes/creditos/norte")
    page.fill("[name=amount]", "2500,50")
    page.fill("[name=note]", "Recibo 4411")
    page.get_by_role("button", name=words["write"]).click()
    day.said().to_contain_text(re.compile(r"2[.,]500[.,]50"))

    # A job goes out before one's eyes: the page is not loaded again.
    numbers = [f"11{50_000_000 + number:08d}" for number in range(30)]
    day.drop("cobranza-1", "Su factura vence hoy", *numbers)
    day.wait(lambda: page.request.get(f"{day.shown.url}/campanas/trabajos/norte/cobranza-1").status == 200)
    day.go("/campanas/trabajos/norte/cobranza-1")
    page.evaluate("window.sameWindow = true")
    expect(page.locator("main")).to_contain_text(
        re.compile(words["finished"], re.IGNORECASE), timeout=PATIENCE_S * 1000
    )
    assert page.evaluate("window.sameWindow") is True

    # What became of them, filtered and taken along.
    day.go("/interacciones?state=delivered")
    expect(page.locator("#log tbody tr").first).to_contain_text(re.compile(words["delivered"], re.IGNORECASE))
    page.get_by_role("link", name=words["export"]).first.click()
    page.get_by_label("CSV").check()
    page.get_by_role("button", name=words["export"]).click()
    page.wait_for_url("**/ajustes/tareas")
    link = page.get_by_role("link", name=words["download"]).first
    day.wait(lambda: link.count() or (page.reload() and False))
    with page.expect_download() as download:
        link.click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert "5491150000007" in text
    assert len(text.splitlines()) == 31

    # Somebody answers, and is answered over the same line.
    day.modems.ask("inject", modem=0, **{"from": "+5491150000003"}, text="¿Puedo pagar el lunes?")
    day.wait(lambda: day.shown.gateway.call("inbox.unread")["count"])
    day.go("/interacciones/bandeja")
    page.get_by_role("link", name="+5491150000003").click()
    side = page.locator("#side")
    expect(side).to_contain_text("¿Puedo pagar el lunes?")
    side.locator("textarea").fill("Sí, hasta las 18 h")
    side.get_by_role("button", name=words["answer"]).click()
    day.wait(lambda: [one for one in day.modems.texts() if one["text"] == "Sí, hasta las 18 h"])

    # One that failed goes again.
    day.modems.ask("set", modem=0, report="failed")
    day.shown.gateway.call("line.disable", line="celular-1")
    day.drop("aviso-1", "Mañana hay cortes", "1150001234")
    (failed,) = day.wait(lambda: day.shown.gateway.call("message.list", state="undelivered")["items"])
    day.modems.ask("set", modem=0, report="delivered")
    day.go("/interacciones?q=5491150001234")
    page.locator("#log tbody .x input").first.check()
    page.locator("[data-chosen]").get_by_role("button", name=re.compile(words["resend"])).click()
    page.get_by_role("button", name=words["send to one"]).click()
    day.wait(lambda: len([one for one in day.modems.texts() if one["text"] == "Mañana hay cortes"]) == 2)
    assert failed["to"] == "+5491150001234"

    # One is in doubt: the daemon was killed while the modem was silent.
    day.modems.ask("set", modem=0, fault={"kind": "silence", "taken": False})
    day.drop("aviso-2", "¿Salió?", "1150004321")
    day.wait(lambda: day.shown.gateway.call("message.list", state="sending")["items"])
    time.sleep(1)  # past its point of no return
    day.shown.gateway.kill()
    day.shown.gateway.start()
    day.wait(day.shown.answers)
    (doubt,) = day.wait(lambda: day.shown.gateway.call("message.list", state="uncertain")["items"])
    day.go("/interacciones/dudas")  # still signed in
    page.get_by_role("checkbox", name=f"{words['message to']}{doubt['to']}").check()
    page.get_by_role("button", name=words["left"]).click()
    assert day.wait(lambda: day.shown.gateway.call("message.show", message=doubt["message"])["state"] == "failed")

    # And out.
    page.locator(".top details.menu").last.locator("summary").click()
    page.get_by_role("button", name=re.compile(words["leave"])).click()
    page.wait_for_url("**/entrar*")
    day.go("/interacciones")
    page.wait_for_url("**/entrar*")

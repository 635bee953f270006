"""The whole story as somebody at a desk lives it, in both languages: a sheet, a template, a campaign to its end.

Every word that a step looks for is taken from the catalogue, so that one code goes through both languages. Where a
person would look, axe looks too.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter
from playwright.sync_api import Page, expect

from gatewayd.web.words import catalogue
from tests.panel.test_log import judge
from tests.rig.panel import Panel, panel
from tests.rig.ports import free_port

MASS = "muchos-a-la-vez-9"
HOSTILE = "<img src=x onerror=alert(1)>{% raw %}"
DEAR = "Hola %nombre%: su deuda es $ %deuda% y venció el %vencimiento%. Pague en línea o en nuestra oficina. Gracias"
HEAD = ("Cod. Abonado", "Apellido y Nombre", "Cel.", "Saldo Deudor", "Vto.", "Sector")
PEOPLE = 12
PATIENCE_MS = 40_000
"""Files are read, and looked through, by processes that start for it."""
AHEAD_S = 4
"""A minute of the clock that begins sooner is gone before the form is sent."""
ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
VOICE = """
[[line]]
name = "troncal"
driver = "asterisk"
port = {port}
user = "u"
secret = "s"
dial = "PJSIP/{{number}}@trunk"
prompts = "{folder}/prompts"
speech = ["{python}", "-m", "gatewayd.demo.voice", "{{output}}"]
convert = ["{python}", "-m", "gatewayd.demo.voice", "{{output}}"]
"""
"""A line that nobody answers at: what it would say can be heard all the same."""


class Desk:
    """Somebody who speaks a language, at a page."""

    def __init__(self, shown: Panel, page: Page, language: str) -> None:
        self.shown = shown
        self.page = page
        self.language = language
        self._catalogue = catalogue(language)
        self.title = {"es": "Deuda de diciembre", "en": "December's debt"}[language]
        self.later = f"{self.title} {'más tarde' if language == 'es' else 'later'}"
        self.sector = f"sector-{language}"
        self.numbers = 100 if language == "es" else 200

    def say(self, message: str, **values: object) -> str:
        return self._catalogue.gettext(message).format(**values)

    def count(self, one: str, many: str, number: int) -> str:
        return self._catalogue.ngettext(one, many, number).format(count=number)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.shown.url}{path}")

    def press(self, message: str, **values: object) -> None:
        self.page.get_by_role("button", name=self.say(message, **values), exact=True).first.click()

    def look(self, name: str) -> None:
        judge(self.page, f"story-{name}-{self.language}", 1280)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    folder = tmp_path_factory.mktemp("story")
    voice = VOICE.format(port=free_port(), folder=folder, python=sys.executable)
    # At this pace a line takes one message at a time, so that both have their share.
    with panel(folder, modems=2, extra=voice, rate="8/s") as running:
        running.gateway.call("mass.set", account="norte", password=MASS)
        yield running


def workbook(desk: Desk, folder: Path) -> Path:
    """Writes the customers as somebody keeps them in Excel; two of its rows cannot be anybody."""
    path = folder / f"abonados {desk.language}.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("Abonados")
    sheet.write_row(0, 0, HEAD)
    for row in range(1, PEOPLE + 3):
        number = desk.numbers + row
        name = HOSTILE if row == 2 else f"Peña {number}, Ana"
        telephone = f"11 5{number:03d}-{number:04d}" if row <= PEOPLE else "no tiene"
        sheet.write_row(row, 0, [f"{desk.language}{number}", name, telephone, 1000.5 + number])
        sheet.write_datetime(row, 4, datetime(2026, 12, 10), book.add_format({"num_format": "dd/mm/yyyy"}))
        sheet.write(row, 5, desk.sector)
    book.close()
    return path


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_whole_story(shown: Panel, tmp_path: Path, language: str) -> None:
    locale = {"es": "es-AR", "en": "en-US"}[language]
    with shown.browser(whole=True) as browser:
        page = browser.sign_in(locale=locale, viewport={"width": 1280, "height": 900})
        desk = Desk(shown, page, language)
        bring_customers(desk, workbook(desk, tmp_path))
        write_a_template(desk)
        schedule_one(desk, tmp_path)
        launch_one(desk)
        watch_it(desk)
        send_again_to_the_failed(desk)
        hear_a_prompt(desk)


def test_what_was_scheduled_goes_at_its_minute(shown: Panel) -> None:
    """After both stories: until then the clock has gone on by itself."""
    with shown.browser(whole=True) as browser:
        page = browser.sign_in(viewport={"width": 1280, "height": 900})
        for language in ("es", "en"):
            see_it_go(Desk(shown, page, "es"), Desk(shown, page, language).later)
        assert shown.simulator is not None
        told = [one for one in shown.simulator.texts() if one["text"].startswith("Estimado Núñez")]
        assert len(told) == 4


def bring_customers(desk: Desk, sheet: Path) -> None:
    page, gateway = desk.page, desk.shown.gateway
    desk.go("/clientes/importaciones")
    page.set_input_files("input[type=file]", sheet)
    desk.press("Look at it")
    expect(page.locator("main")).to_contain_text(desk.say("What was understood"))
    mapping = dict(enumerate(("external_id", "name", "phone", "debt.balance", "debt.due", "tags")))
    for column, field in mapping.items():
        page.select_option(f"select[name=column-{column}]", field)
    desk.look("columns")
    desk.press("Try it")
    state = page.locator("#import-state")
    expect(state).to_contain_text(desk.say("Nothing was written yet."), timeout=PATIENCE_MS)
    expect(state).to_contain_text(desk.count("{count} row", "{count} rows", 2))
    desk.look("tried")
    mine = {"account": "norte", "filter": {"tags": [desk.sector]}}
    assert gateway.call("customer.count", **mine)["count"] == 0
    for _again in range(2):
        desk.press("Import")
        expect(state).to_contain_text(desk.say("The sheet was imported"), timeout=PATIENCE_MS)
        assert gateway.call("customer.count", **mine)["count"] == PEOPLE
        if _again:
            break
        desk.press("Take it back")
        expect(state).to_contain_text(desk.say("The import was taken back"), timeout=PATIENCE_MS)
        assert gateway.call("customer.count", **mine)["count"] == 0
        desk.go("/clientes/importaciones")
        page.set_input_files("input[type=file]", sheet)
        desk.press("Look at it")
        # What its columns are is remembered for this header.
        expect(page.locator("select[name=column-5]")).to_have_value("tags")
        desk.press("Try it")
        expect(state).to_contain_text(desk.say("Nothing was written yet."), timeout=PATIENCE_MS)
    desk.look("imported")


def write_a_template(desk: Desk) -> None:
    page = desk.page
    desk.go("/campanas/plantillas/nueva?canal=sms")
    page.fill("#f-nombre", f"<b>{desk.title}</b>")
    page.fill("#f-text", DEAR)
    seen = page.locator("#vista")
    expect(seen.locator(".count-of b")).to_have_text(desk.count("{count} part", "{count} parts", 2))
    assert seen.locator("mark").all_inner_texts() == ["ó", "í"]
    page.locator("#f-text").press("End")
    page.click("[data-insert='%empresa%']")
    expect(seen.locator(".message")).to_contain_text("Graciasnorte")
    seen.get_by_text(desk.say("somebody else")).click()
    expect(seen.locator(".message")).to_contain_text("<img src=x onerror=alert(1)>")
    page.fill("#f-text", DEAR)
    desk.look("template")
    seen.get_by_text(desk.say("Take off the accents")).click()
    page.wait_for_url("**/llano")
    expect(page.locator("#f-text")).to_have_value(DEAR.replace("ó", "o").replace("í", "i"))
    expect(page.locator("#vista .count-of b")).to_have_text(desk.count("{count} part", "{count} parts", 1))
    desk.press("Save")
    expect(page.locator("h1")).to_have_text(f"<b>{desk.title}</b>")


def schedule_one(desk: Desk, folder: Path) -> None:
    """Schedules a campaign to the people of a file for the next minute."""
    page = desk.page
    rows = ["Cod. Abonado;Apellido y Nombre;Cel.;Saldo Deudor"]
    rows += [f"A{n};Núñez {n}, Ana;11-5{n:03d}-{n:04d};1.{n:03d},50" for n in (desk.numbers + 50, desk.numbers + 51)]
    rows += ["A900;Sin Celular;;10,00", "A901;Mal Celular;12;20,00"]
    file = folder / "aviso.csv"
    file.write_text("\n".join(rows) + "\n", encoding="cp1252")
    desk.go("/campanas")
    page.get_by_role("link", name=desk.say("New campaign")).click()
    page.fill("input[name=title]", desk.later)
    desk.press("Next: what to say")
    expect(page.locator(".faults")).to_contain_text(desk.say("choose a file first"))
    page.set_input_files("input[name=file]", file)
    desk.press("Next: what to say")
    found = desk.count("{count} person was found in the file.", "{count} people were found in the file.", 2)
    expect(page.locator("#people")).to_contain_text(found, timeout=PATIENCE_MS)
    page.fill("textarea[name=text-0]", "Estimado %apellido y nombre%, su saldo es $ %saldo deudor%.")
    desk.press("Next: when")
    page.wait_for_url("**/cuando")
    expect(page.locator("input[name=at]")).to_be_hidden()
    page.check("input[name=kind][value=at]")
    due = datetime.fromtimestamp(time.time() + AHEAD_S, ZONE).replace(second=0, microsecond=0) + timedelta(minutes=1)
    page.fill("input[name=at]", f"{due:%Y-%m-%dT%H:%M}")
    page.fill("input[name=zone]", str(ZONE))
    # A machine that is starved may be late: then it goes at once, as somebody would want it.
    page.check("input[name=missed][value=late]")
    desk.look("when")
    desk.press("Next: review")
    expect(page.locator("#seen blockquote").first).to_contain_text("su saldo es $ 1.", timeout=PATIENCE_MS)
    page.fill("input[name=password]", MASS)
    desk.press("Schedule it")
    expect(page.locator("main")).to_contain_text(desk.later)
    desk.look("scheduled")


def launch_one(desk: Desk) -> None:
    """Sends one to the customers of a tag, half of them over a line whose network brings nothing to anybody."""
    page = desk.page
    assert desk.shown.simulator is not None
    desk.shown.simulator.ask("set", modem=1, report="failed")
    desk.go("/campanas/nueva")
    page.fill("input[name=title]", desk.title)
    page.check("input[name=audience][value=customers]")
    page.fill("input[name=tag]", desk.sector)
    desk.press("Next: what to say")
    desk.press("Next: when")
    expect(page.locator(".faults")).to_contain_text(desk.say("choose a template, or write the text"))
    page.select_option("select[name=template-0]", f"<b>{desk.title}</b>")
    desk.press("Next: when")
    page.wait_for_url("**/cuando")
    desk.press("Next: review")
    seen = page.locator("#seen")
    people, parts = (
        desk.count("{count} person", "{count} people", PEOPLE),
        desk.count("{count} part", "{count} parts", PEOPLE),
    )
    expect(seen).to_contain_text(f"{people}, {parts}", timeout=PATIENCE_MS)
    expect(seen).to_contain_text("Ana: su deuda es $ 1.")
    desk.look("review")
    button = desk.count("Send to {count} person", "Send to {count} people", PEOPLE)
    page.get_by_role("button", name=button).click()
    expect(page.locator(".notice").first).to_contain_text(desk.say("Nothing was sent"))
    page.fill("input[name=password]", MASS)
    page.get_by_role("button", name=button).click()
    expect(page.locator(".notice").first).to_contain_text(desk.say("It is on its way."))


def watch_it(desk: Desk) -> None:
    """Watches it to its end; the page follows by itself."""
    page = desk.page
    campaign = page.locator("#campaign")
    expect(campaign).to_contain_text(desk.say("finished"), timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name=desk.say("Pause"))).to_have_count(0)
    desk.look("finished")
    # Who is behind a number stands behind it.
    failed = campaign.locator(".legend a", has_text=desk.say("failed")).first
    number = int(campaign.locator(".legend li", has_text=desk.say("failed")).locator(".num").inner_text())
    failed.click()
    expect(page.locator("main tbody tr")).to_have_count(number)
    page.go_back()


def send_again_to_the_failed(desk: Desk) -> None:
    page = desk.page
    assert desk.shown.simulator is not None
    desk.shown.simulator.ask("set", modem=1, report="delivered")
    failed = int(page.locator("#campaign .legend li", has_text=desk.say("failed")).locator(".num").inner_text())
    assert 0 < failed < PEOPLE
    page.locator("#campaign form[action$='/reenviar'] button").click()
    button = desk.count("Send to {count} person", "Send to {count} people", failed)
    page.get_by_role("button", name=button).wait_for(timeout=PATIENCE_MS)
    if page.locator("input[name=password]").count():
        page.fill("input[name=password]", MASS)
    page.get_by_role("button", name=button).click()
    campaign = page.locator("#campaign")
    expect(campaign).to_contain_text(desk.say("finished"), timeout=PATIENCE_MS)
    delivered = campaign.locator(".legend li", has_text=desk.say("delivered")).locator(".num")
    expect(delivered).to_have_text(str(failed))


def hear_a_prompt(desk: Desk) -> None:
    page = desk.page
    desk.go("/campanas/plantillas/nueva?canal=call")
    page.fill("#f-message", "Hola %nombre%. Su deuda es de\nimporte: %deuda%\npesos.")
    desk.press("Hear it")
    sound = page.locator("#voz audio").first
    expect(sound).to_be_visible()
    desk.look("prompt")
    answer = page.request.get(f"{desk.shown.url}{sound.get_attribute('src')}")
    assert (answer.status, answer.body()[:4]) == (200, b"RIFF")
    played: Any = sound.evaluate(
        "one => new Promise(done => { one.onended = () => done(one.currentTime); one.onerror = () => done(0);"
        " one.muted = true; one.playbackRate = 8; one.play(); })"
    )
    assert played > 0.3


def see_it_go(desk: Desk, name: str) -> None:
    found = next(one for one in desk.shown.gateway.call("campaign.list")["items"] if one["name"] == name)
    if found["state"] == "scheduled":
        desk.go("/campanas/programadas")
        expect(desk.page.locator("main table")).to_contain_text(name)
    desk.go(f"/campanas/c/{found['campaign']}")
    expect(desk.page.locator("#campaign")).to_contain_text(desk.say("finished"), timeout=60_000 + PATIENCE_MS)
    events = desk.shown.gateway.call("campaign.events", campaign=found["campaign"])["items"]
    at = {one["kind"]: datetime.fromisoformat(one["at"]) for one in events}
    assert at["launched"].replace(second=0, microsecond=0) >= due_of(found)
    assert at["scheduled"] < at["launched"]
    desk.go("/campanas?ver=terminadas")
    expect(desk.page.locator("main table")).to_contain_text(name)


def due_of(found: Any) -> datetime:
    return datetime.fromisoformat(str(found["schedule"]["at"])).replace(tzinfo=ZONE)

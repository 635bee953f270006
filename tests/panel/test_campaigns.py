"""Campaigns in the panel: a file whose header nobody has seen, a text, a look at it, the password, off it goes."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.rig.panel import Panel, panel

MASS = "muchos-a-la-vez-9"
PEOPLE = 12
PATIENCE_MS = 40_000
"""The file is read, and looked through, by processes that start for it."""


def accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def sheet(folder: Path) -> Path:
    """Writes the list of customers as a billing system writes it; two of its rows reach nobody."""
    rows = ["Cod. Abonado;Apellido y Nombre;Cel.;Saldo Deudor"]
    rows += [f"A{n};Núñez {n}, Ana;11-5{n:03d}-{n:04d};1.{n:03d},50" for n in range(100, 100 + PEOPLE)]
    rows += ["A900;Sin Celular;;10,00", "A901;Mal Celular;12;20,00"]
    path = folder / "abonados.csv"
    path.write_text("\n".join(rows) + "\n", encoding="cp1252")
    return path


def test_a_campaign_from_a_file_to_its_end(tmp_path: Path) -> None:
    with panel(tmp_path, modems=1) as shown, shown.browser() as browser:
        shown.gateway.call("mass.set", account="norte", password=MASS)
        page = browser.sign_in(viewport={"width": 1280, "height": 900})
        page.goto(f"{shown.url}/campanas")
        accessible(page)
        page.get_by_role("link", name="Nueva campaña").click()
        accessible(page)
        say_to_whom(page, sheet(tmp_path))
        say_what(page)
        page.get_by_role("button", name="Siguiente: revisar").click()
        look_at_it(page)
        send_it(page)
        watch_it(shown, page)


def say_to_whom(page: Page, file: Path) -> None:
    page.get_by_role("button", name="Siguiente: qué decir").click()
    page.fill("input[name=title]", "Vencimiento de diciembre")
    page.get_by_role("button", name="Siguiente: qué decir").click()
    expect(page.locator(".faults")).to_contain_text("elija primero un archivo")
    page.set_input_files("input[name=file]", str(file))
    page.get_by_role("button", name="Siguiente: qué decir").click()
    expect(page.locator("#people")).to_contain_text(f"Se encontraron {PEOPLE} personas", timeout=PATIENCE_MS)
    accessible(page)


def say_what(page: Page) -> None:
    page.get_by_role("button", name="Siguiente: cuándo").click()
    expect(page.locator(".faults")).to_contain_text("elija una plantilla, o escriba el texto")
    page.fill("textarea[name=text-0]", "Estimado %apellido y nombre%, su saldo es $ %saldo deudor%.")
    page.get_by_role("button", name="Siguiente: cuándo").click()
    page.wait_for_url("**/cuando")
    accessible(page)
    expect(page.locator("input[name=at]")).to_be_hidden()
    page.check("input[name=kind][value=every]")
    expect(page.locator("input[name=hour]")).to_be_visible()
    page.check("input[name=kind][value=now]")


def look_at_it(page: Page) -> None:
    seen = page.locator("#seen")
    expect(seen).to_contain_text(f"{PEOPLE} personas, {PEOPLE} partes", timeout=PATIENCE_MS)
    expect(seen).to_contain_text("Estimado Núñez 100, Ana, su saldo es $ 1.100,50.")
    accessible(page)


def send_it(page: Page) -> None:
    button = page.get_by_role("button", name=f"Enviar a {PEOPLE} personas")
    button.click()
    expect(page.locator(".notice").first).to_contain_text("Nada se envió")
    page.fill("input[name=password]", MASS)
    page.get_by_role("button", name=f"Enviar a {PEOPLE} personas").click()
    expect(page.locator(".notice").first).to_contain_text("Está en camino.")


def watch_it(shown: Panel, page: Page) -> None:
    expect(page.locator("#campaign")).to_contain_text("terminada", timeout=PATIENCE_MS)
    expect(page.locator("#campaign")).to_contain_text(f"entregada {PEOPLE}")
    expect(page.get_by_role("button", name="Pausar")).to_have_count(0)
    accessible(page)
    assert shown.simulator is not None
    assert len(shown.simulator.texts()) == PEOPLE
    page.goto(f"{shown.url}/campanas?ver=terminadas")
    expect(page.locator("main table")).to_contain_text("Vencimiento de diciembre")
    accessible(page)

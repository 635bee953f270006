"""The frame around every page, in a real browser before a real daemon: it stays current, finds, remembers, and fails
in words."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, expect

from tests.rig.axe import Axe
from tests.rig.panel import Panel, Signed, panel

SHOTS = os.environ.get("SHOTS")
ANEW = """(id) => new Promise((done) => {
  const loaded = ({ target }) => {
    if (target.id !== id) return;
    document.removeEventListener("htmx:afterSettle", loaded);
    requestAnimationFrame(() => requestAnimationFrame(() => done()));
  };
  document.addEventListener("htmx:afterSettle", loaded);
  document.getElementById(id).dispatchEvent(new CustomEvent("live"));
})"""
"""Has a part of the page load itself anew; what has been drawn since then is what a person sees."""


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[tuple[Panel, Signed]]:
    """A panel whose story nobody has begun."""
    with panel(tmp_path, rate="3/s", apart=True) as shown, shown.browser() as browser:
        yield shown, browser


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Panel, Signed]]:
    """A panel for stories that are in no other's way."""
    folder = tmp_path_factory.mktemp("shared")
    with panel(folder, rate="3/s", apart=True) as shown, shown.browser() as browser:
        yield shown, browser


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def browse(shown: Panel, browser: Signed) -> None:
    page = browser.sign_in(viewport={"width": 1280, "height": 900})
    expect(page.locator("h1")).to_have_text("Inicio")
    expect(page.get_by_text("Todo en orden")).to_be_visible()
    accessible(page)
    shot(page, "home-empty")

    # What the modem took is on the page by itself, and nothing was loaded anew but the part that shows it.
    page.evaluate("window.same = true")
    shown.gateway.campaign(30, text="Hola")
    expect(page.locator("#going")).to_contain_text("c1")
    expect(page.locator("#going .legend")).to_contain_text(re.compile("enviada|entregada"))
    assert page.evaluate("window.same") is True
    accessible(page)
    shot(page, "home-running")

    # One search for everything: a number as people write it, a job, a line, a page; a message's id leads to it.
    job = shown.gateway.wait_job("c1")
    assert job["counts"]["delivered"] + job["counts"]["submitted"] == 30
    message = shown.gateway.call("job.messages", job="norte/c1", limit=1)["items"][0]
    asked = [(message["to"], "c1"), ("c1", "norte"), ("M0", "m0"), ("inicio", "Inicio"), ("NORTE", "norte")]
    for query, wanted in asked:
        page.keyboard.press("/")
        page.locator("#find").fill(query)
        page.keyboard.press("Enter")
        page.wait_for_url("**/buscar?*")
        expect(page.locator("main table").first).to_contain_text(wanted)
    shot(page, "search")
    accessible(page)
    page.goto(f"{shown.url}/buscar?q={message['message'].lower()}")
    expect(page.locator("main")).to_contain_text(message["to"])
    page.goto(f"{shown.url}/buscar?q=zzzz")
    expect(page.locator("main")).to_contain_text("Nada con «zzzz»")
    page.goto(f"{shown.url}/buscar")
    expect(page.locator("main")).to_contain_text("¿Qué busca?")


def run_a_job(shown: Panel, browser: Signed) -> None:
    page = browser.sign_in(viewport={"width": 1280, "height": 900})
    page.goto(f"{shown.url}/campanas/trabajos")
    expect(page.locator("main")).to_contain_text("Todavía no hay nada para enviar")
    accessible(page)
    shown.gateway.campaign(900, text="Hola")
    expect(page.locator("main table")).to_contain_text("c1")
    shot(page, "jobs")
    accessible(page)

    # By the keyboard alone: to the row, kept while the table loads itself anew, into it, pause, go on, withdraw.
    page.keyboard.press("j")
    page.evaluate(ANEW, "jobs")
    assert page.evaluate("document.activeElement.matches('tr[data-href]')")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("c1")
    page.get_by_role("button", name="Pausar").press("Enter")
    expect(page.locator(".notice")).to_contain_text("c1 está en pausa")
    expect(page.locator("#job")).to_contain_text("sigue cuando alguien lo diga")
    accessible(page)
    shot(page, "job")
    page.goto(shown.url)
    expect(page.locator("#needs")).to_contain_text("c1 está en pausa y le quedan mensajes")
    page.get_by_role("link", name="Verla").click()
    expect(page.locator(".notice")).to_have_count(0)
    page.get_by_role("button", name="Seguir").click()
    expect(page.locator(".notice")).to_contain_text("c1 continúa.")
    page.get_by_role("button", name="Retirar").click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("¿Retirar c1?")
    accessible(page)
    dialog.get_by_role("button", name="Retirar c1").click()
    expect(page.locator("#job")).to_contain_text("retirada")
    assert shown.gateway.call("job.show", job="norte/c1")["counts"]["cancelled"] > 0


def be_a_telephone(shown: Panel, browser: Signed) -> None:
    shown.gateway.campaign(900, text="Hola")
    for scheme in ("light", "dark"):
        page = browser.sign_in(viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True)
        for path, name in [
            ("/", "home"),
            ("/campanas/trabajos", "jobs"),
            ("/campanas/trabajos/norte/c1", "job"),
            ("/buscar?q=c1", "search"),
        ]:
            page.goto(f"{shown.url}{path}")
            expect(page.locator("main")).to_contain_text("c1")
            accessible(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            shot(page, f"phone-{scheme}-{name}")


def remember(shown: Panel, browser: Signed) -> None:
    shown.user("beto", "administrator", None)
    page = browser.sign_in("beto")
    page.locator(".top details.menu summary").last.click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Home")
    assert page.locator("html").get_attribute("lang") == "en"
    page.locator(".top details.menu summary").last.click()
    page.get_by_role("button", name="Dark").click()
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto(f"{shown.url}/buscar?q=m0")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.locator(".top details.menu summary").last.click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("h1")).to_have_text("Sign in")


def fail_in_words(shown: Panel, browser: Signed) -> None:
    page = browser.sign_in()
    answer = page.goto(f"{shown.url}/no-hay")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("h1")).to_have_text("Aquí no hay nada")
    shot(page, "error-404")
    accessible(page)

    # A form without its token is refused, and says that nothing was done.
    page.goto(shown.url)
    page.evaluate("document.querySelectorAll('input[name=csrf]').forEach((one) => { one.value = 'x' })")
    page.locator(".top details.menu summary").last.click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Esto no está abierto para usted")
    expect(page.locator("main")).to_contain_text("Nada se cambió ni se envió.")

    # A session that ended meanwhile: a part that loads itself makes the page lead to signing in, and back.
    page.goto(f"{shown.url}/?x=1")
    page.context.clear_cookies()
    with suppress(Error):  # the page may already be on its way: something else has changed
        page.evaluate("document.getElementById('needs').dispatchEvent(new CustomEvent('live'))")
    page.wait_for_url("**/entrar?next=*")
    page.fill("input[name=user]", "ana")
    page.fill("input[name=password]", "no es esta")
    page.press("input[name=password]", "Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    accessible(page)
    shot(page, "signin")


def stand_without_the_daemon(shown: Panel, browser: Signed) -> None:
    page = browser.sign_in()
    shown.gateway.campaign(2, text="Hola")
    shown.gateway.wait_job("c1")
    shown.gateway.kill()
    page.goto(shown.url)
    expect(page.locator(".banner").first).to_contain_text("La central no está en marcha")
    page.goto(f"{shown.url}/buscar?q=c1")
    expect(page.locator("main")).to_contain_text("c1")
    expect(page.locator("main")).to_contain_text("No se pudo buscar en todo")
    shot(page, "away")
    page.goto(shown.url)
    shown.gateway.start()
    expect(page.locator("#needs")).to_contain_text("Todo en orden", timeout=15_000)
    expect(page.locator("#away")).not_to_contain_text("La central")


def wait_in_eight_tabs(shown: Panel, browser: Signed) -> None:
    """HTTP/1.1 has six connections for a browser: a stream a tab would hang the seventh."""
    first = browser.sign_in()
    tabs = [first] + [first.context.new_page() for _number in range(7)]
    for tab in tabs[1:]:
        tab.goto(shown.url)
        expect(tab.locator("h1")).to_have_text("Inicio")
    shown.gateway.campaign(900, "c8", text="Hola")
    for tab in tabs:
        expect(tab.locator("#going")).to_contain_text("c8")


@pytest.mark.parametrize("story", [browse, run_a_job, stand_without_the_daemon], ids=lambda one: one.__name__)
def test_the_frame(fresh: tuple[Panel, Signed], story: Callable[[Panel, Signed], None]) -> None:
    story(*fresh)


@pytest.mark.parametrize(
    "story", [be_a_telephone, remember, fail_in_words, wait_in_eight_tabs], ids=lambda one: one.__name__
)
def test_the_frame_beside_others(shared: tuple[Panel, Signed], story: Callable[[Panel, Signed], None]) -> None:
    shown, browser = shared
    story(shown, browser)
    for context in browser.contexts:
        context.close()
    assert not browser.faults

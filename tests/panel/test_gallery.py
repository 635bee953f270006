"""Every component as a browser shows it: axe finds nothing, nothing scrolls sideways, keys do what they say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from gatewayd.web.panel.assets import panel_assets
from gatewayd.web.security import HEADERS
from tests.panel.gallery import gallery
from tests.rig.axe import Axe
from tests.rig.panel import chromium

WIDE, PHONE = (1280, 900), (390, 844)
LOOKS = [(WIDE, "light", "es"), (WIDE, "dark", "en"), (PHONE, "light", "en"), (PHONE, "dark", "es")]
"""Each value beside each other value once."""
SHOTS = os.environ.get("SHOTS")
"""A folder in which pictures are kept for a person to look at."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = chromium(playwright)
        yield launched
        launched.close()


def opened(browser: Browser, size: tuple[int, int], language: str = "es", side: bool = False, **options: Any) -> Page:
    """Opens the gallery under the policy of every page."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Policy" in message.text else None)

    def serve(route: Route) -> None:
        path = urlsplit(route.request.url).path
        found = panel_assets().find(path)
        if found is not None:
            body, headers = found.answer("")
            route.fulfill(body=body, headers={**HEADERS, **headers})
        elif path == "/gallery":
            route.fulfill(body=gallery(language, side=side), headers={**HEADERS, "content-type": "text/html"})
        else:
            route.fulfill(status=404, body="")

    page.route("**/*", serve)
    page.goto("http://localhost/gallery")
    page.wait_for_function("document.readyState === 'complete'")
    assert faults == []
    return page


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS, ids=str)
@pytest.mark.parametrize("side", [False, True], ids=["alone", "beside"])
def test_axe_finds_nothing(browser: Browser, size: tuple[int, int], scheme: Any, language: str, side: bool) -> None:
    page = opened(browser, size, language, side, color_scheme=scheme)
    found = Axe().run(page)
    if SHOTS:
        name = f"gallery-{language}-{scheme}-{size[0]}{'-side' if side else ''}.png"
        page.screenshot(path=str(Path(SHOTS) / name), full_page=True)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0], "it scrolls sideways"
    page.context.close()


def test_a_table_is_walked_by_keys(browser: Browser) -> None:
    page = opened(browser, WIDE)
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "m1"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == "m0"
    page.keyboard.press("x")
    assert page.locator("#m0 input").is_checked()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("jk")
    assert page.input_value("input[data-slash]") == "jk"
    page.context.close()


def test_a_choice_says_how_many_it_is(browser: Browser) -> None:
    page = opened(browser, WIDE)
    bar = page.locator("[data-chosen]")
    assert bar.is_hidden()
    page.locator("#m2 input").check()
    assert bar.locator(".said").text_content() == "1 elegida"
    page.locator("[data-all]").check()
    assert bar.locator(".said").text_content() == "14 elegidas"
    bar.get_by_text("Elegir las 1.523").click()
    assert bar.locator(".said").text_content() == "Las 1.523 elegidas"
    assert bar.locator('input[name="all"]').count() == 1
    page.locator("#m2 input").uncheck()
    assert bar.locator(".said").text_content() == "13 elegidas"
    assert bar.locator('input[name="all"]').count() == 0
    bar.get_by_text("Quitar").click()
    assert bar.is_hidden()
    page.context.close()


def test_menus_and_dialogs_close_by_escape(browser: Browser) -> None:
    page = opened(browser, WIDE)
    menu = page.locator(".top details.menu").last
    menu.locator("summary").press("Enter")
    assert menu.get_attribute("open") is not None
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    page.get_by_role("button", name="Eliminar").click()
    dialog = page.locator("dialog")
    assert dialog.is_visible()
    remove = dialog.locator('button[type="submit"]')
    assert remove.is_disabled()
    dialog.get_by_label("Escriba claro-2").fill("claro-2")
    assert remove.is_enabled()
    page.keyboard.press("Escape")
    assert dialog.is_hidden()
    page.context.close()


def test_everything_is_there_without_script(browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.set_content(gallery("es"))
    assert plain.get_by_role("link", name="Más antiguas").count() == 1
    assert plain.get_by_role("button", name="Guardar").count() == 1
    context.close()

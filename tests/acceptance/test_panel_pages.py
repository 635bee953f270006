"""Every page that stands in the navigation, in both languages, light and dark, wide and on a telephone: axe finds
nothing, nothing scrolls sideways, and no address is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from gatewayd.web.panel.pages import PAGES
from tests.rig.panel import Panel, Signed, panel

SHOTS = os.environ.get("SHOTS")
PATHS = sorted({one.path for one in PAGES if one.method == "GET" and one.place is not None})
LOOKS: list[dict[str, Any]] = [
    {"locale": "es-AR", "color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    {"locale": "en-US", "color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    {"locale": "en-US", "color_scheme": "light", "viewport": {"width": 390, "height": 844}},
    {"locale": "es-AR", "color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("pages"), modems=3) as opened:
        opened.gateway.campaign(40, text="Hola, su factura vence el 10/12")
        opened.gateway.wait_job("c1")
        opened.user("Bartolomé-González-de-la-Vega", "supervisor")
        yield opened


def look(page: Page, shown: Panel, path: str, width: int) -> list[str]:
    """Returns what is wrong with a page."""
    answer = page.goto(f"{shown.url}{path}")
    if answer is None or answer.status != 200:
        return [f"{path}: {None if answer is None else answer.status}"]
    faults = []
    found = Axe().run(page)
    if found.violations_count:
        faults.append(f"{path}: {found.generate_report()}")
    if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
        faults.append(f"{path}: {wide} px wide")
    if page.locator("main h1").count() != 1:
        faults.append(f"{path}: {page.locator('main h1').count()} first headings")
    return faults


@pytest.mark.parametrize(
    "options", LOOKS, ids=lambda one: f"{one['locale']}-{one['color_scheme']}-{one['viewport']['width']}"
)
def test_every_page_can_be_used(shown: Panel, options: dict[str, Any]) -> None:
    with shown.browser() as browser:
        _tour(shown, browser, options)


def _tour(shown: Panel, browser: Signed, options: dict[str, Any]) -> None:
    page = browser.sign_in(**options)
    width = options["viewport"]["width"]
    faults: list[str] = []
    for path in PATHS:
        faults += look(page, shown, path, width)
        if SHOTS:
            name = f"page{path.replace('/', '-')}-{width}-{options['color_scheme']}.png"
            page.screenshot(path=str(Path(SHOTS) / name), full_page=True)
    assert not faults, "\n".join(faults)

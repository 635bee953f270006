"""Every page that stands in the navigation, in both languages, light and dark, wide and on a telephone: axe finds
nothing, nothing scrolls sideways, and no address is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page

from gatewayd.web.panel.pages import PAGES
from tests.rig.axe import Axe
from tests.rig.panel import Panel, Signed, panel

SHOTS = os.environ.get("SHOTS")
PATHS = sorted({one.path for one in PAGES if one.method == "GET" and one.place is not None})
LOOKS: dict[str, list[tuple[Literal["light", "dark"], int]]] = {
    "es-AR": [("light", 1280), ("dark", 390)],
    "en-US": [("dark", 1280), ("light", 390)],
}
"""By language: light and dark, wide and on a telephone."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("pages"), modems=3) as opened:
        opened.gateway.campaign(40, text="Hola, su factura vence el 10/12")
        opened.gateway.wait_job("c1")
        opened.user("Bartolomé-González-de-la-Vega", "supervisor")
        yield opened


def look(page: Page, path: str, width: int) -> list[str]:
    """Returns what is wrong with the page that is shown."""
    faults = []
    found = Axe().run(page)
    if found.violations_count:
        faults.append(f"{path}: {found.generate_report()}")
    if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
        faults.append(f"{path}: {wide} px wide")
    if page.locator("main h1").count() != 1:
        faults.append(f"{path}: {page.locator('main h1').count()} first headings")
    return faults


@pytest.mark.parametrize("locale", LOOKS)
def test_every_page_can_be_used(shown: Panel, locale: str) -> None:
    """Each page wide in one language and on a telephone in the other, light and dark in turn."""
    with shown.browser() as browser:
        _tour(shown, browser, locale, whole=False)


@pytest.mark.fault
@pytest.mark.parametrize("locale", LOOKS)
def test_every_page_can_be_used_in_every_way(shown: Panel, locale: str) -> None:
    with shown.browser() as browser:
        _tour(shown, browser, locale, whole=True)


def _tour(shown: Panel, browser: Signed, locale: str, *, whole: bool) -> None:
    page = browser.sign_in(locale=locale)
    faults: list[str] = []
    turn = list(LOOKS).index(locale)
    for number, path in enumerate(PATHS):
        answer = page.goto(f"{shown.url}{path}")
        if answer is None or answer.status != 200:
            faults.append(f"{path}: {None if answer is None else answer.status}")
            continue
        for scheme, width in LOOKS[locale] if whole else [LOOKS[locale][(number + turn) % 2]]:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            faults += look(page, path, width)
            if SHOTS:
                name = f"page{path.replace('/', '-')}-{width}-{scheme}.png"
                page.screenshot(path=str(Path(SHOTS) / name), full_page=True)
    assert not faults, "\n".join(faults)

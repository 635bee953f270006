"""Pages on paper: no navigation, nothing to press, rows that stay rows and whole, a head that says whose and when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page

from tests.panel.test_log import SHOTS
from tests.rig import campaigns as rig
from tests.rig.panel import Panel, Signed, panel

A4: Final = {"width": 688, "height": 1000}
"""What is left of a sheet between its margins, in px of 96 to the inch."""
LONG: Final = "Bartolomé González de la Vega y Fernández Iturralde, del almacén de ramos generales " * 2
PRESSED: Final = "main :is(button, input, select, textarea, .btn, .tabs, .pager), .nav, .top, .bottom"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("print"), modems=1) as running:
        gateway = running.gateway
        gateway.call("account.set", account="norte", company="Norte Wifi")
        people: list[dict[str, Any]] = [
            {
                "external_id": f"C-{number:03}",
                "name": LONG if not number else f"Cliente {number}",
                "contacts": [{"channel": "phone", "address": f"+54911500{number:05}"}],
                "tags": [LONG[:60], "fibra"],
            }
            for number in range(70)
        ]
        gateway.call("customer.put_many", account="norte", customers=people)
        rig.allow(gateway)
        said = {"channel": "sms", "content": {"text": "Hola"}, "audience": {"customers": ["C-000", "C-001"]}}
        campaign = gateway.call("campaign.save", account="norte", title="Corte del jueves", document=said)["campaign"]
        rig.launch(gateway, campaign)
        rig.wait(gateway, campaign, lambda found: found["state"] == "finished")
        invoice = {"customer": "C-001", "number": "F-1", "due": "2026-10-01", "total": "1500.50", "currency": "ARS"}
        gateway.call("invoice.put", account="norte", external_id="F-1", invoice=invoice)
        yield running


@pytest.fixture(scope="module")
def browser(shown: Panel) -> Iterator[Signed]:
    with shown.browser() as signed:
        yield signed


def on_paper(page: Page, name: str) -> int:
    """Judges a page as it is printed; returns how many sheets it takes."""
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4["width"], "height": A4["height"]})
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"print-{name}.png"), full_page=True)
    left = page.locator(PRESSED).locator("visible=true")
    assert left.count() == 0, left.first.evaluate("one => one.outerHTML")
    assert "Norte Wifi" in page.locator(".letterhead").locator("visible=true").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= A4["width"]
    cells = "[...document.querySelectorAll('td')].filter(one => one.checkVisibility())"
    assert (
        page.evaluate(f"{cells}.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)") == []
    )
    for style, value in (("display", "table-row"), ("breakInside", "avoid")):
        assert set(
            page.evaluate(
                f"[...document.querySelectorAll('.table tbody tr')].map(one => getComputedStyle(one).{style})"
            )
        ) <= {value}
    heads = "[...document.querySelectorAll('.table thead')].map(one => getComputedStyle(one).display)"
    assert set(page.evaluate(heads)) <= {"table-header-group"}
    return len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(prefer_css_page_size=True)))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_people_print(browser: Signed, shown: Panel, scheme: Any) -> None:
    page = browser.sign_in(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    campaign = shown.gateway.call("campaign.list", account="norte")["items"][0]["campaign"]
    for name, path, words in (
        ("campaign", f"/campanas/c/{campaign}", ("Corte del jueves", "entregada")),
        ("customers", "/clientes", ("Cliente 49", "del almacén")),
        ("customer", "/clientes/C-000", ("+5491150000000", "fibra")),
        ("account", "/clientes/acciones/visita?id=C-001", ("1.500,50", "Resultado de la visita")),
        ("calls", "/cobranza/novedades/lista", ()),
        ("log", "/interacciones", ("Hola",)),
    ):
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(shown.url + path)
        sheets = on_paper(page, f"{name}-{scheme}")
        printed = page.locator("main").inner_text()
        for each in words:
            assert each in printed, (name, each)
        assert 1 <= sheets <= 6, (name, sheets)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") in {
            "rgb(255, 255, 255)",
            "rgba(0, 0, 0, 0)",
        }

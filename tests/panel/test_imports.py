"""What is no list of customers is said; two customers are made one, one is erased. A sheet's way in: `test_story`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from gatewayd.values.errors import NotFoundError
from tests.panel.test_log import judge
from tests.rig.panel import Panel, panel


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("imports"), modems=0) as running:
        yield running


def test_what_is_no_list_is_said_before_anything_is_written(shown: Panel, tmp_path: Path) -> None:
    sheet = tmp_path / "notas.csv"
    sheet.write_text("hola\nqué tal\n")
    with shown.browser() as browser:
        page = browser.sign_in()
        page.goto(f"{shown.url}/clientes/importaciones")
        page.set_input_files("input[type=file]", sheet)
        page.get_by_role("button", name="Ver qué dice").click()
        expect(page.locator("main h1")).to_contain_text("notas.csv")
        judge(page, "import-unreadable", 1280)


def test_two_become_one_and_one_is_erased_only_by_its_id(shown: Panel) -> None:
    for number in ("A-1", "A-2"):
        contacts = [{"channel": "phone", "address": f"+54911500000{number[-1]}1"}]
        shown.gateway.call(
            "customer.put", account="norte", external_id=number, customer={"name": number, "contacts": contacts}
        )
    with shown.browser() as browser:
        page = browser.sign_in()
        page.goto(f"{shown.url}/clientes/acciones/unir?id=A-1&other=A-2")
        judge(page, "customer-merge", 1280)
        page.get_by_role("button", name="Unir los dos").click()
        expect(page.locator("h1")).to_contain_text("A-1")
        assert shown.gateway.call("customer.show", account="norte", external_id="A-2")["external_id"] == "A-1"
        page.goto(f"{shown.url}/clientes/acciones/olvidar?id=A-1")
        judge(page, "customer-forget", 1280)
        page.fill("input[name=sure]", "A-2")
        page.get_by_role("button", name="Borrar").click()
        expect(page.locator(".faults")).to_be_visible()
        page.fill("input[name=sure]", "A-1")
        page.get_by_role("button", name="Borrar").click()
        page.wait_for_url("**/clientes")
        with pytest.raises(NotFoundError):
            shown.gateway.call("customer.show", account="norte", external_id="A-1")

"""The whole way of a campaign by the keyboard alone: list, template, review, password, launch, its live page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.rig import campaigns as rig
from tests.rig.panel import Panel, panel

WHERE = """() => { const e = document.activeElement, s = getComputedStyle(e), f = e.matches(':focus-visible');
  const r = e.getBoundingClientRect(), l = e.labels && e.labels[0];
  const name = e.getAttribute('aria-label') || (l ? l.innerText : '') || e.innerText || e.value || '';
  return {tag: e.tagName, name: name.trim(), id: e.id, field: e.name || '', type: e.type || '', value: e.value || '',
    visible: f, seen: r.width > 0 && r.height > 0,
    drawn: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none',
    top: r.top, left: r.left, inside: r.bottom > 0 && r.top < innerHeight } }"""
"""What has the focus, and whether a person sees that it has."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("keyboard")) as opened:
        gateway = opened.gateway
        rig.allow(gateway)
        for number in range(2):
            points = [{"channel": "phone", "address": f"115000000{number}"}]
            customer = {"name": f"Ana {number}", "contacts": points}
            gateway.call("customer.put", account="norte", external_id=f"C-{number}", customer=customer)
        yield opened


class Keys:
    """Tab, Enter, Space and arrows; nothing is clicked, and no address is typed."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def here(self) -> dict[str, object]:
        found: dict[str, object] = self.page.evaluate(WHERE)
        return found

    def to(self, name: str = "", *, field: str = "", most: int = 90) -> None:
        """Goes on with Tab until what is called so has the focus; whatever has it on the way shows that."""
        passed = []
        for _step in range(most):
            self.page.keyboard.press("Tab")
            at = self.here()
            if at["tag"] == "BODY":
                continue
            passed.append(f"{at['tag']} {at['field'] or at['name']}")
            assert at["visible"], at
            assert at["drawn"], f"the focus is not seen: {at}"
            assert at["inside"] or not at["seen"], f"the focus is out of sight: {at}"
            if (field and at["field"] == field) or (name and str(at["name"]).startswith(name)):
                return
        raise AssertionError(f"Tab never comes to {name or field}: {passed}")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def enter(self) -> None:
        """Presses Enter, and waits for the page that it leads to."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)

    def choose(self, value: str) -> None:
        """Chooses an option of the list that has the focus by its arrows."""
        for _step in range(20):
            if self.here()["value"] == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no option {value}")


def test_a_campaign_from_list_to_live_page_by_the_keyboard_alone(shown: Panel) -> None:
    with shown.browser() as browser:
        page = browser.sign_in(locale="es-AR", viewport={"width": 1280, "height": 900})
        page.goto(f"{shown.url}/")
        keys = Keys(page)
        # a template
        keys.to("Campañas")
        keys.enter()
        page.wait_for_url("**/campanas")
        keys.to("Plantillas")
        keys.enter()
        page.wait_for_url("**/plantillas")
        keys.to("Nueva plantilla")
        keys.enter()
        page.wait_for_url("**/nueva*")
        keys.to("SMS: vacía")
        keys.enter()
        page.wait_for_url("**canal=sms*")
        keys.to(field="nombre")
        keys.write("Aviso")
        keys.to(field="text")
        keys.write("Hola %nombre%, su cuota vence")
        keys.to("Guardar")
        keys.enter()
        page.wait_for_url("**nombre=Aviso*")
        # a list
        keys.to("Listas")
        keys.enter()
        page.wait_for_url("**/listas*")
        keys.to("Nueva lista")
        keys.enter()
        keys.to(field="title")
        keys.write("Todos")
        keys.to(field="kind")
        keys.press("ArrowDown")
        keys.to("Crear la lista")
        keys.enter()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Todos")
        # the campaign
        keys.to("En curso")
        keys.enter()
        page.wait_for_url("**/campanas")
        keys.to("Nueva campaña")
        keys.enter()
        page.wait_for_url("**/campanas/nueva")
        keys.to(field="title")
        keys.write("Agosto")
        keys.to(field="audience")
        keys.choose("list")
        keys.to(field="list")
        keys.choose("Todos")
        keys.to("Siguiente")
        keys.enter()
        page.wait_for_url("**/que")
        keys.to(field="template-0")
        keys.choose("Aviso")
        keys.to("Siguiente")
        keys.enter()
        page.wait_for_url("**/cuando")
        keys.to("Siguiente")
        keys.enter()
        page.wait_for_url("**/revisar")
        expect(page.locator("#seen")).to_contain_text("2 personas")
        keys.to(field="password")
        keys.write(rig.PASSWORD)
        keys.to("Enviar a 2 personas")
        keys.enter()
        expect(page.locator("main")).to_contain_text("Está en camino")
        number = int(page.url.rstrip("/").rpartition("/")[2])
        rig.wait(shown.gateway, number, lambda found: found["state"] == "finished")
        expect(page.locator("main")).to_contain_text("terminada", ignore_case=True)

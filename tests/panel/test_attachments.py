"""Files of mails in a browser: attached to a template and to a campaign, shown in its review."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.rig.axe import Axe
from tests.rig.panel import Panel, panel

PDF = b"%PDF-1.4\n" + b"condiciones " * 4_000
MAIL: FilePayload = {"name": "condiciones.pdf", "mimeType": "application/pdf", "buffer": PDF}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("attachments")) as opened:
        for number in range(2):
            customer = {"name": f"Ana {number}", "contacts": [{"channel": "email", "address": f"a{number}@b.example"}]}
            opened.gateway.call("customer.put", account="norte", external_id=f"C-{number}", customer=customer)
        yield opened


def look(page: Page) -> None:
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()


def test_a_file_is_attached_to_a_template_and_taken_off(shown: Panel) -> None:
    with shown.browser() as browser:
        page = browser.sign_in(viewport={"width": 1280, "height": 900})
        page.goto(f"{shown.url}/campanas/plantillas/nueva?canal=email")
        page.fill("#f-nombre", "Condiciones")
        page.fill("#f-subject", "Condiciones de %nombre%")
        page.fill("#f-text", "Hola %nombre%")
        page.set_input_files("#f-adjuntos", [MAIL])
        page.click("button.primary")
        expect(page.get_by_role("list", name="Adjunto en cada correo")).to_contain_text("condiciones.pdf")
        page.fill("#f-text", "Hola %nombre%, adjuntamos las condiciones")
        page.click("button.primary")
        expect(page.get_by_role("list", name="Adjunto en cada correo")).to_contain_text("48 kB")
        page.set_input_files(
            "#f-adjuntos", [FilePayload(name="condiciones.pdf.exe", mimeType="application/pdf", buffer=PDF)]
        )
        page.click("button.primary")
        expect(page.locator("#e-adjuntos")).to_contain_text("su nombre no termina")
        page.goto(f"{shown.url}/campanas/plantillas/editar?canal=email&nombre=Condiciones")
        page.locator("details.more-fields > summary").first.click()
        page.fill("#f-attachments", "")
        page.click("button.primary")
        expect(page.get_by_role("status").first).to_contain_text("versión 3")
        expect(page.get_by_role("list", name="Adjunto en cada correo")).to_have_count(0)
        look(page)


def test_a_campaign_brings_a_file_and_its_review_shows_it(shown: Panel) -> None:
    gateway = shown.gateway
    said = {"channel": "email", "audience": {"filter": {}}}
    number = gateway.call("campaign.save", account="norte", title="Agosto", document=said)["campaign"]
    with shown.browser() as browser:
        page = browser.sign_in(locale="es-AR", viewport={"width": 1280, "height": 900})
        page.goto(f"{shown.url}/campanas/c/{number}/que")
        page.fill("#f-subject-0", "Tarifas")
        page.fill("#f-text-0", "Hola %nombre%")
        page.set_input_files("#f-attach-0", [MAIL])
        page.click("button.primary")
        page.wait_for_url("**/cuando")
        page.goto(f"{shown.url}/campanas/c/{number}/que")
        expect(page.get_by_role("checkbox", name="condiciones.pdf")).to_be_checked()
        page.click("button.primary")
        page.wait_for_url("**/cuando")
        page.goto(f"{shown.url}/campanas/c/{number}/revisar")
        expect(page.locator("#seen")).to_contain_text("Adjunto en cada correo")
        expect(page.locator("#seen")).to_contain_text("condiciones.pdf 48 kB")
        expect(page.locator("#seen")).to_contain_text("Asunto: Tarifas")
        look(page)
        page.goto(f"{shown.url}/campanas/c/{number}/que")
        page.get_by_role("checkbox", name="condiciones.pdf").uncheck()
        page.click("button.primary")
        page.wait_for_url("**/cuando")
        assert gateway.sql("SELECT count(*) FROM file_use WHERE kind = 'campaign'") == [(0,)]

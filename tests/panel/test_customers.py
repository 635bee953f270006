"""Customers as a person works with them: found, marked, edited, noted about, carried out; axe finds nothing."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.panel.test_log import judge
from tests.rig import campaigns as rig
from tests.rig.panel import Panel, Signed, panel

LOOKS = [((1280, 900), "light", "es"), ((390, 844), "dark", "en")]
PEOPLE = 120


def people() -> list[dict[str, Any]]:
    """Returns customers, each with a number; the first with everything there is to know."""
    found: list[dict[str, Any]] = [
        {
            "external_id": f"C-{number:04}",
            "name": f"Cliente {number:04}",
            "contacts": [{"channel": "phone", "address": f"+54911500{number:05}"}],
            "portfolio_type": "castigada" if number % 3 else "vigente",
        }
        for number in range(1, PEOPLE)
    ]
    found.append(
        {
            "external_id": "A/7 ñ",
            "name": "Bartolomé González de la Vega y Fernández Iturralde",
            "document_type": "DNI",
            "document_number": "30.123.456",
            "portfolio_type": "vigente",
            "portfolio_name": "Morosos tempranos",
            "tags": ["vip", "fibra"],
            "zone": "America/Argentina/Cordoba",
            "columns": {"Domicilio": "Av. Colón 1234", "Plan": "300 megas"},
            "contacts": [
                {
                    "channel": "phone",
                    "address": "+5491150090001",
                    "state": "confirmed",
                    "consent": {"collections": True},
                },
                {"channel": "phone", "address": "+5491150090002", "state": "wrong_person"},
                {"channel": "email", "address": "bartolome@example.com"},
            ],
            "debt": {"balance": "15230.50", "currency": "ARS", "due": "2026-11-10", "number": "F-0001-7"},
        }
    )
    return found


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("customers"), modems=0) as running:
        running.gateway.call("customer.put_many", account="norte", customers=people())
        running.gateway.call(
            "interaction.note", account="norte", customer="A/7 ñ", channel="call", text="Prometió pagar el viernes"
        )
        yield running


@pytest.fixture(scope="module")
def browser(shown: Panel) -> Iterator[Signed]:
    with shown.browser() as signed:
        yield signed


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS, ids=str)
def test_axe_finds_nothing(browser: Signed, shown: Panel, size: tuple[int, int], scheme: Any, language: str) -> None:
    locale = {"es": "es-AR", "en": "en-US"}[language]
    context = browser.context(locale=locale, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page = browser.sign_in(context=context)
    for name, path in {
        "customers": "/clientes",
        "customers-filtered": "/clientes?portfolio_type=castigada&owing=0&sort=-name",
        "customers-none": "/clientes?q=zzzz",
        "customer": "/clientes/ficha?id=A/7+ñ",
        "customer-edit": "/clientes/acciones/editar?id=A/7+ñ",
        "customer-new": "/clientes/nuevo",
    }.items():
        answer = page.goto(f"{shown.url}{path}")
        assert answer is not None
        assert answer.status == 200, path
        judge(page, f"{name}-{size[0]}-{scheme}-{language}", size[0])


def test_those_chosen_over_all_pages_are_marked_and_carried_out(browser: Signed, shown: Panel) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}/clientes?portfolio_type=castigada")
    page.check("#customers [data-all]")
    page.locator("[data-every-button]").click()
    page.get_by_role("button", name="Etiquetas y asignación").click()
    page.fill("input[name=add_tags]", "noviembre, llamar")
    page.get_by_role("button", name="Cambiar").click()
    expect(page.locator(".notice").first).to_contain_text("80 clientes")
    found = shown.gateway.call("customer.count", account="norte", filter={"tags": ["noviembre", "llamar"]})
    assert found["count"] == 80
    page.goto(f"{shown.url}/clientes?tag=noviembre&sort=-name")
    page.check("#customers tbody tr:first-child input")
    with page.expect_download() as download:
        page.get_by_role("button", name="Exportar").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.reader(text.splitlines(), delimiter=";"))
    assert len(rows) == 2
    assert rows[1][0] == "C-0119"
    assert "5491150000119" in rows[1]


def test_a_card_is_edited_and_what_another_has_changed_is_not_written_over(browser: Signed, shown: Panel) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}/clientes?q=30123456")
    page.locator("#customers tbody a").first.click()
    expect(page.locator("h1")).to_contain_text("Bartolomé")
    expect(page.locator("main")).to_contain_text("Prometió pagar el viernes")
    expect(page.locator("main")).to_contain_text("15.230,50")
    page.get_by_text("Anotar algo").click()
    page.fill("textarea[name=text]", "Visitado, no estaba")
    page.select_option("select[name=channel]", "visit")
    page.select_option("select[name=reached]", "0")
    page.get_by_role("button", name="Anotar").click()
    expect(page.locator("#customer-said")).to_contain_text("Visitado, no estaba")
    page.get_by_role("link", name="Editar").click()
    page.fill("input[name=tags]", "vip")
    page.check("input[name=no_claim]")
    page.fill("input[name=no_claim_reason]", "Convenio firmado")
    shown.gateway.call("customer.put", account="norte", external_id="A/7 ñ", customer={"language": "es"})
    page.get_by_role("button", name="Guardar").click()
    expect(page.locator(".faults")).to_be_visible()
    page.goto(f"{shown.url}/clientes/acciones/editar?id=A/7+ñ")
    page.check("input[name=no_claim]")
    page.fill("input[name=no_claim_reason]", "Convenio firmado")
    page.fill("input[name=address-3]", "nadie@")
    page.select_option("select[name=channel-3]", "email")
    page.get_by_role("button", name="Guardar").click()
    expect(page.locator(".faults")).to_be_visible()
    page.fill("input[name=address-3]", "")
    page.get_by_role("button", name="Guardar").click()
    expect(page.locator(".notice").nth(1)).to_contain_text("Convenio firmado")
    kept = shown.gateway.call("customer.show", account="norte", external_id="A/7 ñ")
    assert [one["address"] for one in kept["contacts"]][:2] == ["+5491150090001", "+5491150090002"]
    assert kept["contacts"][0]["consent"] == {"collections": True}
    assert kept["debt"]["balance"] == "15230.50"
    assert kept["columns"]["Plan"] == "300 megas"


def test_one_who_is_chosen_is_written_to(browser: Signed, shown: Panel) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}/clientes/C-0007")
    page.get_by_role("button", name="Comunicaciones").click()
    judge(page, "customers-send", 1280)
    page.get_by_role("button", name="Enviar a Cliente 0007").click()
    expect(page.locator(".faults")).to_contain_text("plantilla")


def test_who_is_chosen_is_told_what_a_template_says(browser: Signed, shown: Panel) -> None:
    gateway = shown.gateway
    for name in ("Aviso de corte", "De antes"):
        gateway.call("template.save", account="norte", template=name, channel="sms", content={"text": "Hola %nombre%"})
    gateway.call("template.archive", account="norte", template="De antes", channel="sms")
    page = browser.sign_in()
    page.goto(f"{shown.url}/clientes/C-0008")
    page.get_by_role("button", name="Comunicaciones").click()
    offered = page.locator("select[name=template] option").all_inner_texts()
    assert "Aviso de corte" in offered
    assert "De antes" not in offered
    page.select_option("select[name=template]", "Aviso de corte")
    judge(page, "customers-send-template", 1280)
    page.get_by_role("button", name="Enviar a Cliente 0008").click()
    expect(page.get_by_role("status").first).to_contain_text("en camino")
    newest = gateway.call("campaign.list", account="norte", limit=1)["items"][0]
    assert (newest["template"], newest["audience"]["customers"]) == ("Aviso de corte", ["C-0008"])
    gateway.call("campaign.cancel", campaign=newest["campaign"])


def test_a_live_list_of_who_was_not_reached_is_made_and_used(browser: Signed, shown: Panel) -> None:
    gateway = shown.gateway
    rig.allow(gateway)
    said = {
        "channel": "sms",
        "content": {"text": "Hola"},
        "audience": {"filter": {"portfolio_type": "vigente"}},
    }
    campaign = gateway.call("campaign.save", account="norte", title="Corte del jueves", document=said)["campaign"]
    rig.launch(gateway, campaign)
    people = rig.wait(gateway, campaign, lambda found: found["messages"] > 0)["messages"]
    gateway.call("blocklist.add", numbers=["+5491150000003"], account="norte")
    page = browser.sign_in()
    page.goto(f"{shown.url}/campanas/c/{campaign}")
    # Slowed down by the keyboard alone; without a line it waits.
    page.get_by_role("button", name="Ritmo y líneas").focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog#wish")).to_be_visible()
    judge(page, "campaign-pace", 1280)
    page.locator("dialog#wish input[name=pace]").focus()
    page.keyboard.type("60")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("60 partes por minuto")
    judge(page, "campaign-running", 1280)
    assert gateway.call("campaign.show", campaign=campaign)["pace"] == 60
    gateway.call("campaign.cancel", campaign=campaign)
    rig.wait(gateway, campaign, lambda found: found["state"] == "cancelled")
    page.goto(f"{shown.url}/campanas/c/{campaign}")
    page.get_by_role("link", name="a quienes no les llegó").click()
    expect(page.locator("main")).to_contain_text(f"campaña {campaign}")
    expect(page.locator("main")).to_contain_text(f"{people} clientes")
    page.goto(f"{shown.url}/campanas/listas/nueva")
    page.fill("input[name=title]", "No les llegó")
    page.check("input[value=customers]")
    page.select_option("select[name=campaign]", str(campaign))
    page.select_option("select[name=outcome]", "not_reached")
    page.fill("input[name=not_contacted_days]", "30")
    judge(page, "lists-new", 1280)
    page.get_by_role("button", name="Crear la lista").click()
    expect(page.locator(".lead")).to_contain_text(f"{people} clientes")
    expect(page.locator("main")).to_contain_text("sin contacto en 30 días")
    judge(page, "list-live", 1280)
    page.get_by_role("link", name="Nueva campaña").click()
    expect(page.locator("main")).to_contain_text("No les llegó")
    page.goto(f"{shown.url}/campanas/listas")
    judge(page, "lists", 1280)
    (made,) = gateway.call("list.list", account="norte")["items"]
    found = gateway.call("list.show", list=made["list"])
    assert found["source"]["filter"] == {"campaign": campaign, "outcome": "not_reached", "not_contacted_days": 30}


def test_days_without_contact_are_a_filter_with_words_for_what_is_none(browser: Signed, shown: Panel) -> None:
    gateway = shown.gateway
    page = browser.sign_in()
    page.goto(f"{shown.url}/clientes?not_contacted_days=1&q=Bartolom%C3%A9")
    expect(page.locator("main")).to_contain_text("sin contacto hoy")
    expect(page.locator("main")).not_to_contain_text("Fernández Iturralde")  # it was telephoned, as somebody noted
    gateway.call("customer.put", account="norte", external_id="Q-1", customer={"name": "Quirino Quieto"})
    page.goto(f"{shown.url}/clientes?not_contacted_days=1&q=Quirino")
    expect(page.locator("main")).to_contain_text("Quirino Quieto")
    for wrong, said in (
        ("0", "no es un valor"),
        ("99", "99"),
        ("9999", "no es un valor"),
        ("x%3Cb%3E", "no es un valor"),
    ):
        page.goto(f"{shown.url}/clientes?not_contacted_days={wrong}")
        expect(page.locator("main")).to_contain_text(said)
    page.goto(f"{shown.url}/clientes?not_contacted_days=500")
    expect(page.locator("[role=alert]")).to_contain_text("los mensajes se guardan 400 días")

"""Templates in a browser: written with their cost in view, made plain, tried out; nothing in them ever runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.rig.axe import Axe
from tests.rig.panel import Panel, panel

HERE = "/campanas/plantillas"
DEAR = (
    "Estimada %nombre%: su factura de $ %deuda% venció el %vencimiento%. Pague en línea o en nuestra oficina. Gracias"
)
HOSTILE = "<img src=x onerror=alert(1)>{% raw %}\u202eABC=cmd"
LOOKS: list[dict[str, Any]] = [
    {"locale": "es-AR", "color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    {"locale": "en-US", "color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("templates")) as opened:
        gateway = opened.gateway
        gateway.call("account.set", account="norte", company="Norte Wifi")
        for number, name in enumerate(("Ana Paz", HOSTILE)):
            point = {"channel": "phone", "address": f"115000000{number}"}
            mail = {"channel": "email", "address": f"a{number}@b.example"}
            owed = {"balance": "15340.5", "due": "2026-12-05", "currency": "ARS"}
            customer = {"name": name, "contacts": [point, mail], "debt": owed}
            gateway.call("customer.put", account="norte", external_id=f"C-{number}", customer=customer)
        for one in gateway.call("template.defaults", language="es")["items"]:
            gateway.call(
                "template.save", account="norte", **{key: one[key] for key in ("template", "channel", "content")}
            )
        yield opened


def test_what_was_saved_before_is_shown_and_written_on(shown: Panel) -> None:
    with shown.browser() as browser:
        page = browser.sign_in(viewport={"width": 1280, "height": 900})
        page.goto(f"{shown.url}{HERE}/nueva?canal=sms")
        page.fill("#f-nombre", "Factura de <b>hoy</b>")
        page.fill("#f-text", DEAR)
        expect(page.locator("#costo")).to_contain_text("A los 2 clientes: 5 partes, $ 4,25")
        page.click("button.primary")
        page.fill("#f-text", "Hola %nombre%, su saldo es $ %deuda%")
        page.click("button.primary")
        expect(page.get_by_role("status").first).to_contain_text("versión 2")
        page.get_by_role("link", name="Versiones").click()
        expect(page.locator("#v2 ins").first).to_be_visible()
        page.locator("#v1 a").click()
        expect(page.locator("#f-text")).to_have_value(DEAR)


def test_two_people_at_one_template_and_what_cannot_be_meant(shown: Panel) -> None:
    with shown.browser() as browser:
        page = browser.sign_in()
        page.goto(f"{shown.url}{HERE}/editar?canal=sms&nombre=Aviso+de+servicio")
        content = {"text": "Otra cosa", "class": "notice"}
        shown.gateway.call(
            "template.save", account="norte", template="Aviso de servicio", channel="sms", content=content
        )
        page.fill("#f-text", "Y otra")
        page.click("button.primary")
        expect(page.locator(".faults")).to_contain_text("alguien guardó la versión 2")
        expect(page.locator("#f-text")).to_have_value("Y otra")
        page.fill("#f-text", "Hola {{nombre}}")
        page.click("button.primary")
        expect(page.locator("#e-text")).to_contain_text("%nombre%")


def test_a_mail_is_shown_where_nothing_of_it_runs(shown: Panel) -> None:
    with shown.browser() as browser:
        page = browser.sign_in()
        page.goto(f"{shown.url}{HERE}/editar?canal=email&nombre=Correo%3A+factura+emitida")
        page.fill("#f-html", "<h1>Hola %nombre%</h1><script>parent.document.title='ran'</script><img src=/logo/norte>")
        page.get_by_text("otra persona").click()
        page.locator("[formtarget=correo]").click()
        frame = page.frame_locator("iframe[name=correo]")
        expect(frame.locator("h1")).to_contain_text("Hola")
        assert page.title() != "ran"
        # Whatever is written meanwhile it stays, is shown anew when one asks for it, and what was written can be saved.
        page.fill("#f-html", "<h1>Adiós %nombre%</h1>")
        expect(page.locator("#vista")).not_to_contain_text("/logo/norte")
        expect(frame.locator("h1")).to_contain_text("Hola")
        page.locator("[formtarget=correo]").click()
        expect(frame.locator("h1")).to_contain_text("Adiós")
        page.locator("button.primary").click()
        expect(page.locator("main .notice[role=status]").first).to_be_visible()
        answer = page.request.get(f"{shown.url}{HERE}/sonido?de=nada")
        assert answer.status in {404, 422}
        # a frame without scripts and pictures says so: that is what is wanted here
        browser.faults.clear()


def test_a_test_goes_out_as_every_message_does(shown: Panel) -> None:
    with shown.browser() as browser:
        page = browser.sign_in()
        page.goto(f"{shown.url}{HERE}/editar?canal=sms&nombre=Respuesta%3A+saldo")
        page.get_by_text("Enviar una prueba").click()
        page.fill("#f-para", "1150000077")
        page.get_by_role("button", name="Enviar la prueba").click()
        expect(page.get_by_role("status").first).to_contain_text("1150000077")
        jobs = [one["job"] for one in shown.gateway.call("job.list", account="norte")["items"]]
        [name] = [one for one in jobs if one.startswith("prueba-sms-")]
        shown.gateway.wait_job(
            name, lambda summary: summary["counts"]["submitted"] + summary["counts"]["delivered"] == 1
        )
        [message] = shown.gateway.call("job.messages", job=f"norte/{name}")["items"]
        assert shown.gateway.call("message.show", message=message["message"])["text"].startswith(
            "Estimado/a Ana Paz, su"
        )


@pytest.mark.parametrize("options", LOOKS, ids=["es-light-wide", "en-dark-phone"])
def test_axe_finds_nothing(shown: Panel, options: dict[str, Any]) -> None:
    shown.gateway.call(
        "template.save", account="norte", template=HOSTILE, channel="sms", content={"text": "Día %nombre%"}
    )
    paths = [
        *(HERE, f"{HERE}?archivo=1", f"{HERE}/nueva", f"{HERE}/nueva?canal=whatsapp"),
        f"{HERE}/editar?canal=call&nombre=Llamada%3A+recordatorio",
        f"{HERE}/editar?canal=email&nombre=Correo%3A+ticket",
        f"{HERE}/editar?canal=sms&nombre=Factura+vencida",
        f"{HERE}/versiones?canal=sms&nombre=Factura+vencida",
    ]
    with shown.browser() as browser:
        page = browser.sign_in(**options)
        for path in paths:
            look(page, f"{shown.url}{path}", options["viewport"]["width"])


def look(page: Page, address: str, width: int) -> None:
    page.goto(address)
    for one in page.locator("details.more-fields > summary").all():
        one.click()
    found = Axe().run(page)
    assert not found.violations_count, f"{address}: {found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    assert page.locator("main h1").count() == 1


def test_rows_of_a_list_are_gone_through_and_lists_are_asked_for_once(shown: Panel) -> None:
    gateway = shown.gateway
    made = gateway.call("list.create", account="norte", title="Los de ayer", customers=["C-0"])["list"]
    until = time.monotonic() + 20
    while gateway.call("list.show", list=made)["state"] == "loading" and time.monotonic() < until:
        time.sleep(0.05)
    with shown.browser() as browser:
        page = browser.sign_in()
        page.goto(f"{shown.url}{HERE}/nueva?canal=sms")
        with page.expect_response(lambda answer: answer.url.endswith("/vista")) as answered:
            page.select_option("#f-lista", str(made))
        expect(page.locator("#vista")).to_contain_text("Ana Paz")
        assert "Los de ayer" not in answered.value.text()
        page.fill("#f-text", "Hola %nombre%, hasta mañana")
        expect(page.locator("#vista .message")).to_contain_text("Hola Ana Paz, hasta mañana")
        expect(page.locator("#f-lista")).to_have_value(str(made))
        page.fill("#f-cliente", "nadie")
        page.locator("#f-cliente").blur()
        expect(page.locator("#vista")).to_contain_text("nadie")
        # Without a customer the rows of the list are gone through again.
        page.fill("#f-cliente", "")
        page.locator("#f-cliente").blur()
        expect(page.locator("#vista")).not_to_contain_text("nadie")

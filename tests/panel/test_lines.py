"""The pages of lines in a real browser: what was found is added, tested, paused, changed and removed."""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.rig.axe import Axe
from tests.rig.panel import Panel, Signed, panel

WIDE, PHONE = (1280, 900), (390, 844)
LOOKS = [(WIDE, "light", "es"), (PHONE, "dark", "en")]
"""Each value once; the pages of the navigation are looked at in four ways (`test_panel_pages`)."""
SHOTS = os.environ.get("SHOTS")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """A daemon with one line of the file, m0, and a second modem that no line has."""
    folder = tmp_path_factory.mktemp("lines")
    with panel(folder, modems=2) as made:
        gateway = made.gateway
        text = gateway.config.read_text()
        first, second = text.split("[[line]]")[0], text.split("[[line]]")[1]
        ports = re.findall(r'port = "([^"]+)"', text)
        folder_of_ports = str(Path(ports[0]).parent)
        gateway.config.write_text(f'discover = ["{folder_of_ports}/*"]\n{first}[[line]]{second}')
        gateway.hup()
        gateway.wait_overview(lambda now: any(each["state"] == "reloaded" for each in now["events"]))
        yield made


@pytest.fixture(scope="module")
def browser(shown: Panel) -> Iterator[Signed]:
    with shown.browser() as signed:
        yield signed


def look(page: Page, name: str) -> None:
    """Lets axe look at the page, and keeps a picture where a person wants one."""
    page.wait_for_function("document.readyState === 'complete'")
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} scrolls sideways"


def test_a_found_modem_becomes_a_line_by_keyboard_alone(shown: Panel, browser: Signed) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}/lineas")
    page.get_by_role("link", name="Agregar", exact=True).press("Enter")
    offered = page.get_by_role("link", name=re.compile("^Agregar .*"))
    expect(offered).to_have_count(1, timeout=30_000)
    offered.press("Enter")
    expect(page.locator("input[name=port]")).to_have_value(re.compile(".+"))
    name = page.locator("input[name=name]").input_value()
    assert re.fullmatch(r"[a-z0-9]+-\d+", name)
    page.locator("input[name=name]").fill("claro-2")
    page.locator("input[name=name]").press("Enter")
    page.wait_for_url("**/lineas/claro-2")
    expect(page.locator("#line-now .state").first).to_contain_text(re.compile("lista|enviando"), timeout=30_000)
    page.locator("input[name=number]").fill("1155550000")
    page.locator("input[name=number]").press("Enter")
    expect(page.get_by_text("La prueba salió")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Pausar").press("Enter")
    expect(page.locator("#line-now .state").first).to_contain_text("apagada")
    page.get_by_role("button", name="Habilitar").press("Enter")
    page.get_by_role("link", name="Editar").press("Enter")
    page.get_by_text("Más opciones").press("Enter")
    page.get_by_label("Máximo por día").fill("300")
    page.get_by_role("button", name="Guardar").press("Enter")
    expect(page.get_by_text("Cuota del día")).to_be_visible()
    page.get_by_role("link", name="Quitar esta línea").press("Enter")
    page.get_by_label("Escriba claro-2 para seguir").fill("claro-2")
    page.get_by_role("button", name="Quitar claro-2").press("Enter")
    page.wait_for_url("**/lineas")
    assert shown.gateway.call("line.list")["items"][-1]["name"] != "claro-2"
    page.context.close()


def test_a_mail_account_with_all_its_fields_and_its_password_apart(shown: Panel, browser: Signed) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}/lineas/agregar")
    page.get_by_role("link", name="Cuenta de correo").click()
    page.get_by_label("Nombre de la línea").fill("tickets")
    page.get_by_label("Área").select_option("tickets")
    page.get_by_label("Nombre", exact=True).fill("Norte Internet")
    page.get_by_label("Dirección", exact=True).fill("no es una dirección")
    page.get_by_label("Usuario").fill("avisos")
    page.get_by_label("Servidor de correo").fill("mail.norte.example")
    page.get_by_label("Puerto").fill("587")
    page.get_by_label("Cifrado").select_option("tls")
    page.get_by_label("Cantidad de correos").fill("200")
    page.get_by_label("En cuántas horas").fill("2")
    page.get_by_role("button", name="Agregar").click()
    expect(page.locator("#e-from_address")).to_contain_text("no es una dirección de correo")
    expect(page.get_by_label("Cantidad de correos")).to_have_value("200")
    look(page, "line-form-faults")
    page.get_by_label("Dirección", exact=True).fill("avisos@norte.example")
    page.get_by_role("button", name="Agregar").click()
    page.wait_for_url("**/lineas/tickets/clave")
    look(page, "line-secrets")
    page.goto(f"{shown.url}/lineas")
    card = page.locator("#line-tickets")
    expect(card).to_contain_text("falta cargar la contraseña")
    card.get_by_role("link", name="Cargar la contraseña").click()
    page.get_by_label("Contraseña", exact=True).fill("clave-secreta-77")
    page.get_by_role("button", name=re.compile(r"^Guardar\s*: Contraseña$")).click()
    page.wait_for_url("**/lineas/tickets")
    assert "clave-secreta-77" not in page.content()
    page.goto(f"{shown.url}/lineas/tickets/clave")
    assert "clave-secreta-77" not in page.content()
    line = shown.gateway.call("line.show", line="tickets")
    assert (line["keys"]["area"], line["window"], line["secrets"]["password"]) == ("tickets", "200/2h", True)
    shown.gateway.call("line.remove", line="tickets")
    page.context.close()


def test_an_older_tab_overwrites_nothing(shown: Panel, browser: Signed) -> None:
    shown.gateway.call("line.add", line="celular", driver="android", keys={"app": "rest", "url": "192.0.2.9"})
    page = browser.sign_in()
    page.goto(f"{shown.url}/lineas/celular/editar")
    shown.gateway.call("line.set", line="celular", keys={"quota_day": 7})
    page.get_by_label("Código de país").fill("56")
    page.get_by_role("button", name="Guardar").click()
    expect(page.get_by_role("alert")).to_contain_text("otra persona cambió esta línea")
    assert shown.gateway.call("line.show", line="celular")["quota_day"] == 7
    shown.gateway.call("line.remove", line="celular")
    page.context.close()


def test_a_user_sees_lines_and_changes_none(shown: Panel, browser: Signed) -> None:
    shown.user("beto")
    page = browser.sign_in("beto")
    page.goto(f"{shown.url}/lineas")
    expect(page.locator("#line-m0")).to_be_visible()
    assert page.get_by_role("link", name="Agregar", exact=True).count() == 0
    assert page.get_by_role("button", name="Pausar").count() == 0
    for path in ("agregar", "m0/editar", "m0/clave", "m0/quitar"):
        answer = page.goto(f"{shown.url}/lineas/{path}")
        assert answer is not None
        assert answer.status == 403
    page.context.close()


def test_cards_stay_current_without_loading_the_page(shown: Panel, browser: Signed) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}/lineas")
    page.evaluate("window.kept = true")
    shown.gateway.call("line.disable", line="m0")
    expect(page.locator("#line-m0 .state").first).to_contain_text("apagada", timeout=10_000)
    shown.gateway.call("line.enable", line="m0")
    expect(page.locator("#line-m0 .state").first).to_contain_text("lista", timeout=20_000)
    assert page.evaluate("window.kept") is True
    page.context.close()


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS, ids=str)
def test_axe_finds_nothing(shown: Panel, browser: Signed, language: str, scheme: Any, size: tuple[int, int]) -> None:
    gateway = shown.gateway
    gateway.call(
        "line.add", line="celular-del-deposito-norte", driver="android", keys={"app": "rest", "url": "192.0.2.9"}
    )
    gateway.call(
        "line.add", line="correo", driver="smtp", keys={"from_address": "a@b.example", "host": "m.example", "user": "a"}
    )
    gateway.call("line.add", line="lejos", driver="gsm", keys={"port": "/dev/gatewayd-none", "quota_day": 300})
    try:
        locale = {"es": "es-AR", "en": "en-US"}[language]
        viewport = {"width": size[0], "height": size[1]}
        page = browser.sign_in(locale=locale, color_scheme=scheme, viewport=viewport)
        for name, path in {
            "lines": "",
            "line": "/m0",
            "line-faulty": "/correo",
            "line-add": "/agregar?buscar=1",
            "line-form": "/agregar/modem",
            "line-mail": "/agregar/mail",
            "line-edit": "/lejos/editar",
            "line-secrets": "/correo/clave",
            "line-remove": "/lejos/quitar",
        }.items():
            page.goto(f"{shown.url}/lineas{path}")
            look(page, f"{name}-{language}-{scheme}-{size[0]}")
        page.goto(f"{shown.url}/ajustes/empresa")
        look(page, f"company-{language}-{scheme}-{size[0]}")
        page.context.close()
    finally:
        for name in ("celular-del-deposito-norte", "correo", "lejos"):
            gateway.call("line.remove", line=name)


def test_a_company_has_its_name_and_logo_on_every_page(shown: Panel, browser: Signed, tmp_path: Path) -> None:
    picture = tmp_path / "logo.png"
    header = struct.pack(">IIBBBBB", 8, 4, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + b"\x0b\x62\x66" * 8 for _ in range(4)))
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")):
        data += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    picture.write_bytes(data)
    page = browser.sign_in()
    page.goto(f"{shown.url}/ajustes/empresa")
    page.get_by_label("Nombre de la empresa").fill("Norte Internet SRL")
    page.get_by_label("Zona horaria").fill("Luna/Mar")
    page.get_by_role("button", name="Guardar").click()
    expect(page.locator("#e-zone")).to_be_visible()
    expect(page.get_by_label("Nombre de la empresa")).to_have_value("Norte Internet SRL")
    page.get_by_label("Zona horaria").fill("America/Santiago")
    page.get_by_label("Avisar cuando el crédito baja de").fill("250,50")
    page.get_by_label("Logo", exact=True).set_input_files(str(picture))
    page.get_by_role("button", name="Guardar").click()
    expect(page.locator(".nav .brand")).to_contain_text("Norte Internet SRL")
    logo = page.locator(".nav .brand img")
    expect(logo).to_have_count(1)
    expect(logo).to_have_js_property("naturalWidth", 8)
    found = shown.gateway.call("account.settings", account="norte")
    assert (found["zone"], found["low_credit"]) == ("America/Santiago", "250.50")
    (tmp_path / "no.png").write_text("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    page.get_by_label("Otro logo").set_input_files(str(tmp_path / "no.png"))
    page.get_by_role("button", name="Guardar").click()
    expect(page.locator("#e-logo")).to_contain_text("PNG")
    page.get_by_label("Quitar el logo").check()
    page.get_by_role("button", name="Guardar").click()
    expect(page.locator(".nav .brand img")).to_have_count(0)
    page.context.close()

"""People in the panel, as a browser has it: signing in with a second factor, users, one's own account, the trail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.rig.axe import Axe
from tests.rig.gateway import Gateway
from tests.rig.panel import PASSWORD, Panel, Signed, panel
from tests.rig.ports import free_port

WIDE, PHONE = (1280, 900), (390, 844)
SHOTS = os.environ.get("SHOTS")
LIST, ONE, MINE, TRAIL = "/ajustes/usuarios", "/ajustes/usuarios/persona", "/mi-cuenta", "/ajustes/auditoria"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with panel(tmp_path_factory.mktemp("people"), modems=0) as opened:
        opened.user("jefa", "supervisor")
        opened.user("maria.de.los.angeles.fernandez")
        yield opened


@pytest.fixture(scope="module")
def browser(shown: Panel) -> Iterator[Signed]:
    with shown.browser() as opened:
        yield opened


@pytest.mark.parametrize(
    ("locale", "scheme", "sizes"),
    [
        ("es-AR", "light", [WIDE]),
        ("en-US", "dark", [PHONE]),
        pytest.param("es-AR", "dark", [WIDE, PHONE], marks=pytest.mark.fault),
        pytest.param("en-US", "light", [WIDE, PHONE], marks=pytest.mark.fault),
    ],
    ids=["es-light-wide", "en-dark-phone", "es-dark", "en-light"],
)
def test_axe_finds_nothing(
    shown: Panel, browser: Signed, locale: str, scheme: Any, sizes: list[tuple[int, int]]
) -> None:
    page = browser.sign_in(locale=locale, color_scheme=scheme)
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        paths = (
            LIST,
            f"{LIST}/nuevo",
            f"{ONE}/jefa",
            MINE,
            TRAIL,
            f"{TRAIL}?act=user&outcome=refused&since=2026-01-01",
        )
        for path in paths:
            answer = page.goto(shown.url + path)
            assert answer is not None
            assert answer.status == 200, path
            found = Axe().run(page)
            assert found.violations_count == 0, f"{path}: {found.generate_report()}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} scrolls sideways"
            if SHOTS:
                name = f"{path.partition('?')[0].strip('/').replace('/', '-')}-{locale[:2]}-{scheme}-{width}.png"
                page.screenshot(path=str(Path(SHOTS) / name), full_page=True)
    page.context.close()


def _press(page: Page, word: str) -> None:
    """Presses a button by the keyboard alone."""
    button = page.get_by_role("button", name=word)
    button.focus()
    page.keyboard.press("Enter")


def test_a_user_is_made_changed_and_closed_by_the_keyboard(shown: Panel, browser: Signed) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}{LIST}/nuevo")
    page.get_by_label("Nombre").focus()
    for text in ("luz", None, None, "luz@norte.example", "corta", "corta"):
        if text is not None:
            page.keyboard.type(text)
        page.keyboard.press("Tab")
        if text is None:
            continue
    page.get_by_label("Cuenta", exact=True).select_option("norte")
    _press(page, "Crear usuario")
    expect(page.locator(".faults")).to_be_focused()
    assert page.get_by_label("Nombre").input_value() == "luz"
    for label in ("Contraseña", "La contraseña otra vez"):
        page.get_by_label(label, exact=True).fill(PASSWORD)
    page.get_by_label("Cuenta", exact=True).select_option("norte")
    _press(page, "Crear usuario")
    expect(page.get_by_role("status").first).to_contain_text("luz ya puede entrar")
    other = browser.sign_in("luz")
    # Two tabs: the older one is told, and overwrites nothing.
    page.goto(f"{shown.url}{ONE}/luz")
    newer = page.context.new_page()
    newer.goto(f"{shown.url}{ONE}/luz")
    newer.get_by_label("Correo").fill("luz@sur.example")
    _press(newer, "Guardar")
    expect(newer.get_by_role("status").first).to_contain_text("Guardado")
    page.get_by_label("Correo").fill("luz@oeste.example")
    _press(page, "Guardar")
    expect(page.locator(".faults")).to_contain_text("mientras tanto")
    assert shown.gateway.call("user.show", user="luz")["mail"] == "luz@sur.example"
    page.goto(f"{shown.url}{ONE}/luz")
    _press(page, "Cerrar el acceso de luz")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button").last.click()
    expect(page.get_by_role("status").first).to_contain_text("Ya no puede entrar")
    other.goto(f"{shown.url}/")
    assert "/entrar" in other.url
    other.context.close()
    page.context.close()


def test_a_supervisor_sees_its_account_and_no_audit(shown: Panel, browser: Signed) -> None:
    page = browser.sign_in("jefa")
    page.goto(f"{shown.url}{LIST}")
    assert page.locator("tbody tr").count() >= 2
    assert page.get_by_text("ana", exact=True).count() == 0
    answer = page.goto(f"{shown.url}{ONE}/ana")
    assert answer is not None
    assert answer.status == 404
    answer = page.goto(f"{shown.url}{TRAIL}")
    assert answer is not None
    assert answer.status == 403
    page.context.close()


def test_the_second_factor_from_setting_up_to_signing_in(shown: Panel, browser: Signed) -> None:
    shown.user("nora")
    page = browser.sign_in("nora")
    page.goto(f"{shown.url}{MINE}")
    page.locator("#f-now").fill(PASSWORD)
    _press(page, "Configurar")
    picture = page.locator("main img")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 225)
    seed = page.locator("main code").inner_text()
    assert Axe().run(page).violations_count == 0
    page.get_by_label("El código que muestra ahora").fill("000000")
    _press(page, "Poner en vigencia")
    expect(page.locator(".faults")).to_be_visible()
    page.get_by_label("El código que muestra ahora").fill(pyotp.TOTP(seed).now())
    _press(page, "Poner en vigencia")
    codes = page.locator("main pre code").inner_text().split()
    assert len(codes) == 10
    assert Axe().run(page).violations_count == 0
    page.context.close()
    page = browser.context().new_page()
    page.goto(f"{shown.url}/entrar?next=%2Fmi-cuenta")
    page.get_by_label("Nombre").fill("nora")
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Código")).to_be_focused()
    assert Axe().run(page).violations_count == 0
    page.keyboard.type(codes[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/mi-cuenta")
    expect(page.locator("main")).to_contain_text("Quedan 9 códigos")
    page.context.close()


def test_the_trail_is_filtered_and_carried_away(shown: Panel, browser: Signed) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}{TRAIL}?act=user.create&outcome=done")
    assert page.locator("tbody tr").count() >= 3
    with page.expect_download() as download:
        page.get_by_role("link", name="Exportar").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert text.startswith("at,kind,actor")
    assert "user.create" in text
    assert "session.open" not in text
    page.goto(f"{shown.url}{TRAIL}?act=audit")
    expect(page.locator("tbody tr").first).to_contain_text("Auditoría exportada")
    page.context.close()


def test_while_nobody_can_sign_in_the_page_shows_the_way(tmp_path: Path, browser: Signed) -> None:
    port = free_port()
    with Gateway(tmp_path, [], extra=f'[web]\nlisten = "127.0.0.1:{port}"\n') as gateway:
        gateway.start()
        opened = Panel(gateway, None, port)
        opened.wait_web()
        page = browser.context().new_page()
        page.goto(f"{opened.url}/entrar")
        expect(page.locator("main")).to_contain_text("gatewayd user create")
        assert Axe().run(page).violations_count == 0
        opened.user("ana", "administrator", None)
        page.goto(f"{opened.url}/entrar")
        assert page.get_by_text("gatewayd user create").count() == 0
        page.context.close()


def test_the_password_for_sends_to_many_is_set(shown: Panel, browser: Signed) -> None:
    page = browser.sign_in()
    page.goto(f"{shown.url}/ajustes/envios")
    expect(page.locator("main")).to_contain_text("Todavía no hay contraseña")
    assert Axe().run(page).violations_count == 0
    page.get_by_label("Contraseña", exact=True).fill("todos-a-la-vez")
    page.get_by_label("La contraseña otra vez").fill("todos")
    page.get_by_label("Otra persona aprueba").fill("500")
    _press(page, "Guardar")
    expect(page.locator(".faults")).to_be_visible()
    for label in ("Contraseña", "La contraseña otra vez"):
        page.get_by_label(label, exact=True).fill("todos-a-la-vez")
    _press(page, "Guardar")
    expect(page.get_by_role("status").first).to_contain_text("Guardado")
    assert shown.gateway.call("mass.show", account="norte") == {
        "account": "norte",
        "password": True,
        "approve_above": 500,
        "version": 1,
    }
    page.context.close()

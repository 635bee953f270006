"""Takes the pictures of the Spanish manual in a real browser: `make pictures`.

The panel that they show is the demo's company with its past, over simulated modems, while a campaign goes out. It is
no test of the suite; a page that does not come up or breaks the policy ends it with an error.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Final
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Page

from gatewayd.demo import today
from gatewayd.demo.claiming import POLICY
from gatewayd.demo.people import Key, furnish
from tests.rig.gateway import Gateway
from tests.rig.panel import Panel
from tests.rig.ports import free_port
from tests.rig.simulator import Simulator

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs/es/pictures"
WIDE, TALL = 1280, 800
COLOURS: Final = 128
MOST_BYTES: Final = 120_000
LINES: Final = ("claro-1", "claro-2", "personal-1")
GONE: Final = 6
"""So many of the campaign have left when the pictures are taken."""
PATIENCE_S: Final = 90.0

PAGES: Final[Mapping[str, str]] = {
    "inicio": "/",
    "clientes": "/clientes?owing=1",
    "cliente": "/clientes/C-00012",
    "importar": "/clientes/importaciones/2",
    "plantilla": "/campanas/plantillas/editar?canal=sms&nombre=Aviso+de+servicio",
    "lista": "/campanas/listas/1",
    "horarios": "/ajustes/horarios",
    "estadisticas": "/interacciones/estadisticas",
    "creditos": "/ajustes/creditos/norte",
    "lineas": "/lineas",
    "usuarios": "/ajustes/usuarios",
}


@contextmanager
def company(folder: Path) -> Iterator[tuple[Panel, Key]]:
    """The demo's company, whose lines take a message every few seconds; its panel, and how one signs in."""
    port = free_port()
    simulator = Simulator(folder, len(LINES))
    try:
        section = f'[web]\nlisten = "127.0.0.1:{port}"\n[inbox]\ndefault = "norte"\n'
        with Gateway(folder, simulator.ports, extra=section, rate="20/min") as gateway:
            text = gateway.config.read_text().replace('locale = "en"', 'locale = "es"')
            for index, name in enumerate(LINES):
                text = text.replace(f'name = "m{index}"', f'name = "{name}"')
            gateway.config.write_text(text)
            key = furnish(gateway.config, 20_000, lambda _done, _of: None)
            gateway.start()
            today.begin(
                lambda name, given: gateway.call(name, **given), datetime.now().astimezone(), key.mass, LINES[:1]
            )
            shown = Panel(gateway, simulator, port)
            shown.wait_web()
            yield shown, key
    finally:
        simulator.close()


def keep(page: Page, name: str) -> None:
    """Writes what the window shows; AssertionError when it is no picture for a manual."""
    path = FOLDER / f"{name}.png"
    page.evaluate("document.fonts.ready")
    shot = page.screenshot(animations="disabled", caret="hide")
    with Image.open(BytesIO(shot)) as picture:
        # A panel has few colours: a palette halves the file, and nobody sees it.
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size <= MOST_BYTES, f"{path.name} has {path.stat().st_size} bytes"
    print(f"{path.name}  {path.stat().st_size / 1000:.0f} kB", file=sys.stderr)


def wait_gone(gateway: Gateway) -> int:
    """Waits until the campaign that runs is on its way; returns its number."""
    known = gateway.call("campaign.list", account="norte", state=["running"])["items"]
    number = int(next(one["campaign"] for one in known if one["name"] == today.RUNNING))
    until = time.monotonic() + PATIENCE_S
    while int(gateway.call("campaign.show", campaign=number)["counts"].get("delivered", 0)) < GONE:
        assert time.monotonic() < until, "the campaign does not go out"
        time.sleep(0.5)
    return number


def draft(gateway: Gateway) -> int:
    """Saves a campaign that nobody has sent yet; returns its number."""
    document = {
        "ladder": [{"channel": "sms", "template": "Factura disponible"}],
        "audience": {"filter": {"owing": True, "tags": ["zona-sur"]}},
    }
    made = gateway.call("campaign.save", account="norte", title="Facturas de la zona sur", document=document)
    return int(made["campaign"])


def keep_claims(shown: Panel, page: Page) -> None:
    """Takes the pictures of the chapters on claims."""
    promised = shown.gateway.call("decision.list", account="norte", reason="promised", limit=1)["items"]
    assert promised, "nobody has promised anything"
    who = promised[0]["customer"]
    for name, path in (
        ("regla", f"/cobranza/reglas?regla={quote(POLICY)}&cuenta=norte"),
        ("escalera", "/cobranza"),
        ("decisiones", f"/clientes/acciones/reclamos?id={who}"),
        ("novedades", "/cobranza/novedades/lista"),
        ("efectividad", "/cobranza/efectividad"),
        ("tickets", "/cobranza/tickets"),
    ):
        answer = page.goto(shown.url + path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        keep(page, name)


def take() -> None:
    """Takes all pictures anew."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, company(Path(folder)) as (shown, key), shown.browser() as browser:
        context = browser.context(viewport={"width": WIDE, "height": TALL}, color_scheme="light")
        page = context.new_page()
        page.goto(f"{shown.url}/entrar")
        keep(page, "entrar")
        page.close()
        page = browser.sign_in(key.user, key.password, context=context)
        running, new = wait_gone(shown.gateway), draft(shown.gateway)
        page.locator("summary", has_text="Todas las cuentas").click()
        page.get_by_role("button", name="norte", exact=True).click()
        page.wait_for_load_state()
        page.goto(f"{shown.url}/campanas/c/{new}/revisar")
        page.locator("#seen blockquote").first.wait_for()
        keep(page, "revisar")
        for name, path in {**PAGES, "campana": f"/campanas/c/{running}"}.items():
            answer = page.goto(shown.url + path)
            assert answer is not None
            assert answer.status == 200, f"{path}: {answer.status}"
            keep(page, name)
        page.goto(f"{shown.url}/interacciones/bandeja")
        page.locator("#inbox tbody a").first.click()
        page.locator(".bubble").first.wait_for()
        keep(page, "bandeja")
        page.goto(f"{shown.url}/interacciones/dudas")
        page.locator("input[name=id]").first.check()
        keep(page, "dudas")
        page.goto(f"{shown.url}/lineas/agregar")
        page.locator("#found a").first.wait_for()
        keep(page, "agregar")
        row = shown.gateway.call("interaction.list", direction="out", state=["delivered"], limit=1)["items"][0]["id"]
        page.goto(f"{shown.url}/interacciones?row=out-{row}")
        keep(page, "registro")
        keep_claims(shown, page)


if __name__ == "__main__":
    take()

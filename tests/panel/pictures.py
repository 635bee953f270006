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
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Page

from gatewayd.demo import today
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
DEBTORS: Final = (
    ("Ana Pérez", -2),
    ("Bartolomé González", 5),
    ("Carla Ñancucheo", 5),
    ("Darío Ybarra", 1),
    ("Elena Núñez", 12),
    ("Fabián Li", 12),
    ("Gabriela Funes", 25),
)
"""Who owes, and for how many days past the due date."""
STANDING: Final = 3


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


def owe(gateway: Gateway, mass: str) -> str:
    """Writes templates, a rule, and customers who owe; returns the id of one who has promised."""
    today_ = date.today()  # noqa: DTZ011 - days from now, whatever the zone
    for name, text in (
        ("Aviso de vencimiento", "%nombre%: su factura %factura% vence el %vencimiento%. %empresa%"),
        ("Reclamo", "%nombre%: debe $ %deuda% desde el %vencimiento%. %empresa%"),
    ):
        gateway.call("template.save", account="norte", template=name, channel="sms", content={"text": text})
    levels = [
        {"id": "aviso", "name": "Aviso", "days": -3, "templates": {"sms": "Aviso de vencimiento"}},
        {"id": "primero", "name": "Primer reclamo", "days": 3, "templates": {"sms": "Reclamo"}},
        {"id": "segundo", "name": "Segundo reclamo", "days": 10, "templates": {"sms": "Reclamo"}, "approval": True},
        {"id": "visita", "name": "Visita", "days": 20, "action": "visit"},
    ]
    rule = {"levels": [{"channels": ["sms"], **one} for one in levels], "hour": "00:00", "tolerance_days": 2}
    for place, (name, late) in enumerate(DEBTORS):
        who, number = f"D-{place}", f"A-0001-{place + 4711:08d}"
        point = {"channel": "phone", "address": f"+54911234{place:05d}", "state": "confirmed"}
        gateway.call("customer.put", account="norte", external_id=who, customer={"name": name, "contacts": [point]})
        bill = {"customer": who, "number": number, "due": str(today_ - timedelta(days=late)), "balance": "12450"}
        gateway.call("invoice.put", account="norte", external_id=number, invoice=bill)
    gateway.call("pause.add", account="norte", customer="D-4", days=7, note="Se muda; paga al volver")
    gateway.call("policy.save", account="norte", policy="empresa", standard=True, document=rule, password=mass)
    until = time.monotonic() + PATIENCE_S
    while len(gateway.call("collections.show", account="norte")["standing"]) < STANDING:
        assert time.monotonic() < until, "nothing is decided"
        time.sleep(0.5)
    gateway.call("promise.add", account="norte", customer="D-1", day=str(today_ + timedelta(days=3)), amount="12450")
    while gateway.call("decision.list", account="norte", customer="D-1")["items"][0]["reason"] != "promised":
        assert time.monotonic() < until, "the promise is not seen"
        time.sleep(0.5)
    return "D-1"


def keep_claims(shown: Panel, page: Page, mass: str) -> None:
    """Takes the pictures of the chapters on claims."""
    who = owe(shown.gateway, mass)
    for name, path in (
        ("regla", "/cobranza/reglas?regla=empresa&cuenta=norte"),
        ("escalera", "/cobranza"),
        ("decisiones", f"/clientes/acciones/reclamos?id={who}"),
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
        keep_claims(shown, page, key.mass)


if __name__ == "__main__":
    take()

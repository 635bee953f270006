"""What happens at the demo's company today: sheets come in, lists are kept, campaigns run and wait; by operations."""

from __future__ import annotations

import base64
import csv
import io
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from gatewayd.demo.campaign import ACCOUNT
from gatewayd.demo.crowd import people
from gatewayd.demo.office import CUSTOMERS, Perform

PATIENCE_S: Final = 30.0
NEW: Final = 40
"""Customers that today's sheet brings."""
RUNNING: Final = "Factura de este mes"
PACE: Final = 12
"""Parts a minute: there is something to watch for half an hour."""
OWING_NORTH: Final = "Deudores de la zona norte"


def begin(perform: Perform, now: datetime, mass: str, slow: Sequence[str]) -> None:
    """Brings the day to where somebody looks at it; `slow` are the lines over which its campaign goes."""
    _import(perform, "altas de la semana.csv", _sheet(CUSTOMERS + 1, NEW, faulty=3), run=True)
    _import(perform, "clientes corregidos.csv", _sheet(CUSTOMERS - 20, 60, faulty=5), run=False)
    perform(
        "list.create",
        {"account": ACCOUNT, "title": "Deudores de la zona norte", "filter": {"owing": True, "tags": ["zona-norte"]}},
    )
    chosen = [one.ref for one in people(25)]
    perform("list.create", {"account": ACCOUNT, "title": "Clientes para encuesta", "customers": chosen})
    _campaigns(perform, now, mass, slow)


def _sheet(first: int, count: int, *, faulty: int) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, delimiter=";")
    rows.writerow(["Nº abonado", "Apellido y nombre", "DNI", "Celular", "Saldo", "Vence", "Barrio"])
    for index, one in enumerate(people(first + count)[first:], first):
        local = one.number.removeprefix("+54911")
        number = "no tiene" if index < first + faulty else f"11 15 {local[:4]}-{local[4:]}"
        ref = "" if index == first else one.ref
        rows.writerow([ref, one.name, 31_000_000 + index * 13, number, f"{index},50", "10/12/2026", "Centro"])
    return text.getvalue().encode("cp1252")


def _import(perform: Perform, name: str, data: bytes, *, run: bool) -> None:
    upload = perform("upload.begin", {"account": ACCOUNT, "file": name})["id"]
    of_upload = {"account": ACCOUNT, "upload": upload}
    perform("upload.add", {**of_upload, "at": 0, "data": base64.b64encode(data).decode()})
    perform("upload.end", of_upload)
    made = perform("import.create", of_upload)
    one = {"import_id": made["import"]}
    perform("import.map", {**one, "columns": made["guess"]})
    perform("import.dry", one)
    _wait(perform, one, "checked")
    if run:
        perform("import.run", one)
        _wait(perform, one, "done")


def _wait(perform: Perform, one: dict[str, Any], state: str) -> None:
    """Waits until an import is in a state; one that fails stays to be seen as it is."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if perform("import.show", one)["state"] in {state, "failed"}:
            return
        time.sleep(0.05)


def _campaigns(perform: Perform, now: datetime, mass: str, slow: Sequence[str]) -> None:
    def save(title: str, **document: Any) -> dict[str, Any]:
        made: dict[str, Any] = perform("campaign.save", {"account": ACCOUNT, "title": title, "document": document})
        return made

    def launch(made: dict[str, Any]) -> None:
        perform("campaign.launch", {"campaign": made["campaign"], "version": made["version"], "password": mass})

    def sms(template: str) -> list[dict[str, Any]]:
        return [{"channel": "sms", "template": template}]

    owing = {"filter": {"owing": True}}
    running = save(RUNNING, ladder=sms("Factura disponible"), audience=owing, options={"lines": list(slow)})
    launch(running)
    perform("campaign.pace", {"campaign": running["campaign"], "segments": PACE})
    tomorrow = f"{now.date() + timedelta(days=1)}T10:30"
    launch(
        save(
            "Corte programado en la zona norte",
            ladder=sms("Corte programado"),
            audience={"filter": {"tags": ["zona-norte"]}},
            schedule={"kind": "at", "at": tomorrow, "missed": "skip"},
        )
    )
    launch(
        save(
            "Vencidas, cada lunes y jueves",
            ladder=[
                {"channel": "sms", "template": "Factura vencida", "wait": "24h"},
                {"channel": "whatsapp", "template": "Factura disponible"},
            ],
            audience={"list": OWING_NORTH},
            schedule={"kind": "every", "days": ["mon", "thu"], "hour": "10:00", "until": _later(now.date())},
        )
    )
    save("Encuesta de satisfacción", ladder=[{"channel": "sms"}], audience={"list": "Clientes para encuesta"})


def _later(today: date) -> str:
    return (today + timedelta(days=90)).isoformat()

"""Every component of the panel on one page with invented data, for pictures and axe; no page for users."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace as Of
from typing import Any

from gatewayd.web.panel import marks
from gatewayd.web.panel.assets import panel_assets
from gatewayd.web.panel.frame import Count, Credit, Frame
from gatewayd.web.panel.navigation import entries
from gatewayd.web.panel.page import Page, Place
from gatewayd.web.panel.pieces import Chip, Column, Figure, Need, Tab, parts_of
from gatewayd.web.panel.plots import Plot, Series
from gatewayd.web.panel.rendering import FOLDER, Templates
from gatewayd.words import translation

NOW = datetime(2026, 11, 30, 15, 30, tzinfo=UTC)
ZONE = "America/Argentina/Buenos_Aires"
TEMPLATES = Templates(panel_assets(), (FOLDER, Path(__file__).parent / "templates"), lambda: NOW)


async def _nothing(_visit: object) -> Any:
    raise AssertionError


PAGES = [
    Page(path, "GET", None, _nothing, Place(section, word, rank))
    for path, section, word, rank in [
        ("/", "inicio", "Home", 0),
        ("/campanas", "campanas", "Campaigns", 0),
        ("/clientes", "clientes", "Customers", 0),
        ("/interacciones", "interacciones", "Log", 0),
        ("/interacciones/bandeja", "interacciones", "Inbox", 1),
        ("/interacciones/estadisticas", "interacciones", "Statistics", 2),
        ("/cobranza", "cobranza", "Collections", 0),
        ("/lineas", "lineas", "Lines", 0),
        ("/ajustes", "ajustes", "Settings", 0),
    ]
]
PEOPLE = (
    "María del Carmen Fernández de la Vega y Goicoechea",
    "José Pérez",
    "Cooperativa Eléctrica de Servicios Públicos Limitada de Villa Constitución",
    "Ana Ñancucheo",
    "Li Wei",
    "Ximena Ybarra",
    "Óscar Núñez",
)
TEXT = "Hola María, su factura de noviembre por $ 12.450,00 vence el 10/12. Puede pagarla en norte.example/p/8F3K"
STATES = ("uncertain", "delivered", "read", "submitted", "failed", "held", "queued", "sending", "expired", "scheduled")


def frame(nav_here: str = "/interacciones") -> Frame:
    counts = {"/interacciones/bandeja": Count(3), "/interacciones": Count(2, True), "/lineas": Count(1)}
    return Frame(
        nav=entries(PAGES, lambda _operation: True, nav_here, counts),
        here=nav_here,
        company="Norte Internet",
        person="Ana Fernández",
        role="Administradora",
        accounts=("norte", "sur"),
        account="norte",
        credit=Credit("1433.95", "ARS", False, "#"),
    )


def values(side: bool = False) -> dict[str, Any]:
    return {
        "csrf": "token",
        "theme": "auto",
        "frame": frame(),
        "side": side,
        "needs": [
            Need("3 mensajes en duda", "#", "Decidir", "doubt", "uncertain"),
            Need("El módem claro-2 pide PIN", "#", "Ver la línea", "act", "act"),
            Need("El saldo alcanza hasta el jueves", "#", "Ver créditos"),
        ],
        "figures": [
            Figure("Enviadas", "1.523", "1.498 el lunes pasado a esta hora", "#"),
            Figure("Entregadas", "94 %", "89 % el lunes pasado", "#"),
            Figure("Fallidas", "12", "9 el lunes pasado", "#"),
            Figure("Respondidas", "48", "51 el lunes pasado", ""),
            Figure("Gastado", "$ 1.294,55", "$ 1.273,30 el lunes pasado", ""),
        ],
        "parts": parts_of(
            {
                "delivered": 1204,
                "submitted": 96,
                "sending": 4,
                "queued": 180,
                "uncertain": 25,
                "failed": 12,
                "invalid": 2,
            },
            {"failed": "#", "uncertain": "#"},
        ),
        "few": parts_of({"delivered": 20, "uncertain": 3, "failed": 1}),
        "lines": [
            Of(name=name, state=state, href="#", used=used, spark=[3, 5, 4, 8, 9, 7, 6, 9, 12, used / 40])
            for name, state, used in [
                ("claro-1", "busy", 312),
                ("claro-2", "quarantined", 480),
                ("personal-1", "ready", 120),
                ("movistar-cobranzas-2", "waiting", 500),
                ("telefono-ana", "recovering", 20),
                ("correo", "disabled", 0),
                ("trunk", "starting", 0),
            ]
        ],
        "tabs": [
            Tab("Todas", "#", True, None),
            Tab("Fallidas de la semana", "#", False, 12),
            Tab("En duda", "#", False, 3),
            Tab("Respondidas sin leer", "#", False, None),
        ],
        "chips": [Chip("SMS", "#"), Chip("Esta semana", "#")],
        "columns": [
            Column("Cuándo", sort="#", sorted="descending"),
            Column("Cliente"),
            Column("Número"),
            Column("Canal"),
            Column("Estado"),
            Column("Texto"),
            Column("Costo", num=True),
        ],
        "rows": [
            Of(
                id=f"m{number}",
                at=NOW - timedelta(minutes=4, hours=number * number),
                name=PEOPLE[number % len(PEOPLE)],
                to=f"+54 9 11 5555-{number + 134:04d}",
                channel=("sms", "whatsapp", "email", "call")[number % 4],
                state=STATES[number % len(STATES)],
                text=TEXT,
                cost=(0.85, 1.7, 1433.95)[number % 3],
            )
            for number in range(14)
        ],
        "states": list(marks.MESSAGE),
        "line_states": list(marks.LINE),
        "job_states": list(marks.JOB),
        "by_day": Plot(
            "Se enviaron 9.412; los lunes, el doble",
            [f"{day}/11" for day in range(1, 31)],
            [
                Series("Entregadas", "good", [200 + (day * 37) % 190 + (day % 7 == 2) * 240 for day in range(30)]),
                Series("Enviadas", "sent", [20 + (day * 13) % 40 for day in range(30)]),
                Series("Fallidas", "act", [(day * 7) % 17 for day in range(30)]),
            ],
        ),
        "share": Plot(
            "Se entregó el 94 %; los viernes, el 89 %",
            ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"],
            [
                Series("Esta semana", "accent", [0.95, 0.94, 0.96, 0.93, 0.89, 0.95, 0.97]),
                Series("La anterior", "past", [0.91, 0.92, 0.93, 0.9, 0.88, 0.91, 0.95]),
            ],
            share=True,
        ),
    }


def gallery(language: str, theme: str = "auto", side: bool = False) -> str:
    with translation.speaking(language):
        return TEMPLATES.page("gallery.html", {**values(side), "theme": theme}, ZONE)

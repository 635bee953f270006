"""What the demo's company keeps before anything is sent: settings, customers, templates, hours; by operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from gatewayd.demo.campaign import ACCOUNT
from gatewayd.demo.crowd import customers

CUSTOMERS: Final = 320
COMPANY: Final = "Norte Wifi"
AGENTS: Final = ("marta", "lucia")
PORTION: Final = 200
AGREED: Final = ("C-00012", "C-00057")
"""Nothing is claimed from these customers."""

Perform = Callable[[str, dict[str, Any]], Any]
"""Performs an operation by its name."""

RULES: Final[Mapping[str, Any]] = {
    "preset": "ar-cautious",
    # The demo is looked at whenever somebody has time: what tells about the service goes at any hour.
    "hours": {"notice": {"mon-sun": "00:00-24:00", "holiday": "as_day"}},
}

TEMPLATES: Final = (
    ("Corte programado", "sms", {"text": "%empresa%: mañana de 2 a 5 h habrá tareas en su zona.", "class": "notice"}),
    (
        "Factura disponible",
        "sms",
        {"text": "%nombre%: su factura de $ %deuda% vence el %vencimiento%. %empresa%", "class": "notice"},
    ),
    (
        "Segundo aviso",
        "sms",
        {"text": "%nombre%: sigue pendiente su saldo de $ %deuda%. Por un plan de pagos, responda. %empresa%"},
    ),
    ("Factura disponible", "whatsapp", {"text": "Hola %nombre%, su factura de $ %deuda% vence el %vencimiento%."}),
)
"""Beside those that every account can begin with."""


def furnish(perform: Perform, mass: str) -> None:
    """Makes all that the company keeps; `mass` is its password of sends to many."""
    perform("account.set", {"account": ACCOUNT, "company": COMPANY, "language": "es"})
    perform("mass.set", {"account": ACCOUNT, "password": mass})
    everybody = customers(CUSTOMERS)
    for index, one in enumerate(everybody):
        if index % 3:
            one["assigned"] = AGENTS[index % len(AGENTS)]
    for first in range(0, len(everybody), PORTION):
        perform("customer.put_many", {"account": ACCOUNT, "customers": everybody[first : first + PORTION]})
    known = perform("template.defaults", {"language": "es"})["items"]
    for name, channel, content in (*((one["template"], one["channel"], one["content"]) for one in known), *TEMPLATES):
        perform("template.save", {"account": ACCOUNT, "template": name, "channel": channel, "content": dict(content)})


def settle(perform: Perform) -> None:
    """Sets what holds of late and its past did not know: hours and caps, and two agreements to pay."""
    perform("contact.set", {"account": ACCOUNT, "contact": dict(RULES)})
    for ref in AGREED:
        agreed = {"no_claim": {"reason": "Convenio de pago firmado"}}
        perform("customer.put", {"account": ACCOUNT, "external_id": ref, "customer": agreed})

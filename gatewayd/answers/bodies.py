"""The words of answers that nobody has written anew, in both languages. Pure.

They have no letter that GSM 7-bit lacks, and fit one segment with usual values; a test holds them to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LANGUAGES: Final = ("es", "en")

BODIES: Final[Mapping[str, Mapping[str, str]]] = {
    "debt": {
        "es": ("Estimado/a %nombre%, su saldo pendiente de pago es $ %deuda%. Gracias por comunicarse con %empresa%."),
        "en": "Dear %nombre%, your outstanding balance is $ %deuda%. Thank you for contacting %empresa%.",
    },
    "other": {
        "es": "%empresa%: no podemos informar saldos a este celular. Llame a nuestra oficina, por favor.",
        "en": "%empresa%: we cannot tell balances to this phone. Please contact us.",
    },
    "confirm": {
        "es": "%empresa%: para informar saldos por este medio, responda SOY YO si usted es el titular del servicio.",
        "en": "%empresa%: to get balances here, answer ITS ME if the service is in your name.",
    },
    "ticket": {
        "es": "Estimado/a %nombre%, le asignamos el ticket %id%. %operador% trabaja en su reclamo. %empresa%",
        "en": "Dear %nombre%, your ticket is %id%. %operador% is working on it. %empresa%",
    },
    "tickets": {
        "es": "Estimado/a %nombre%, ya tenemos su ticket %id% en curso. Le responderemos por ese reclamo. %empresa%",
        "en": "Dear %nombre%, your ticket %id% is open already. We will answer you there. %empresa%",
    },
    "change": {
        "es": "Estimado/a %nombre%, hay novedades de su ticket %id%: %estado%. %empresa%",
        "en": "Dear %nombre%, there is news of your ticket %id%: %estado%. %empresa%",
    },
    "payment": {
        "es": "Estimado/a %nombre%, recibimos su pago de $ %monto%. Su saldo pendiente es $ %deuda%. %empresa%",
        "en": "Dear %nombre%, we received your payment of $ %monto%. Your balance is $ %deuda%. %empresa%",
    },
    "thanks": {
        "es": "Estimado/a %nombre%, recibimos su pago. Muchas gracias. %empresa%",
        "en": "Dear %nombre%, we received your payment. Thank you. %empresa%",
    },
    "paid": {
        "es": "Gracias por avisar, %nombre%. Vamos a verificar su pago. %empresa%",
        "en": "Thank you for telling us, %nombre%. We will check your payment. %empresa%",
    },
    "promise": {
        "es": "Gracias, %nombre%. Anotamos su promesa de pago para el %vencimiento%. %empresa%",
        "en": "Thank you, %nombre%. We noted your promise to pay by %vencimiento%. %empresa%",
    },
    "day": {
        "es": "Gracias, %nombre%. Responda con la fecha en que va a pagar, por ejemplo %ejemplo%. %empresa%",
        "en": "Thank you, %nombre%. Please answer with the date on which you will pay, such as %ejemplo%. %empresa%",
    },
}
"""By kind of answer, then by language."""

NOBODY: Final[Mapping[str, str]] = {"es": "cliente", "en": "customer"}
"""How somebody is called whose name is not known."""
NO_OPERATOR: Final[Mapping[str, str]] = {"es": "Nuestro equipo", "en": "Our team"}

AMOUNTS: Final = frozenset({"deuda", "monto", "facturas", "factura", "dias", "enlace_de_pago"})
"""Variables that say what somebody owes or paid, which only the answers to a question about it may have."""
BILL: Final = frozenset({"factura", "enlace_de_pago"})
"""Variables of the invoice that is owed longest. Where billing has not said them, the words are ours instead."""
VARIABLES: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("other", "confirm", "paid", "thanks"), frozenset({"nombre", "empresa", "id"})),
    **dict.fromkeys(("ticket", "tickets"), frozenset({"nombre", "empresa", "id", "operador"})),
    "change": frozenset({"nombre", "empresa", "id", "operador", "estado"}),
    "promise": frozenset({"nombre", "empresa", "id", "vencimiento"}),
    "day": frozenset({"nombre", "empresa", "id", "ejemplo"}),
    "debt": frozenset({"nombre", "empresa", "id", "deuda", "vencimiento", "dias", "facturas"}) | BILL,
    "payment": frozenset({"nombre", "empresa", "id", "monto", "deuda", "vencimiento", "dias", "facturas"}),
}
"""Of each answer, the variables that it may have."""
TELLING: Final = frozenset({"debt", "payment"})
"""Answers that may name an amount."""


def body(kind: str, language: str, own: str | None = None) -> str:
    """Returns the words of an answer: the account's own, else ours."""
    return own or BODIES[kind]["en" if language == "en" else "es"]


MAILS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "mail.invoice": {
        "es": (
            "Su factura %factura% de %empresa%",
            (
                "Estimado/a %nombre%:\n\nEmitimos su factura %factura% por $ %deuda%, con vencimiento el %vencimiento%."
                "\n\nGracias por elegirnos.\n\n%empresa%"
            ),
        ),
        "en": (
            "Your invoice %factura% from %empresa%",
            (
                "Dear %nombre%,\n\nWe have issued your invoice %factura% for $ %deuda%, due on %vencimiento%."
                "\n\nThank you for choosing us.\n\n%empresa%"
            ),
        ),
    },
    "mail.payment": {
        "es": (
            "Recibimos su pago",
            "Estimado/a %nombre%:\n\nRecibimos su pago de $ %monto%. Su saldo pendiente es $ %deuda%.\n\n%empresa%",
        ),
        "en": (
            "We received your payment",
            "Dear %nombre%,\n\nWe received your payment of $ %monto%. Your balance is $ %deuda%.\n\n%empresa%",
        ),
    },
    "mail.ticket": {
        "es": (
            "Novedades de su ticket %id%",
            "Estimado/a %nombre%:\n\nHay novedades de su ticket %id%. Lo atiende %operador%.\n\n%empresa%",
        ),
        "en": (
            "News of your ticket %id%",
            "Dear %nombre%,\n\nThere is news of your ticket %id%. %operador% looks after it.\n\n%empresa%",
        ),
    },
}
"""Subject and text of each mail."""
MAIL_AREAS: Final = {"mail.invoice": "invoices", "mail.payment": "customers", "mail.ticket": "tickets"}
"""The area of the mail account that each goes out from."""


def mail(kind: str, language: str) -> dict[str, str]:
    """Returns a mail as a job says it: subject, text, the same as HTML, area."""
    subject, text = MAILS[kind]["en" if language == "en" else "es"]
    html = "".join(f"<p>{paragraph}</p>\n" for paragraph in text.split("\n\n"))
    return {"subject": subject, "text": text, "html": html, "area": MAIL_AREAS[kind]}

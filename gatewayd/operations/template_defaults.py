"""Templates to begin with, in both languages: one for each occasion on which something is sent. Pure.

The texts of SMS have no letter that GSM 7-bit lacks, and fit one segment with usual values; a test holds them to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal, NamedTuple

from gatewayd.answers.bodies import BODIES, LANGUAGES, mail
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.ports import Backend
from gatewayd.values.actor import Actor
from gatewayd.words.translation import language

Language = Literal["es", "en"]


class Default(NamedTuple):
    """A template that nobody has saved yet."""

    key: str
    """The occasion: `reminder`, `answer.debt` …"""
    channel: str
    name: Mapping[str, str]
    """By language, as the rest."""
    content: Mapping[str, Mapping[str, Any]]


def _sms(key: str, names: tuple[str, str], es: str, en: str, **more: Any) -> Default:
    return Default(key, "sms", dict(zip(("es", "en"), names, strict=True)),
                   {"es": {"text": es, **more}, "en": {"text": en, **more}})  # fmt: skip


def _answer(key: str, names: tuple[str, str], kind: str) -> Default:
    return _sms(key, names, BODIES[kind]["es"], BODIES[kind]["en"])


def _mail(key: str, names: tuple[str, str], **more: Any) -> Default:
    made = {spoken: {**mail(key, spoken), **more} for spoken in LANGUAGES}
    return Default(key, "email", dict(zip(LANGUAGES, names, strict=True)), made)


_NOTICE: Final = {"class": "notice"}

DEFAULTS: Final = (
    _sms(
        "reminder",
        ("Recordatorio de vencimiento", "Reminder of a due date"),
        "%nombre%: su factura de $ %deuda% vence el %vencimiento%. Si ya fue pagada, desestime el mensaje. %empresa%",
        "%nombre%: your bill of $ %deuda% is due on %vencimiento%. If you have paid, please ignore this. %empresa%",
    ),
    _sms(
        "overdue",
        ("Factura vencida", "Overdue bill"),
        "%nombre%: le recordamos su saldo vencido de $ %deuda%. Si el pago ya fue hecho, responda PAGADO. %empresa%",
        "%nombre%: your overdue balance is $ %deuda%. Answer PAID if you have paid it already. %empresa%",
    ),
    _sms(
        "outage",
        ("Aviso de servicio", "Service notice"),
        "%empresa%: tenemos un corte en su zona y trabajamos para resolverlo. Le avisamos cuando vuelva el servicio.",
        "%empresa%: service is down in your area and we are working on it. We will tell you once it is back.",
        **_NOTICE,
    ),
    _answer("answer.debt", ("Respuesta: saldo", "Answer: balance"), "debt"),
    _answer("answer.unknown", ("Respuesta: sin datos", "Answer: nobody known"), "other"),
    _answer("answer.ticket", ("Respuesta: ticket", "Answer: ticket"), "ticket"),
    _answer("answer.payment", ("Respuesta: pago recibido", "Answer: payment received"), "payment"),
    _answer("answer.paid", ("Respuesta: ya pagué", "Answer: paid already"), "paid"),
    _answer("answer.promise", ("Respuesta: promesa de pago", "Answer: promise to pay"), "promise"),
    _mail("mail.invoice", ("Correo: factura emitida", "Mail: invoice issued"), **_NOTICE),
    _mail("mail.payment", ("Correo: pago recibido", "Mail: payment received"), **_NOTICE),
    _mail("mail.ticket", ("Correo: ticket", "Mail: ticket"), **_NOTICE),
    Default(
        "call.reminder",
        "call",
        {"es": "Llamada: recordatorio", "en": "Call: reminder"},
        {
            "es": {
                "call": {
                    "script": {
                        "message": [{"say": "Hola. Le hablamos de %empresa%. Tenemos un aviso para %nombre%."}],
                        "menu_prompt": "Si es usted, marque 1 para oír su saldo, o 2 si paga esta semana. Si no lo es, "
                        "marque 3. Para no recibir más llamadas, marque 9.",
                        "menu": {"1": "its_me", "2": "promise", "3": "wrong_person", "9": "opt_out"},
                        "confirm": {"its_me": "Su saldo vencido es de $ %deuda%."},
                        "goodbye": "Gracias. Hasta luego.",
                        "language": "es",
                    }
                }
            },
            "en": {
                "call": {
                    "script": {
                        "message": [{"say": "Hello. This is %empresa%. We have a notice for %nombre%."}],
                        "menu_prompt": "If that is you, press 1 to hear your balance, or 2 if you will pay this week. "
                        "If it is not, press 3. To get no more calls, press 9.",
                        "menu": {"1": "its_me", "2": "promise", "3": "wrong_person", "9": "opt_out"},
                        "confirm": {"its_me": "Your overdue balance is $ %deuda%."},
                        "goodbye": "Thank you. Goodbye.",
                        "language": "en",
                    }
                }
            },
        },
    ),
    Default(
        "push.reminder",
        "push",
        {"es": "Aviso en la app", "en": "Notice in the app"},
        {
            "es": {"text": "%nombre%, su factura vence el %vencimiento%.", "push": {"title": "%empresa%"}},
            "en": {"text": "%nombre%, your bill is due on %vencimiento%.", "push": {"title": "%empresa%"}},
        },
    ),
    Default(
        "whatsapp.reminder",
        "whatsapp",
        {"es": "WhatsApp: recordatorio", "en": "WhatsApp: reminder"},
        {
            "es": {
                "whatsapp": {
                    "template": "recordatorio_de_pago",
                    "language": "es_AR",
                    "parameters": ["%nombre%", "%deuda%", "%vencimiento%"],
                }
            },
            "en": {
                "whatsapp": {
                    "template": "payment_reminder",
                    "language": "en_US",
                    "parameters": ["%nombre%", "%deuda%", "%vencimiento%"],
                }
            },
        },
    ),
)


class ListDefaults(Operation):
    """Lists templates to begin with: what they say is nobody's until it is saved."""

    name: ClassVar[str] = "template.defaults"
    reads_store = True
    channel: Literal["sms", "call", "email", "push", "whatsapp"] | None = None
    language: Language | None = None
    """None: the asker's."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        spoken = self.language or ("en" if language() == "en" else "es")
        items = [
            {
                "default": one.key,
                "channel": one.channel,
                "language": spoken,
                "template": one.name[spoken],
                "content": dict(one.content[spoken]),
            }
            for one in DEFAULTS
            if self.channel in {None, one.channel}
        ]
        return {"items": items, "next": None}

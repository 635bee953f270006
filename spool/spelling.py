"""What was probably meant by a key that does not exist: one of the names that do, or what people write in its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Final

from spool.names import variable_name

_CLOSE: Final = 0.7
_LONGEST: Final = 60
"""Longer ones are nobody's slip, and comparing costs time by their length."""

OTHER_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("mensaje", "message", "body", "cuerpo", "sms", "contenido"), "text"),
    **dict.fromkeys(("canal", "type", "tipo"), "channel"),
    **dict.fromkeys(("destinatarios", "contacts", "contactos", "numbers", "numeros", "to"), "recipients"),
    **dict.fromkeys(("lista", "list", "archivo", "file", "csv", "planilla"), "recipients_file"),
    **dict.fromkeys(("variables", "valores"), "values"),
    **dict.fromkeys(("desde", "start", "schedule", "send_at", "inicio"), "not_before"),
    **dict.fromkeys(("hasta", "end", "expires", "vence", "vencimiento", "fin"), "not_after"),
    **dict.fromkeys(("nombre", "name", "id", "trabajo"), "job"),
    **dict.fromkeys(("hoja", "worksheet"), "sheet"),
    **dict.fromkeys(("asunto", "titulo"), "subject"),
    **dict.fromkeys(("adjuntos", "adjunto", "attachment", "files", "archivos"), "attachments"),
    **dict.fromkeys(("linea", "lineas", "modem"), "lines"),
    **dict.fromkeys(("prioridad", "urgente", "urgent"), "priority"),
    **dict.fromkeys(("plantilla", "modelo"), "template"),
    **dict.fromkeys(("columnas", "mapping"), "columns"),
    **dict.fromkeys(("copia", "bcc"), "cc"),
    **dict.fromkeys(("reintentos", "retry"), "retries"),
    **dict.fromkeys(("idioma", "lang"), "language"),
    **dict.fromkeys(("parametros", "params"), "parameters"),
}
"""Other names for the keys of a job file, in the form of `variable_name`."""


def probably(key: str, known: Collection[str]) -> str | None:
    """Returns the one of `known` that `key` was probably meant to be; None when nothing is near."""
    if len(key) > _LONGEST:
        return None
    name = variable_name(key)
    if name in known:
        return name
    meant = OTHER_WORDS.get(name)
    if meant in known:
        return meant
    close = get_close_matches(name, sorted(known), 1, _CLOSE)
    return close[0] if close else None

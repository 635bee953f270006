"""The person's own words in a reply: without what it quotes, wherever that stands, and without signatures. Pure.

The forms are those of Gmail, Outlook, Exchange, Apple, Samsung, Yahoo, Thunderbird and Zoho in Spanish, Portuguese and
English. Lines are looked at one by one, with plain comparisons and bounded expressions.
"""

from __future__ import annotations

import re
from typing import Final

TEXT_MAX: Final = 16_384
"""Characters of a reply that are kept."""
_LINES_MAX: Final = 5000
_ATTRIBUTION_MAX: Final = 400
"""Characters of `El lun, 23 nov 2026 a las 11:00, Norte Wifi (<cobranzas@norte.example>) escribió:`, over its lines."""
_ATTRIBUTION_LINES: Final = 5

_INVISIBLE: Final = {
    0xA0: " ",
    0x202F: " ",
    **dict.fromkeys((0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, 0xAD)),
}

_WROTE: Final = ("escribió", "escribio", "escribiste", "wrote", "escreveu", "ha escrito", "a écrit", "schrieb")
_BEGINS: Final = ("el ", "on ", "em ", "a ", "le ", "am ")
_WHO_WHEN: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d?:\d\d .{0,80}<[^<>@\s]{1,64}@[^<>@\s]{1,200}>:$")
"""`2026-11-23 11:00 GMT-03:00 Norte Wifi <cobranzas@norte.example>:` of older Gmail."""
_QUOTING: Final = re.compile(r"(?:quoting|citando(?: a)?|cita de|zitat von) .{1,200}:$", re.IGNORECASE)
"""`Quoting Norte Wifi <cobranzas@norte.example>:` of Horde."""
_ADDRESS: Final = re.compile(r"<[^<>@\s]{1,64}@[^<>@\s]{1,200}> ")
_ZOHO: Final = re.compile(r"-{2,6} ?(?:el|on|em) .{4,200}(?:escribió|wrote|escreveu) ?-{2,6}$", re.IGNORECASE)

_SEPARATORS: Final = (
    "original message",
    "mensaje original",
    "mensagem original",
    "forwarded message",
    "mensaje reenviado",
    "mensagem encaminhada",
    "original appointment",
)
_FROM: Final = ("de:", "from:", "desde:", "gesendet:", "von:")
_OTHER_LABELS: Final = (
    *("enviado:", "enviado el:", "enviada em:", "enviada:", "sent:", "date:", "fecha:", "data:"),
    *("von:", "an:", "betreff:"),
    *("para:", "to:", "a:", "asunto:", "subject:", "assunto:", "cc:"),
)
_HEADER_LINES: Final = 8

_SENT_FROM: Final = (
    *(
        "enviado desde mi ",
        "enviado desde outlook",
        "enviado desde yahoo",
        "enviado desde correo",
        "enviado desde gmail",
    ),
    *(
        "enviado con gmail",
        "enviado con el correo electrónico seguro de",
        "enviado con proton",
        "enviado com o correio eletrónico seguro",
        "sent with proton",
        "sent with [proton",
        "enviado do meu ",
        "enviado pelo ",
        "enviado via ",
        "enviado desde el ",
        "enviado desde tipos",
    ),
    *("sent from my ", "sent from outlook", "sent from mail", "sent from yahoo", "sent from gmail", "sent via "),
    *(
        "obtener outlook para",
        "obtenga outlook para",
        "get outlook for",
        "obter o outlook para",
        "baixe o outlook para",
    ),
    "descargue outlook para",
    *("enviado desde edison", "enviado desde spark", "enviado desde aol", "enviado desde blue", "enviado desde aqua"),
    *(
        "enviado con spark",
        "enviado con blue",
        "sent from edison",
        "sent from spark",
        "sent from aol",
        "sent with spark",
    ),
    # What virus scanners add
    *("libre de virus. www", "libre de virus.www", "libre de virus. <", "virus-free. www", "virus-free.www"),
    *("livre de vírus. www", "livre de vírus.www", "<#dab4fad8-"),
)
_LEGAL: Final = (
    *("este mensaje y sus adjuntos", "este mensaje es confidencial", "este correo electrónico y", "aviso legal"),
    *("la información contenida en este", "este e-mail y sus", "confidencialidad:", "aviso de confidencialidad"),
    *("this e-mail and any", "this email and any", "this message and any", "confidentiality notice", "disclaimer:"),
    *("esta mensagem e seus anexos", "aviso legal:", "antes de imprimir este"),
)


def own_words(text: str) -> str:
    """Returns what the person wrote; empty where nothing is theirs."""
    lines = [line.translate(_INVISIBLE).rstrip() for line in text.split("\n", _LINES_MAX)[:_LINES_MAX]]
    labels = [_label(line) for line in lines]
    others = [label.startswith(_OTHER_LABELS) for label in labels]
    kept: list[str] = []
    position, signed = 0, False
    while position < len(lines):
        line = lines[position].strip()
        if line.startswith(">"):
            position, signed = position + 1, False  # an answer below the quote may follow a signature of the quoted
            continue
        if (length := _attribution(lines, position)) is not None:
            after = _next_written(lines, position + length)
            if after is None or not lines[after].lstrip().startswith(">"):
                # The quote is not marked: all that follows is it, or nothing.
                break
            position, signed = after, False
            continue
        if _separates(line) or _heads(labels, others, position):
            break
        if line in ("--", "—", "-- ") or line.casefold().startswith(_LEGAL):
            signed = True
        if not signed and not line.casefold().startswith(_SENT_FROM):
            kept.append(lines[position])
        position += 1
    words = "\n".join(_single_blanks(kept)).strip()
    return words[:TEXT_MAX].encode(errors="replace").decode()


def _attribution(lines: list[str], position: int) -> int | None:
    """Counts the lines of an attribution that begins here; None where none does. Programs wrap it."""
    first = lines[position].strip()
    if not first or len(first) > _ATTRIBUTION_MAX:
        return None
    if _WHO_WHEN.match(first) or _ZOHO.match(first):
        return 1
    if _QUOTING.match(first):
        after = _next_written(lines, position + 1)
        return 1 if after is not None and lines[after].lstrip().startswith(">") else None
    opens = first.casefold().startswith(_BEGINS)
    named = "@" in first
    if not opens and not named:
        return None
    joined = ""
    for count, line in enumerate(lines[position : position + _ATTRIBUTION_LINES], 1):
        if not line.strip():
            return None
        joined = f"{joined} {line.strip()}" if joined else line.strip()
        if len(joined) > _ATTRIBUTION_MAX:
            return None
        if not joined.endswith(":"):
            continue
        folded = joined.casefold()
        ends = folded.rstrip(" :").endswith(_WROTE) or (
            # `Norte Wifi <cobranzas@norte.example> escribió el lun, 23 nov 2026:`
            not opens and folded.endswith(":") and any(f"> {word} " in folded for word in _WROTE)
        )
        if ends and (any(char.isdigit() for char in joined) or _ADDRESS.search(joined)):
            return count
    return None


def _next_written(lines: list[str], position: int) -> int | None:
    return next((at for at in range(position, min(position + 4, len(lines))) if lines[at].strip()), None)


def _separates(line: str) -> bool:
    """Returns whether the quoted mail begins behind it: `-----Mensaje original-----`, or a line that is drawn."""
    if line.startswith("-") and line.strip("- ").casefold() in _SEPARATORS and line.endswith("-"):
        return True
    if line.casefold().startswith(("begin forwarded message", "inicio del mensaje reenviado")):
        return True
    return len(line) >= 10 and not line.strip("_")


def _heads(labels: list[str], others: list[bool], position: int) -> bool:
    """Returns whether the headers of a quoted mail begin here, as Outlook writes them: From and two more at least."""
    if not labels[position].startswith(_FROM):
        return False
    return sum(others[position + 1 : position + _HEADER_LINES]) >= 2


def _label(line: str) -> str:
    return line.strip().replace("*", "").casefold()


def _single_blanks(lines: list[str]) -> list[str]:
    return [line for at, line in enumerate(lines) if line.strip() or (at and lines[at - 1].strip())]

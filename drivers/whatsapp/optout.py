"""Opt-outs by a button or an entry of a list, which say it by what they stand for rather than by a text. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

REPLIES: Final = ("button_reply", "list_reply")
"""Where an `interactive` message has what was chosen."""

LABELS: Final = frozenset(
    {
        *("stop promotions", "stop marketing", "stop messages", "stop", "unsubscribe", "opt out"),
        *("detener promociones", "detener mensajes", "detener", "baja", "darme de baja", "dar de baja"),
        *("cancelar suscripcion", "no recibir mas", "no quiero recibir mas", "salir"),
        *("parar promocoes", "parar mensagens", "parar", "sair", "cancelar inscricao", "descadastrar"),
    }
)
"""Labels of the button that Meta adds to marketing templates, and of those that businesses make for the same."""
WORDS: Final = frozenset(
    {
        *("baja", "stop", "unsubscribe", "unsub", "optout", "opt out", "salir", "detener", "desuscribir"),
        *("parar", "descadastrar", "no molestar", "dar baja", "dar de baja", "darme de baja"),
    }
)
"""What a payload or id begins with, by which a program knows such a button."""
_BEGINNINGS: Final = tuple(f"{word} " for word in sorted(WORDS))
_LONGEST: Final = 256
_NO_LETTER: Final = re.compile(r"[^a-z0-9]+")


def chosen(message: Mapping[str, Any]) -> bool:
    """Returns whether the person pressed a button, or took an entry of a list, that stands for an opt-out."""
    labels, programs = _choice(message)
    if any(_plain(label) in LABELS for label in labels):
        return True
    return any(plain in LABELS or f"{plain} ".startswith(_BEGINNINGS) for plain in map(_plain, programs))


def _choice(message: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Returns what the person read, and what a program reads."""
    table = message.get(str(message.get("type")))
    if not isinstance(table, dict):
        return [], []
    if message.get("type") == "button":
        return list(_texts(table, "text")), list(_texts(table, "payload"))
    reply = next((table[name] for name in REPLIES if isinstance(table.get(name), dict)), None)
    if message.get("type") != "interactive" or reply is None:
        return [], []
    return list(_texts(reply, "title")), list(_texts(reply, "id"))


def _texts(table: Mapping[str, Any], name: str) -> Iterator[str]:
    value = table.get(name)
    if isinstance(value, str):
        yield value[:_LONGEST]


def _plain(text: str) -> str:
    """In lower case, without accents, signs and emoji, one blank between two words."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(char for char in letters if not unicodedata.combining(char))
    return _NO_LETTER.sub(" ", bare).strip()

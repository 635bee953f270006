"""Which words of a text ask for something: compared without case, accents and signs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from gatewayd.contact.said import words_of

_READ_MOST: Final = 1_000
"""Characters of a text that are looked at."""
_POLITE: Final = frozenset(
    {
        *("hola", "buenas", "buenos", "buen", "dia", "dias", "tardes", "noches", "gracias", "muchas", "por", "favor"),
        *("hello", "hi", "please", "thanks", "thank", "you", "good", "morning"),
    }
)
"""Words that say nothing, before and behind what is said."""

WRONG_PERSON: Final = frozenset(
    map(
        words_of,
        [
            *("equivocado", "equivocada", "numero equivocado", "telefono equivocado", "se equivoco", "se equivocaron"),
            *("esta equivocado", "esta equivocada", "estan equivocados", "no soy", "no soy yo", "no soy esa persona"),
            *("no soy el", "no soy ella", "no es mi deuda", "no soy el titular", "no soy la titular"),
            *("no conozco a esa persona", "no la conozco", "no lo conozco", "persona equivocada", "celular equivocado"),
            *("wrong number", "wrong person", "not me", "it is not me", "its not me", "i am not that person"),
        ],
    )
)
"""Whole texts that say that the number is another person's."""

PAID: Final = frozenset(
    map(
        words_of,
        [
            *("ya pague", "pague", "pagado", "ya pagado", "ya lo pague", "ya la pague", "ya esta pago"),
            *("ya esta pagado", "esta pagado", "esta pago", "ya esta paga", "transferi", "ya transferi"),
            *("hice la transferencia", "ya hice la transferencia", "ya hice el pago", "hice el pago", "deposite"),
            *("ya deposite", "ya aboné", "abone", "ya cancele", "cancele la deuda", "pago realizado", "pago hecho"),
            *("ya realice el pago", "realice el pago", "transferencia realizada", "ya pagamos", "comprobante"),
            *("adjunto comprobante", "envio comprobante", "paid", "already paid", "i paid", "i have paid"),
            *("i already paid", "payment made", "payment sent", "transferred"),
        ],
    )
)
"""Whole texts that say that somebody has paid."""

PICTURES: Final = frozenset({"[image]", "[document]"})
"""How a picture or a document without words comes: most likely the proof of a payment."""

IDENTITY: Final = frozenset(
    map(words_of, ["soy yo", "si soy yo", "yo soy", "si soy", "soy el titular", "soy la titular", "its me", "it is me"])
)
"""Whole texts by which somebody says that the service is in its name."""

_MARK: Final = re.compile(r"\[[a-z]+\]")


def words(text: str) -> str:
    """Returns the words of a text in the form in which they are compared."""
    return words_of(text[:_READ_MOST])


def bare(text: str) -> str:
    """Returns the words of a text without greetings and thanks before and behind."""
    said = words(text).split()
    while said and said[0] in _POLITE:
        said.pop(0)
    while said and said[-1] in _POLITE:
        said.pop()
    return " ".join(said)


def whole(text: str, wanted: Iterable[str]) -> bool:
    """Returns whether the text says nothing but one of those words."""
    said = bare(text)
    return bool(said) and said in wanted


def begins(text: str, wanted: frozenset[str]) -> bool:
    """Returns whether the text is one of those words, or begins with one."""
    said = words(text)
    if not said:
        return False
    return said in wanted or bare(text) in wanted or any(said.startswith(f"{word} ") for word in wanted)


def picture(text: str) -> bool:
    """Returns whether it came as a picture or a document and says nothing."""
    return _MARK.fullmatch(text.strip()) is not None and text.strip() in PICTURES


def folded(wanted: Iterable[str]) -> frozenset[str]:
    """Returns words of an account's settings in the form in which they are compared."""
    return frozenset(filter(None, map(words_of, wanted)))

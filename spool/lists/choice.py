"""Which columns of a list hold the address: by the words of their headers, for one channel. Pure.

Mobiles come before telephones that may be landlines; an SMS takes neither a landline's column nor a mail address. Two
columns that have an equal claim are not chosen between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from spool.lists.cells import folded
from spool.lists.words import Kind, Sense, says_contact, sense

_RANKS: Final[dict[str, tuple[Kind, ...]]] = {
    "sms": ("to", "mobile", "whatsapp", "phone", "bare"),
    "call": ("to", "mobile", "whatsapp", "phone", "landline", "bare"),
    "whatsapp": ("to", "whatsapp", "mobile", "phone", "bare"),
    "email": ("to", "mail"),
    "push": ("to", "token"),
}
"""Kinds of columns that a channel takes, the best first."""
_SURE: Final = frozenset({"to", "mobile", "whatsapp"})


@dataclass(frozen=True, slots=True)
class Choice:
    """Places of the columns with the address, the first choice first; the others are for rows where it has none."""

    places: tuple[int, ...]
    open: tuple[int, ...] = ()
    """Those among them whose header does not say that they hold mobiles."""
    landlines: tuple[int, ...] = ()
    """Those among them whose header says that they hold none."""


@dataclass(frozen=True, slots=True)
class Several:
    """Columns with an equal claim."""

    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Alien:
    """The only columns with an address: another person's."""

    places: tuple[int, ...]


def choose(header: Sequence[str], channel: str) -> Choice | Several | Alien | None:
    """Returns the columns that hold the address; None where no header speaks of one."""
    senses = [sense(cell) for cell in header]
    if any(says_contact(cell) and not each.kind for cell, each in zip(header, senses, strict=True)):
        senses = _without_contacts(senses, _RANKS[channel])
    places: list[int] = []
    for kind in _RANKS[channel]:
        if kind == "bare" and places:
            break
        rank = [place for place, each in enumerate(senses) if each.kind == kind and not each.other]
        found = _ordered(rank, senses)
        if found is None:
            if not places:
                return Several(tuple(rank))
            continue  # no fall-back is sure, and one is not needed
        # A fall-back whose header has words of its own (`Teléfono de ventas`) may be somebody else's.
        places += [place for place in found if not (places and senses[place].words)]
        if kind == "to" and places:
            break
    if _side_by_side(header, places):
        return Several(tuple(places))
    if places:
        unsure = tuple(place for place in places if senses[place].kind not in _SURE)
        return Choice(tuple(places), unsure, tuple(place for place in places if senses[place].kind == "landline"))
    alien = tuple(place for place, each in enumerate(senses) if each.other and each.kind in _RANKS[channel])
    return Alien(alien) if alien else None


def _without_contacts(senses: Sequence[Sense], kinds: Sequence[Kind]) -> list[Sense]:
    """Returns the columns without those of a contact, who has a name of his own; all where no other is left."""
    kept = [Sense() if each.contact else each for each in senses]
    return kept if any(each.kind in kinds and not each.other for each in kept) else list(senses)


def _side_by_side(header: Sequence[str], places: Sequence[int]) -> bool:
    """Returns whether a list stands beside another one: columns of the address and others have their names twice."""
    called = [folded(header[place]) for place in places]
    if len(set(called)) == len(called):
        return False
    others = [folded(cell) for place, cell in enumerate(header) if cell and place not in places]
    return len(set(others)) < len(others)


def _ordered(rank: Sequence[int], senses: Sequence[Sense]) -> list[int] | None:
    """Columns of one kind in their order; None where two have an equal claim.

    `Celular` goes before `Celular 2` and `Celular alternativo`; `Celular padre` is not used beside it, and of
    `Celular madre` and `Celular padre` neither is better.
    """
    plain = [place for place in rank if senses[place].plain]
    numbered = sorted((p for p in rank if not senses[p].words and senses[p].place), key=lambda p: senses[p].place)
    spare = [place for place in rank if not senses[place].words and senses[place].spare and place not in numbered]
    series = [*plain, *numbered, *spare]
    if series:
        return series if _one_word(series, senses) else None
    others = sorted(rank, key=lambda place: senses[place].place)
    alike = len({senses[place].words for place in others}) == 1 and all(senses[place].place for place in others)
    return others if len(others) < 2 or (alike and _one_word(others, senses)) else None


def _one_word(places: Sequence[int], senses: Sequence[Sense]) -> bool:
    """Returns whether columns are called alike: `Celular` and `Celular (WhatsApp)`, not `Celular` and `Móvil`."""
    longest = max((senses[place].base for place in places), key=len)
    return all(senses[place].base <= longest for place in places)

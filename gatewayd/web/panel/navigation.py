"""The panel's map: seven sections and the pages below them that somebody may open. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from gatewayd.web.panel.frame import Count, Entry
from gatewayd.web.panel.page import Page
from gatewayd.web.words import spoken


@dataclass(frozen=True, slots=True)
class Section:
    """One of the seven words at the left."""

    key: str
    word: str
    icon: str


SECTIONS: Final = (
    Section("inicio", spoken("Home"), "home"),
    Section("campanas", spoken("Campaigns"), "campaigns"),
    Section("clientes", spoken("Customers"), "customers"),
    Section("interacciones", spoken("Interactions"), "interactions"),
    Section("cobranza", spoken("Collections"), "collections"),
    Section("lineas", spoken("Lines"), "lines"),
    Section("ajustes", spoken("Settings"), "settings"),
)


def entries(
    pages: Iterable[Page], may: Callable[[str], bool], here: str, counts: Mapping[str, Count]
) -> tuple[Entry, ...]:
    """Returns the navigation of somebody who `may` perform operations, at the address `here`.

    `counts` by address of a page; a section shows the sum of its pages'. A section without a page of theirs is left
    out.
    """
    placed = sorted(
        (one for one in pages if one.place is not None and (one.operation is None or may(one.operation))),
        key=lambda one: (one.place.rank if one.place else 0, one.path),
    )
    current = _current(placed, here)
    found = []
    for section in SECTIONS:
        own = [one for one in placed if one.place is not None and one.place.section == section.key]
        if not own:
            continue
        below = tuple(
            Entry(one.path, one.place.title if one.place else "", "", one.path, one is current, counts.get(one.path))
            for one in own
        )
        found.append(
            Entry(
                section.key,
                section.word,
                section.icon,
                own[0].path,
                any(one.current for one in below),
                _sum(one.count for one in below),
                below if len(below) > 1 else (),
            )
        )
    return tuple(found)


def _current(placed: Iterable[Page], here: str) -> Page | None:
    """Returns the page that is shown, or the one below whose address the shown one lies."""
    fitting = [one for one in placed if here == one.path or (one.path != "/" and here.startswith(f"{one.path}/"))]
    return max(fitting, key=lambda one: len(one.path), default=None)


def _sum(counts: Iterable[Count | None]) -> Count | None:
    given = [one for one in counts if one is not None and one.number]
    return Count(sum(one.number for one in given), any(one.urgent for one in given)) if given else None

"""Filters as they stand in the address of a list: read from it, and written into it again. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

VALUE_MAX: Final = 200

Pairs = list[tuple[str, str]]


def read(
    items: Iterable[tuple[str, str]], *, many: Collection[str], one: Collection[str], beside: Collection[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns the filters that the pairs of a query name (a list of texts for those of `many`, a text for those of
    `one`, in that order), and what it says `beside` them; names that are none of these are left out."""
    filters: dict[str, Any] = {}
    rest = dict.fromkeys(beside, "")
    for name, value in items:
        text = value.strip()[:VALUE_MAX]
        if name in rest:
            rest[name] = text
        elif text and name in one:
            filters[name] = text
        elif text and name in many and text not in filters.setdefault(name, []):
            filters[name].append(text)
    return {name: filters[name] for name in (*many, *one) if name in filters}, rest


def pairs(filters: Mapping[str, Any], without: str = "", value: str = "") -> Pairs:
    """Returns filters as pairs, but for the one called `without` (or that one's `value` alone)."""
    every = ((name, one) for name, held in filters.items() for one in (held if isinstance(held, list) else [held]))
    return [(name, one) for name, one in every if not (name == without and value in {"", one})]

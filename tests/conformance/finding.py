"""Adapters of the driver suite: those of this tree, those that packages offer, and any that is named."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path

from drivers.conformance import ENTRY_POINTS, Adapter

FOLDER = "tests.conformance.adapters"


class UnknownAdapterError(Exception):
    """Nothing is called so; the text says what there is."""


def own() -> Iterator[Adapter]:
    """Those of this tree: a module's `adapter`, or its `adapters`."""
    for found in sorted(pkgutil.iter_modules([str(Path(__file__).parent / "adapters")]), key=lambda each: each.name):
        module = importlib.import_module(f"{FOLDER}.{found.name}")
        yield from getattr(module, "adapters", None) or (module.adapter,)


def chosen(wanted: str | None) -> Sequence[Adapter]:
    """The adapter or the driver of that name, or `module:object`; None: all of this tree. UnknownAdapterError."""
    if wanted is None:
        return list(own())
    if ":" in wanted:
        module, _, name = wanted.partition(":")
        try:
            found = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise UnknownAdapterError(f"{wanted}: {error}") from error
        return list(found) if isinstance(found, (list, tuple)) else [found]
    offered = [each.load() for each in entry_points(group=ENTRY_POINTS)]
    known: list[Adapter] = [*own(), *offered]
    fitting = [each for each in known if wanted in (each.name, each.driver.name)]
    if not fitting:
        names = ", ".join(sorted({each.name for each in known} | {each.driver.name for each in known}))
        raise UnknownAdapterError(f"no driver {wanted!r}; there are {names}, or name one as module:object")
    return fitting

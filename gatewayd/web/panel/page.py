"""What a page is: an address, the operation whose right opens it, its place in the navigation, and its handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

if TYPE_CHECKING:
    from gatewayd.web.panel.visit import Visit

Handler = Callable[["Visit"], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands in the navigation."""

    section: str
    """inicio, campanas, clientes, interacciones, cobranza, lineas, ajustes."""
    title: str
    """Its English word, marked by `spoken`, said in the person's language."""
    rank: int = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One address of the panel."""

    path: str
    method: str
    operation: str | None
    """The operation whose right opens it; None: open to everybody (signing in)."""
    handler: Handler
    place: Place | None
    """None: it is reached from another page, or is no page (a form's end, a fragment)."""


PAGES: Final[list[Page]] = []
"""Every page, in the order in which modules register them; `panel.pages` imports all modules."""


def page(
    path: str, *, operation: str | None, method: str = "GET", place: Place | None = None
) -> Callable[[Handler], Handler]:
    """Registers the handler of an address."""

    def register(handler: Handler) -> Handler:
        PAGES.append(Page(path, method, operation, handler, place))
        return handler

    return register

"""What is done with something that goes out, a job or a campaign alike: paused, let go on, withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.responses import Response

from gatewayd.web.panel.page import Handler, page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

ACTS: Final[Mapping[str, tuple[str, str]]] = {
    "pausar": ("pause", spoken("{name} is paused. What is already with a line still goes out.")),
    "seguir": ("resume", spoken("{name} goes on.")),
    "retirar": ("cancel", spoken("What had not left of {name} is withdrawn.")),
}
"""By the end of the address: the operation's verb, and what was done."""

Named = Callable[[Visit], Mapping[str, Any]]
"""Returns the arguments that say which one is meant."""
Shown = Callable[[Mapping[str, Any]], tuple[str, str]]
"""Returns the address and the name of what an operation answers."""


def register(one: str, noun: str, named: Named, shown: Shown) -> None:
    """Registers the forms below the address `one` of something whose operations are called `noun.pause` and so on."""
    for end, (verb, said) in ACTS.items():
        page(f"{one}/{end}", operation=f"{noun}.{verb}", method="POST")(act(f"{noun}.{verb}", said, named, shown))


def act(operation: str, said: str, named: Named, shown: Shown) -> Handler:
    """Returns the handler of a form of one click: it performs the operation and shows the thing again."""

    async def handler(visit: Visit) -> Response:
        address, name = shown(await visit.ask(operation, **named(visit)))
        return visit.go(address, said=_(said).format(name=name))

    return handler

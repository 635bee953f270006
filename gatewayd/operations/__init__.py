"""Every operation of the gateway once: the control socket, the HTTP API and the command line all perform these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from gatewayd.operations.base import Json, Operation, read_request
from gatewayd.operations.places import PLACES
from gatewayd.operations.ports import Backend, Live
from gatewayd.operations.rights import RIGHTS, allows, judge, refused
from gatewayd.operations.trail import performed, turned_away
from gatewayd.values.actor import Actor
from gatewayd.values.errors import UsageError
from gatewayd.values.views import EventView, LineView, Rates, WriterView

__all__ = [
    "OPERATIONS",
    "Backend",
    "EventView",
    "Json",
    "LineView",
    "Live",
    "Operation",
    "Rates",
    "WriterView",
    "perform",
]


class _Operations(Mapping[str, type[Operation]]):
    """The operations by their names. A module is imported when one of its operations is asked for: a command that asks
    one question does not pay for all the others."""

    def __getitem__(self, name: str) -> type[Operation]:
        module, _colon, attribute = PLACES[name].partition(":")
        found: type[Operation] = getattr(import_module(f"{__name__}.{module}"), attribute)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(PLACES)

    def __len__(self) -> int:
        return len(PLACES)

    def __contains__(self, name: object) -> bool:
        return name in PLACES


OPERATIONS: Final[Mapping[str, type[Operation]]] = _Operations()


async def perform(backend: Backend, name: str, arguments: Any, by: Actor) -> Json:
    """Performs the operation `name` for `by`.

    UsageError when there is none or the arguments do not fit; UnauthenticatedError, ForbiddenError and NotFoundError
    where `by` may not. The audit trail is written here and nowhere else.
    """
    operation = OPERATIONS.get(name)
    if operation is None:
        raise UsageError(f"no operation {name!r}")
    audited = RIGHTS[name].audited
    try:
        request = read_request(operation, arguments)
    except UsageError:
        if audited and by.kind != "nobody" and not allows(name, by):
            # Whoever may not do it at all is told that, whatever they asked, and it is on record.
            refusal = refused(name, by)
            await turned_away(backend, name, by, refusal)
            raise refusal from None
        raise
    if audited:
        return await performed(backend, request, by)
    return await judge(request, by).perform(backend, by)

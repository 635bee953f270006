"""The address of the events that keep pages current."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from weakref import WeakKeyDictionary

from starlette.responses import Response, StreamingResponse

from gatewayd.web.panel.page import page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.panel.watching import Watching
from gatewayd.web.remote import AwayError, Remote


@page("/estado", operation="ping")
async def state(visit: Visit) -> Response:
    """Shows, as a part of any page, whether the daemon is there."""
    with suppress(AwayError):
        await visit.ask("ping")
    return visit.page("base.html", block="away")


_WATCHING: WeakKeyDictionary[Remote, Watching] = WeakKeyDictionary()


@page("/eventos", operation="overview")
async def stream(visit: Visit) -> Response:
    """Streams what changes; see `watching`."""
    watching = _WATCHING.setdefault(visit.remote, Watching(visit.remote))
    last = visit.request.headers.get("last-event-id") or visit.query.get("after", "")
    events = watching.stream(visit.bearer, visit.actor.account, last[:60])
    first = await anext(events)  # a refusal is an answer of its own, not the end of a stream

    async def all_events() -> AsyncIterator[str]:
        yield first
        async for event in events:
            yield event

    return StreamingResponse(all_events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

"""The web process's ASGI application: the panel at `/`, the API at `/v1`."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gatewayd.web.panel import door
from gatewayd.web.panel.assets import panel_assets
from gatewayd.web.remote import Remote
from gatewayd.web.security import HEADERS
from gatewayd.web.v1 import api


async def _static(request: Request) -> Response:
    """Answers a file of the panel."""
    found = panel_assets().find(request.url.path)
    if found is None:
        return PlainTextResponse("", 404, HEADERS)
    body, headers = found.answer(request.headers.get("accept-encoding", ""))
    return Response(body, headers={**HEADERS, **headers})


def application(remote: Remote) -> ASGIApp:
    """Returns the application over a way to the operations."""
    # Not FastAPI: what it adds is for models of requests, which pages have none of, and takes a tenth of the start.
    app = Starlette(routes=[*door.routes(remote), Route("/static/{path:path}", _static), door.lost(remote)])
    programs = api.Api(remote)

    async def split(scope: Scope, receive: Receive, send: Send) -> None:
        # Programs post by hundreds a second: they go past what serves pages.
        await (programs if scope["path"].startswith(api.PREFIX) else app)(scope, receive, send)

    return split

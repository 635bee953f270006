"""The API's application: its endpoints, the document that describes them, pages to read it, and an end for the rest."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gatewayd.web.remote import Remote
from gatewayd.web.v1 import browser, problems
from gatewayd.web.v1.call import answer
from gatewayd.web.v1.document import openapi
from gatewayd.web.v1.door import Door, wanted
from gatewayd.web.v1.limits import Limits
from gatewayd.web.v1.problems import Problem
from gatewayd.web.v1.table import ENDPOINTS
from gatewayd.web.words import gettext as _
from gatewayd.words.translation import speaking

PREFIX: Final = "/v1/"


class Api:
    """All below `/v1/`. An address without a parameter is looked up, not searched for."""

    def __init__(self, remote: Remote, limits: Limits | None = None) -> None:
        document = openapi(ENDPOINTS, version("gatewayd"))

        async def described(_request: Request) -> Response:
            return answer(document, headers={"Cache-Control": "max-age=300"})

        routes = [
            Route("/v1/openapi.json", described),
            *browser.routes(document),
            *Door(remote, limits).routes(ENDPOINTS),
        ]
        self._fixed: dict[str, ASGIApp] = {route.path: route.app for route in routes if "{" not in route.path}
        self._others = [route for route in routes if "{" in route.path]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._find(scope)(scope, receive, send)

    def _find(self, scope: Scope) -> ASGIApp:
        fixed = self._fixed.get(scope["path"])
        if fixed is not None:
            return fixed
        for route in self._others:
            match, child = route.matches(scope)
            if match is not Match.NONE:
                scope.update(child)
                return route.app
        return _lost


async def _lost(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers addresses that there are not."""
    with speaking(wanted(Request(scope))):
        response = problems.response(Problem("not-found", _("there is no such address; see /v1/docs")))
    await response(scope, receive, send)

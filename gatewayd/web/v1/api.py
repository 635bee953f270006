"""The routes of the API: its endpoints, the document that describes them, pages to read it, and an end for the rest."""

from __future__ import annotations

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gatewayd.translation import speaking
from gatewayd.web.remote import Remote
from gatewayd.web.v1 import browser, problems
from gatewayd.web.v1.call import answer
from gatewayd.web.v1.document import openapi
from gatewayd.web.v1.door import Door, wanted
from gatewayd.web.v1.limits import Limits
from gatewayd.web.v1.problems import Problem
from gatewayd.web.v1.table import ENDPOINTS
from gatewayd.web.words import gettext as _


def routes(remote: Remote, limits: Limits | None = None) -> list[BaseRoute]:
    """Returns all routes below `/v1`."""
    document = openapi(ENDPOINTS, version("gatewayd"))

    async def described(_request: Request) -> Response:
        return answer(document, headers={"Cache-Control": "max-age=300"})

    return [
        Route("/v1/openapi.json", described),
        *browser.routes(document),
        *Door(remote, limits).routes(ENDPOINTS),
        Route("/v1/{path:path}", _Lost()),
    ]


class _Lost:
    """Answers addresses that there are not."""

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        request = Request(scope, receive, send)  # type: ignore[arg-type]
        with speaking(wanted(request)):
            response = problems.response(Problem("not-found", _("there is no such address; see /v1/docs")))
        await response(scope, receive, send)  # type: ignore[arg-type]

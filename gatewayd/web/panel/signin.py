"""Signing in and out."""

from __future__ import annotations

from starlette.responses import Response

from gatewayd.errors import UnauthenticatedError
from gatewayd.web.panel.page import page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.security import SESSION_COOKIE


def _next(visit: Visit) -> str:
    """Returns where to go once signed in: an address of ours, never another site's."""
    wanted = visit.query.get("next", "/")
    return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/"


@page("/entrar", operation=None)
async def ask_for_password(visit: Visit) -> Response:
    """Shows the form."""
    return visit.page("signin.html", name="", fault=None)


@page("/entrar", operation=None, method="POST")
async def sign_in(visit: Visit) -> Response:
    """Signs in, or shows the form again with what is wrong."""
    name, password = str(visit.form.get("user", "")), str(visit.form.get("password", ""))
    agent = visit.request.headers.get("user-agent", "")[:200]
    try:
        opened = await visit.ask("session.open", user=name[:200], password=password[:1000], agent=agent)
    except UnauthenticatedError as error:
        return visit.page("signin.html", name=name, fault=str(error), status=401)
    answer = visit.go(_next(visit))
    secure = visit.request.url.scheme == "https"
    answer.set_cookie(SESSION_COOKIE, opened["session"], httponly=True, samesite="lax", secure=secure, path="/")
    return answer


@page("/salir", operation="session.close", method="POST")
async def sign_out(visit: Visit) -> Response:
    """Signs out."""
    await visit.ask("session.close")
    answer = visit.go("/entrar")
    answer.delete_cookie(SESSION_COOKIE, path="/")
    return answer

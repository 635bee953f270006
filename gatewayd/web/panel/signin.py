"""Signing in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import ThrottledError, UnauthenticatedError
from gatewayd.web.panel.page import page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.security import SESSION_COOKIE

DEVICE_COOKIE: Final = "gatewayd_device"
"""By which a browser is known that somebody has signed in with: it is no right, guesses are counted apart by it."""
DEVICE_S: Final = 400 * 86_400
"""As long as browsers keep a cookie (RFC 6265bis §5.5)."""


def _next(visit: Visit) -> str:
    """Returns where to go once signed in: an address of ours, never another site's."""
    return visit.way_back(visit.query.get("next", "/"))


async def _form(visit: Visit, *, status: int = 200, fault: str = "", name: str = "") -> Response:
    """Returns the page that asks for name and password, or shows the way while nobody can sign in yet."""
    door = await visit.ask("session.door")
    return visit.page("signin.html", status=status, fault=fault, name=name, door=door)


@page("/entrar", operation=None)
async def ask_for_password(visit: Visit) -> Response:
    """Shows the form."""
    return await _form(visit)


@page("/entrar", operation=None, method="POST")
async def sign_in(visit: Visit) -> Response:
    """Signs in, asks for the second factor, or shows the form again with what is wrong."""
    name, password = str(visit.form.get("user", "")), str(visit.form.get("password", ""))
    device = visit.request.cookies.get(DEVICE_COOKIE, "")[:200]
    given = {"user": name[:200], "password": password[:1000], "device": device, "agent": _agent(visit)}
    try:
        opened = await visit.ask("session.open", **given)
    except (UnauthenticatedError, ThrottledError) as error:
        return await _form(visit, status=_status(error), fault=str(error), name=name)
    if opened["session"] is None:
        return visit.page("secondfactor.html", ticket=opened["ticket"], fault="")
    return _let_in(visit, opened)


@page("/entrar/codigo", operation=None, method="POST")
async def confirm(visit: Visit) -> Response:
    """Takes the second factor."""
    ticket, code = str(visit.form.get("ticket", ""))[:200], str(visit.form.get("code", ""))[:40]
    try:
        opened = await visit.ask("session.confirm", ticket=ticket, code=code or "-", agent=_agent(visit))
    except (UnauthenticatedError, ThrottledError) as error:
        return visit.page("secondfactor.html", status=_status(error), ticket=ticket, fault=str(error))
    return _let_in(visit, opened)


@page("/entrar/codigo", operation=None)
async def again(visit: Visit) -> Response:
    """Leads who loads the second step's address anew back to the first."""
    return visit.go("/entrar")


def _agent(visit: Visit) -> str:
    return visit.request.headers.get("user-agent", "")[:200]


def _status(error: UnauthenticatedError | ThrottledError) -> int:
    return 401 if isinstance(error, UnauthenticatedError) else 429


def _let_in(visit: Visit, opened: Mapping[str, Any]) -> Response:
    answer = visit.go(_next(visit))
    secure = visit.request.url.scheme == "https"
    answer.set_cookie(SESSION_COOKIE, opened["session"], httponly=True, samesite="lax", secure=secure, path="/")
    if opened["device"] is not None:
        answer.set_cookie(
            DEVICE_COOKIE,
            opened["device"],
            max_age=DEVICE_S,
            httponly=True,
            samesite="strict",
            secure=secure,
            path="/entrar",
        )
    return answer


@page("/salir", operation="session.close", method="POST")
async def sign_out(visit: Visit) -> Response:
    """Signs out."""
    await visit.ask("session.close")
    answer = visit.go("/entrar")
    answer.delete_cookie(SESSION_COOKIE, path="/")
    return answer

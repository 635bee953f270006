"""Forgotten passwords: a link is asked for, and used."""

from __future__ import annotations

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, ForbiddenError, GatewayError, ThrottledError, UsageError
from gatewayd.web.panel.faults import fault, faults_of
from gatewayd.web.panel.page import page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _


@page("/entrar/olvido", operation=None)
async def ask_for_name(visit: Visit) -> Response:
    """Shows the form that asks for name or mail address."""
    return visit.page("reset.html", said=False, fault="", user="")


@page("/entrar/olvido", operation=None, method="POST")
async def mail(visit: Visit) -> Response:
    """Has a link mailed; the page is the same whether there is such a person."""
    user = str(visit.form.get("user", "")).strip()[:254]
    try:
        await visit.ask("reset.ask", user=user or "-")
    except (ThrottledError, ConflictError, UsageError) as error:
        status = 429 if isinstance(error, ThrottledError) else 422
        return visit.page("reset.html", status=status, said=False, fault=str(error), user=user)
    return visit.page("reset.html", said=True, fault="", user=user)


def _form(visit: Visit, good: bool, error: GatewayError | None = None) -> Response:
    faults, general = ({}, "") if error is None else faults_of(error, ("password",))
    return visit.page("reset_use.html", status=200 if error is None else 422, good=good, faults=faults, general=general)


@page("/entrar/clave/{secret}", operation=None)
async def ask_for_password(visit: Visit) -> Response:
    """Shows the form of a new password, or that the link is not good any more."""
    found = await visit.ask("reset.show", secret=visit.request.path_params["secret"][:200])
    return _form(visit, found["good"])


@page("/entrar/clave/{secret}", operation=None, method="POST")
async def set_password(visit: Visit) -> Response:
    """Sets the new password."""
    secret, password = visit.request.path_params["secret"][:200], str(visit.form.get("password", ""))[:1000]
    if password != str(visit.form.get("again", "")):
        return _form(visit, good=True, error=fault("password", _("both have to be the same")))
    try:
        await visit.remote.ask(visit.bearer, "reset.use", {"secret": secret, "password": password})
    except ForbiddenError:
        return _form(visit, good=False)
    except (UsageError, ThrottledError) as error:
        return _form(visit, good=True, error=error)
    return visit.page("reset_done.html")

"""My account: password, sessions, second factor."""

from __future__ import annotations

import io
from typing import Any, Final

import segno
from starlette.responses import Response

from gatewayd.values.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    NotFoundError,
    ThrottledError,
    UsageError,
)
from gatewayd.web.panel.agents import browser_of
from gatewayd.web.panel.faults import fault, faults_of
from gatewayd.web.panel.frame import Own
from gatewayd.web.panel.page import page
from gatewayd.web.panel.surroundings import OWN
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

MINE: Final = "/mi-cuenta"
FACTOR: Final = f"{MINE}/segundo-factor"
FIELDS: Final = ("current", "password", "mail", "code")
MISTAKES: Final = (UsageError, ForbiddenError, ConflictError, ThrottledError)

OWN.append(Own(MINE, spoken("My account"), "account"))


def _field(visit: Visit, name: str) -> str:
    return str(visit.form.get(name, ""))[:1000]


async def _shown(visit: Visit, error: GatewayError | None = None, field: str = "", **values: Any) -> Response:
    """Returns the page; `field` is what an error that names none is about."""
    faults, general = ({}, "") if error is None else faults_of(error, FIELDS)
    if general and field:
        faults, general = {field: general, **faults}, ""
    found = await visit.ask("me.show")
    sessions = (await visit.ask("me.sessions"))["items"]
    return visit.page(
        "me.html",
        status=200 if error is None else 429 if isinstance(error, ThrottledError) else 422,
        found=found,
        sessions=sessions,
        browser_of=browser_of,
        values={**found, **values},
        faults=faults,
        general=general,
    )


@page(MINE, operation="me.show")
async def show(visit: Visit) -> Response:
    """Shows the person's own account."""
    return await _shown(visit)


@page(f"{MINE}/contrasena", operation="me.password", method="POST")
async def change_password(visit: Visit) -> Response:
    """Changes the password."""
    try:
        if _field(visit, "password") != _field(visit, "again"):
            raise fault("password", _("both have to be the same"))
        given = {"current": _field(visit, "current"), "password": _field(visit, "password")}
        await visit.remote.ask(visit.bearer, "me.password", given)
    except MISTAKES as error:
        return await _shown(visit, error, "current")
    return visit.go(MINE, _("Your password was changed; everywhere else you are signed out"))


@page(f"{MINE}/correo", operation="me.edit", method="POST")
async def change_mail(visit: Visit) -> Response:
    """Changes the mail address."""
    mail = _field(visit, "mail").strip()
    try:
        given = {"mail": mail, "current": _field(visit, "mail_now")}
        await visit.remote.ask(visit.bearer, "me.edit", given)
    except MISTAKES as error:
        return await _shown(visit, error, "mail", mail=mail)
    return visit.go(MINE, _("Saved"))


@page(f"{MINE}/sesiones", operation="me.sign_out", method="POST")
async def end_sessions(visit: Visit) -> Response:
    """Ends one session, or all others."""
    number = _field(visit, "session")
    try:
        given = {"session": int(number)} if number.isdecimal() and len(number) < 16 else {}
        await visit.remote.ask(visit.bearer, "me.sign_out", given)
    except NotFoundError:
        pass  # it has ended meanwhile, which is what was wanted
    return visit.go(MINE, _("Signed out there") if given else _("Everywhere else you are signed out"))


@page(FACTOR, operation="me.totp_offer", method="POST")
async def offer(visit: Visit) -> Response:
    """Shows a seed for the telephone, once the password is given."""
    try:
        offered = await visit.remote.ask(visit.bearer, "me.totp_offer", {"current": _field(visit, "now")})
    except MISTAKES as error:
        return await _shown(visit, error, "factor")
    return visit.page("me_factor.html", seed=offered["seed"], faults={}, general="")


@page(FACTOR, operation="me.show")
async def leave(visit: Visit) -> Response:
    """Leads who loads a step's address anew back to the account."""
    return visit.go(MINE)


@page(f"{FACTOR}/imagen.svg", operation="me.totp_picture")
async def picture(visit: Visit) -> Response:
    """Draws the offered seed for a telephone's camera."""
    found = await visit.ask("me.totp_picture")
    out = io.BytesIO()
    segno.make(found["address"], error="m", micro=False).save(out, kind="svg", scale=5, border=4, light="#fff")
    return Response(out.getvalue(), media_type="image/svg+xml")


@page(f"{FACTOR}/codigo", operation="me.totp_confirm", method="POST")
async def confirm(visit: Visit) -> Response:
    """Puts the second factor in force, and shows the recovery codes."""
    try:
        found = await visit.remote.ask(visit.bearer, "me.totp_confirm", {"code": _field(visit, "code") or "-"})
    except ConflictError as error:
        return await _shown(visit, error, "factor")
    except (UsageError, ThrottledError) as error:
        faults, general = faults_of(error, FIELDS)
        seed = (await visit.ask("me.totp_picture"))["seed"]
        return visit.page("me_factor.html", status=422, seed=seed, faults=faults, general=general)
    return visit.page("me_codes.html", codes=found["recovery_codes"], fresh=True)


@page(f"{MINE}/codigos", operation="me.recovery", method="POST")
async def renew(visit: Visit) -> Response:
    """Shows new recovery codes."""
    try:
        found = await visit.remote.ask(visit.bearer, "me.recovery", {"current": _field(visit, "now")})
    except MISTAKES as error:
        return await _shown(visit, error, "factor")
    return visit.page("me_codes.html", codes=found["recovery_codes"], fresh=False)


@page(f"{FACTOR}/quitar", operation="me.totp_drop", method="POST")
async def drop(visit: Visit) -> Response:
    """Takes the second factor away."""
    try:
        await visit.remote.ask(visit.bearer, "me.totp_drop", {"current": _field(visit, "now")})
    except MISTAKES as error:
        return await _shown(visit, error, "factor")
    return visit.go(MINE, _("The second factor was taken away; the password alone lets you in"))

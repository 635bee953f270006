"""Settings, users: who may sign in, as what."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from gatewayd.values.actor import Role
from gatewayd.values.errors import ConflictError, ForbiddenError, GatewayError, NotFoundError, UsageError
from gatewayd.web.panel.faults import fault, faults_of
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.pieces import Column
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

LIST: Final = "/ajustes/usuarios"
NEW: Final = f"{LIST}/nuevo"
ONE: Final = f"{LIST}/persona"
FIELDS: Final = ("user", "role", "account", "mail", "supervisor", "monthly_limit", "password", "rename")
PERSON_MISTAKES: Final = (UsageError, ConflictError, ForbiddenError, NotFoundError)

ROLES: Final = {
    "user": (spoken("User"), spoken("Sends, loads customers, sees and exports what is its account's.")),
    "supervisor": (spoken("Supervisor"), spoken("Also templates, rules and users of its account; no credit.")),
    "administrator": (spoken("Administrator"), spoken("Everything, in every account.")),
}


def _path(user: str) -> str:
    return f"{ONE}/{quote(user, safe='')}"


def _field(visit: Visit, name: str) -> str:
    return str(visit.form.get(name, "")).strip()[:1000]


@page(LIST, operation="user.list", place=Place("ajustes", spoken("Users"), 10))
async def show_all(visit: Visit) -> Response:
    """Lists the users."""
    columns = [Column(one) for one in (_("Name"), _("Role"), _("Account"), _("Mail"), _("Second factor"), _("State"))]
    found = await visit.ask("user.list")
    text = visit.query.get("q", "").strip()[:100].casefold()
    items = [one for one in found["items"] if text in f"{one['name']} {one['mail'] or ''}".casefold()]
    return visit.page(
        "users.html", users=items, every=len(found["items"]), columns=columns, roles=ROLES, path=_path, text=text
    )


async def _form(visit: Visit, values: dict[str, Any], error: GatewayError | None = None) -> Response:
    faults, general = ({}, "") if error is None else faults_of(error, FIELDS)
    return visit.page(
        "user_new.html",
        status=200 if error is None else 422,
        values=values,
        faults=faults,
        general=general,
        roles=_roles(visit),
        accounts=await _accounts(visit),
    )


def _roles(visit: Visit) -> list[tuple[str, str, str]]:
    """Returns the roles that the person may give."""
    given = ROLES if visit.actor.role is Role.ADMINISTRATOR else {"user": ROLES["user"]}
    return [(code, _(word), _(hint)) for code, (word, hint) in given.items()]


async def _accounts(visit: Visit) -> list[tuple[str, str]]:
    found = [(one["name"], one["name"]) for one in (await visit.ask("account.list"))["items"]]
    return found if visit.actor.account else [("", _("None (administrators)")), *found]


@page(NEW, operation="user.create")
async def ask_for_new(visit: Visit) -> Response:
    """Shows the form of a new user."""
    return await _form(visit, {"role": "user", "account": visit.account})


@page(NEW, operation="user.create", method="POST")
async def create(visit: Visit) -> Response:
    """Makes a user."""
    names = ("user", "role", "account", "mail", "supervisor", "monthly_limit")
    values: dict[str, Any] = {name: _field(visit, name) for name in names}
    password = str(visit.form.get("password", ""))[:1000]
    given = values | ({"account": None} if values["role"] == "administrator" else {})
    try:
        if password != str(visit.form.get("again", "")):
            raise fault("password", _("both have to be the same"))
        made = await visit.remote.ask(
            visit.bearer, "user.create", {name: one for name, one in given.items() if one} | {"password": password}
        )
    except PERSON_MISTAKES as error:
        return await _form(visit, values, error)
    return visit.go(LIST, _("{name} may sign in now").format(name=made["name"]))


async def _shown(visit: Visit, error: GatewayError | None = None, values: dict[str, Any] | None = None) -> Response:
    name = visit.request.path_params["user"]
    found = await visit.ask("user.show", user=name)
    faults, general = ({}, "") if error is None else faults_of(error, FIELDS)
    mine = visit.actor.role is Role.ADMINISTRATOR or found["role"] == "user"
    return visit.page(
        "user.html",
        status=200 if error is None else 409 if isinstance(error, ConflictError) else 422,
        found=found,
        values={"rename": found["name"], **found, **(values or {})},
        faults=faults,
        general=general,
        mine=mine,
        own=visit.actor.number is not None and found["name"] == visit.actor.name,
        roles=_roles(visit),
        words=ROLES,
        accounts=await _accounts(visit) if mine else [],
        path=_path(found["name"]),
    )


@page(f"{ONE}/{{user}}", operation="user.show")
async def show(visit: Visit) -> Response:
    """Shows a user, and what can be changed."""
    return await _shown(visit)


async def _act(visit: Visit, operation: str, said: str, **arguments: Any) -> Response:
    """Performs what a button of the page asks; says so on the page, or what was wrong."""
    name = visit.request.path_params["user"]
    try:
        found = await visit.remote.ask(visit.bearer, operation, {"user": name, **arguments})
    except PERSON_MISTAKES as error:
        if isinstance(error, NotFoundError) and str(name) in str(error):
            raise
        return await _shown(visit, error)
    return visit.go(_path(found.get("name", name)), said)


def _version(visit: Visit) -> dict[str, int]:
    version = _field(visit, "version")
    return {"version": int(version)} if version.isdecimal() and len(version) < 10 else {}


@page(f"{ONE}/{{user}}", operation="user.edit", method="POST")
async def save(visit: Visit) -> Response:
    """Saves name, mail address, supervisor and limit."""
    names = ("rename", "mail", "supervisor", "monthly_limit")
    values = {name: _field(visit, name) for name in names if name in visit.form}
    given = {name: one for name, one in values.items() if name != "rename" or one}
    try:
        name = visit.request.path_params["user"]
        found = await visit.remote.ask(visit.bearer, "user.edit", {"user": name, **given, **_version(visit)})
    except (UsageError, ConflictError) as error:
        return await _shown(visit, error, values)
    except NotFoundError as error:
        if "supervisor" not in given:
            raise
        return await _shown(visit, UsageError(f"supervisor: {error}"), values)
    return visit.go(_path(found["name"]), _("Saved"))


@page(f"{ONE}/{{user}}/rol", operation="user.role", method="POST")
async def set_role(visit: Visit) -> Response:
    """Gives another role."""
    role, account = _field(visit, "role"), _field(visit, "account")
    given: dict[str, Any] = {"role": role} | ({"account": account} if account and role != "administrator" else {})
    return await _act(
        visit, "user.role", _("The role was changed; open sessions have ended"), **given, **_version(visit)
    )


@page(f"{ONE}/{{user}}/cerrar", operation="user.disable", method="POST")
async def disable(visit: Visit) -> Response:
    """Lets the user sign in no more."""
    return await _act(visit, "user.disable", _("They can sign in no more; open sessions have ended"), **_version(visit))


@page(f"{ONE}/{{user}}/abrir", operation="user.enable", method="POST")
async def enable(visit: Visit) -> Response:
    """Lets the user sign in again."""
    return await _act(visit, "user.enable", _("They can sign in again"), **_version(visit))


@page(f"{ONE}/{{user}}/contrasena", operation="user.password", method="POST")
async def set_password(visit: Visit) -> Response:
    """Sets another password."""
    password = str(visit.form.get("password", ""))[:1000]
    if password != str(visit.form.get("again", "")):
        return await _shown(visit, fault("password", _("both have to be the same")))
    return await _act(visit, "user.password", _("The password was set; open sessions have ended"), password=password)


@page(f"{ONE}/{{user}}/segundo-factor", operation="user.totp_reset", method="POST")
async def reset_totp(visit: Visit) -> Response:
    """Takes the second factor away."""
    return await _act(visit, "user.totp_reset", _("The second factor was taken away; the password alone lets them in"))


@page(f"{ONE}/{{user}}/sesiones", operation="user.sign_out", method="POST")
async def sign_out(visit: Visit) -> Response:
    """Ends all sessions."""
    return await _act(visit, "user.sign_out", _("All their sessions have ended"))

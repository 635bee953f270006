"""Settings of a company: its name and logo, language, zone, and the credit below which it is warned."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.responses import Response

from gatewayd.values.errors import ConflictError, FaultsError, NotFoundError, UsageError
from gatewayd.web.panel.page import Place, page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

LOGO_MAX: Final = 524_288
"""Bytes of an upload; the operation judges what it is."""
ZONES: Final = (
    "America/Argentina/Buenos_Aires",
    "America/Argentina/Cordoba",
    "America/Argentina/Mendoza",
    "America/Argentina/Salta",
    "America/Argentina/Ushuaia",
    "America/Asuncion",
    "America/Bogota",
    "America/Caracas",
    "America/Costa_Rica",
    "America/El_Salvador",
    "America/Guatemala",
    "America/Guayaquil",
    "America/La_Paz",
    "America/Lima",
    "America/Managua",
    "America/Mexico_City",
    "America/Montevideo",
    "America/Panama",
    "America/Santiago",
    "America/Santo_Domingo",
    "America/Sao_Paulo",
    "America/Tegucigalpa",
    "America/Tijuana",
    "Europe/Madrid",
)
"""Offered by name; any other can be written."""


GROUP_TEXT_MAX: Final = 10_000
"""Characters of the test group as it is typed."""


def _lines(group: Iterable[Mapping[str, str]]) -> str:
    """Returns the test group as people write it: a line each, name; number; mail."""
    return "\n".join("; ".join((one["name"], one.get("phone", ""), one.get("mail", ""))).rstrip("; ") for one in group)


def _group(text: str) -> list[dict[str, str]]:
    """Returns the people of a test group; what has an @ is a mail, anything else a number."""
    found = []
    for line in text.splitlines():
        name, *addresses = [part.strip() for part in line.split(";")]
        if name:
            person = {"name": name}
            person.update(("mail" if "@" in one else "phone", one) for one in addresses if one)
            found.append(person)
    return found


async def _account(visit: Visit) -> str:
    """Returns the account that is worked in, or the only one; "" where one has to be chosen."""
    if visit.account:
        return visit.account
    accounts = (await visit.ask("account.list"))["items"]
    return str(accounts[0]["name"]) if len(accounts) == 1 else ""


@page("/ajustes/empresa", operation="account.set", place=Place("ajustes", spoken("Company"), 0))
async def show(visit: Visit) -> Response:
    """Shows the settings."""
    return await _shown(visit)


async def _shown(
    visit: Visit, *, faults: Mapping[str, str] | None = None, general: str = "", given: Mapping[str, str] | None = None
) -> Response:
    account = await _account(visit)
    if not account:
        accounts = [one["name"] for one in (await visit.ask("account.list"))["items"]]
        return visit.page("company.html", account="", accounts=accounts, settings=None)
    settings = await visit.ask("account.settings", account=account)
    values = {key: settings[key] or "" for key in ("company", "language", "zone", "low_credit")}
    values |= {"test_group": _lines(settings.get("test_group") or ())} | dict(given or {})
    return visit.page(
        "company.html",
        status=422 if faults or general else 200,
        account=account,
        accounts=(),
        settings=settings,
        values=values,
        faults=dict(faults or {}),
        general=general,
        zones=ZONES,
    )


@page("/ajustes/empresa", operation="account.set", method="POST")
async def save(visit: Visit) -> Response:
    """Saves the settings, and the logo where one was chosen."""
    account = await _account(visit)
    given = {key: str(visit.form.get(key, "")).strip()[:200] for key in ("company", "language", "zone", "low_credit")}
    given["low_credit"] = given["low_credit"].replace(",", ".")
    arguments: dict[str, Any] = {"account": account, **{key: text or None for key, text in given.items()}}
    given["test_group"] = str(visit.form.get("test_group", ""))[:GROUP_TEXT_MAX]
    arguments["test_group"] = _group(given["test_group"]) or None
    version = str(visit.form.get("version", ""))
    if version.isdecimal() and len(version) < 10:
        arguments["version"] = int(version)
    try:
        await _keep_logo(visit, account)
        await visit.remote.ask(visit.bearer, "account.set", arguments)
    except FaultsError as error:
        faults = {one["key"].partition(".")[0]: f"{one['message']}; {one['remedy']}" for one in error.faults}
        return await _shown(visit, faults=faults, given=given)
    except UsageError as error:
        return await _shown(visit, faults={"logo": str(error)}, given=given)
    except ConflictError as error:
        return await _shown(visit, general=str(error), given=given)
    return visit.go("/ajustes/empresa", said=_("The company's settings were saved"))


async def _keep_logo(visit: Visit, account: str) -> None:
    uploaded = visit.form.get("logo")
    if visit.form.get("without_logo") == "1":
        await visit.remote.ask(visit.bearer, "account.logo.set", {"account": account, "png": None})
    elif isinstance(uploaded, UploadFile) and uploaded.filename:
        data = await uploaded.read(LOGO_MAX + 1)
        if len(data) > LOGO_MAX:
            raise UsageError(_("the picture is larger than {limit} kB").format(limit=LOGO_MAX // 1024))
        png = base64.b64encode(data).decode()
        await visit.remote.ask(visit.bearer, "account.logo.set", {"account": account, "png": png})


@page("/logo/{account}", operation="account.logo")
async def logo(visit: Visit) -> Response:
    """Answers the logo of an account."""
    found = await visit.ask("account.logo", account=visit.request.path_params["account"])
    if found["png"] is None:
        raise NotFoundError(_("there is no logo"))
    tag = f'"{found["digest"]}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=300"}
    if visit.request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(base64.b64decode(found["png"]), media_type="image/png", headers=headers)

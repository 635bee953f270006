"""Legal registers in the panel: brought from a file of text, listed with their age, taken away as a whole."""

from __future__ import annotations

from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.responses import Response

from gatewayd.errors import ConflictError, FaultsError, NotFoundError, UsageError
from gatewayd.web.panel.blocklist import AT_ONCE, HERE, cells, shown
from gatewayd.web.panel.page import page
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import ngettext

FILE_MAX: Final = 1_900_000
"""Octets of a file: a hundred thousand numbers; longer ones are brought by `gatewayd register import`."""
FIELDS: Final = ("register_name", "source", "as_of", "max_age_days", "channel")


@page(f"{HERE}/registro", operation="register.import", method="POST")
async def bring(visit: Visit) -> Response:
    """Brings a register from a file, in portions; what the file does not name is off it afterwards."""
    given = {name: str(visit.form.get(name, "")).strip()[:300] for name in FIELDS}
    upload = visit.form.get("file")
    faults: dict[str, str] = {}
    numbers: list[str] = []
    if not isinstance(upload, UploadFile) or not upload.filename:
        faults["file"] = _("Choose a file.")
    else:
        data = await upload.read(FILE_MAX + 1)
        if len(data) > FILE_MAX:
            faults["file"] = _("That is too long; bring it by gatewayd register import.")
        else:
            numbers = list(dict.fromkeys(cells(data.decode("utf-8-sig", errors="replace"))))
            if not numbers:
                faults["file"] = _("No line begins with a number. A sheet (XLSX) is saved as CSV first.")
    days = given["max_age_days"]
    arguments: dict[str, Any] = {name: one for name, one in given.items() if one and name != "max_age_days"}
    arguments["max_age_days"] = int(days) if days.isdecimal() and len(days) < 6 else days or 30
    if faults:
        return await shown(visit, register=given, register_faults=faults)
    try:
        begun = await visit.remote.ask(visit.bearer, "register.import", arguments)
        refused = await _add(visit, {"register_name": given["register_name"], "began": begun["began"]}, numbers)
    except FaultsError as error:
        told = {one["key"].partition(".")[0]: f"{one['message']}; {one['remedy']}" for one in error.faults}
        return await shown(visit, register=given, register_faults=told)
    except (ConflictError, UsageError) as error:
        return await shown(visit, register=given, register_faults={"file": str(error)})
    said = _("{name} was brought.").format(name=given["register_name"])
    if refused:
        said += " " + ngettext("{count} line could not be read.", "{count} lines could not be read.", refused).format(
            count=refused
        )
    return visit.go(f"{HERE}#registros", said=said)


async def _add(visit: Visit, ours: dict[str, Any], numbers: list[str]) -> int:
    """Puts the numbers on the register and ends its import; returns how many could not be read."""
    refused = 0
    for start in range(0, len(numbers), AT_ONCE):
        portion = {**ours, "numbers": numbers[start : start + AT_ONCE]}
        refused += len((await visit.remote.ask(visit.bearer, "register.add", portion))["refused"])
    done: dict[str, Any] = {"next": "", "kept": 0}
    while done["next"] is not None:
        done = await visit.remote.ask(
            visit.bearer, "register.finish", {**ours, "cursor": done["next"], "kept": done["kept"]}
        )
    return refused


@page(f"{HERE}/registro/quitar", operation="register.remove", method="POST")
async def remove(visit: Visit) -> Response:
    """Takes a register away, with a reason."""
    name, reason = str(visit.form.get("register_name", ""))[:64], str(visit.form.get("reason", "")).strip()[:1000]
    done: dict[str, Any] = {"next": ""}
    try:
        while done["next"] is not None:
            wanted = {"register_name": name, "reason": reason, "cursor": done["next"]}
            done = await visit.remote.ask(visit.bearer, "register.remove", wanted)
    except (NotFoundError, UsageError) as error:
        return visit.go(f"{HERE}#registros", said=str(error), tone="look")
    return visit.go(f"{HERE}#registros", said=_("{name} is removed.").format(name=name))

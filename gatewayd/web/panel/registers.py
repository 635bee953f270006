"""Legal registers in the panel: brought from a file, which is read in the background, and taken away as a whole."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from gatewayd.values.errors import ConflictError, FaultsError, NotFoundError, UsageError
from gatewayd.web.panel.blocklist import HERE, shown
from gatewayd.web.panel.number_files import holder_of, result_address
from gatewayd.web.panel.page import page
from gatewayd.web.panel.uploading import chosen, name_of, upload
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _

FIELDS: Final = ("register_name", "source", "as_of", "max_age_days", "channel")


@page(f"{HERE}/registro", operation="register.upload", method="POST")
async def bring(visit: Visit) -> Response:
    """Takes a register's file; it is read in the background, and what it does not name is off it afterwards."""
    given = {name: str(visit.form.get(name, "")).strip()[:300] for name in FIELDS}
    days = given["max_age_days"]
    arguments: dict[str, Any] = {name: one for name, one in given.items() if one and name != "max_age_days"}
    arguments["max_age_days"] = int(days) if days.isdecimal() and len(days) < 6 else days or 30
    try:
        file = chosen(visit, "file")
        holder = await holder_of(visit)
        arguments |= {"holder": holder, "upload": await upload(visit, holder, file), "file": name_of(file)}
        task = await visit.remote.ask(visit.bearer, "register.upload", arguments)
    except FaultsError as error:
        told = {one["key"].partition(".")[0]: f"{one['message']}; {one['remedy']}" for one in error.faults}
        return await shown(visit, register=given, register_faults=told)
    except (ConflictError, UsageError) as error:
        return await shown(visit, register=given, register_faults={"file": str(error)})
    return visit.go(result_address(task))


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

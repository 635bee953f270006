"""Files of numbers that may not be contacted: read in the background, with what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.responses import Response

from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.web.panel.page import page
from gatewayd.web.panel.pieces import Column
from gatewayd.web.panel.uploading import account_of, name_of, upload
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _
from gatewayd.web.words import spoken

HERE: Final = "/ajustes/bloqueados/carga"
SHOWN: Final = 20
"""Rows that could not be read on the page; all of them stand in the sheet to download."""
REASONS: Final[Mapping[str, str]] = {
    "another_import": spoken("Another file of this register was brought meanwhile: that one holds."),
    "register_empty": spoken("No row could be read as a number, so that everybody would be off the register."),
    "upload_missing": spoken("The file is no longer kept. Bring it again."),
    "worker_died": spoken("The file is more than can be read. Save it as CSV, or bring it in parts."),
    "out of memory": spoken("The file is more than can be read. Save it as CSV, or bring it in parts."),
}
"""Why nothing came of a file, by the code of its task; else its reason is a sentence."""


def result_address(task: Mapping[str, Any]) -> str:
    """Returns the address of the page that tells what becomes of a file."""
    return f"{HERE}/{task['task']}"


async def holder_of(visit: Visit) -> str:
    """Returns the account under which a file is uploaded that is everybody's. UsageError where there is none yet."""
    found = await account_of(visit)
    if not found:
        names = [str(one["name"]) for one in (await visit.ask("account.list"))["items"]]
        found = names[0] if names else ""
    if not found:
        raise UsageError(_("there is no account yet: make one first"))
    return found


async def block(visit: Visit, file: UploadFile, note: str) -> str:
    """Has a file of numbers read and put on the list; returns the address of what becomes of it."""
    holder = await holder_of(visit)
    arguments: dict[str, Any] = {"upload": await upload(visit, holder, file), "file": name_of(file)}
    arguments |= {"account": visit.account} if visit.account else {"holder": holder}
    arguments |= {"note": note} if note else {}
    return result_address(await visit.remote.ask(visit.bearer, "blocklist.upload", arguments))


@page(HERE + "/{task}", operation="task.faults")
async def result(visit: Visit) -> Response:
    """Shows what became of a file of numbers."""
    text = str(visit.request.path_params["task"])
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NotFoundError(_("no such task"))
    found = await visit.ask("task.faults", task=int(text))
    if found["kind"] != "numbers":
        raise NotFoundError(_("no such task"))
    reason = str(found["reason"] or "")
    return visit.page(
        "numbers_uploaded.html",
        task=found,
        here=f"{HERE}/{text}",
        reason=_(REASONS[reason]) if reason in REASONS else reason,
        faults=found["items"][:SHOWN],
        heads=[Column(_("Row"), num=True), Column(_("What it says")), Column(_("Fault"))],
        block="state" if visit.fragment else None,
    )

"""A file of a form on its way to the daemon: portion by portion, never whole in memory."""

from __future__ import annotations

import base64
from typing import Final

from starlette.datastructures import UploadFile

from gatewayd.values.errors import UsageError
from gatewayd.web.panel.visit import Visit
from gatewayd.web.words import gettext as _

PORTION: Final = 384 << 10
"""Octets a portion: in base64 half of what the socket takes."""
SIZE_MAX: Final = 100 << 20
NAME_MAX: Final = 150
ATTACHED_MAX: Final = 10
"""Files of one mail."""


def chosen(visit: Visit, field: str) -> UploadFile:
    """Returns the file that a form brought; UsageError where none was chosen, or it is empty."""
    given = visit.form.get(field)
    if not isinstance(given, UploadFile) or not given.filename:
        raise UsageError(_("choose a file first"))
    if not given.size:
        raise UsageError(_("the file is empty"))
    if given.size > SIZE_MAX:
        raise UsageError(_("the file is larger than {limit} MiB").format(limit=SIZE_MAX >> 20))
    return given


def attached(visit: Visit, field: str) -> list[UploadFile]:
    """Returns the files that a field of several brought; none where none was chosen."""
    given = [one for one in visit.form.getlist(field) if isinstance(one, UploadFile) and one.filename]
    if any(not one.size for one in given):
        raise UsageError(_("the file is empty"))
    if len(given) > ATTACHED_MAX or sum(one.size or 0 for one in given) > SIZE_MAX:
        raise UsageError(_("that is too much for a mail"))
    return given


def name_of(file: UploadFile) -> str:
    """Returns the file's own name, without folders, for people to see."""
    name = (file.filename or "").replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in name if each.isprintable())[:NAME_MAX] or "file"


async def upload(visit: Visit, account: str, file: UploadFile) -> str:
    """Hands a file to the daemon; returns the id of the upload. What cannot be taken leaves nothing."""
    begun = await visit.ask("upload.begin", account=account, file=name_of(file))
    number = str(begun["id"])
    try:
        at = 0
        while data := await file.read(PORTION):
            added = await visit.ask(
                "upload.add", account=account, upload=number, at=at, data=base64.b64encode(data).decode()
            )
            at = int(added["at"])
        await visit.ask("upload.end", account=account, upload=number)
    except BaseException:
        await visit.ask("upload.remove", account=account, upload=number)
        raise
    return number


async def account_of(visit: Visit, wanted: str = "") -> str:
    """Returns the account that is worked in, the one that a form names, or the only one there is; "" for none."""
    if visit.account:
        return visit.account
    names = [str(one["name"]) for one in (await visit.ask("account.list"))["items"]]
    if wanted in names:
        return wanted
    return names[0] if len(names) == 1 else ""

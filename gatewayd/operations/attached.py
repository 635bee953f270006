"""Files that mails attach: taken from uploads, judged by name and content, and kept with what attaches them."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import methodcaller
from pathlib import PurePath
from typing import Annotated, Any, Final

from pydantic import Field

from gatewayd.campaigns.document import CampaignDocument
from gatewayd.operations.base import Json, live_of
from gatewayd.operations.ports import Backend
from gatewayd.operations.uploads import Number, refusals
from gatewayd.store.campaigns import files, templates
from gatewayd.store.campaigns.files import NewFile
from gatewayd.values.errors import FaultsError
from gatewayd.words.translation import gettext as _
from spool.fields import is_file_name
from spool.stored import FILES
from spool.uploads import Upload

COUNT_MAX: Final = 10
SIZE_MAX: Final = 10 << 20
"""Octets of all files of one mail: each person gets them, and they grow by a third on their way."""
NAME_MAX: Final = 120
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "pdf": (".pdf",),
    "png": (".png",),
    "jpeg": (".jpg", ".jpeg"),
    "gif": (".gif",),
    "xlsx": (".xlsx",),
    "ods": (".ods",),
    "text": (".txt", ".csv", ".ics"),
}
"""What may be attached, by what the file holds, and how its name ends: a program opens it by its name."""

Uploads = Annotated[list[Number], Field(max_length=COUNT_MAX)]


@dataclass(frozen=True, slots=True)
class Attached:
    """A content with what is known of its files, and those that are to be kept for it."""

    content: Json
    fresh: Sequence[NewFile] = ()

    @property
    def kept(self) -> list[str]:
        """SHA-256 (hex) of all its files."""
        return [one["sha256"] for one in self.content.get(FILES, {}).values()]


def shown(content: Mapping[str, Any]) -> list[Json]:
    """Returns what a mail attaches, in order: name, octets and kind; those are null of a file that comes with each
    job."""
    known = content.get(FILES) or {}
    names = content.get("attachments") or ()
    return [{"name": name, "size": None, "kind": None} | known.get(name, {}) for name in names]


async def attached(
    backend: Backend, account: str, content: Mapping[str, Any], uploads: Sequence[str], before: Mapping[str, Any]
) -> Attached:
    """Returns the content of a mail with its files: those uploaded now are attached under their names, and take the
    place of one of that name; others stay as `before` had them. FaultsError at `content.attachments` where a file may
    not be attached, NotFoundError where an upload is gone.
    """
    made = {key: value for key, value in content.items() if key != FILES}
    names = [str(name) for name in content.get("attachments") or ()]
    known: dict[str, Json] = {name: one for name, one in before.items() if name in names}
    fresh = []
    for number in uploads:
        upload, data = await _uploaded(backend, account, number)
        name = unicodedata.normalize("NFC", upload.name)
        _judge(name, upload.kind)
        known[name] = {"sha256": upload.sha256, "size": upload.size, "kind": upload.kind}
        fresh.append(NewFile(upload.sha256, data))
        if name not in names:
            names.append(name)
    if sum(one["size"] for one in known.values()) > SIZE_MAX or len(names) > COUNT_MAX:
        remedy = _("attach at most {count} files of {limit} MiB in all, or put a link into the mail")
        raise _fault(_("that is too much for a mail"), remedy.format(count=COUNT_MAX, limit=SIZE_MAX >> 20))
    if names:
        made["attachments"] = names
    if known:
        made[FILES] = {name: known[name] for name in names if name in known}
    return Attached(made, fresh)


async def _uploaded(backend: Backend, account: str, number: str) -> tuple[Upload, bytes]:
    desk = live_of(backend).uploads
    with refusals():
        upload = await desk.show(account, number)
        if upload.size > SIZE_MAX:
            raise _fault(
                _("{file} is too large for a mail").format(file=upload.name[:NAME_MAX]),
                _("attach at most {count} files of {limit} MiB in all, or put a link into the mail").format(
                    count=COUNT_MAX, limit=SIZE_MAX >> 20
                ),
            )
        return upload, await asyncio.to_thread(desk.file(account, number).read_bytes)


def _judge(name: str, kind: str) -> None:
    hidden = any(unicodedata.category(letter)[0] in "CZ" and letter != " " for letter in name)
    if hidden or name != name.strip() or len(name) > NAME_MAX or not is_file_name(name):
        raise _fault(_("a file to attach needs a plain name"), _("letters, digits, blanks, - and _; give it another"))
    endings = KINDS.get(kind, ())
    if PurePath(name).suffix.lower() not in endings:
        message = _("{file} is not attached: its name does not end as what it holds does").format(file=name)
        allowed = ", ".join(ending for each in KINDS.values() for ending in each)
        raise _fault(message, _("what may be attached: {endings}").format(endings=allowed))


def _fault(message: str, remedy: str) -> FaultsError:
    return FaultsError([{"key": "content.attachments", "message": message, "remedy": remedy}])


async def missing(backend: Backend, account: str, content: Mapping[str, Any]) -> list[str]:
    """Returns the names of what a content attaches and nobody keeps for this account."""
    known = content.get(FILES) or {}
    question = partial(files.sizes, account=account, sha256=[one["sha256"] for one in known.values()])
    kept = await backend.read(methodcaller("ask", question)) if known else {}
    names = content.get("attachments") or ()
    return [name for name in names if name not in known or known[name]["sha256"] not in kept]


async def of_ladder(backend: Backend, account: str, document: CampaignDocument) -> tuple[list[Json], list[str]]:
    """Returns the files that the mails of a campaign attach, each with its rung, and the names of those that nobody
    keeps: their mails would never leave. NotFoundError without a template."""
    found: list[Json] = []
    gone: list[str] = []
    for place, rung in enumerate(document.ladder):
        if rung.channel != "email":
            continue
        content: Mapping[str, Any] = rung.content or {}
        if rung.template is not None:
            question = partial(
                templates.version_of,
                account=account,
                name=rung.template,
                version=rung.version,
                channel=rung.channel,
            )
            content = (await backend.read(methodcaller("ask", question))).content
        found += [one | {"rung": place} for one in shown(content)]
        gone += await missing(backend, account, content)
    return found, gone

"""Files of numbers that are read in the background: a legal register, or additions to a block list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field

from gatewayd.operations import exports
from gatewayd.operations.base import Json, Note, Operation, live_of
from gatewayd.operations.ports import Backend
from gatewayd.operations.registers import Bringing
from gatewayd.operations.uploads import Number, refusals
from gatewayd.store.accounts import account_number
from gatewayd.store.commands import Change
from gatewayd.store.insight import processes
from gatewayd.values.actor import Actor
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import language

KIND: Final = "numbers"
FileName = Annotated[str, Field(max_length=200), AfterValidator(wellformed)]


class UploadRegister(Bringing):
    """Has an uploaded register read in the background: CSV, text, XLSX, XLS, ODS. What it does not name is off the
    register once all of it was read; the process log says what came of it."""

    name: ClassVar[str] = "register.upload"
    holder: str
    """The account under which the file was uploaded."""
    upload: Number
    file: FileName = ""
    """Its name, for people."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        request = {"holder": self.holder, "upload": self.upload, "register": self.said(), "account": None, "note": None}
        return await entered(backend, by, None, request, self.file or self.register_name)


class UploadBlocks(Operation):
    """Has an uploaded list of numbers read in the background and puts them on a block list, all that can be read."""

    name: ClassVar[str] = "blocklist.upload"
    acts_on: ClassVar[str | None] = "upload"
    account: str | None = None
    """Whose list it is; without one, everybody's."""
    holder: str | None = None
    """The account under which the file was uploaded, where it is everybody's list."""
    upload: Number
    file: FileName = ""
    note: Note | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        holder = self.account or self.holder or ""
        request = {
            "holder": holder,
            "upload": self.upload,
            "register": None,
            "account": self.account,
            "note": self.note,
        }
        return await entered(backend, by, self.account, request, self.file)


async def entered(backend: Backend, by: Actor, account: str | None, request: Mapping[str, Any], file: str) -> Json:
    """Enters the reading of a file into the process log, and returns it. NotFoundError without the upload."""
    live, now = live_of(backend), backend.now()
    with refusals():
        live.uploads.file(request["holder"], request["upload"])
    whole = {
        **request,
        "source": "panel" if by.kind == "person" else "api",
        "said": {"file": file},
        "language": language(),
        "heads": [_("row"), _("number"), _("fault")],
    }
    new = processes.NewProcess(
        *(KIND, account, by.number if by.kind == "person" else None, by.name, backend.config.node),
        *(json.dumps(whole, ensure_ascii=False), now, now),
    )

    def work(unit: Any) -> int:
        if account is not None:
            account_number(unit.session.connection, account)
        return processes.add(unit.session, unit.session.connection, new)

    number = await backend.execute(Change(work, by.name))
    live.tasks_due()
    question = partial(processes.process, scope=exports.own_scope(by), number=number)
    return exports.shape(await backend.read(lambda reader: reader.ask(question)))

"""Exports of the log, and the process log that they stand in."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import asdict
from datetime import datetime, time, timedelta, tzinfo
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from drivers.base import spoken
from gatewayd.operations.base import Json, Operation, Paged, live_of
from gatewayd.operations.log_query import PICKED_MAX, LogQuery, Picked, filter_of, picked_of
from gatewayd.operations.paging import before_of
from gatewayd.operations.ports import Backend
from gatewayd.operations.saved_views import COLUMNS, DEFAULT_COLUMNS
from gatewayd.store.commands import Change
from gatewayd.store.contacts import imports
from gatewayd.store.insight import processes
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor, Role, Scope
from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.values.model import Channel, State
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import language

CHUNK: Final = 256 * 1024
"""Octets of a file that one answer carries."""
LIMIT_MAX: Final = 200
IDS_MAX: Final = 500
NIGHT: Final = time(2, 0)
"""When what was scheduled for the night begins, in the gateway's zone."""

HEADS: Final = {
    "at": spoken("When"),
    "direction": spoken("Direction"),
    "channel": spoken("Channel"),
    "party": spoken("Number or address"),
    "ref": spoken("Reference"),
    "state": spoken("State"),
    "reason": spoken("Reason"),
    "text": spoken("Text"),
    "job": spoken("Process"),
    "line": spoken("Line"),
    "segments": spoken("Parts"),
    "cost": spoken("Cost"),
    "account": spoken("Account"),
    "answered": spoken("Answered"),
    "sent_at": spoken("Sent at"),
    "name": spoken("Customer"),
    "customer": spoken("Customer id"),
    "document": spoken("Document"),
    "portfolio_type": spoken("Portfolio"),
    "portfolio_name": spoken("Name of the portfolio"),
    "assigned": spoken("Assigned to"),
    "supervisor": spoken("Supervisor"),
    "campaign": spoken("Campaign"),
    "flow": spoken("Flow"),
    "template": spoken("Template"),
    "kind": spoken("Kind"),
    "last_contact": spoken("Contact before it"),
    "id": spoken("Id"),
}
STATES: Final = {
    "scheduled": spoken("scheduled"),
    "queued": spoken("queued"),
    "held": spoken("on hold"),
    "sending": spoken("being sent"),
    "submitted": spoken("sent"),
    "delivered": spoken("delivered"),
    "read": spoken("read"),
    "unread": spoken("not read"),
    "undelivered": spoken("failed"),
    "failed": spoken("failed"),
    "expired": spoken("expired"),
    "uncertain": spoken("in doubt"),
    "cancelled": spoken("cancelled"),
    "invalid": spoken("invalid"),
    "received": spoken("received"),
    "noted": spoken("noted"),
}
FLOWS: Final = {
    "campaign": spoken("campaign"),
    "resend": spoken("sent again"),
    "panel": spoken("by hand"),
    "api": spoken("program"),
    "file": spoken("file"),
    "upload": spoken("uploaded"),
    "noted": spoken("noted"),
}
"""How a contact came about."""
KINDS: Final = {"automatic": spoken("automatic"), "manual": spoken("manual")}
PORTFOLIOS: Final = {"vigente": spoken("current"), "castigada": spoken("written off")}
CHANNELS: Final = {
    "sms": "SMS",
    "call": spoken("Call"),
    "email": spoken("Mail"),
    "push": "Push",
    "whatsapp": "WhatsApp",
    "visit": spoken("Visit"),
    "web": "Web",
    "note": spoken("Note"),
}


def _words() -> Json:
    """Returns what an export calls things, in the language spoken."""
    assert STATES.keys() >= {str(state) for state in State}
    assert CHANNELS.keys() >= {str(channel) for channel in Channel}
    return {
        "states": {code: _(word) for code, word in STATES.items()},
        "channels": {code: _(word) for code, word in CHANNELS.items()},
        "sent": _("sent by us"),
        "received": _("received"),
        "answered": _("answered"),
        "flows": {code: _(word) for code, word in FLOWS.items()},
        "kinds": {code: _(word) for code, word in KINDS.items()},
        "portfolios": {code: _(word) for code, word in PORTFOLIOS.items()},
    }


def own_scope(by: Actor, account: str | None = None) -> Scope:
    """Returns the tasks that somebody sees: a user its own, others all of what they may see."""
    person = by.number if by.role is Role.USER and by.kind == "person" else None
    return Scope(account or by.account, person)


def shape(found: processes.Process) -> Json:
    request: dict[str, Any] = json.loads(found.request)
    return {
        "task": found.id,
        "kind": found.kind,
        "account": found.account,
        "by": found.actor,
        "state": found.state,
        "created_at": iso(found.created_at),
        "due": iso(found.due),
        "started_at": iso(found.started_at),
        "ended_at": iso(found.ended_at),
        "rows": found.done,
        "format": request.get("format"),
        "filters": request.get("said", {}),
        "octets": found.octets,
        "kept": found.file is not None,
        "reason": found.reason,
        "outcome": None if found.outcome is None else json.loads(found.outcome),
    }


class CreateExport(Operation):
    """Enters an export of all interactions that the filters mean, or of those `picked`, with these columns, now or for
    the night."""

    name: ClassVar[str] = "export.create"
    account: str | None = None
    query: LogQuery = Field(default_factory=LogQuery)
    picked: Annotated[list[Picked], Field(max_length=PICKED_MAX)] = Field(default_factory=list)
    columns: Annotated[list[str], Field(max_length=len(COLUMNS))] = Field(default_factory=list)
    format: Literal["csv", "xlsx"] = "xlsx"
    night: bool = False

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live = live_of(backend)
        now = backend.now()
        config = backend.config
        if self.picked and self.query.given():
            raise UsageError(_("name single interactions, or filters that mean many"))
        columns = list(dict.fromkeys(self.columns)) or list(DEFAULT_COLUMNS)
        unknown = [name for name in columns if name not in COLUMNS]
        if unknown:
            raise UsageError(_("columns: there is no {column}").format(column=unknown[0][:40]))
        due = _night(now, config.timezone) if self.night else now
        request = {
            "format": self.format,
            "columns": columns,
            "heads": [_(HEADS[name]) for name in columns],
            "filter": asdict(picked_of(self.picked) if self.picked else filter_of(self.query, config, now)),
            "said": {"picked": len(self.picked)} if self.picked else self.query.given(),
            "account": self.account,
            "now": due,
            "words": _words(),
            "zone": str(config.timezone),
            "language": language(),
            "title": _("Interactions"),
            # As the spreadsheet programs of each language read it.
            "delimiter": ";" if language() == "es" else ",",
        }
        new = processes.NewProcess(
            "export",
            self.account,
            by.number if by.kind == "person" else None,
            by.name,
            config.node,
            json.dumps(request, ensure_ascii=False),
            due,
            now,
        )
        number = await backend.execute(
            Change(lambda unit: processes.add(unit.session, unit.session.connection, new), by.name)
        )
        live.tasks_due()
        found = await backend.read(
            lambda reader: reader.ask(partial(processes.process, scope=Scope.all(), number=number))
        )
        return shape(found)


def _night(now: int, zone: tzinfo) -> int:
    """Returns the beginning of the next night (Unix ms)."""
    here = datetime.fromtimestamp(now / 1000, zone)
    night = datetime.combine(here.date(), NIGHT, zone)
    if night <= here:
        night = datetime.combine(here.date() + timedelta(days=1), NIGHT, zone)
    return int(night.timestamp() * 1000)


class ListTasks(Paged):
    """Lists work in the background, newest first: who asked for it, how far it is, what came of it."""

    name: ClassVar[str] = "task.list"
    reads_store = True
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        limit = max(1, min(self.limit, LIMIT_MAX))
        question = partial(
            processes.processes, scope=own_scope(by, self.account), before=before_of(self.cursor), limit=limit
        )
        page = await backend.read(lambda reader: reader.ask(question))
        return {"items": [shape(one) for one in page.items], "next": page.next}


class _OfTask(Operation):
    task: Annotated[int, Field(ge=0, lt=1 << 62)]

    async def found(self, backend: Backend, by: Actor) -> processes.Process:
        """Returns the task; NotFoundError where it is none that the actor sees."""
        question = partial(processes.process, scope=own_scope(by), number=self.task)
        return await backend.read(lambda reader: reader.ask(question))


class ShowTask(_OfTask):
    name: ClassVar[str] = "task.show"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return shape(await self.found(backend, by))


class CancelTask(_OfTask):
    """Cancels what waits or runs; what was written of it is removed."""

    name: ClassVar[str] = "task.cancel"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, by)
        live = live_of(backend)
        now = backend.now()

        def work(unit: Any) -> bool:
            # A sheet whose import is not wanted any more may be mapped, run or taken back.
            imports.cancelled(unit.session, found.id, now)
            return processes.cancel(unit.session, found.id, now)

        if not await backend.execute(Change(work, by.name)):
            raise ConflictError(_("the task is over already"))
        live.task_cancelled(found.id)
        return shape(await self.found(backend, by))


class DownloadExport(_OfTask):
    """Tells the name and size of an export's file; `export.read` has what is in it."""

    name: ClassVar[str] = "export.download"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found, path = _file(backend, await self.found(backend, by))
        octets = (await asyncio.to_thread(path.stat)).st_size
        day = datetime.fromtimestamp(found.created_at / 1000, backend.config.timezone)
        what = _("interactions") if found.kind == "export" else _("refused-rows")
        name = f"{what}-{day:%Y-%m-%d}-{found.id}{path.suffix}"
        return {"task": found.id, "name": name, "octets": octets, "chunk": CHUNK}


class ReadExport(_OfTask):
    """Answers a stretch of an export's file, in base64; an empty one at its end."""

    name: ClassVar[str] = "export.read"
    offset: Annotated[int, Field(ge=0, lt=1 << 40)] = 0

    async def perform(self, backend: Backend, by: Actor) -> Json:
        _, path = _file(backend, await self.found(backend, by))
        data = await asyncio.to_thread(_stretch, path, self.offset)
        return {"data": base64.b64encode(data).decode()}


def _file(backend: Backend, found: processes.Process) -> tuple[processes.Process, Path]:
    live_of(backend)
    if found.state != "done":
        raise ConflictError(_("the export is not done"))
    path = None if found.file is None else backend.config.exports_folder / Path(found.file).name
    if path is None or found.node != backend.config.node or not path.is_file():
        raise NotFoundError(_("the file is no longer kept; make the export once more"))
    return found, path


def _stretch(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(CHUNK)

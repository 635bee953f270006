"""The audit trail, as administrators read it and carry it away."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from gatewayd.operations.base import Json, Paged
from gatewayd.operations.paging import before_of, instant_of
from gatewayd.operations.ports import Backend
from gatewayd.store.people import audit
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor

LIMIT_MAX: Final = 1000
PORTION: Final = 5_000
"""Rows of one portion of an export: a snapshot of some ten milliseconds."""

Text = Annotated[str, Field(max_length=200)]


def shape(found: audit.AuditView) -> Json:
    return {
        "id": found.id,
        "at": iso(found.at),
        "kind": found.kind,
        "actor": found.actor,
        "address": found.address,
        "account": found.account,
        "operation": found.operation,
        "subject": found.subject,
        "outcome": found.outcome,
        "before": found.before,
        "after": found.after,
    }


class _Filtered(Paged):
    actor: Text | None = None
    act: Text | None = None
    """An operation's name, or the first word of it: `user` is every act on users."""
    account: str | None = None
    subject: Text | None = None
    refused: bool | None = None
    """True: what was refused or failed; False: what was done."""
    since: datetime | None = None
    until: datetime | None = None

    async def page(self, backend: Backend, by: Actor, limit: int) -> tuple[list[Json], str | None]:
        wanted = audit.AuditFilter(
            *(self.actor, self.act, self.account, self.subject, self.refused),
            *(instant_of(self.since, backend), instant_of(self.until, backend)),
        )
        before = before_of(self.cursor)
        question = partial(audit.acts, scope=by.scope, wanted=wanted, before=before, limit=limit)
        found = await backend.read(lambda reader: reader.ask(question))
        return [shape(one) for one in found.items], found.next


class ListAudit(_Filtered):
    """Lists what was done and refused, the newest first."""

    name: ClassVar[str] = "audit.list"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        items, following = await self.page(backend, by, max(1, min(self.limit, LIMIT_MAX)))
        return {"items": items, "next": following}


COLUMNS: Final = (*("at", "kind", "actor", "address", "account", "operation", "subject", "outcome", "before", "after"),)


class ExportAudit(_Filtered):
    """Answers a portion of the trail as CSV (RFC 4180, UTF-8); `next` goes on. The first has the headings."""

    name: ClassVar[str] = "audit.export"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        items, following = await self.page(backend, by, PORTION)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        if self.cursor is None:
            writer.writerow(COLUMNS)
        writer.writerows([_cell(one[name]) for name in COLUMNS] for one in items)
        return {"csv": out.getvalue(), "next": following}


def _cell(value: Any) -> str:
    """Returns a cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

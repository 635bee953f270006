"""Lists of people: made of an uploaded file, of a selection of customers, or a filter that is asked anew."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field

from gatewayd.campaigns.document import Selection
from gatewayd.operations.base import Json, Operation, Paged, live_of
from gatewayd.operations.customer_filters import judged_filter
from gatewayd.operations.paging import before_of
from gatewayd.operations.ports import Backend
from gatewayd.operations.uploads import Number as UploadId
from gatewayd.operations.uploads import refusals
from gatewayd.store.campaigns import campaigns, lists
from gatewayd.store.campaigns.lists import NewList, PeopleList
from gatewayd.store.commands import Change, Changed
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor, Scope
from gatewayd.values.errors import UsageError
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import language

LIMIT_MAX: Final = 200
MEMBERS_MAX: Final = 200
USERS_MAX: Final = 20
"""Campaigns that are named beside a list."""
INSTRUCTIONS: Final = frozenset({"columns", "sheet", "header_row", "hidden_rows", "recipients_encoding"})
"""Keys of a job file that say how its list is read."""

Title = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(wellformed)]
Id = Annotated[int, Field(ge=1, lt=1 << 62)]


def scope_of(by: Actor, account: str | None) -> Scope:
    """Returns the rows that are meant: of one account where it is named, else those the actor may touch."""
    return Scope(account or by.account)


def account_of(account: str | None) -> str:
    """Returns the account that is named; UsageError where none is."""
    if account is None:
        raise UsageError(_("account: name one"))
    return account


def shape(found: PeopleList) -> Json:
    """Returns a list as everybody is shown it."""
    source = {name: value for name, value in found.source.items() if name != "language"}
    return {
        "list": found.id,
        "name": found.name,
        "account": found.account,
        "kind": found.kind,
        "state": found.state,
        "members": found.members if found.kind == "fixed" else None,
        "refused": dict(found.refused),
        "columns": list(found.columns),
        "source": source,
        "reason": found.reason,
        "created_at": iso(found.created_at),
        "created_by": found.created_by,
        "version": found.version,
    }


def upload_source(backend: Backend, account: str, upload: str, channel: str, instructions: Json) -> Json:
    """Returns what a list keeps of the file that it is made of. NotFoundError where the upload is gone."""
    unknown = sorted(instructions.keys() - INSTRUCTIONS)
    if unknown:
        raise UsageError(_("instructions: there is no {key}").format(key=unknown[0][:40]))
    if len(json.dumps(instructions)) > 1 << 14:
        raise UsageError(_("instructions: too long"))
    with refusals():
        live_of(backend).uploads.file(account, upload)
    return {"upload": upload, "channel": channel, "instructions": instructions, "language": language()}


class ListLists(Paged):
    """Lists an account's lists of people, newest first."""

    name: ClassVar[str] = "list.list"
    reads_store = True
    account: str | None = None
    q: Annotated[str, Field(max_length=100)] = ""
    archived: bool = False

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(
            lists.lists,
            scope=scope_of(by, self.account),
            archived=self.archived,
            q=self.q,
            before=before_of(self.cursor),
            limit=max(1, min(self.limit, LIMIT_MAX)),
        )
        page = await backend.read(lambda reader: reader.ask(question))
        return {"items": [shape(one) for one in page.items], "next": page.next}


class _OfList(Operation):
    list: Id
    account: str | None = None

    async def found(self, backend: Backend, by: Actor) -> PeopleList:
        """NotFoundError where it is none that the actor sees."""
        question = partial(lists.by_number, scope=scope_of(by, self.account), number=self.list)
        return await backend.read(lambda reader: reader.ask(question))


class ShowList(_OfList):
    """Shows a list: how it was read, how many it has, who is no member of it and why, and which campaigns use it."""

    name: ClassVar[str] = "list.show"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, by)
        question = partial(campaigns.using, account=found.account, name=found.name, limit=USERS_MAX)
        users = await backend.read(lambda reader: reader.ask(question))
        used = [{"campaign": one.id, "name": one.name, "state": one.state} for one in users]
        return {**shape(found), "used_by": used}


class CreateList(Operation):
    """Makes a list: fixed of an `upload` or of `customers`, or live of a `filter` over customers.

    A fixed one is read in the background.
    """

    name: ClassVar[str] = "list.create"
    account: str | None = None
    title: Title
    upload: UploadId | None = None
    channel: Annotated[str, Field(pattern=r"^(sms|call|email|push|whatsapp)$")] = "sms"
    """Of an upload: which addresses are looked for."""
    instructions: dict[str, Any] = Field(default_factory=dict)
    filter: dict[str, Any] | None = None
    customers: Selection | None = None
    """External ids: those of them that there are."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account, now = account_of(self.account), backend.now()
        if sum(one is not None for one in (self.upload, self.filter, self.customers)) != 1:
            raise UsageError(_("name one of an upload, a filter, or customers"))
        if self.filter is not None:
            judged_filter(backend, self.filter)  # one that cannot be read is told at once
        if self.upload is not None:
            source = upload_source(backend, account, self.upload, self.channel, self.instructions)
            new = NewList(account, self.title, "fixed", "loading", source, by.name, now)
        elif self.customers is not None:
            source = {"customers": list(dict.fromkeys(self.customers))}
            new = NewList(account, self.title, "fixed", "loading", source, by.name, now)
        else:
            new = NewList(account, self.title, "live", "ready", {"filter": self.filter}, by.name, now)
        number = await backend.execute(
            Change(lambda unit: Changed(lists.add(unit.session, new), None, {"list": new.name}), by.name)
        )
        if backend.live is not None:
            backend.live.campaigns.due()
        question = partial(lists.by_number, scope=Scope.of(account), number=number.answer)
        return shape(await backend.read(lambda reader: reader.ask(question)))


class SetList(_OfList):
    """Renames a list, or gives a live one another filter."""

    name: ClassVar[str] = "list.set"
    acts_on: ClassVar[str | None] = "list"
    title: Title
    filter: dict[str, Any] | None = None
    version: int

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(by, self.account)
        source = None if self.filter is None else {"filter": self.filter}
        if self.filter is not None:
            judged_filter(backend, self.filter)
        await backend.execute(
            Change(
                lambda unit: Changed(
                    lists.change(
                        unit.session,
                        scope=scope,
                        number=self.list,
                        version=self.version,
                        name=self.title,
                        source=source,
                    )
                ),
                by.name,
            )
        )
        return shape(await self.found(backend, by))


class ArchiveList(_OfList):
    """Puts a list aside, or back; campaigns that use it go on."""

    name: ClassVar[str] = "list.archive"
    acts_on: ClassVar[str | None] = "list"
    archived: bool = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(by, self.account)
        await backend.execute(
            Change(
                lambda unit: lists.archive(unit.session, scope=scope, number=self.list, archived=self.archived), by.name
            )
        )
        return shape(await self.found(backend, by))


class ListMembers(_OfList):
    """Lists the members of a fixed list, in the order of its rows."""

    name: ClassVar[str] = "list.members"
    reads_store = True
    cursor: str | None = None
    limit: int = 100

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, by)
        limit = max(1, min(self.limit, MEMBERS_MAX))
        question = partial(lists.members, number=found.id, after=before_of(self.cursor) or 0, limit=limit + 1)
        some = await backend.read(lambda reader: reader.ask(question))
        ids = [one.customer for one in some if one.customer is not None]
        names = await backend.read(lambda reader: reader.ask(partial(lists.names, customers=ids)))
        items = [
            {
                "row": one.row,
                "external_id": one.external_id,
                "name": names.get(one.customer or 0),
                "address": one.address,
                "columns": json.loads(one.cells or "{}"),
            }
            for one in some[:limit]
        ]
        return {"items": items, "next": str(some[limit - 1].row) if len(some) > limit else None}

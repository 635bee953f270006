"""What each person keeps of the log: views saved under a name, and the columns it shows."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, Field

from gatewayd.operations import customer_columns
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.log_query import LogQuery, filter_of
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import Change
from gatewayd.store.insight import saved_views
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ForbiddenError, UsageError
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _

COLUMNS: Final = (
    "at",
    "direction",
    "channel",
    "party",
    "ref",
    "state",
    "reason",
    "text",
    "job",
    "line",
    "segments",
    "cost",
    "account",
    "answered",
    "sent_at",
    "name",
    "customer",
    "document",
    "portfolio_type",
    "portfolio_name",
    "assigned",
    "supervisor",
    "campaign",
    "flow",
    "template",
    "kind",
    "last_contact",
    "id",
)
"""Every column that an interaction has, in the order in which they are offered."""
DEFAULT_COLUMNS: Final = ("at", "channel", "party", "ref", "state", "text", "cost")
PAGES: Final = {
    "interactions": (COLUMNS, DEFAULT_COLUMNS),
    "customers": (customer_columns.COLUMNS, customer_columns.DEFAULT_COLUMNS),
}
"""By page: every column, and those at first."""

Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(wellformed)]


def _person(by: Actor) -> int:
    """Returns the number of the person who asks; ForbiddenError where it is a program or an operator."""
    if by.kind != "person" or by.number is None:
        raise ForbiddenError(_("saved views and columns belong to people who signed in"))
    return by.number


class ListViews(Operation):
    """Lists a person's saved views, and those shared in its account."""

    name: ClassVar[str] = "view.list"
    reads_store = True
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        user = by.number if by.kind == "person" else None
        scope = by.scope if self.account is None else type(by.scope).of(self.account)
        found = await backend.read(lambda reader: reader.ask(partial(saved_views.views, scope=scope, user=user)))
        items = [
            {
                "view": view.id,
                "name": view.name,
                "query": json.loads(view.query),
                "shared": view.shared,
                "own": view.own,
                "by": view.by,
            }
            for view in found
        ]
        return {"items": items, "next": None}


class SaveView(Operation):
    """Saves filters under a name; a person's own of the same name is replaced."""

    name: ClassVar[str] = "view.save"
    account: str | None = None
    title: Name
    query: LogQuery
    shared: bool = False

    async def perform(self, backend: Backend, by: Actor) -> Json:
        filter_of(self.query, backend.config, backend.now())  # a view that cannot be read is of no use
        query = json.dumps(self.query.given(), ensure_ascii=False)
        new = saved_views.NewView(_person(by), self.account, self.title, query, self.shared, backend.now())
        number = await backend.execute(
            Change(lambda unit: saved_views.save(unit.session, unit.session.connection, new), by.name)
        )
        return {"view": number, "name": self.title}


class ShareView(Operation):
    """Shows a person's own view to everybody of the account, or to nobody else."""

    name: ClassVar[str] = "view.share"
    view: int
    shared: bool

    async def perform(self, backend: Backend, by: Actor) -> Json:
        user = _person(by)
        await backend.execute(
            Change(lambda unit: saved_views.share(unit.session, self.view, user, self.shared), by.name)
        )
        return {"view": self.view, "shared": self.shared}


class RemoveView(Operation):
    """Removes a person's own view."""

    name: ClassVar[str] = "view.remove"
    view: int

    async def perform(self, backend: Backend, by: Actor) -> Json:
        user = _person(by)
        await backend.execute(Change(lambda unit: saved_views.remove(unit.session, self.view, user), by.name))
        return {"view": self.view, "removed": True}


class ShowColumns(Operation):
    """Tells the columns that a person has chosen, in their order, and all that there are."""

    name: ClassVar[str] = "columns.show"
    reads_store = True
    page: Literal["interactions", "customers"] = "interactions"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        every, default = PAGES[self.page]
        chosen = None
        if by.kind == "person" and by.number is not None:
            question = partial(saved_views.columns, user=by.number, page=self.page)
            chosen = await backend.read(lambda reader: reader.ask(question))
        kept = [name for name in chosen or default if name in every]
        return {"columns": kept or list(default), "all": list(every), "default": list(default)}


class SetColumns(Operation):
    """Keeps the columns that a person wants to see, in that order; none: as at first."""

    name: ClassVar[str] = "columns.set"
    page: Literal["interactions", "customers"] = "interactions"
    columns: Annotated[list[str], Field(max_length=len(COLUMNS))]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        user = _person(by)
        every, default = PAGES[self.page]
        names = list(dict.fromkeys(self.columns)) or list(default)
        unknown = [name for name in names if name not in every]
        if unknown:
            raise UsageError(_("columns: there is no {column}").format(column=unknown[0][:40]))
        await backend.execute(Change(lambda unit: saved_views.choose(unit.session, user, self.page, names), by.name))
        return {"columns": names}

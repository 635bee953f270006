"""What is done with many customers at once: tagged, assigned, carried out as a sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field

from gatewayd.customers.document import Customer, Kept
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.customer_columns import COLUMNS, DEFAULT_COLUMNS, HEADS
from gatewayd.operations.customer_filters import judged_filter, since_of
from gatewayd.operations.customers import numbers_of, said, scope_of, spellings
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import Change, Changed
from gatewayd.store.contacts import customers as store
from gatewayd.store.contacts import directory
from gatewayd.store.contacts.directory import Wanted
from gatewayd.store.snapshots import Page
from gatewayd.values.actor import Actor, Scope
from gatewayd.values.clock import iso
from gatewayd.values.errors import UsageError
from gatewayd.values.money import format_money
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _

AT_ONCE: Final = 500
"""Customers of one transaction."""
MARKED_MAX: Final = 10_000
"""More is what imports are for."""
TAGS_MAX: Final = 50

Tag = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^,\x00-\x1f\x7f]+$"), AfterValidator(wellformed)]


class MarkCustomers(Operation):
    """Tags or assigns all customers that a filter means; answers how many were changed."""

    name: ClassVar[str] = "customer.mark"
    account: str | None = None
    filter: Mapping[str, Any] = Field(default_factory=dict)
    add_tags: Annotated[list[Tag], Field(max_length=TAGS_MAX)] = Field(default_factory=list)
    remove_tags: Annotated[list[Tag], Field(max_length=TAGS_MAX)] = Field(default_factory=list)
    assigned: Annotated[str, Field(max_length=64)] | None = None
    """Name of a user; empty: nobody's; left out: as it is."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(self.account, by)
        if not (self.add_tags or self.remove_tags or self.assigned is not None):
            raise UsageError(_("say what to change: tags, or whom they are assigned to"))
        wanted = judged_filter(backend, self.filter)
        since = await since_of(backend, scope.account, wanted)
        numbers = spellings(wanted.search, numbers_of(backend))
        cursor: str | None = None
        names: list[str] = []
        while True:
            asked = Wanted(wanted, "id", cursor, AT_ONCE, numbers, since)
            page = await _page(backend, scope, asked)
            names += [one.customer.external_id for one in page.items if one.forgotten_at is None]
            if len(names) > MARKED_MAX:
                raise UsageError(
                    _("more than {most} customers are meant: change them by importing a sheet").format(most=MARKED_MAX)
                )
            if page.next is None:
                break
            cursor = page.next
        now, changed = backend.now(), 0
        for start in range(0, len(names), AT_ONCE):
            puts = [store.Put(name, self._make, now) for name in names[start : start + AT_ONCE]]
            done = await backend.execute(Change(partial(_put, scope=scope, puts=puts), by.name))
            changed += done.answer
        said(backend, scope)
        return {"customers": len(names), "changed": changed}

    def _make(self, was: Customer, find: Callable[[str], int | None]) -> Customer:
        tags = [tag for tag in was.tags if tag not in self.remove_tags]
        tags += [tag for tag in self.add_tags if tag not in tags]
        if len(tags) > TAGS_MAX:
            raise UsageError(
                _("tags: {customer} would have more than {most}").format(customer=was.external_id, most=TAGS_MAX)
            )
        assigned = was.assigned
        if self.assigned is not None:
            assigned = None
            if self.assigned:
                assigned = find(self.assigned)
                if assigned is None:
                    raise UsageError("assigned: " + _("there is no such user in this account"))
        return replace(was, tags=tuple(tags), assigned=assigned)


async def _page(backend: Backend, scope: Scope, asked: Wanted) -> Page[Kept]:
    return await backend.read(lambda reader: reader.ask(partial(directory.customers, scope=scope, wanted=asked)))


def _put(unit: Any, *, scope: Scope, puts: Sequence[store.Put]) -> Changed[int]:
    changed = sum(bool((one.after or {}).get("fields")) for one in store.put(unit, scope, puts))
    return Changed(changed, None, {"customers": changed}, scope.account or "")


class SheetOfCustomers(Operation):
    """Answers a portion of the customers that a filter means as rows of cells, to be carried out as a sheet."""

    name: ClassVar[str] = "customer.sheet"
    reads_store = True
    account: str | None = None
    filter: Mapping[str, Any] = Field(default_factory=dict)
    columns: Annotated[list[str], Field(max_length=len(COLUMNS))] = Field(default_factory=list)
    cursor: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope, wanted = scope_of(self.account, by), judged_filter(backend, self.filter)
        names = list(dict.fromkeys(self.columns)) or list(DEFAULT_COLUMNS)
        unknown = [name for name in names if name not in COLUMNS]
        if unknown:
            raise UsageError(_("columns: there is no {column}").format(column=unknown[0][:40]))
        numbers = spellings(wanted.search, numbers_of(backend))
        since = await since_of(backend, scope.account, wanted)
        asked = Wanted(wanted, "id", self.cursor, AT_ONCE, numbers, since)
        page = await _page(backend, scope, asked)
        return {
            "heads": [_(HEADS[name]) for name in names],
            "rows": [[_cell(name, one) for name in names] for one in page.items],
            "next": page.next,
        }


def _cell(name: str, kept: Any) -> str:
    customer: Customer = kept.customer
    match name:
        case "document":
            return " ".join(filter(None, (customer.document_type, customer.document_number)))
        case "phone" | "email":
            return _address(name, customer.contacts)
        case "portfolio":
            return customer.portfolio_type or ""
        case "assigned":
            return kept.assigned or ""
        case "tags":
            return ", ".join(customer.tags)
        case "debt":
            debt = customer.debt
            return "" if debt is None or debt.balance is None else format_money(debt.balance)
        case "due":
            return "" if customer.debt is None else customer.debt.due or ""
        case "no_claim":
            return "" if customer.no_claim is None else customer.no_claim.reason or _("yes")
        case "updated_at":
            return iso(kept.updated_at) or ""
    value = getattr(customer, name)
    return "" if value is None else str(value)


def _address(channel: str, points: Iterable[Any]) -> str:
    return next((one.address for one in points if one.channel == channel and one.state != "wrong_person"), "")

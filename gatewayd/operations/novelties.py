"""Novelties: the list for whoever telephones or visits, with what came of each."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from gatewayd.claims.moment import today_in
from gatewayd.dunning.novelty import RESULTS, NoveltyKind
from gatewayd.operations.base import Json, Note, Operation, Paged
from gatewayd.operations.collections import customer_number
from gatewayd.operations.people_lists import account_of, scope_of
from gatewayd.operations.policies import Day, day_of, told
from gatewayd.operations.ports import Backend
from gatewayd.store.accounts import account_number
from gatewayd.store.commands import Change
from gatewayd.store.dunning import novelties
from gatewayd.store.dunning.novelties import NewNovelty, Novelty, NoveltyFilter
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor
from gatewayd.values.errors import UsageError
from gatewayd.words.claim_reasons import kind_word
from gatewayd.words.translation import gettext as _

LIMIT_MAX: Final = 200


def shape(one: Novelty) -> Json:
    """Returns a novelty as everybody is shown it."""
    return {
        "novelty": one.id,
        "account": one.account,
        "customer": one.external_id,
        "name": one.name,
        "kind": one.kind,
        "words": kind_word(one.kind),
        "text": one.text,
        "detail": dict(one.detail),
        "assigned": one.assigned,
        "due": one.due.isoformat(),
        "state": one.state,
        "result": one.result,
        "note": one.note,
        "next": one.next_id,
        "made_at": iso(one.made_at),
        "by": one.by,
        "done_at": None if one.done_at is None else iso(one.done_at),
        "done_by": one.done_by,
    }


class ListNovelties(Paged):
    """Lists novelties: those that are to be done by a day, the oldest first; or those that are done."""

    name: ClassVar[str] = "novelty.list"
    reads_store = True
    account: str | None = None
    state: Literal["open", "done"] = "open"
    kind: NoveltyKind | None = None
    due_by: Day | None = None
    customer: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        limit = max(1, min(self.limit, LIMIT_MAX))
        scope = scope_of(by, self.account)
        after = _after(self.cursor)

        def question(connection: Any) -> Any:
            number = None if self.customer is None else customer_number(connection, scope, self.customer)
            wanted = NoveltyFilter(self.state, self.kind, day_of(self.due_by), number)
            return novelties.novelties(connection, scope=scope, wanted=wanted, after=after, limit=limit + 1)

        found = await backend.read(lambda reader: reader.ask(question))
        last = found[limit - 1] if len(found) > limit else None
        following = None if last is None else f"{last.due.isoformat()}.{last.id}"
        return {"items": [shape(one) for one in found[:limit]], "next": following}


def _after(cursor: str | None) -> tuple[str, int] | None:
    if cursor is None:
        return None
    day, dot, number = cursor.partition(".")
    if not dot or not number.isascii() or not number.isdigit() or len(number) > 18 or len(day) != 10:
        raise UsageError(_("no such cursor"))
    return day, int(number)


class AddNovelty(Operation):
    """Writes down what somebody is to do about a customer, from a day on."""

    name: ClassVar[str] = "novelty.add"
    acts_on: ClassVar[str | None] = "customer"
    account: str | None = None
    customer: Annotated[str, Field(min_length=1, max_length=200)]
    kind: NoveltyKind = "note"
    text: Note = ""
    due: Day | None = None
    """None: today."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account = account_of(self.account)
        scope = scope_of(by, account)
        if self.kind == "note" and not self.text.strip():
            raise UsageError(_("text: a note needs one"))
        now = backend.now()
        today = partial(today_in, account=account, now=now, zone=str(backend.config.timezone))
        here: date = await backend.read(lambda reader: reader.ask(today))
        due = day_of(self.due) or here

        def work(unit: Any) -> int | None:
            connection = unit.session.connection
            number = customer_number(connection, scope, self.customer)
            new = NewNovelty(account_number(connection, account), number, self.kind, due, self.text.strip())
            return novelties.add(unit.session, new, now=now, by=by.name)

        number = await backend.execute(Change(work, by.name)) or 0
        told(backend, "novelty", account)
        question = partial(novelties.novelty, scope=scope, number=number)
        return shape(await backend.read(lambda reader: reader.ask(question)))


class EndNovelty(Operation):
    """Writes down what came of a novelty; with a next date it comes back on that day."""

    name: ClassVar[str] = "novelty.done"
    acts_on: ClassVar[str | None] = "novelty"
    novelty: Annotated[int, Field(ge=1, lt=1 << 62)]
    result: Annotated[str, Field(max_length=20)]
    note: Note = ""
    next_date: Day | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        if self.result not in RESULTS:
            raise UsageError(_("result: one of {words}").format(words=", ".join(RESULTS)))
        question = partial(novelties.novelty, scope=by.scope, number=self.novelty)
        found, now = await backend.read(lambda reader: reader.ask(question)), backend.now()
        following = day_of(self.next_date)
        today = partial(today_in, account=found.account, now=now, zone=str(backend.config.timezone))
        if following is not None and following < await backend.read(lambda reader: reader.ask(today)):
            raise UsageError(_("next_date: from today on"))
        work = partial(
            novelties.done,
            one=found,
            result=self.result,
            note=self.note.strip(),
            next_date=following,
            now=now,
            by=by.name,
        )
        await backend.execute(Change(lambda unit: work(unit.session), by.name))
        told(backend, "novelty", found.account)
        return shape(await backend.read(lambda reader: reader.ask(question)))

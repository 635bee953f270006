"""Promises to pay, pauses of a customer's claims, and disputes about an invoice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from gatewayd.billing.engine import desk as billing_desk
from gatewayd.claims.moment import today_in
from gatewayd.operations.base import Json, Note, Operation, Paged
from gatewayd.operations.collections import customer_number
from gatewayd.operations.paging import before_of
from gatewayd.operations.people_lists import account_of, scope_of
from gatewayd.operations.policies import Day, day_of, told
from gatewayd.operations.ports import Backend
from gatewayd.store.accounts import account_number
from gatewayd.store.billing import marks
from gatewayd.store.billing.facts import currency_of
from gatewayd.store.commands import Change
from gatewayd.store.dunning import pauses, promises
from gatewayd.store.dunning.pauses import PauseRow
from gatewayd.store.dunning.promises import NewPromise, PromiseRow
from gatewayd.store.sending import causes
from gatewayd.store.sending.causes import Reason
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor, Scope
from gatewayd.values.errors import UsageError
from gatewayd.values.money import format_money, parse_money
from gatewayd.words.claim_reasons import promise_word
from gatewayd.words.translation import gettext as _

LIMIT_MAX: Final = 200
FARTHEST: Final = timedelta(days=366)
CustomerId = Annotated[str, Field(min_length=1, max_length=200)]


def shape(one: PromiseRow) -> Json:
    """Returns a promise as everybody is shown it."""
    return {
        "promise": one.id,
        "account": one.account,
        "customer": one.external_id,
        "name": one.name,
        "currency": one.currency,
        "day": one.day.isoformat(),
        "amount": None if one.amount is None else format_money(one.amount),
        "tolerance_days": one.tolerance_days,
        "state": one.state,
        "words": promise_word(one.state),
        "source": one.source,
        "note": one.note,
        "made_at": iso(one.made_at),
        "by": one.by,
        "ended_at": None if one.ended_at is None else iso(one.ended_at),
    }


class ListPromises(Paged):
    """Lists promises, newest first."""

    name: ClassVar[str] = "promise.list"
    reads_store = True
    account: str | None = None
    state: Literal["pending", "kept", "partly", "broken", "withdrawn"] | None = None
    customer: CustomerId | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        limit, scope = max(1, min(self.limit, LIMIT_MAX)), scope_of(by, self.account)
        before = before_of(self.cursor)

        def question(connection: Any) -> Any:
            number = None if self.customer is None else customer_number(connection, scope, self.customer)
            return promises.promises(
                connection, scope=scope, state=self.state, customer=number, before=before, limit=limit + 1
            )

        found = await backend.read(lambda reader: reader.ask(question))
        following = str(found[limit - 1].id) if len(found) > limit else None
        return {"items": [shape(one) for one in found[:limit]], "next": following}


class _OfCustomer(Operation):
    acts_on: ClassVar[str | None] = "customer"
    account: str | None = None
    customer: CustomerId

    async def change(self, backend: Backend, by: Actor, reason: Reason, work: Callable[[Any, int, int], Any]) -> Any:
        """Writes something about a customer, and withdraws what was written from other facts, in one transaction."""
        account, now = account_of(self.account), backend.now()
        scope = scope_of(by, account)

        def apply(unit: Any) -> Any:
            connection = unit.session.connection
            number, account_id = customer_number(connection, scope, self.customer), account_number(connection, account)
            answer = work(unit, account_id, number)
            causes.withdraw_of(unit, [number], reason, now)
            marks.mark(unit.session, account_id, [number], now)
            return answer

        answer = await backend.execute(Change(apply, by.name))
        told(backend, "pause", account)
        return answer


class AddPromise(_OfCustomer):
    """Writes down that a customer promised to pay: by a day, all of it or an amount. Its claims wait until then."""

    name: ClassVar[str] = "promise.add"
    day: Day
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    """None: the account's."""
    amount: Annotated[str, Field(max_length=24)] | None = None
    """None: all of it."""
    tolerance_days: Annotated[int, Field(ge=0, le=30)] = 0
    note: Note = ""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account, now = account_of(self.account), backend.now()
        day = day_of(self.day)
        assert day is not None
        amount = None if self.amount is None else _money(self.amount)
        today: date = await backend.read(
            lambda reader: reader.ask(partial(today_in, account=account, now=now, zone=str(backend.config.timezone)))
        )
        if not today <= day <= today + FARTHEST:
            raise UsageError(_("day: from today on, and within a year"))

        def work(unit: Any, account_id: int, number: int) -> int | None:
            new = NewPromise(
                *(account_id, number, self.currency or currency_of(unit.session, account_id), day, amount),
                *(self.tolerance_days, "person", self.note.strip()),
            )
            return promises.add(unit.session, new, now=now, by=by.name)

        number = await self.change(backend, by, "promised", work)
        question = partial(promises.promise, scope=Scope.of(account), number=number)
        return shape(await backend.read(lambda reader: reader.ask(question)))


def _money(text: str) -> int:
    try:
        found = parse_money(text)
    except ValueError:
        found = 0
    if found <= 0:
        raise UsageError(_("amount: an amount above zero, such as 1500.50"))
    return found


class WithdrawPromise(Operation):
    """Takes back a promise that is pending: claims go on."""

    name: ClassVar[str] = "promise.withdraw"
    acts_on: ClassVar[str | None] = "promise"
    promise: Annotated[int, Field(ge=1, lt=1 << 62)]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(promises.promise, scope=by.scope, number=self.promise)
        found = await backend.read(lambda reader: reader.ask(question))
        now = backend.now()

        def work(unit: Any) -> None:
            promises.withdraw(unit.session, found, now=now)
            marks.mark(unit.session, account_number(unit.session.connection, found.account), [found.customer], now)

        await backend.execute(Change(work, by.name))
        told(backend, "promise", found.account)
        return shape(await backend.read(lambda reader: reader.ask(question)))


# -------------------------------------------------------------------------------------------------------------- pauses


def pause_shape(one: PauseRow) -> Json:
    """Returns a pause as everybody is shown it."""
    return {
        "pause": one.id,
        "account": one.account,
        "reason": one.reason,
        "until": None if one.until is None else iso(one.until),
        "note": one.note,
        "made_at": iso(one.made_at),
        "by": one.by,
        "lifted_at": None if one.lifted_at is None else iso(one.lifted_at),
        "lifted_by": one.lifted_by,
    }


class AddPause(_OfCustomer):
    """Has nothing claimed from a customer for some days, with a reason: a block, or "ya pagué"."""

    name: ClassVar[str] = "pause.add"
    reason: Literal["blocked", "claims_paid"] = "blocked"
    days: Annotated[int, Field(ge=1, le=366)] | None = None
    """None: until somebody lifts it; a block alone may be so."""
    note: Annotated[str, Field(min_length=1, max_length=1_000)]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        if self.days is None and self.reason != "blocked":
            raise UsageError(_("days: say for how long"))
        now = backend.now()
        until = None if self.days is None else now + self.days * 86_400_000

        def work(unit: Any, account_id: int, number: int) -> int | None:
            said = {"until": until, "note": self.note.strip(), "now": now, "by": by.name}
            return pauses.add(unit.session, account_id, number, self.reason, **said)  # type: ignore[arg-type]

        number = await self.change(backend, by, "blocked", work)
        question = partial(pauses.pause, scope=Scope.of(account_of(self.account)), number=number)
        return pause_shape(await backend.read(lambda reader: reader.ask(question)))


class ListPauses(_OfCustomer):
    """Lists a customer's pauses, newest first, those that are over too."""

    name: ClassVar[str] = "pause.list"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(by, account_of(self.account))

        def question(connection: Any) -> Any:
            return pauses.pauses(connection, scope=scope, customer=customer_number(connection, scope, self.customer))

        found = await backend.read(lambda reader: reader.ask(question))
        return {"items": [pause_shape(one) for one in found]}


class LiftPause(Operation):
    """Ends a pause: claims go on."""

    name: ClassVar[str] = "pause.lift"
    acts_on: ClassVar[str | None] = "pause"
    pause: Annotated[int, Field(ge=1, lt=1 << 62)]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(pauses.pause, scope=by.scope, number=self.pause)
        found = await backend.read(lambda reader: reader.ask(question))
        now = backend.now()

        def work(unit: Any) -> None:
            pauses.lift(unit.session, found.id, now=now, by=by.name)
            marks.mark(unit.session, account_number(unit.session.connection, found.account), [found.customer], now)

        await backend.execute(Change(work, by.name))
        told(backend, "pause", found.account)
        return pause_shape(await backend.read(lambda reader: reader.ask(question)))


# ------------------------------------------------------------------------------------------------------------ disputes


class SetDispute(_OfCustomer):
    """Says that an invoice is in dispute: it neither triggers a claim nor is listed, until a day or until it ends."""

    name: ClassVar[str] = "dispute.set"
    invoice: Annotated[str, Field(min_length=1, max_length=200)]
    until: Day | None = None
    """The last day; None: until somebody ends it."""
    note: Note = ""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        until, now = day_of(self.until), backend.now()
        ask = partial(today_in, account=account_of(self.account), now=now, zone=str(backend.config.timezone))
        if until is not None and until < await backend.read(lambda reader: reader.ask(ask)):
            raise UsageError(_("until: from today on"))

        def work(unit: Any, account_id: int, number: int) -> None:
            pauses.dispute(unit.session, account_id, number, self.invoice, until=until, note=self.note.strip(), now=now)
            billing_desk.changed(unit, account_id, [number], now, "disputed")

        await self.change(backend, by, "disputed", work)
        return {"customer": self.customer, "invoice": self.invoice, "disputed": True, "until": self.until}


class EndDispute(_OfCustomer):
    """Ends the dispute about an invoice: it is claimed as any other."""

    name: ClassVar[str] = "dispute.end"
    invoice: Annotated[str, Field(min_length=1, max_length=200)]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        now = backend.now()

        def work(unit: Any, account_id: int, number: int) -> None:
            pauses.end_dispute(unit.session, account_id, number, self.invoice, now=now)
            billing_desk.changed(unit, account_id, [number], now)

        await self.change(backend, by, "changed", work)
        return {"customer": self.customer, "invoice": self.invoice, "disputed": False}

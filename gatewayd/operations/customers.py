"""Customers: looked for, shown and changed, within one account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field

from gatewayd.billing.engine import desk
from gatewayd.customers import fields
from gatewayd.customers.change import changed
from gatewayd.customers.document import CHANNELS, POINTS_MAX, Customer, Debt, Kept, debt_document, document
from gatewayd.customers.faults import FieldError, sentence
from gatewayd.customers.filters import CustomerFilter
from gatewayd.numbers import NumberError, Numbers, Policy
from gatewayd.operations.acknowledgement import acknowledged
from gatewayd.operations.base import Json, Operation, Paged
from gatewayd.operations.customer_filters import judged_filter, since_of
from gatewayd.operations.ports import Backend
from gatewayd.store.accounts import account_number
from gatewayd.store.commands import Change, Changed
from gatewayd.store.contacts import customers as store
from gatewayd.store.contacts import directory
from gatewayd.store.contacts.directory import COUNTED_MAX, Wanted
from gatewayd.store.contacts.owing import debts_of
from gatewayd.store.sending.causes import Reason, Withdrawal
from gatewayd.store.snapshots import Page
from gatewayd.values.actor import Actor, Scope
from gatewayd.values.errors import UsageError
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _

LIMIT_MAX: Final = 500
PUTS_MAX: Final = 1_000

ExternalId = Annotated[str, Field(min_length=1, max_length=fields.ID_MAX), AfterValidator(wellformed)]


@lru_cache(maxsize=4)
def _numbers(policy: Policy) -> Numbers:
    return Numbers(policy)


def numbers_of(backend: Backend) -> Numbers:
    """Returns what reads telephone numbers by the gateway's policy."""
    config = backend.config.numbers
    return _numbers(Policy(config.region, config.home_area, config.assume_mobile))


def scope_of(account: str | None, by: Actor) -> Scope:
    """Returns the one account that is asked of. UsageError where none is named and the actor is bound to none."""
    name = account if account is not None else by.account
    if name is None:
        raise UsageError(_("account: name it; customers belong to one"))
    return Scope.of(name)


@contextmanager
def judged() -> Iterator[None]:
    """Turns what is wrong with a customer into words, field first."""
    try:
        yield
    except FieldError as error:
        value = f" ({error.value})" if error.value else ""
        raise UsageError(f"{error.field}: {sentence(error.reason)}{value}") from None


def spellings(text: str | None, numbers: Numbers) -> list[str]:
    """Returns what a search may be as a telephone: the number itself, else how one in E.164 would begin."""
    digits = "".join(letter for letter in text or "" if letter in "0123456789")
    if text is None or len(digits) < 4 or any(letter.isalpha() for letter in text):
        return []
    try:
        return [numbers.parse(text, fixed=True).e164]
    except NumberError:
        pass
    if text.strip().startswith("+"):
        return ["+" + digits]
    code = {"AR": ("+549", "+54"), "MX": ("+52",), "CL": ("+56",), "CO": ("+57",)}.get(numbers.policy.region, ())
    return ["+" + digits, *(beginning + digits.lstrip("0") for beginning in code)]


class _Filtered(Operation):
    account: str | None = None
    filter: Mapping[str, Any] = Field(default_factory=dict)
    """`CustomerFilter` as JSON."""

    def wanted(self, backend: Backend) -> CustomerFilter:
        return judged_filter(backend, self.filter)


class ListCustomers(Paged, _Filtered):
    """Lists customers that fit a filter: by number, name or last change."""

    name: ClassVar[str] = "customer.list"
    reads_store = True
    sort: str = "id"
    counted: bool = False
    """Whether `count` says how many fit; null above ten thousand."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope, filter_ = scope_of(self.account, by), self.wanted(backend)
        if not 1 <= self.limit <= LIMIT_MAX:
            raise UsageError(_("limit: from 1 to {limit}").format(limit=LIMIT_MAX))
        numbers = spellings(filter_.search, numbers_of(backend))
        since = await since_of(backend, scope.account, filter_)
        wanted = Wanted(filter_, self.sort, self.cursor, self.limit, numbers, since)
        page, owed = await backend.read(lambda reader: reader.ask(partial(_page, scope=scope, wanted=wanted)))
        items = [document(one) | {"debt": debt_document(owed.get(one.id))} for one in page.items]
        answer: Json = {"items": items, "next": page.next}
        if self.counted:
            answer["count"] = await _count(backend, scope, filter_)
        return answer


def _page(connection: Any, *, scope: Scope, wanted: Wanted) -> tuple[Page[Kept], Mapping[int, Debt]]:
    """Returns a page of customers, and what they owe: as billing says it, else their sheet."""
    found = directory.customers(connection, scope=scope, wanted=wanted)
    return found, debts_of(connection, [one.id for one in found.items])


async def _count(backend: Backend, scope: Scope, wanted: CustomerFilter) -> int | None:
    numbers = spellings(wanted.search, numbers_of(backend))
    since = await since_of(backend, scope.account, wanted)
    question = partial(directory.count, scope=scope, wanted=wanted, numbers=numbers, since=since)
    found = await backend.read(lambda reader: reader.ask(question))
    return None if found > COUNTED_MAX else found


class CountCustomers(_Filtered):
    """Tells how many customers fit a filter; `count` is null above ten thousand."""

    name: ClassVar[str] = "customer.count"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return {
            "count": await _count(backend, scope_of(self.account, by), self.wanted(backend)),
            "counted_to": COUNTED_MAX,
        }


class _One(Operation):
    acts_on: ClassVar[str | None] = "external_id"
    account: str | None = None
    external_id: ExternalId


class ShowCustomer(_One):
    """Shows one customer."""

    name: ClassVar[str] = "customer.show"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(directory.customer, scope=scope_of(self.account, by), external_id=self.external_id)
        return document(await backend.read(lambda reader: reader.ask(question)))


class PutCustomer(_One):
    """Writes one customer: what `customer` names is replaced, everything else stays as it is."""

    name: ClassVar[str] = "customer.put"
    customer: Mapping[str, Any] = Field(default_factory=dict)
    version: int | None = None
    """The version that was seen; another: a conflict. 0: there is to be none yet."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope, now, numbers = scope_of(self.account, by), backend.now(), numbers_of(backend)
        with judged():
            name = fields.external_id(self.external_id)
        put = store.Put(name, _maker(self.customer, numbers, now), now, self.version)

        withdrawn: list[Withdrawal] = []

        def work(unit: Any) -> Changed[Any]:
            done = store.put(unit, scope, [put])
            withdrawn.append(billed(unit, scope, done, now))
            return done[0]

        kept, fresh = (await backend.execute(Change(work, by.name))).answer
        said(backend, scope)
        return document(kept) | {"created": fresh} | await _left(backend, withdrawn)


class PutCustomers(Operation):
    """Writes many customers, each by its `external_id`: all of them, or none where one is wrong."""

    name: ClassVar[str] = "customer.put_many"
    account: str | None = None
    customers: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=PUTS_MAX)]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope, now, numbers = scope_of(self.account, by), backend.now(), numbers_of(backend)
        puts = []
        for place, one in enumerate(self.customers):
            try:
                name = fields.external_id(str(one.get("external_id") or ""))
            except FieldError as error:
                raise UsageError(f"customers[{place}].{error.field}: {sentence(error.reason)}") from None
            puts.append(store.Put(name, _maker(one, numbers, now, f"customers[{place}]."), now))

        withdrawn: list[Withdrawal] = []

        def work(unit: Any) -> Changed[Any]:
            changes = store.put(unit, scope, puts)
            withdrawn.append(billed(unit, scope, changes, now))
            done = [one.answer for one in changes]
            return Changed(done, None, {"customers": len(done)}, scope.account or "")

        done = (await backend.execute(Change(work, by.name))).answer
        said(backend, scope)
        return {
            "items": [
                {"external_id": kept.customer.external_id, "version": kept.version, "created": fresh}
                for kept, fresh in done
            ]
        } | await _left(backend, withdrawn)


async def _left(backend: Backend, withdrawn: Sequence[Withdrawal]) -> Json:
    """Returns which messages had left before, where nobody knows yet what became of them; nothing where all is known.
    `withdrawn` is what each try of the change withdrew: the last one holds."""
    named = await acknowledged(backend, withdrawn[-1])
    return {"open": named} if named else {}


def _maker(given: Mapping[str, Any], numbers: Numbers, now: int, place: str = "") -> store.Make:
    def make(was: Customer, find: Callable[[str], int | None]) -> Customer:
        try:
            return changed(was, given, numbers=numbers, user=find, now=now)
        except FieldError as error:
            value = f" ({error.value})" if error.value else ""
            raise UsageError(f"{place}{error.field}: {sentence(error.reason)}{value}") from None

    return make


class SetContact(_One):
    """Sets one contact point of a customer, in place of the others of its kind; no address: they are taken away.

    By kind, so that an app brings the token of a telephone anew without knowing the old one.
    """

    name: ClassVar[str] = "customer.contact"
    kind: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(wellformed)]
    """What the account calls it: `app`, `movil`, `trabajo`."""
    channel: str = "push"
    address: Annotated[str, Field(max_length=8_192)] | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope, now, numbers = scope_of(self.account, by), backend.now(), numbers_of(backend)
        with judged():
            name = fields.external_id(self.external_id)
            if self.channel not in CHANNELS:
                raise FieldError("channel", "channel_invalid", self.channel)
        put = store.Put(name, self._maker(numbers, by), now, None)

        def work(unit: Any) -> Changed[Any]:
            store.one_of(unit.session, scope, name)
            return store.put(unit, scope, [put])[0]

        kept, _fresh = (await backend.execute(Change(work, by.name))).answer
        said(backend, scope)
        if by.kind == "token" and "read" not in by.scopes:
            # Who may bring a token of an app need not learn what else is known of the person.
            return {"external_id": kept.customer.external_id, "kind": self.kind, "version": kept.version}
        return document(kept)

    def _maker(self, numbers: Numbers, by: Actor) -> store.Make:
        def make(was: Customer, _find: Callable[[str], int | None]) -> Customer:
            others = [one for one in was.contacts if (one.channel, one.kind) != (self.channel, self.kind)]
            if self.address is None:
                return replace(was, contacts=tuple(others))
            with judged():
                given = {"channel": self.channel, "address": self.address, "kind": self.kind, "source": by.kind}
                fresh = fields.point(given, numbers, {one.key: one for one in was.contacts})
                kept = tuple(one for one in others if one.key != fresh.key)
                place = next((at for at, one in enumerate(kept) if one.channel == self.channel), len(kept))
                made = (*kept[:place], fresh, *kept[place:])
                if len(made) > POINTS_MAX:
                    raise FieldError("contacts", "contacts_too_many")
            return replace(was, contacts=made)

        return make


def billed(unit: Any, scope: Scope, done: Sequence[Changed[tuple[Kept, bool]]], now: int) -> Withdrawal:
    """Gives customers who have come what billing said of them before, works out anew what those owe of whom a document
    says it, and withdraws what was written from what that was."""
    number = account_number(unit.session.connection, str(scope.account))
    fresh = [one.answer[0].customer.external_id for one in done if one.answer[1]]
    found = desk.joined(unit, number, fresh, now).withdrawal
    for one in done:
        kept, _fresh = one.answer
        if "debt" in (one.after or {}).get("fields", ()):
            debt = kept.customer.debt
            reason: Reason = "paid" if debt is None or debt.balance == 0 else "changed"
            found += desk.changed(unit, number, [kept.id], now, reason).withdrawal
    return found


def said(backend: Backend, scope: Scope) -> None:
    """Tells those who watch that customers of an account have changed."""
    if backend.live is not None and scope.account is not None:
        backend.live.changed("customer", scope.account)

"""Invoices, payments and credit notes: looked for, shown, and written one by one or many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, Field

from gatewayd.billing import fields
from gatewayd.billing.document import invoice_document, payment_document
from gatewayd.billing.engine import desk
from gatewayd.billing.fields import BillRow, Kind
from gatewayd.customers.faults import FieldError, sentence
from gatewayd.customers.filters import CustomerFilter
from gatewayd.operations.acknowledgement import acknowledged
from gatewayd.operations.base import Json, Operation, Paged
from gatewayd.operations.customers import ExternalId, judged, numbers_of, scope_of, spellings
from gatewayd.operations.ports import Backend
from gatewayd.operations.zones import zone_of
from gatewayd.store.accounts import account_number
from gatewayd.store.billing import listing
from gatewayd.store.billing.loads import Fault
from gatewayd.store.commands import Change, Changed
from gatewayd.store.contacts import directory
from gatewayd.values.actor import Actor, Scope
from gatewayd.values.errors import UsageError
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _

LIMIT_MAX: Final = 200
PUTS_MAX: Final = 1_000
MEANT_MAX: Final = 50
"""Customers that a search may mean by their names."""

BillId = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(wellformed)]
Search = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(wellformed)]
SOURCES: Final = {"token": "api", "operator": "cli"}


async def today_of(backend: Backend, account: str) -> date:
    """Returns the day it is in an account's zone."""
    zone = await zone_of(backend, account)
    return datetime.fromtimestamp(backend.now() / 1000, UTC).astimezone(zone).date()


def source_of(by: Actor) -> str:
    """Returns what is noted as the way by which an actor brings bills."""
    return SOURCES.get(by.kind, "panel")


def fault_document(fault: Fault) -> Json:
    """Returns a row that was not taken, as JSON."""
    return {
        "row": fault.row,
        "external_id": fault.external_id,
        "field": fault.field,
        "reason": fault.reason,
        "text": sentence(fault.reason),
        "value": fault.value,
    }


class _Listed(Paged):
    account: str | None = None
    search: Search | None = None
    customer: ExternalId | None = None

    async def wanted(self, backend: Backend, scope: Scope, kind: str | None) -> listing.Wanted:
        """Returns what is asked for. NotFoundError, UsageError."""
        if not 1 <= self.limit <= LIMIT_MAX:
            raise UsageError(_("limit: from 1 to {limit}").format(limit=LIMIT_MAX))
        number, meant = None, []
        if self.customer is not None:
            one = partial(directory.customer, scope=scope, external_id=self.customer)
            number = (await backend.read(lambda reader: reader.ask(one))).id
        elif self.search is not None:
            filter_ = CustomerFilter(search=self.search)
            people = directory.Wanted(filter_, limit=MEANT_MAX, numbers=spellings(self.search, numbers_of(backend)))
            found = await backend.read(
                lambda reader: reader.ask(partial(directory.customers, scope=scope, wanted=people))
            )
            meant = [one.id for one in found.items]
        return listing.Wanted(kind, self.search, meant, number, self.cursor, self.limit)


class ListInvoices(_Listed):
    """Lists invoices, the newest first; open ones by due date."""

    name: ClassVar[str] = "invoice.list"
    reads_store = True
    state: Literal["open", "overdue", "disputed", "paid", "cancelled", "closed", "unknown"] | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(self.account, by)
        wanted, today = await self.wanted(backend, scope, self.state), await today_of(backend, str(scope.account))
        question = partial(listing.invoices, scope=scope, wanted=wanted, today=today)
        page = await backend.read(lambda reader: reader.ask(question))
        return {"items": [invoice_document(one, today) for one in page.items], "next": page.next}


class ShowInvoice(Operation):
    """Shows one invoice, and what was paid or credited to it."""

    name: ClassVar[str] = "invoice.show"
    acts_on: ClassVar[str | None] = "external_id"
    reads_store = True
    account: str | None = None
    external_id: BillId

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(self.account, by)
        today = await today_of(backend, str(scope.account))
        question = partial(listing.invoice, scope=scope, external_id=self.external_id)
        kept, paid = await backend.read(lambda reader: reader.ask(question))
        return invoice_document(kept, today) | {"payments": [payment_document(one) for one in paid]}


class ListPayments(_Listed):
    """Lists payments and credit notes, those that were posted last first."""

    name: ClassVar[str] = "payment.list"
    reads_store = True
    kind: Literal["payment", "credit_note", "reversal", "unknown"] | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(self.account, by)
        wanted = await self.wanted(backend, scope, self.kind)
        page = await backend.read(lambda reader: reader.ask(partial(listing.payments, scope=scope, wanted=wanted)))
        return {"items": [payment_document(one) for one in page.items], "next": page.next}


class ShowPayment(Operation):
    """Shows one payment or credit note."""

    name: ClassVar[str] = "payment.show"
    acts_on: ClassVar[str | None] = "external_id"
    reads_store = True
    account: str | None = None
    external_id: BillId

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(listing.payment, scope=scope_of(self.account, by), external_id=self.external_id)
        return payment_document(await backend.read(lambda reader: reader.ask(question)))


# ------------------------------------------------------------------------------------------------------------- written


async def recorded(backend: Backend, by: Actor, scope: Scope, kind: Kind, rows: Sequence[BillRow]) -> desk.Recorded:
    """Records rows; returns what that did once it is durable."""
    now = backend.now()
    source, account = source_of(by), str(scope.account)

    def work(unit: Any) -> Changed[desk.Recorded]:
        number = account_number(unit.session.connection, account)
        how = desk.load(unit, number, kind, source=source, as_of=now, now=now)
        done = desk.record(unit, how, kind, rows)
        if source != "panel" and not done.written.faults:
            # What somebody types says nothing of how fresh the rest is.
            desk.refresh(unit, how)
        return Changed(done, None, {kind: done.written.counts()}, account)

    answer: desk.Recorded = (await backend.execute(Change(work, by.name, bulk=len(rows) > 1))).answer
    if backend.live is not None:
        backend.live.changed("bill", account)
    return answer


async def _put(backend: Backend, by: Actor, scope: Scope, kind: Kind, row: BillRow) -> Json:
    done = await recorded(backend, by, scope, kind, [row])
    for fault in done.written.faults:
        raise UsageError(f"{fault.field}: {sentence(fault.reason)}")
    counts = done.written.counts()
    outcome = next((name for name in ("new", "changed", "older") if counts[name]), "same")
    return {
        "outcome": outcome,
        "withdrawn": done.withdrawal.messages,
        "open": await acknowledged(backend, done.withdrawal),
    }


async def _put_many(
    backend: Backend, by: Actor, scope: Scope, kind: Kind, documents: Sequence[Mapping[str, Any]]
) -> Json:
    judge = fields.invoice if kind == "invoices" else fields.payment
    rows, refused = [], []
    for place, one in enumerate(documents):
        try:
            rows.append(judge(one, row=place))
        except FieldError as error:
            name = one.get("external_id")
            refused.append(Fault(place, name if isinstance(name, str) else "", error.field, error.reason, error.value))
    done = await recorded(backend, by, scope, kind, rows)
    done.written.faults = sorted([*refused, *done.written.faults], key=lambda fault: fault.row)
    return {
        **done.written.counts(),
        "refused_rows": [fault_document(one) for one in done.written.faults],
        "withdrawn": done.withdrawal.messages,
        "open": await acknowledged(backend, done.withdrawal),
    }


class PutInvoice(Operation):
    """Writes one invoice: what `invoice` names is replaced, everything else stays as it is. What it says is so as of
    its `as_of`, else now; an older one changes nothing."""

    name: ClassVar[str] = "invoice.put"
    acts_on: ClassVar[str | None] = "external_id"
    account: str | None = None
    external_id: BillId
    invoice: Mapping[str, Any] = Field(default_factory=dict)

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(self.account, by)
        with judged():
            row = fields.invoice(self.invoice, external_id=self.external_id)
        answer = await _put(backend, by, scope, "invoices", row)
        today = await today_of(backend, str(scope.account))
        question = partial(listing.invoice, scope=scope, external_id=row.external_id)
        kept, _paid = await backend.read(lambda reader: reader.ask(question))
        return invoice_document(kept, today) | answer


class PutInvoices(Operation):
    """Writes many invoices, each by its `external_id`. One that cannot be read never drops the others, and is told."""

    name: ClassVar[str] = "invoice.put_many"
    account: str | None = None
    invoices: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=PUTS_MAX)]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return await _put_many(backend, by, scope_of(self.account, by), "invoices", self.invoices)


class PutPayment(Operation):
    """Writes one payment or credit note. The answer comes once nothing that was written from the older debt can leave
    any more; `open` names messages that had left before and have no outcome after ten seconds."""

    name: ClassVar[str] = "payment.put"
    acts_on: ClassVar[str | None] = "external_id"
    account: str | None = None
    external_id: BillId
    kind: Literal["payment", "credit_note"] = "payment"
    payment: Mapping[str, Any] = Field(default_factory=dict)

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(self.account, by)
        with judged():
            row = fields.payment(self.payment, external_id=self.external_id)
        kind: Kind = "payments" if self.kind == "payment" else "credit_notes"
        answer = await _put(backend, by, scope, kind, row)
        question = partial(listing.payment, scope=scope, external_id=row.external_id)
        return payment_document(await backend.read(lambda reader: reader.ask(question))) | answer


class PutPayments(Operation):
    """Writes many payments or credit notes by their `external_id`. One that cannot be read never drops the others."""

    name: ClassVar[str] = "payment.put_many"
    account: str | None = None
    kind: Literal["payment", "credit_note"] = "payment"
    payments: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=PUTS_MAX)]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        kind: Kind = "payments" if self.kind == "payment" else "credit_notes"
        return await _put_many(backend, by, scope_of(self.account, by), kind, self.payments)

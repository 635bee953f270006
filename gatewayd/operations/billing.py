"""What a customer owes, how fresh an account's billing is, and the complete list that waits for a person's word."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from gatewayd.billing.document import balance_document, invoice_document, money, payment_document
from gatewayd.billing.engine import desk
from gatewayd.operations.base import Json, Operation, Paged
from gatewayd.operations.bills import today_of
from gatewayd.operations.customers import ExternalId, scope_of
from gatewayd.operations.paging import before_of
from gatewayd.operations.ports import Backend
from gatewayd.store.accounts import account_number
from gatewayd.store.billing import freshness, listing, overview
from gatewayd.store.billing.freshness import Billing
from gatewayd.store.commands import Change, Changed
from gatewayd.store.contacts.billing_age import Age
from gatewayd.values.actor import Actor
from gatewayd.values.clock import iso
from gatewayd.values.errors import ConflictError
from gatewayd.words.translation import gettext as _


def max_age_ms(backend: Backend) -> int:
    """Returns how old billing may be where an account says nothing else."""
    return int(backend.config.billing.max_age * 1000)


class CustomerAccount(Operation):
    """Shows what a customer owes in each currency, its invoices and payments, and its own money where there is some."""

    name: ClassVar[str] = "customer.account"
    acts_on: ClassVar[str | None] = "external_id"
    reads_store = True
    account: str | None = None
    external_id: ExternalId

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(self.account, by)
        today = await today_of(backend, str(scope.account))
        now, most_ms = backend.now(), max_age_ms(backend)
        question = partial(
            overview.customer_account,
            scope=scope,
            external_id=self.external_id,
            today=today,
            now=now,
            most_ms=most_ms,
        )
        found = await backend.read(lambda reader: reader.ask(question))
        return {
            "customer": found.customer,
            "balances": [
                balance_document(one, today)
                for _name, one in sorted(found.balances.items())
                if one.invoices or one.credit
            ],
            "invoices": [invoice_document(one, today) for one in found.invoices],
            "payments": [payment_document(one) for one in found.payments],
            "as_of": None if found.billing is None else iso(found.billing.as_of),
            "stale": found.age.old,
        }


class BillingStatus(Operation):
    """Tells how fresh an account's billing is, what is owed, and whether a complete list waits for a person's word."""

    name: ClassVar[str] = "billing.status"
    reads_store = True
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account = str(scope_of(self.account, by).account)
        today, now = await today_of(backend, account), backend.now()
        question = partial(overview.status, account=account, today=today, now=now, most_ms=max_age_ms(backend))
        found = await backend.read(lambda reader: reader.ask(question))
        return _status(found.billing, now, found.age) | {
            "account": account,
            "owed": {
                currency: {
                    "customers": one.customers,
                    "balance": money(one.balance),
                    "overdue_customers": one.overdue,
                }
                for currency, one in sorted(found.owed.items())
            },
            "unknown": dict(found.unknown),
        }


def _status(found: Billing | None, now: int, age: Age) -> Json:
    pending = None if found is None else found.pending
    return {
        "as_of": None if found is None else iso(found.as_of),
        "source": None if found is None else found.source,
        "age_s": None if found is None else found.age(now) // 1000,
        "max_age_s": age.bound_ms // 1000,
        "stale": age.old,
        "complete_as_of": None if found is None else iso(found.complete_as_of),
        "first_at": None if found is None else iso(found.first_at),
        "pending": None
        if pending is None
        else {
            "as_of": iso(pending.as_of),
            "source": pending.source,
            "reason": pending.reason,
            "missing": pending.missing,
            "known": pending.known,
        },
    }


class ConfirmBilling(Operation):
    """Says whether the open invoices that a complete list lacks are to be closed. Closing says nothing of a payment."""

    name: ClassVar[str] = "billing.confirm"
    account: str | None = None
    close: bool

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account, now = str(scope_of(self.account, by).account), backend.now()

        def begin(unit: Any) -> Changed[tuple[int, int]]:
            number = account_number(unit.session.connection, account)
            pending = desk.confirm(unit, number, now, close=self.close)
            if pending is None:
                raise ConflictError(_("no complete list waits for a word; look at it again"))
            after = {"close": self.close, "missing": pending.missing, "known": pending.known}
            return Changed((number, pending.as_of), None, after, account)

        number, as_of = (await backend.execute(Change(begin, by.name))).answer
        closed = 0
        while self.close:
            more = await backend.execute(
                Change(lambda unit: desk.close_absent(unit, number, as_of, now), by.name, aside=True, bulk=True)
            )
            if more is None:
                break
            closed += more
        if backend.live is not None:
            backend.live.changed("bill", account)
        return {"account": account, "closed": closed}


class VouchBilling(Operation):
    """Says that all invoices and payments that are written down are so as of now: for whoever enters them by hand. From
    then on they are as old as that word, and claims go on."""

    name: ClassVar[str] = "billing.vouch"
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account, now = str(scope_of(self.account, by).account), backend.now()

        def work(unit: Any) -> Changed[None]:
            number = account_number(unit.session.connection, account)
            freshness.refresh(unit.session, number, now, "person", now)
            return Changed(None, None, {"as_of": iso(now)}, account)

        await backend.execute(Change(work, by.name))
        if backend.live is not None:
            backend.live.changed("bill", account)
        return {"account": account, "as_of": iso(now)}


class BillingRows(Paged):
    """Lists the open invoices that the complete list which waits for a word lacks."""

    name: ClassVar[str] = "billing.rows"
    reads_store = True
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(self.account, by)
        today = await today_of(backend, str(scope.account))
        limit, behind = max(1, min(self.limit, 200)), before_of(self.cursor)
        question = partial(listing.lacking, scope=scope, behind=behind or 0, limit=limit)
        page = await backend.read(lambda reader: reader.ask(question))
        return {"items": [invoice_document(one, today) for one in page.items], "next": page.next}

"""What is done to customers now and then: two made one, all that is known carried out or erased."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar, Literal

from gatewayd.billing.engine import desk
from gatewayd.customers.document import document
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.customers import ExternalId, said, scope_of
from gatewayd.operations.ports import Backend
from gatewayd.store.accounts import account_number
from gatewayd.store.commands import Change, Changed
from gatewayd.store.contacts import joining, knowledge
from gatewayd.store.dunning import merging
from gatewayd.values.actor import Actor


class MergeCustomers(Operation):
    """Makes one customer of two: `gone` becomes part of `external_id`, and its id leads there from then on.

    Where they differ the stricter holds: a refused consent, a wrong person, mails that are not wanted, no claims. It
    cannot be undone.
    """

    name: ClassVar[str] = "customer.merge"
    acts_on: ClassVar[str | None] = "external_id"
    account: str | None = None
    external_id: ExternalId
    gone: ExternalId
    version: int | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(self.account, by)
        merge = joining.Merge(self.external_id, self.gone, backend.now(), self.version)

        def work(unit: Any) -> Changed[Any]:
            merging.move(unit, scope, merge.stays, merge.gone)
            done = joining.merge(unit, scope, merge)
            number = account_number(unit.session.connection, str(scope.account))
            desk.changed(unit, number, [done.answer.id], merge.now)
            return done

        kept = (await backend.execute(Change(work, by.name))).answer
        said(backend, scope)
        return document(kept) | {"merged": self.gone, "undoable": False}


class ExportCustomer(Operation):
    """Answers everything that is known of a person, for the person to have."""

    name: ClassVar[str] = "customer.export"
    acts_on: ClassVar[str | None] = "external_id"
    account: str | None = None
    external_id: ExternalId

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(knowledge.known, scope=scope_of(self.account, by), external_id=self.external_id)
        return await backend.read(lambda reader: reader.ask(question))


class ForgetCustomer(Operation):
    """Erases texts and addresses of a person, at its wish. The ledger, the proof of what was decided, and the wish not
    to be contacted stay. It cannot be undone."""

    name: ClassVar[str] = "customer.forget"
    acts_on: ClassVar[str | None] = "account"
    account: str | None = None
    external_id: ExternalId
    sure: Literal[True]
    """So that nobody does it by a slip."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(self.account, by)
        wanted = knowledge.Forget(self.external_id, backend.now())

        def work(unit: Any) -> Changed[Any]:
            return knowledge.forget(unit, scope, wanted)

        counts = (await backend.execute(Change(work, by.name))).answer
        said(backend, scope)
        return {"forgotten": True, **counts}

"""Claims: what a day's run would do, the run itself, what was decided and why, and batches that wait for a person."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from gatewayd.claims.simulation import Simulated, Would, on, simulate
from gatewayd.operations.base import Json, Operation, Paged, live_of
from gatewayd.operations.paging import before_of
from gatewayd.operations.people_lists import account_of, scope_of
from gatewayd.operations.policies import Day, day_of, in_portions, moment_question, told
from gatewayd.operations.ports import Backend
from gatewayd.store.commands import Change
from gatewayd.store.contacts import billing_age
from gatewayd.store.contacts.customers import one_of
from gatewayd.store.dunning import approving, batches, decisions, policies, runs
from gatewayd.store.dunning.decisions import DecisionRow
from gatewayd.store.session import Session
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor, Scope
from gatewayd.values.errors import UsageError
from gatewayd.values.money import format_money
from gatewayd.words.claim_reasons import claim_word
from gatewayd.words.translation import gettext as _

LIMIT_MAX: Final = 200


class RunCollections(Operation):
    """Has the running daemon look now for what is due: facts that have changed, runs whose hour has come."""

    name: ClassVar[str] = "collections.run"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        del by
        live_of(backend).claims.due()
        return {"woken": True}


class SimulateCollections(Operation):
    """Says what the run of a day would do, and writes nothing: who would be claimed, by which rule and level, over
    which channel, with what in the text, and what it would cost at the tariff."""

    name: ClassVar[str] = "collections.simulate"
    reads_store = True
    account: str | None = None
    date: Day | None = None
    """None: today."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        del by
        account = account_of(self.account)
        here = await backend.read(lambda reader: reader.ask(moment_question(backend, account)))
        if not here.rules.known:
            raise UsageError(_("the account has no rule for claims"))
        there = on(here, day_of(self.date))
        found = Simulated(there.today)
        found.complete = await in_portions(backend, partial(simulate, moment=there, found=found))
        number, most_ms = there.rules.account_id, int(backend.config.billing.max_age * 1000)
        question = partial(billing_age.fresh, account_id=number, most_ms=most_ms, now=here.now)
        stale = not await backend.read(lambda reader: reader.ask(question))
        prices = {channel: self._price(backend, channel) for _rule, _level, channel in found.levels if channel}
        cost = sum(count * prices.get(channel, 0) for (_r, _l, channel), count in found.levels.items())
        return {
            "account": account,
            "date": there.today.isoformat(),
            "stale": stale,
            "complete": found.complete,
            "customers": found.customers,
            "decisions": [
                {"reason": reason, "words": claim_word(reason), "count": count}
                for reason, count in found.counts.most_common()
            ],
            "claims": [
                {"policy": rule, "level": level, "channel": channel or None, "people": count}
                for (rule, level, channel), count in sorted(found.levels.items())
            ],
            "amounts": {currency: format_money(amount) for currency, amount in sorted(found.amounts.items())},
            "cost": format_money(cost),
            "people": [_person(one) for one in found.people],
        }

    @staticmethod
    def _price(backend: Backend, channel: str) -> int:
        return int(getattr(backend.config.tariff, channel, 0) or 0)


def _person(one: Would) -> Json:
    return {
        "customer": one.external_id,
        "name": one.name,
        "currency": one.currency,
        "amount": format_money(one.amount),
        "invoices": list(one.invoices),
        "policy": one.rule,
        "version": one.version,
        "level": one.level,
        "level_name": one.level_name,
        "action": one.action,
        "channel": one.channel,
        "to": one.address,
        "template": one.template,
        "values": dict(one.values),
        "warnings": list(one.warnings),
    }


class ShowCollections(Operation):
    """Shows where everybody stands now: customers by reason and level, the newest runs, batches that wait for a
    person's word."""

    name: ClassVar[str] = "collections.show"
    reads_store = True
    account: str | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(by, self.account)

        def question(connection: Any) -> Any:
            return (
                decisions.standing(connection, scope=scope),
                runs.runs(connection, scope=scope, limit=10),
                batches.waiting(connection, state="approval", scope=scope),
                policies.policies(connection, scope=scope),
            )

        standing, newest, waiting, known = await backend.read(lambda reader: reader.ask(question))
        names = {row.id: row.name for row in known}
        return {
            "standing": [
                {"reason": reason, "words": claim_word(reason), "level": level, "customers": count}
                for (reason, level), count in sorted(standing.items(), key=lambda item: -item[1])
            ],
            "runs": [
                {
                    "account": one.account,
                    "day": one.day,
                    "hour": one.hour,
                    "state": one.state,
                    "reason": one.reason,
                    "counts": dict(one.counts),
                    "started_at": iso(one.started_at),
                    "ended_at": None if one.ended_at is None else iso(one.ended_at),
                }
                for one in newest
            ],
            "waiting": [
                {
                    "batch": one.id,
                    "account": one.account,
                    "policy": names.get(one.policy),
                    "level": one.level,
                    "channel": one.channel,
                    "people": one.people,
                    "created_at": iso(one.created_at),
                }
                for one in waiting
            ],
        }


class _OfBatch(Operation):
    acts_on: ClassVar[str | None] = "batch"
    batch: Annotated[int, Field(ge=1, lt=1 << 62)]

    async def decide(self, backend: Backend, by: Actor, *, approved: bool) -> Json:
        """Takes a person's word. NotFoundError, ConflictError."""
        question = partial(batches.batch, scope=by.scope, number=self.batch)
        found = await backend.read(lambda reader: reader.ask(question))
        now = backend.now()

        def work(unit: Any) -> None:
            batches.decide(unit.session, found.id, approved=approved, now=now, by=by.name)
            approving.close(unit.session, found, now=now, by=by.name)

        await backend.execute(Change(work, by.name))
        told(backend, "policy", found.account)
        return {"batch": found.id, "people": found.people, "state": "ready" if approved else "rejected"}


class ApproveClaims(_OfBatch):
    """Says yes to a batch of claims whose level waits for a person."""

    name: ClassVar[str] = "collections.approve"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return await self.decide(backend, by, approved=True)


class RejectClaims(_OfBatch):
    """Says no to a batch of claims: its steps are undone."""

    name: ClassVar[str] = "collections.reject"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return await self.decide(backend, by, approved=False)


class ListDecisions(Paged):
    """Lists what was decided, newest first: of a `customer` all of it, else what holds now. Each says from which day to
    which, by which rule, why, and how every invoice stood."""

    name: ClassVar[str] = "decision.list"
    reads_store = True
    account: str | None = None
    customer: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    reason: Annotated[str, Field(max_length=40)] | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        limit = max(1, min(self.limit, LIMIT_MAX))
        scope = scope_of(by, self.account)
        before = before_of(self.cursor)

        def question(connection: Any) -> Any:
            number = None if self.customer is None else customer_number(connection, scope, self.customer)
            return decisions.decisions(
                connection,
                scope=scope,
                customer=number,
                reason=self.reason,
                present=number is None,
                before=before,
                limit=limit + 1,
            )

        found = await backend.read(lambda reader: reader.ask(question))
        following = str(found[limit - 1].id) if len(found) > limit else None
        return {"items": [_decision(one) for one in found[:limit]], "next": following}


def customer_number(connection: Any, scope: Scope, external_id: str) -> int:
    """Returns the number of a customer; NotFoundError, UsageError without an account."""
    return int(one_of(Session(connection), scope, external_id)[1].head.id)


def _decision(one: DecisionRow) -> Json:
    return {
        "decision": one.id,
        "account": one.account,
        "customer": one.external_id,
        "name": one.name,
        "currency": one.currency,
        "from": one.day,
        "to": one.last_day,
        "verdict": one.verdict,
        "reason": one.reason,
        "words": claim_word(one.reason),
        "level": one.level,
        "cycle": one.cycle,
        "channel": one.channel,
        "amount": format_money(one.amount),
        "invoices": list(one.invoices),
        "stands": dict(one.detail),
        "again": one.again,
        "warnings": list(one.warnings),
        "policy": one.policy,
        "version": one.version,
        "at": iso(one.at),
    }

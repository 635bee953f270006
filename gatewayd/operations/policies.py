"""Rules for claims: shown, written with all their versions, tried before they are saved, given to customers."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field, SecretStr, StrictInt

from gatewayd.claims.moment import Moment, day_in, moments, today_in
from gatewayd.claims.simulation import Saving, changed, on, saving
from gatewayd.customers.filters import filter_of
from gatewayd.dunning.document import document_of, policy_of
from gatewayd.dunning.policy import Policy
from gatewayd.dunning.preview import calendar
from gatewayd.operations.base import Json, Operation
from gatewayd.operations.masssend import activate
from gatewayd.operations.people_lists import account_of, scope_of
from gatewayd.operations.ports import Backend
from gatewayd.store.accounts import account_number
from gatewayd.store.billing import marks
from gatewayd.store.campaigns.templates import version_of
from gatewayd.store.commands import Change, Changed
from gatewayd.store.contacts import directory
from gatewayd.store.contacts.customers import one_of
from gatewayd.store.dunning import policies, runs
from gatewayd.store.dunning.policies import PolicyRow, Rules
from gatewayd.store.settings.accounts import zone_of
from gatewayd.store.snapshots import iso
from gatewayd.values import call_amounts
from gatewayd.values.actor import Actor, Scope
from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.values.news import Kind
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _
from spool.document import parse
from spool.errors import JobFileError

BOUND_S: Final = 20.0
"""How long somebody waits for a question about everybody."""
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2099
"""As of days that bills may have: a rule counts thousands of days from one, and a calendar ends."""

RuleName = Annotated[
    str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(wellformed)
]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]


def shape(row: PolicyRow) -> Json:
    """Returns a rule as everybody is shown it."""
    return {
        "policy": row.name,
        "account": row.account,
        "state": row.state,
        "standard": row.standard,
        "place": row.place,
        "version": row.version,
        "document": dict(row.document),
        "created_at": iso(row.created_at),
        "created_by": row.created_by,
        "updated_at": iso(row.updated_at),
    }


def day_of(given: str | None) -> date | None:
    """Returns a day that was written; UsageError where there is no such day, or none that calendars are made for."""
    if given is None:
        return None
    with suppress(ValueError):
        if FIRST_YEAR <= (found := date.fromisoformat(given)).year <= LAST_YEAR:
            return found
    raise UsageError(_("{day}: there is no such day").format(day=given))


def moment_question(backend: Backend, account: str) -> Any:
    """Returns the question for the rules and the clock of an account; it may have no rule."""
    config, now = backend.config, backend.now()
    zone, region = str(config.timezone), config.numbers.region
    ask = partial(moments, now=now, zone=zone, region=region, account=account)

    def question(connection: Any) -> Moment:
        number = account_number(connection, account)
        found: Mapping[int, Moment] = ask(connection)
        if number in found:
            return found[number]
        there = zone_of(connection, account, zone)
        return Moment(Rules(account, number, {}), now, day_in(there, now), there, region)

    return question


def told(backend: Backend, kind: Kind, account: str) -> None:
    """Tells the running daemon, where there is one, that something of a kind has changed."""
    if backend.live is not None:
        backend.live.changed(kind, account)


async def in_portions(backend: Backend, question: Any) -> bool:
    """Asks a question about customers portion by portion, each in a snapshot of its own; returns whether it came to the
    end within the time that one waits."""
    until, after = time.monotonic() + BOUND_S, 0
    while True:
        after = await backend.read(partial(_asked, partial(question, after=after)))
        if not after:
            return True
        if time.monotonic() > until:
            return False


def _asked(question: Any, reader: Any) -> int:
    return int(reader.ask(question))


class ListPolicies(Operation):
    """Lists the rules for claims, the company's first."""

    name: ClassVar[str] = "policy.list"
    reads_store = True
    account: str | None = None
    archived: bool = False

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(policies.policies, scope=scope_of(by, self.account), archived=self.archived)
        found = await backend.read(lambda reader: reader.ask(question))
        return {"items": [shape(one) for one in found]}


class _OfPolicy(Operation):
    acts_on: ClassVar[str | None] = "policy"
    account: str | None = None
    policy: RuleName

    async def found(self, backend: Backend, by: Actor) -> PolicyRow:
        """NotFoundError where it is none that the actor sees."""
        account = account_of(self.account)
        question = partial(policies.policy, scope=by.scope, account=account, name=self.policy)
        return await backend.read(lambda reader: reader.ask(question))


class ShowPolicy(_OfPolicy):
    """Shows a rule with its versions."""

    name: ClassVar[str] = "policy.show"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        row = await self.found(backend, by)
        found = await backend.read(lambda reader: reader.ask(partial(policies.versions, number=row.id)))
        versions = [
            {"version": one.version, "at": iso(one.at), "by": one.by, "document": dict(one.document)} for one in found
        ]
        return {**shape(row), "versions": versions}


class SavePolicy(_OfPolicy):
    """Writes a rule: `document` with `levels`, `tolerance_days`, `reclaim_days`, `repeats`, `minimums`, `hour`,
    `hold_out`, `audience`, or `nothing`. Levels keep their `id`, so that nobody is claimed twice for one."""

    name: ClassVar[str] = "policy.save"
    document: dict[str, Any]
    standard: bool = False
    """Whether it is the company's: for whoever has no other."""
    place: Annotated[int, Field(ge=0, le=1_000)] = 0
    """Of the rules with an audience the first that means a customer is its rule."""
    version: StrictInt | None = None
    """The one that was seen; None: whichever there is."""
    password: Annotated[SecretStr, Field(max_length=1000)] | None = None
    """The account's for sends to many, where a person has a rule claim from more than one."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account = account_of(self.account)
        made, document = judged(self.policy, self.document)
        await backend.read(lambda reader: reader.ask(partial(_calls_are_discreet, account=account, made=made)))
        await self._activate(backend, by, account, made)
        now, zone = backend.now(), str(backend.config.timezone)

        def work(unit: Any) -> Changed[int]:
            before = _before(unit.session.connection, by.scope, account, self.policy)
            version = policies.save(
                *(unit.session, account, self.policy, document),
                standard=self.standard,
                place=self.place,
                seen=self.version,
                now=now,
                by=by.name,
            )
            _look_again(unit, account, now, zone)
            return Changed(version, before, {**document, "standard": self.standard, "version": version})

        await backend.execute(Change(work, by.name))
        told(backend, "policy", account)
        return shape(await self.found(backend, by))

    async def _activate(self, backend: Backend, by: Actor, account: str, made: Policy) -> None:
        """Asks for the password for sends to many where the rule, as it will be, sends to more than one."""
        audience = self.document.get("audience")
        if made.nothing or all(one.action != "message" for one in made.levels) or not (self.standard or audience):
            return

        def reached(connection: Any) -> int:
            return directory.count(connection, scope=Scope.of(account), wanted=filter_of(audience or {}))

        people = await backend.read(lambda reader: reader.ask(reached))
        await activate(backend, by, account, people, self.password)


def _calls_are_discreet(connection: Any, account: str, made: Policy) -> None:
    """UsageError where a call of a rule would say an amount to whoever picks up, or to a machine."""
    for place, level in enumerate(made.levels, 1):
        name = level.templates.get("call") if "call" in level.channels else None
        if name is None:
            continue
        try:
            content = version_of(connection, account, name, channel="call").content
            said_by = {"job": "call", "channel": "call", **content, "recipients": [{"to": "-"}]}
            document = parse(json.dumps(said_by, ensure_ascii=False).encode(), "call.json")
        except (NotFoundError, ConflictError, JobFileError):
            continue  # its job says what is wrong
        said = call_amounts.early(document.text, document.call)
        if said is not None:
            text = _(
                'levels[{place}].templates: {template} says an amount at {field} before a key has said "it\'s me"'
                " (its_me); anybody may be listening, or a machine"
            )
            raise UsageError(text.format(place=place, template=name, field=said))


def _look_again(unit: Any, account: str, now: int, zone: str) -> None:
    """Has today's runs look at everybody again, by the rules as they are now."""
    connection = unit.session.connection
    day = today_in(connection, account=account, now=now, zone=zone)
    runs.anew(unit.session, account_number(connection, account), day.isoformat())


def judged(name: str, document: Mapping[str, Any]) -> tuple[Policy, Json]:
    """Returns a rule and its document, as it is kept. UsageError names the field that is wrong."""
    made = policy_of(name, 0, document)
    audience = document.get("audience")
    if audience is not None:
        if not isinstance(audience, Mapping):
            raise UsageError(_("{field}: not a value of this field").format(field="audience"))
        if filter_of(audience).not_contacted_days is not None:
            raise UsageError(
                _("audience: a rule says itself how often it contacts; leave out the days without contact")
            )
    return made, document_of(made, audience)


def _before(connection: Any, scope: Scope, account: str, name: str) -> Json | None:
    known = [one for one in policies.policies(connection, scope=scope, archived=True) if one.account == account]
    row = next((one for one in known if one.name == name), None)
    return None if row is None else {**row.document, "standard": row.standard, "version": row.version}


class ArchivePolicy(_OfPolicy):
    """Puts a rule aside: it is nobody's any more. What was decided by it stays."""

    name: ClassVar[str] = "policy.archive"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        row = await self.found(backend, by)
        now, zone = backend.now(), str(backend.config.timezone)

        def work(unit: Any) -> None:
            policies.archive(unit.session, row, now=now)
            _look_again(unit, row.account, now, zone)

        await backend.execute(Change(work, by.name))
        told(backend, "policy", row.account)
        return {"policy": row.name, "state": "archived"}


class TryPolicy(_OfPolicy):
    """Tries a rule out before it is saved: a worked calendar of a sample invoice, how many people would move from one
    level to another, and how many would be contacted today. Writes nothing."""

    name: ClassVar[str] = "policy.try"
    reads_store = True
    document: dict[str, Any]
    standard: bool = False
    due: Day | None = None
    """Due date of the sample invoice; None: today."""
    people: bool = True
    """Whether everybody is looked at."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account = account_of(self.account)
        made, document = judged(self.policy, self.document)
        here: Moment = await backend.read(lambda reader: reader.ask(moment_question(backend, account)))
        due = day_of(self.due) or here.today
        days = [
            {
                "day": one.day.isoformat(),
                "days": one.days,
                "level": one.level,
                "name": made.levels[one.place].name or made.levels[one.place].id,
                "action": made.levels[one.place].action,
                "channels": list(one.channels),
            }
            for one in calendar(made, due)
        ]
        answer: Json = {"due": due.isoformat(), "calendar": days, "moved": [], "contacted": 0, "complete": True}
        if not self.people:
            return answer
        row = PolicyRow(
            *(0, account, here.rules.account_id, self.policy, "active", self.standard, 0, 0, document, 0, by.name, 0)
        )
        known = next((one for one, _rule in here.rules.known.values() if one.name == self.policy), None)
        if known is not None:
            row = replace(known, document=document, standard=self.standard or known.standard)
        here, found = on(here, None), Saving()
        question = partial(saving, moment=here, would=changed(here, row, made), found=found)
        found.complete = await in_portions(backend, question)
        moved = [{"from": was, "to": would, "people": count} for (was, would), count in found.moved.most_common(50)]
        more = {"contacted": found.contacted, "contacted_now": found.before, "complete": found.complete}
        return {**answer, "moved": moved, **more}


class GivePolicy(_OfPolicy):
    """Gives a customer a rule of its own, before that of any audience; without `policy` none of its own."""

    name: ClassVar[str] = "policy.give"
    acts_on: ClassVar[str | None] = "customer"
    policy: RuleName | None = None  # type: ignore[assignment]
    customer: Annotated[str, Field(min_length=1, max_length=200)]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        account = account_of(self.account)
        number = None if self.policy is None else (await self.found(backend, by)).id

        def work(unit: Any) -> None:
            account_id, stored = one_of(unit.session, Scope.of(account), self.customer)
            policies.give(unit.session, stored.head.id, number)
            marks.mark(unit.session, account_id, [stored.head.id], backend.now())

        await backend.execute(Change(work, by.name))
        told(backend, "policy", account)
        return {"customer": self.customer, "policy": self.policy}

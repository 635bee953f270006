"""When a campaign will begin and end: a draft by its audience and words, a running one by what waits of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from gatewayd.campaigns.document import CampaignDocument
from gatewayd.campaigns.schedule import first, instant
from gatewayd.contact.classes import MessageClass
from gatewayd.contact.judge import Contact, judge
from gatewayd.contact.rules import Rules, capped, lookback_ms
from gatewayd.operations.base import Json
from gatewayd.operations.campaign_launch import source_of
from gatewayd.operations.campaigns import OfCampaign
from gatewayd.operations.forecast import forecast_of, longest
from gatewayd.operations.ladder_forecast import ladder_of
from gatewayd.operations.outlook import Asked, Portion, hours_for, rules_for
from gatewayd.operations.ports import Backend
from gatewayd.store.accounts import account_number
from gatewayd.store.campaigns import audience, runs, templates
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.campaigns.runs import Person
from gatewayd.store.campaigns.wishes import lines_of
from gatewayd.store.contacts.rulebook import zone_named
from gatewayd.store.insight import traffic
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.values.model import Priority
from gatewayd.values.templates import VariableUnknownError, parts_of
from gatewayd.values.texts import as_sent
from gatewayd.words.translation import gettext as _
from spool.names import variable_name

SAMPLE: Final = 1_000
"""People by whom prefixes, lengths and caps of the others are judged."""
ENDED: Final = frozenset({"finished", "cancelled"})


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a campaign still has to write to."""

    people: int
    sample: Sequence[Person]


@dataclass(frozen=True, slots=True)
class Going:
    """What a campaign has put into queues already."""

    jobs: frozenset[int]
    unwritten: int
    """People of its runs who are in no job yet."""
    deferred: Sequence[tuple[int, int]]


class ForecastCampaign(OfCampaign):
    """Forecasts a campaign over the lines as they are: when it begins and ends, what limits it, what would change that.

    A recurring one is forecast by its next run; one that is paused, as if it went on now.
    """

    name: ClassVar[str] = "campaign.forecast"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, by)
        if found.state in ENDED:
            raise ConflictError(_("the campaign is over"))
        document = CampaignDocument.model_validate_json(found.document)
        klass = await _class(backend, found, document)
        rules, meant, zone = await rules_for(backend, found.account, klass)
        asked = await _asked(backend, found, document, rules, meant, zone)
        answer: Json = {"campaign": found.id, "state": found.state} | await forecast_of(backend, asked)
        return answer | await ladder_of(backend, found, document, asked, int(answer["people"]))


async def _asked(  # noqa: PLR0917 - a campaign, and the rules that hold for it
    backend: Backend,
    found: Campaign,
    document: CampaignDocument,
    rules: Rules | None,
    klass: MessageClass,
    zone: ZoneInfo,
) -> Asked:
    channel = document.ladder[0].channel
    now = backend.now()
    going = await backend.read(lambda reader: reader.ask(partial(_going, campaign=found.id, now=now)))
    under_way = found.state in {"running", "paused"} or bool(going.jobs and found.state != "scheduled")
    if under_way:
        meant = Audience(going.unwritten, ())
    else:
        going = Going(frozenset(), 0, ())
        meant = await backend.read(lambda reader: reader.ask(partial(_meant, source_of(backend, found, document))))
    zones, waiting = await _zones(backend, found, zone, meant.sample, going.jobs)
    hours = hours_for(rules, klass, *zones.every)
    segments = 1.0
    if channel == "sms" and meant.people:
        segments = await _segments(backend, found, document, meant)
    waits: Mapping[int, int] = {}
    at = _at(found, document, backend)
    if rules is not None and meant.sample and capped(rules, klass, channel):
        waits = await _capped(backend, found, meant.sample, rules, klass, channel, max(int(at * 1000), now), zones)
    return Asked(
        account=found.account,
        channel=channel,
        portions=tuple(_portions(meant, segments, waits, zones if hours else None, backend)),
        at=at,
        priority=Priority(document.options.priority),
        lines=tuple(lines_of(found.lines, {"channel": channel, "lines": document.options.lines})),
        area="all" if channel == "email" else "",
        until=None if document.options.not_after is None else document.options.not_after.timestamp(),
        running=going.jobs,
        price=backend.config.tariff.price(channel),
        hours=hours,
        running_hours=zones.shares(waiting) if hours else ((None, 1.0),),
        pace=found.pace,
        deferred=tuple((due / 1000, many) for due, many in going.deferred),
        paused=found.state == "paused",
    )


def _going(connection: Any, *, campaign: int, now: int) -> Going:
    jobs = frozenset(number for number, _name in runs.jobs(connection, campaign=campaign))
    unwritten = 0
    for run in runs.runs(connection, campaign=campaign):
        written = sum(slice_.people for slice_ in runs.slices(connection, run=run.id, rung=0) if slice_.job_id)
        refused = sum(slice_.people for slice_ in runs.slices(connection, run=run.id, rung=0) if slice_.reason)
        if run.ended_at is None:
            unwritten += max(run.people - written - refused, 0)
    deferred = traffic.deferred(connection, jobs=jobs, now=now) if jobs else []
    return Going(jobs, unwritten, deferred)


def _meant(source_in: Callable[[Any], audience.Source], connection: Any) -> Audience:
    """Returns whom it means: how many, and some of them."""
    source = source_in(connection)
    people = audience.size(connection, source=source)
    page = audience.page(connection, source=source, after=0, limit=SAMPLE)
    looked = len(page.people) + page.without
    reached = len(page.people) / looked if looked else 1.0
    return Audience(round(people * reached), page.people)


def _at(found: Campaign, document: CampaignDocument, backend: Backend) -> float:
    """Returns when it begins (Unix s): now, or when it is due."""
    now = backend.now()
    if found.due is not None and found.state not in {"running", "paused"}:
        return max(found.due, now) / 1000
    said = document.schedule
    if said.kind != "now" and found.state in {"draft", "awaiting_approval"}:
        plan = said.plan(str(backend.config.timezone))
        planned = first(plan, now)
        if planned is not None:
            return max(instant(planned, plan.zone), now) / 1000
    return now / 1000


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of a campaign's people: the account's, then those that some have of their own."""

    every: tuple[ZoneInfo, ...]
    of_customers: Mapping[int, str]
    """By customer's row, of those who have one of their own."""

    def of(self, person: Person) -> int:
        """Returns which of them is a person's."""
        return 0 if person.customer is None else self._place(self.of_customers.get(person.customer, ""))

    def shares(self, waiting: Mapping[str, int]) -> tuple[tuple[int, float], ...]:
        """Returns the share that each has of what waits, by zone's name."""
        counted: Counter[int] = Counter()
        for name, many in waiting.items():
            counted[self._place(name)] += many
        whole = counted.total()
        return tuple((place, many / whole) for place, many in sorted(counted.items())) if whole else ((0, 1.0),)

    def _place(self, name: str) -> int:
        return next((place for place, zone in enumerate(self.every) if zone.key == name), 0)


async def _zones(
    backend: Backend, found: Campaign, own: ZoneInfo, sample: Sequence[Person], jobs: frozenset[int]
) -> tuple[Zones, Mapping[str, int]]:
    """Returns the zones of a campaign's people, and how much waits of its jobs for each."""
    customers = [person.customer for person in sample if person.customer is not None]

    def asked(connection: Any) -> tuple[dict[int, str], dict[str, int]]:
        account = account_number(connection, found.account)
        return (
            traffic.zones_of(connection, account=account, customers=customers),
            traffic.zones_waiting(connection, account=account, jobs=jobs),
        )

    of_customers, waiting = await backend.read(lambda reader: reader.ask(asked))
    known = [zone for name in sorted({*of_customers.values(), *waiting}) if (zone := zone_named(name)) is not None]
    return Zones((own, *(zone for zone in known if zone.key != own.key)), of_customers), waiting


# ------------------------------------------------------------------------------------------------------- what is told


async def _content(
    backend: Backend, found: Campaign, document: CampaignDocument
) -> tuple[Mapping[str, Any], str | None]:
    """Returns what the first rung tells, and the class of its template."""
    rung = document.ladder[0]
    name = rung.template
    if name is None:
        return rung.content or {}, (rung.content or {}).get("class")
    question = partial(
        templates.version_of, account=found.account, name=name, version=rung.version, channel=rung.channel
    )
    try:
        version = await backend.read(lambda reader: reader.ask(question))
    except NotFoundError:
        return {}, None
    return version.content, None if version.klass is None else str(version.klass)


async def _class(backend: Backend, found: Campaign, document: CampaignDocument) -> MessageClass | None:
    """Returns what the campaign is for; None: what the account's messages are."""
    said: str | None = document.klass
    if said is None:
        _words, said = await _content(backend, found, document)
    try:
        return None if said is None else MessageClass(said)
    except ValueError:
        return None


async def _segments(backend: Backend, found: Campaign, document: CampaignDocument, meant: Audience) -> float:
    """Returns how many segments a message has on average: as the campaign's review counted, else by a sample."""
    if found.review is not None and found.review_version == found.version:
        review = json.loads(found.review)
        if review.get("people") and review.get("segments"):
            return max(float(review["segments"]) / float(review["people"]), 1.0)
    content, _klass = await _content(backend, found, document)
    text = content.get("text")
    if not isinstance(text, str) or not text:
        return 1.0
    wanted = document.options.encoding or content.get("encoding") or "auto"
    counts = [count for person in meant.sample[:SAMPLE] if (count := _count(text, person, wanted))]
    return sum(counts) / len(counts) if counts else 1.0


def _count(text: str, person: Person, wanted: Any) -> int | None:
    """Returns the segments of the text for one person; None where it makes no message."""
    cells = {variable_name(name): str(value) for name, value in json.loads(person.cells or "{}").items()}
    try:
        parts = parts_of(text, tuple(cells), {})
        words = [parts.literals[0]]
        for (name, default), literal in zip(parts.slots, parts.literals[1:], strict=True):
            words += [cells.get(name) or default, literal]
        return as_sent("".join(words), wanted)[1]
    except VariableUnknownError:
        # A variable of the account or the debt: about as long as its name.
        return as_sent(text.replace("%", ""), wanted)[1]
    except ValueError:
        return None


# -------------------------------------------------------------------------------------------------------- whom it means


async def _capped(  # noqa: PLR0917 - as `judge` asks
    backend: Backend,
    found: Campaign,
    sample: Sequence[Person],
    rules: Rules,
    klass: MessageClass,
    channel: str,
    at: int,
    zones: Zones,
) -> Mapping[int, int]:
    """Returns from when on (ms) those of the sample may be contacted again who may not at `at`, and how many."""
    names = {
        person.address if person.customer is None else f"#{person.customer}": zones.of(person) for person in sample
    }
    since = at - lookback_ms(rules)

    def asked(connection: Any) -> dict[str, list[Contact]]:
        number = account_number(connection, found.account)
        return traffic.contacts(connection, account=number, people=sorted(names), since=since)

    counted: Counter[int] = Counter()
    for name, past in (await backend.read(lambda reader: reader.ask(asked))).items():
        zone = zones.every[names[name]]
        verdict = judge(rules, klass, channel, at, zone, past)
        # What the hours keep back alone, they let go with all others.
        alone = judge(rules, klass, channel, at, zone, ())
        if not verdict.go and verdict.until is not None and verdict.until != alone.until:
            counted[verdict.until] += 1
    return counted


def _portions(
    meant: Audience, segments: float, waits: Mapping[int, int], zones: Zones | None, backend: Backend
) -> Sequence[Portion]:
    """Returns the audience by prefix and zone, as the sample has it; `zones` None: no hours hold."""
    if not meant.people:
        return ()
    if not meant.sample:
        return (Portion(meant.people, segments, "", None if zones is None else 0),)
    kinds = Counter(
        (longest(person.address, backend), -1 if zones is None else zones.of(person)) for person in meant.sample
    )
    looked = len(meant.sample)
    capped_all = tuple((until / 1000, many * meant.people // looked) for until, many in sorted(waits.items()))
    found, left = [], meant.people
    for number, ((prefix, zone), many) in enumerate(sorted(kinds.items()), start=1):
        people = left if number == len(kinds) else min(round(meant.people * many / looked), left)
        left -= people
        own = tuple((at, count * people // meant.people) for at, count in capped_all)
        found.append(Portion(people, segments, prefix, None if zones is None else zone, own))
    return found

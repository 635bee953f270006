"""What people say of a campaign: launch, approve, pause, resume, cancel. Each is one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, SecretStr

from gatewayd.campaigns import schedule, states
from gatewayd.campaigns.document import CampaignDocument, faults
from gatewayd.operations import attached
from gatewayd.operations.base import Json
from gatewayd.operations.call_words import calls_are_discreet
from gatewayd.operations.campaigns import OfCampaign
from gatewayd.operations.limits import price_of
from gatewayd.operations.masssend import needs_approval, require
from gatewayd.operations.ports import Backend
from gatewayd.operations.zones import zone_of
from gatewayd.process.failpoints import hit
from gatewayd.store.campaigns import approvals, audience, campaigns, events, launches, runs, templates
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.campaigns.occasion import occasion
from gatewayd.store.commands import Change, Changed, JobChange
from gatewayd.values.actor import Actor, Role
from gatewayd.values.errors import ConflictError, ForbiddenError, UsageError
from gatewayd.words.translation import gettext as _

_MANY: Final = frozenset({"somebody", "somebody else"})
Password = Annotated[SecretStr, Field(max_length=1000)]
Note = Annotated[str, Field(max_length=500)]


def missing(document: CampaignDocument) -> None:
    """Raises UsageError with the first thing that keeps a campaign from being launched."""
    words = {
        "audience": _("say first to whom the campaign goes"),
        "template": _("say first what the campaign tells: a template, or a text"),
    }
    for fault in faults(document):
        raise UsageError(words[fault])


def source_of(
    backend: Backend, found: Campaign, document: CampaignDocument, rung: int = 0
) -> Callable[[Any], audience.Source]:
    """Returns the question where the people of a campaign come from now, as the channel of a rung reaches them."""
    config, now = backend.config, backend.now()

    def question(connection: Any) -> audience.Source:
        about = occasion(
            *(connection, found.account, document.klass),
            now=now,
            zone=str(config.timezone),
            region=config.numbers.region,
        )
        channel = document.ladder[rung].channel
        return audience.source(connection, campaign=found, meant=document.meant, channel=channel, occasion=about)

    return question


async def people_of(backend: Backend, found: Campaign, document: CampaignDocument) -> int:
    """Returns how many people a campaign means now. ConflictError where it means none."""
    question = source_of(backend, found, document)
    people = await backend.read(lambda reader: reader.ask(lambda to: audience.size(to, source=question(to))))
    if not people:
        raise ConflictError(_("nobody is meant: there is no one to send to"))
    return people


def to_of(found: Campaign, people: int) -> frozenset[str]:
    """Returns stand-ins for the addresses, as sends to many count them."""
    return _MANY if people > 1 else frozenset({f"campaign {found.id}"})


class LaunchCampaign(OfCampaign):
    """Launches a campaign now, or lets it wait for its time; where so many need it, for somebody's approval.

    With `missed`, the run that was missed begins now, or is left out.
    """

    name: ClassVar[str] = "campaign.launch"
    version: int | None = None
    """As it was seen; ConflictError where it was changed since."""
    missed: Literal["run", "skip"] | None = None
    """What becomes of a run that was missed."""
    password: Password | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, by)
        document = CampaignDocument.model_validate_json(found.document)
        if not states.may("launch", found.state):
            raise ConflictError(_("the campaign was launched already"))
        if self.version is not None and self.version != found.version:
            raise ConflictError(_("somebody has changed this meanwhile; load it again. Nothing was sent"))
        if found.state == states.SCHEDULED and (found.missed is None or self.missed is None):
            raise ConflictError(_("the campaign waits for its time already"))
        if found.missed is not None and self.missed == "skip":
            work = partial(_skipped, campaign=found, by=by.name, now=backend.now())
            await backend.execute(Change(work, by.name))
            return await self.shown(backend, by)
        missing(document)
        await _approved_words(backend, found, document)
        await _kept_files(backend, found, document)
        await calls_are_discreet(backend, found.account, document)
        people = await people_of(backend, found, document)
        price = _price(backend, found, document, people)
        await require(backend, by, found.account, to_of(found, people), self.password, price=price)
        asks = by.kind == "person" and by.role is not Role.ADMINISTRATOR
        if asks and await needs_approval(backend, found.account, people):
            work = partial(_asked, campaign=found, people=people, by=by.name, now=backend.now())
            await backend.execute(Change(work, by.name))
        else:
            await start(backend, by, found, document, people)
        return await self.shown(backend, by)


def _price(backend: Backend, found: Campaign, document: CampaignDocument, people: int) -> int:
    """Returns the most that a run of a campaign costs (millionths), as its review says it; without one, a segment a
    person over each channel."""
    segments = people
    if found.review is not None and found.review_version == found.version:
        review: Json = json.loads(found.review)
        if review.get("ladder") is not None:
            return int(review["ladder"]["most"])
        segments = int(review.get("segments", people))
        return segments * price_of(backend, document.ladder[0].channel)
    return sum(people * price_of(backend, rung.channel) for rung in document.ladder)


async def _approved_words(backend: Backend, found: Campaign, document: CampaignDocument) -> None:
    """Raises ForbiddenError for a transactional campaign whose words no administrator has approved as such."""
    if document.klass != "transactional":
        return
    for rung in document.ladder:
        version = None
        if rung.template is not None:
            question = partial(
                templates.version_of,
                account=found.account,
                name=rung.template,
                version=rung.version,
                channel=rung.channel,
            )
            version = await backend.read(lambda reader, question=question: reader.ask(question))  # type: ignore[misc]
        if version is None or version.approved_at is None:
            raise ForbiddenError(_("transactional: only with a template that an administrator approved"))


async def _kept_files(backend: Backend, found: Campaign, document: CampaignDocument) -> None:
    """Raises UsageError for a campaign of mails that attach what nobody keeps."""
    _files, gone = await attached.of_ladder(backend, found.account, document)
    if gone:
        raise UsageError(
            _("{files} is attached, and kept nowhere: attach it with the template").format(files=", ".join(gone))
        )


def _skipped(unit: Any, *, campaign: Campaign, by: str, now: int) -> Changed[None]:
    """Leaves a run out that was missed; a campaign without another one is over."""
    state = campaigns.state(unit.session, campaign.id)
    assert campaign.missed is not None
    runs.begin(unit.session, campaign.id, campaign.missed, [], now=now, state="skipped")
    campaigns.put(unit.session, campaign.id, missed=None, updated_at=now)
    if campaign.due is None and state == states.SCHEDULED:
        campaigns.put(unit.session, campaign.id, state=states.FINISHED, ended_at=now)
    events.note(unit.session, campaign.id, "skipped", now, actor=by, planned=campaign.missed)
    return Changed(None, {"missed": campaign.missed}, {"missed": None})


def _asked(unit: Any, *, campaign: Campaign, people: int, by: str, now: int) -> Changed[None]:
    campaigns.turn(unit.session, campaign.id, states.MAY["launch"], states.AWAITING_APPROVAL, now)
    approvals.ask(unit.session, campaign.id, campaign.version, people, by=by, now=now)
    events.note(unit.session, campaign.id, "approval_asked", now, actor=by, people=people)
    return Changed(None, {"state": campaign.state}, {"state": states.AWAITING_APPROVAL, "people": people})


async def start(
    backend: Backend,
    by: Actor,
    found: Campaign,
    document: CampaignDocument,
    people: int,
    *,
    also: Callable[[Any], None] | None = None,
) -> None:
    """Lets a campaign run now, or wait for its time. `also` is done in the same transaction, before: ConflictError of
    it keeps everything as it was."""
    now = backend.now()
    said = document.schedule
    plan = said.plan(str(await zone_of(backend, found.account)))
    if said.kind == "now" or found.missed is not None:
        # Of a recurring one, approved or late, the runs after this one stay planned.
        due = None if found.planned is None else schedule.instant(found.planned, plan.zone)

        def work(unit: Any) -> Changed[None]:
            was = campaigns.turn(unit.session, found.id, before, states.RUNNING, now)
            campaigns.put(unit.session, found.id, approved_people=people, launched_by=by.name, missed=None, due=due)
            planned = found.missed or launches.instant_key(now)
            launches.begin(unit, found, document.job_keys(), planned, now=now, actor=by.name)
            return Changed(None, {"state": was}, {"state": states.RUNNING, "people": people})

    else:
        planned = schedule.first(plan, now)
        if planned is None:
            raise ConflictError(_("its last day is over: no run is left"))
        due = schedule.instant(planned, plan.zone)
        if said.kind == "at" and due < now - schedule.LATE_MS:
            raise ConflictError(_("its time is over; say another"))

        def work(unit: Any) -> Changed[None]:
            was = campaigns.turn(unit.session, found.id, before, states.SCHEDULED, now)
            campaigns.put(
                unit.session,
                found.id,
                approved_people=people,
                launched_by=by.name,
                due=due,
                planned=planned,
                missed=None,
            )
            events.note(unit.session, found.id, "scheduled", now, actor=by.name, planned=planned)
            return Changed(None, {"state": was}, {"state": states.SCHEDULED, "planned": planned, "people": people})

    def whole(unit: Any) -> Changed[None]:
        campaigns.unchanged(unit.session, found)
        if also is not None:
            also(unit)
        return work(unit)

    before = states.MAY["launch" if also is None else "decide"]
    await backend.execute(Change(whole, by.name))
    hit("campaign.launched")
    if backend.live is not None:
        backend.live.campaigns.due()


class ApproveCampaign(OfCampaign):
    """Approves what somebody else asked to launch, and launches it."""

    name: ClassVar[str] = "campaign.approve"
    password: Password | None = None
    note: Note = ""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, by)
        document = CampaignDocument.model_validate_json(found.document)
        asked = await backend.read(lambda reader: reader.ask(partial(approvals.open_one, campaign=found.id)))
        if asked is None or not states.may("decide", found.state):
            raise ConflictError(_("the campaign waits for nobody's approval"))
        if asked.by == by.name:
            raise ForbiddenError(_("somebody else approves what you asked for"))
        await calls_are_discreet(backend, found.account, document)
        people = await people_of(backend, found, document)
        if not states.still_approved(asked.people, people):
            raise ConflictError(
                _("{people} people are meant now, {asked} when it was asked: look at it again").format(
                    people=people, asked=asked.people
                )
            )
        await require(backend, by, found.account, to_of(found, people), self.password)
        now = backend.now()

        def approved(unit: Any) -> None:
            approvals.decide(unit.session, asked.id, "approved", by=by.name, now=now, note=self.note)
            events.note(unit.session, found.id, "approved", now, actor=by.name, people=people)

        # At once: an approval without its launch would wait for nobody, and could not be given again.
        await start(backend, by, found, document, people, also=approved)
        hit("campaign.approved")
        return await self.shown(backend, by)


class RejectCampaign(OfCampaign):
    """Sends what somebody asked to launch back as a draft."""

    name: ClassVar[str] = "campaign.reject"
    note: Note = ""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, by)
        asked = await backend.read(lambda reader: reader.ask(partial(approvals.open_one, campaign=found.id)))
        now = backend.now()

        def work(unit: Any) -> Changed[None]:
            was = campaigns.turn(unit.session, found.id, {states.AWAITING_APPROVAL}, states.DRAFT, now)
            if asked is not None:
                approvals.decide(unit.session, asked.id, "rejected", by=by.name, now=now, note=self.note)
            events.note(unit.session, found.id, "rejected", now, actor=by.name, note=self.note)
            return Changed(None, {"state": was}, {"state": states.DRAFT})

        await backend.execute(Change(work, by.name))
        return await self.shown(backend, by)


class _Turn(OfCampaign):
    action: ClassVar[str]
    """Of `states.MAY`."""
    kind: ClassVar[str]
    """Of the activity log."""
    after: ClassVar[str]

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, by)
        now = backend.now()

        def work(unit: Any) -> Changed[list[JobChange]]:
            was, state, changes = launches.turn(unit, found, states.MAY[self.action], self.after, now)
            events.note(unit.session, found.id, self.kind, now, actor=by.name)
            return Changed(changes, {"state": was}, {"state": state})

        changed = await backend.execute(Change(work, by.name))
        hit("campaign.turned")
        if backend.live is not None:
            for change in changed.answer:
                backend.live.job_changed(change)
            backend.live.campaigns.due()
            # A job that was being recorded meanwhile obeys before the answer is given.
            await backend.live.campaigns.settled(found.id)
        return await self.shown(backend, by)


class PauseCampaign(_Turn):
    """Holds whatever has not left; a scheduled one misses nothing meanwhile, and nothing begins."""

    name: ClassVar[str] = "campaign.pause"
    action = "pause"
    kind = after = "paused"


class ResumeCampaign(_Turn):
    """Lets a paused campaign go on."""

    name: ClassVar[str] = "campaign.resume"
    action = "resume"
    kind = "resumed"
    after = "running"


class CancelCampaign(_Turn):
    """Withdraws whatever has not left, for good."""

    name: ClassVar[str] = "campaign.cancel"
    action = "cancel"
    kind = after = "cancelled"

"""Campaigns: what they say, how far they are, and what happened to them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from gatewayd.campaigns import states
from gatewayd.campaigns.document import CampaignDocument
from gatewayd.operations import attached
from gatewayd.operations.attached import Uploads
from gatewayd.operations.base import Json, Operation, Paged
from gatewayd.operations.customer_filters import judged_filter
from gatewayd.operations.paging import before_of
from gatewayd.operations.people_lists import (
    LIMIT_MAX,
    Id,
    Title,
    account_of,
    scope_of,
    upload_source,
)
from gatewayd.operations.people_lists import shape as list_shape
from gatewayd.operations.ports import Backend
from gatewayd.store.campaigns import campaigns, events, files, lists, outcomes, runs
from gatewayd.store.campaigns.campaigns import Campaign, NewCampaign
from gatewayd.store.campaigns.files import NewFile
from gatewayd.store.campaigns.lists import NewList, PeopleList
from gatewayd.store.campaigns.runs import OPEN_STATES, WAITING, Counts, Run
from gatewayd.store.commands import Change, Changed
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor, Scope
from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.values.money import format_money
from gatewayd.words.translation import gettext as _
from spool.stored import FILES

State = Annotated[str, Field(pattern=r"^(draft|awaiting_approval|scheduled|running|paused|finished|cancelled)$")]
SENT: Final = frozenset({"submitted", "delivered", "read", "undelivered", "uncertain"})


def head(found: Campaign) -> Json:
    """Returns a campaign as lists of them show it, without counts."""
    document: Json = json.loads(found.document)
    first = document["ladder"][0]
    return {
        "campaign": found.id,
        "name": found.name,
        "account": found.account,
        "state": found.state,
        "actions": states.actions(found.state),
        "channel": first["channel"],
        "template": first.get("template"),
        "template_version": first.get("version"),
        **document,
        "origin": None if found.origin is None else json.loads(found.origin),
        "due": iso(found.due),
        "planned": found.planned,
        "missed": found.missed,
        "approved_people": found.approved_people,
        "launched_by": found.launched_by,
        "launched_at": iso(found.launched_at),
        "ended_at": iso(found.ended_at),
        "created_at": iso(found.created_at),
        "created_by": found.created_by,
        "updated_at": iso(found.updated_at),
        "version": found.version,
        "pace": found.pace,
        "lines_wished": None if found.lines is None else json.loads(found.lines),
    }


def run_shape(run: Run) -> Json:
    """Returns a run as everybody is shown it."""
    return {
        "run": run.number,
        "id": run.id,
        "planned": run.planned,
        "state": run.state,
        "people": run.people,
        "left_out": dict(run.left_out),
        "templates": [
            {"template": rung.get("template"), "version": rung.get("template_version")} for rung in run.content
        ],
        "created_at": iso(run.created_at),
        "frozen_at": iso(run.frozen_at),
        "ended_at": iso(run.ended_at),
    }


def progress(counts: Counts, some: Sequence[Run]) -> Json:
    """Returns how far the runs of a campaign are."""
    messages = sum(counts.states.values())
    waiting = sum(counts.states.get(state, 0) for state in OPEN_STATES)
    return {
        "people": sum(run.people for run in some),
        "messages": messages,
        "done": messages - waiting,
        "open": waiting,
        "counts": dict(counts.states),
        "waiting": sum(counts.states.get(state, 0) for state in WAITING),
        "held": dict(counts.held),
        "segments": counts.segments,
        "cost": format_money(counts.cost),
        "recording": any(run.state == "freezing" for run in some),
    }


class ListCampaigns(Paged):
    """Lists campaigns, newest first, each with how far it is."""

    name: ClassVar[str] = "campaign.list"
    reads_store = True
    account: str | None = None
    state: Annotated[list[State], Field(max_length=7)] = Field(default_factory=list)
    q: Annotated[str, Field(max_length=100)] = ""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        question = partial(
            campaigns.campaigns,
            scope=scope_of(by, self.account),
            states=self.state,
            q=self.q,
            before=before_of(self.cursor),
            limit=max(1, min(self.limit, LIMIT_MAX)),
        )

        def asked(connection: Any) -> tuple[Any, list[Json]]:
            page = question(connection)
            items = []
            for one in page.items:
                some = [] if one.launched_at is None else runs.runs(connection, campaign=one.id)
                counts = runs.counts(connection, runs=[run.id for run in some])
                items.append(head(one) | progress(counts, some))
            return page.next, items

        following, items = await backend.read(lambda reader: reader.ask(asked))
        return {"items": items, "next": following}


class OfCampaign(Operation):
    """A request about one campaign."""

    acts_on: ClassVar[str | None] = "campaign"
    campaign: Id
    account: str | None = None

    async def found(self, backend: Backend, by: Actor) -> Campaign:
        """NotFoundError where it is none that the actor sees."""
        question = partial(campaigns.campaign, scope=scope_of(by, self.account), number=self.campaign)
        return await backend.read(lambda reader: reader.ask(question))

    async def shown(self, backend: Backend, by: Actor) -> Json:
        """Returns the campaign with its runs, its list and its counts, of one moment."""
        scope, now = scope_of(by, self.account), backend.now()

        def asked(connection: Any) -> Json:
            found = campaigns.campaign(connection, scope=scope, number=self.campaign)
            some = runs.runs(connection, campaign=found.id)
            counts = runs.counts(connection, runs=[run.id for run in some])
            jobs = runs.jobs(connection, campaign=found.id)
            answer = head(found) | progress(counts, some)
            answer["runs"] = [run_shape(run) for run in some]
            answer["jobs"] = [f"{found.account}/{name}" for _number, name in jobs]
            answer["list"] = _list_of(connection, found)
            answer["rate"] = _rate(answer, found, now, runs.sent_since(connection, found.account, jobs, now - 60_000))
            return answer

        answer = await backend.read(lambda reader: reader.ask(asked))
        return answer | {"currency": backend.config.tariff.currency}


def _list_of(connection: Any, found: Campaign) -> Json | None:
    known: PeopleList
    if found.list_id is None:
        return None
    known = lists.by_number(connection, scope=Scope.of(found.account), number=found.list_id)
    return list_shape(known)


def _rate(answer: Json, found: Campaign, now: int, minute: int) -> Json:
    """Returns messages a minute: over the last one, and since the launch."""
    since = None
    if found.launched_at is not None:
        sent = sum(count for state, count in answer["counts"].items() if state in SENT)
        minutes = max(1.0, ((found.ended_at or now) - found.launched_at) / 60_000)
        since = round(sent / minutes, 1)
    return {"minute": minute, "since_start": since}


class ShowCampaign(OfCampaign):
    """Shows a campaign: what it says, its runs, its counts, its rate."""

    name: ClassVar[str] = "campaign.show"
    reads_store = True

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return await self.shown(backend, by)


class SaveCampaign(Operation):
    """Saves a campaign as a draft: a new one, or with `campaign` and `version` another version of one.

    One that waits for its time, or for approval, is a draft again, and is launched anew.
    """

    name: ClassVar[str] = "campaign.save"
    acts_on: ClassVar[str | None] = "campaign"
    account: str | None = None
    campaign: Id | None = None
    version: int | None = None
    title: Title
    document: CampaignDocument
    uploads: Uploads = Field(default_factory=list)
    """Files that mails with words of their own attach from now on; those of the version before stay attached while
    `attachments` names them."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        now, scope = backend.now(), scope_of(by, self.account)
        was: Campaign | None = None
        if self.campaign is not None:
            question = partial(campaigns.campaign, scope=scope, number=self.campaign)
            was = await backend.read(lambda reader: reader.ask(question))
            if not states.may("save", was.state):
                raise ConflictError(_("a campaign that was launched stays as it is; make another of it"))
        account = was.account if was is not None else account_of(self.account)
        if self.document.audience is not None and self.document.audience.filter is not None:
            judged_filter(backend, self.document.audience.filter)  # one that cannot be read is told at once
        new_list = self._new_list(backend, account, was, by, now)
        document, fresh, attaches = await self._attached(backend, account, was)
        kept = document.kept()

        def work(unit: Any) -> Changed[int]:
            list_id = None if was is None else was.list_id
            if new_list is not None:
                list_id = lists.add(unit.session, new_list)
            elif self.document.audience is None or self.document.audience.kind not in {"upload", "origin"}:
                list_id = None
            if was is None:
                new = NewCampaign(account, self.title, kept, by.name, now, list_id, test=by.test)
                number = campaigns.add(unit.session, new)
            else:
                number = was.id
                version = was.version if self.version is None else self.version
                campaigns.save(
                    unit.session,
                    scope=scope,
                    number=number,
                    version=version,
                    name=self.title,
                    document=kept,
                    list_id=list_id,
                    now=now,
                )
            if attaches or was is not None:
                files.keep(unit.session, account, fresh, now)
                files.change(unit.session, account, number, attaches, launched=was is not None and was.launched_at)
            events.note(unit.session, number, "saved", now, actor=by.name)
            before = None if was is None else {"name": was.name, "state": was.state}
            return Changed(number, before, {"name": self.title}, about=f"campaign {number}")

        made = await backend.execute(Change(work, by.name))
        if backend.live is not None:
            backend.live.campaigns.due()
        return await ShowCampaign(campaign=made.answer, account=account).shown(backend, by)

    async def _attached(
        self, backend: Backend, account: str, was: Campaign | None
    ) -> tuple[CampaignDocument, list[NewFile], list[str]]:
        """Returns the document with what its mails attach, the files that are new, and the SHA-256 of all."""
        before: Json = {}
        for rung in () if was is None else json.loads(was.document)["ladder"]:
            before |= (rung.get("content") or {}).get(FILES, {})
        fresh: list[NewFile] = []
        kept: list[str] = []
        ladder = list(self.document.ladder)
        for place, rung in enumerate(ladder):
            if rung.channel == "email" and rung.content is not None:
                made = await attached.attached(backend, account, rung.content, self.uploads, before)
                ladder[place] = rung.model_copy(update={"content": made.content})
                fresh += made.fresh
                kept += made.kept
        if self.uploads and not kept:
            raise UsageError(_("uploads: only a mail with words of its own attaches files"))
        return self.document.model_copy(update={"ladder": ladder}), fresh, kept

    def _new_list(self, backend: Backend, account: str, was: Campaign | None, by: Actor, now: int) -> NewList | None:
        """Returns the list that the uploaded file becomes; None where there is none, or it was read already."""
        audience = self.document.audience
        if audience is None or audience.upload is None:
            return None
        if was is not None and was.list_id is not None:
            known: Json = json.loads(was.document).get("audience") or {}
            if known.get("upload") == audience.upload and known.get("instructions", {}) == audience.instructions:
                return None
        channel = self.document.ladder[0].channel
        source = upload_source(backend, account, audience.upload, channel, audience.instructions)
        name = f"{audience.upload}-{now}"
        return NewList(account, name, "fixed", "loading", source, by.name, now, hidden=True)


class RemoveCampaign(OfCampaign):
    """Removes a draft that was never launched."""

    name: ClassVar[str] = "campaign.remove"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        scope = scope_of(by, self.account)
        await backend.execute(
            Change(lambda unit: campaigns.remove(unit.session, scope=scope, number=self.campaign), by.name)
        )
        return {"campaign": self.campaign, "removed": True}


class ListCampaignEvents(OfCampaign):
    """Lists what people did to a campaign and what happened to it, newest first."""

    name: ClassVar[str] = "campaign.events"
    reads_store = True
    cursor: str | None = None
    limit: int = 100

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, by)
        question = partial(
            events.events,
            scope=Scope.of(found.account),
            campaign=found.id,
            before=before_of(self.cursor),
            limit=max(1, min(self.limit, LIMIT_MAX)),
        )
        page = await backend.read(lambda reader: reader.ask(question))
        items = [
            {"id": one.id, "at": iso(one.at), "kind": one.kind, "by": one.actor, **one.detail} for one in page.items
        ]
        return {"items": items, "next": page.next}


class ListCampaignPeople(OfCampaign):
    """Lists whom a run reaches, in the order of its list, with what became of the last message to each."""

    name: ClassVar[str] = "campaign.people"
    reads_store = True
    run: Annotated[int, Field(ge=1)] | None = None
    """Its number; None: the last one."""
    state: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=13)] = Field(default_factory=list)
    cursor: str | None = None
    limit: int = 100

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, by)
        limit, after = max(1, min(self.limit, LIMIT_MAX)), before_of(self.cursor) or 0

        def asked(connection: Any) -> tuple[Run | None, Sequence[outcomes.Reached]]:
            each = [one for one in runs.runs(connection, campaign=found.id) if one.state != "skipped"]
            run = next((one for one in each if self.run in {None, one.number}), None)
            if run is None:
                return None, ()
            some = outcomes.people(connection, run=run, states=self.state, after=after, limit=limit + 1)
            return run, some

        run, some = await backend.read(lambda reader: reader.ask(asked))
        if run is None and self.run is not None:
            raise NotFoundError(_("the campaign has no run {run}").format(run=self.run))
        items = [
            {
                "row": one.row,
                "external_id": one.external_id,
                "address": one.address,
                "rung": one.rung,
                "job": None if one.job is None else f"{found.account}/{one.job}",
                "state": one.state,
                "reason": one.reason,
                "line": one.line,
                "text": one.text,
                "at": iso(one.recorded_at),
            }
            for one in some[:limit]
        ]
        return {"items": items, "next": str(some[limit - 1].row) if len(some) > limit else None}

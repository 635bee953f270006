"""What people wish of a campaign that is under way: slower, or over other lines."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from gatewayd.campaigns import states
from gatewayd.campaigns.document import CampaignDocument
from gatewayd.operations.base import Json
from gatewayd.operations.campaigns import OfCampaign
from gatewayd.operations.ports import Backend
from gatewayd.registry import driver
from gatewayd.store.campaigns import campaigns, events, wishes
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.commands import Change, Changed, JobChange
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ConflictError, UsageError
from gatewayd.words.translation import gettext as _

PACE_MOST: Final = 1_000_000
"""Segments a minute: above what any line sends."""


class _Wish(OfCampaign):
    """A request that changes how a campaign goes, without a new launch."""

    kind: ClassVar[str]
    """Of the activity log."""

    @abstractmethod
    def wished(self, backend: Backend, found: Campaign) -> tuple[int | None, str | None, Json]:
        """Returns pace and lines (JSON) as they are to be, and what the log says. UsageError."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, by)
        if not states.may("wish", found.state):
            raise ConflictError(_("only a campaign that waits for its time, runs or is paused can be changed so"))
        pace, lines, said = self.wished(backend, found)
        now = backend.now()

        def work(unit: Any) -> Changed[list[JobChange]]:
            if not states.may("wish", campaigns.state(unit.session, found.id)):
                raise ConflictError(_("the campaign is over"))
            changes = wishes.wish(unit.session, found, pace=pace, lines=lines, now=now)
            events.note(unit.session, found.id, self.kind, now, actor=by.name, **said)
            before = {"pace": found.pace, "lines": found.lines}
            return Changed(changes, before, {"pace": pace, "lines": lines})

        changed = await backend.execute(Change(work, by.name))
        if backend.live is not None:
            for change in changed.answer:
                backend.live.job_changed(change)
            backend.live.campaigns.due()
        return await self.shown(backend, by)


class PaceCampaign(_Wish):
    """Bounds how many segments of a campaign leave a minute, over all its lines; without a number: no bound."""

    name: ClassVar[str] = "campaign.pace"
    kind = "pace"
    segments: Annotated[int, Field(ge=1, le=PACE_MOST)] | None = None

    def wished(self, backend: Backend, found: Campaign) -> tuple[int | None, str | None, Json]:
        """Returns what is to be; the lines stay."""
        del backend
        return self.segments, found.lines, {"segments": self.segments}


class LinesOfCampaign(_Wish):
    """Has a campaign go over other lines from now on; without any over those that it was launched with."""

    name: ClassVar[str] = "campaign.lines"
    kind = "lines"
    lines: Annotated[list[Annotated[str, Field(min_length=1, max_length=60)]], Field(max_length=200)] = Field(
        default_factory=list
    )

    def wished(self, backend: Backend, found: Campaign) -> tuple[int | None, str | None, Json]:
        """Returns what is to be; the pace stays. UsageError for a line that is none, or sends nothing of it."""
        if not self.lines:
            return found.pace, None, {"lines": []}
        channels = {rung.channel for rung in CampaignDocument.model_validate_json(found.document).ladder}
        known = {line.name: driver(line.driver).channels for line in backend.config.lines if line.enabled}
        chosen: dict[str, list[str]] = {}
        for name in dict.fromkeys(self.lines):
            if name not in known:
                raise UsageError(_("no line {line} is enabled").format(line=name))
            served = channels & set(known[name])
            if not served:
                raise UsageError(_("line {line} sends nothing of this campaign").format(line=name))
            for channel in served:
                chosen.setdefault(channel, []).append(name)
        return found.pace, json.dumps(chosen, ensure_ascii=False, sort_keys=True), {"lines": list(self.lines)}

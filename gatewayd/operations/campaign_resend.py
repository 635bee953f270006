"""Sending part of a campaign again, as a campaign that names its origin."""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from gatewayd.campaigns import states
from gatewayd.campaigns.document import CampaignDocument
from gatewayd.campaigns.ladder import MISSED
from gatewayd.operations.base import Json
from gatewayd.operations.campaigns import OfCampaign, ShowCampaign
from gatewayd.operations.people_lists import Title
from gatewayd.operations.ports import Backend
from gatewayd.process.failpoints import hit
from gatewayd.store.campaigns import campaigns, events, files, lists
from gatewayd.store.campaigns.campaigns import NewCampaign
from gatewayd.store.campaigns.lists import NewList
from gatewayd.store.commands import Change, Changed
from gatewayd.values.actor import Actor
from gatewayd.values.errors import ConflictError
from gatewayd.words.translation import gettext as _
from spool.stored import FILES

State = Literal["submitted", "delivered", "read", "undelivered", "failed", "expired", "invalid", "cancelled"]
"""What may be sent again: what is open goes anyway, and what is in doubt is settled by a person first."""
FAILED: Final = MISSED - {"invalid"}


class ResendCampaign(OfCampaign):
    """Makes a draft of those of a campaign whose last message is in some state, by default of those that failed.

    It tells what that version of the template makes of today's facts. Launching it asks for what every launch does.
    """

    name: ClassVar[str] = "campaign.resend"
    title: Title | None = None
    states: Annotated[list[State], Field(max_length=8)] = Field(default_factory=list)
    """None: those that failed, in which neither the doubtful nor the delivered are."""

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, by)
        if not states.may("resend", found.state) or found.launched_at is None:
            raise ConflictError(_("nothing was sent yet"))
        wanted = sorted(set(self.states) or FAILED)
        now = backend.now()
        said: Json = json.loads(found.document)
        shown = await self.shown(backend, by)
        last = next((run for run in shown["runs"] if run["state"] != "skipped"), None)
        if last is None:
            raise ConflictError(_("nothing was sent yet"))
        ladder = [
            {key: value for key, value in rung.items() if key != "wait"} | _version(last["templates"], place)
            for place, rung in enumerate(said["ladder"][:1])
        ]
        said |= {"ladder": ladder, "schedule": {"kind": "now"}, "audience": {"origin": found.id}}
        document = CampaignDocument.model_validate(said)
        contents = [rung.content or {} for rung in document.ladder]
        kept = [one["sha256"] for content in contents for one in content.get(FILES, {}).values()]
        origin = {"campaign": found.id, "run": last["run"], "states": wanted}
        title = self.title or _("{name}, again").format(name=found.name)[:120]
        source = {"resend": {"campaign": found.id, "run": last["id"], "states": wanted}}
        new_list = NewList(
            found.account, f"resend-{found.id}-{now}", "fixed", "loading", source, by.name, now, hidden=True
        )

        def work(unit: Any) -> Changed[int]:
            number = campaigns.add(
                unit.session,
                NewCampaign(
                    found.account,
                    title,
                    document.kept(),
                    by.name,
                    now,
                    lists.add(unit.session, new_list),
                    json.dumps(origin),
                    by.test,
                ),
            )
            files.use(unit.session, found.account, "campaign", number, kept)
            events.note(unit.session, number, "saved", now, actor=by.name, origin=found.id)
            events.note(unit.session, found.id, "sent_again", now, actor=by.name, again=number)
            return Changed(number, None, origin, about=f"campaign {number}")

        made = await backend.execute(Change(work, by.name))
        hit("campaign.resent")
        if backend.live is not None:
            backend.live.campaigns.due()
        return await ShowCampaign(campaign=made.answer, account=found.account).shown(backend, by)


def _version(templates: list[Json], place: int) -> Json:
    """Returns the version that a rung was sent with."""
    version = templates[place]["version"] if place < len(templates) else None
    return {} if version is None else {"version": version}

"""A campaign before it is launched: whom it reaches with what, who is left out and why, and what it costs."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from gatewayd.campaigns.document import CampaignDocument
from gatewayd.operations import attached
from gatewayd.operations.base import Json, live_of
from gatewayd.operations.campaign_launch import missing
from gatewayd.operations.campaigns import OfCampaign
from gatewayd.operations.masssend import needs_approval
from gatewayd.operations.ports import Backend
from gatewayd.registry import driver
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.snapshots import iso
from gatewayd.values.actor import Actor
from gatewayd.values.days import Calendar
from gatewayd.values.errors import NotFoundError
from gatewayd.values.money import format_money
from gatewayd.words.translation import gettext as _

FRESH_MS: Final = 600_000
"""A review that is older is made anew: people pay, and are blocked."""
WAIT_S: Final = 20.0
CHUNK: Final = 256 * 1024


class ReviewCampaign(OfCampaign):
    """Looks through a campaign, and tells one class of fault at a time, the most fundamental first.

    Of many people it takes a while: `state` is `running`, with how many were seen, until it is `done`.
    """

    name: ClassVar[str] = "campaign.review"
    wait: Annotated[float, Field(ge=0, le=WAIT_S)] = WAIT_S
    """Seconds that may pass before it is answered `running`."""
    again: bool = False

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, by)
        document = CampaignDocument.model_validate_json(found.document)
        missing(document)
        if self.again or not _fresh(found, document, backend):
            lines = [await _lines(backend, document, rung.channel) for rung in document.ladder]
            seen = await live_of(backend).campaigns.review(found, self.wait, lines)
            if seen is not None:
                return {"campaign": found.id, "state": "running", "seen": seen}
            found = await self.found(backend, by)
        kept: Json = json.loads(found.review or "{}")
        attachments, gone = await attached.of_ladder(backend, found.account, document)
        return await _shown(backend, found, document, kept | {"attachments": attachments, "attachments_missing": gone})


async def _lines(
    backend: Backend, document: CampaignDocument, channel: str
) -> Sequence[tuple[Sequence[str], Literal["", "es"]]]:
    """Returns the enabled lines that may send it: the prefixes that they are for, and how they cut texts."""
    wanted = document.options.lines
    day = Calendar(backend.config.timezone).words(backend.now() / 1000)[0]
    counts = await backend.read(lambda reader: reader.line_counts(day))
    found = []
    for line in backend.config.lines:
        count, made_by = counts.get(line.name), driver(line.driver)
        enabled = line.enabled if count is None or count.enabled is None else count.enabled
        if enabled and channel in made_by.channels and (not wanted or line.name in wanted):
            found.append((line.prefixes, made_by.encoding_variant(line.options)))
    return found


def _fresh(found: Campaign, document: CampaignDocument, backend: Backend) -> bool:
    if found.review is None or found.review_version != found.version:
        return False
    kept: Json = json.loads(found.review)
    prices = [backend.config.tariff.price(rung.channel) for rung in document.ladder]
    ladder = kept.get("ladder")
    if ladder is not None and ladder["prices"] != prices:
        return False
    return backend.now() - int(kept.get("at", 0)) < FRESH_MS


async def _shown(backend: Backend, found: Campaign, document: CampaignDocument, kept: Json) -> Json:
    """Returns a review with what holds now: prices, the balance, the number above which somebody approves."""
    tariff = backend.config.tariff
    channel = document.ladder[0].channel
    account = await backend.read(lambda reader: reader.account(found.account))
    segments = int(kept.get("segments", 0))
    cost = segments * tariff.price(channel)
    least = int(kept.get("segments_least", segments)) * tariff.price(channel)
    kept, ladder = dict(kept), kept.get("ladder")
    if ladder is not None:
        cost, least = ladder["most"], ladder["least"]
        kept["ladder"] = [
            rung | {"price": format_money(price), "cost": format_money(price * rung["segments"])}
            for rung, price in zip(ladder["rungs"], ladder["prices"], strict=True)
        ]
    answer: Json = {
        "campaign": found.id,
        "state": "done",
        "version": found.review_version,
        "at": iso(int(kept.get("at", 0))),
        "ladder": None,
        **{name: value for name, value in kept.items() if name != "at"},
        "cost": format_money(cost),
        "cost_least": format_money(least),
        "price": format_money(tariff.price(channel)),
        "balance": format_money(account.balance),
        "currency": tariff.currency,
        "covered": cost <= account.balance,
        "covered_least": least <= account.balance,
        "needs_approval": await needs_approval(backend, found.account, int(kept.get("people", 0))),
    }
    answer["faults"] = _faults(answer)
    return answer


def _faults(review: Json) -> list[Json]:
    """Returns what is wrong or worth a look, the most fundamental first: `stops` says what keeps it from being
    launched."""
    found: list[Json] = []
    fault = review.get("fault")
    if fault is not None:
        found.append({"kind": "words", "stops": True, "sentence": fault["sentence"], "people": fault["people"]})
    if gone := review["attachments_missing"]:
        sentence = _("{files} is attached, and kept nowhere: attach it with the template").format(files=", ".join(gone))
        found.append({"kind": "attachments", "stops": True, "sentence": sentence})
    if not review.get("people"):
        found.append({"kind": "nobody", "stops": True, "sentence": _("nobody is reached")})
    told = sum(one["people"] for one in review.get("contacted_today", []))
    if told:
        found.append(
            {
                "kind": "already_today",
                "stops": False,
                "people": told,
                "campaigns": [one["campaign"] for one in review["contacted_today"]],
                "sentence": _("{people} were told the same today already").format(people=told),
            }
        )
    if not review["covered"]:
        sentence = _("the balance does not cover it: part of it will wait")
        if review["ladder"] and review["covered_least"]:
            sentence = _("the balance does not cover it if many need all channels: part of it would wait")
        found.append({"kind": "credit", "stops": False, "sentence": sentence})
    left_out = sum(review.get("left_out", {}).values())
    if left_out:
        found.append(
            {"kind": "left_out", "stops": False, "people": left_out, "sentence": _("some people are left out")}
        )
    return found


class ReadLeftOut(OfCampaign):
    """Answers a stretch of the sheet of those whom a review leaves out, in base64; an empty one at its end."""

    name: ClassVar[str] = "campaign.left_out"
    offset: Annotated[int, Field(ge=0, lt=1 << 40)] = 0

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await self.found(backend, by)
        path = live_of(backend).campaigns.left_out(found.id)

        def stretch() -> bytes:
            with path.open("rb") as file:
                file.seek(self.offset)
                return file.read(CHUNK)

        try:
            data = await asyncio.to_thread(stretch)
        except FileNotFoundError:
            raise NotFoundError(_("the campaign was not reviewed here")) from None
        return {"name": f"{found.name}.csv", "data": base64.b64encode(data).decode()}

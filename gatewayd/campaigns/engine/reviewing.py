"""Has a worker look through campaigns before they are launched, and keeps what it says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog

from gatewayd.campaigns.document import CampaignDocument
from gatewayd.campaigns.engine.workers import documents
from gatewayd.campaigns.slices import head_of
from gatewayd.intake.loading import Template
from gatewayd.intake.reception import IntakeDesk
from gatewayd.numbers import Policy
from gatewayd.store.campaigns import campaigns
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.commands import Change
from gatewayd.submission import bare, discreet
from gatewayd.values.errors import GatewayError
from gatewayd.words.translation import gettext as _
from gatewayd.words.translation import language
from spool.errors import JobFileError

log = structlog.get_logger()

WORKER: Final = "gatewayd.campaigns.engine.review_worker"
AT_ONCE: Final = 2
"""Workers: more would take the processor from the lines."""

_Lines = Sequence[Sequence[tuple[Sequence[str], str]]]
"""By rung: prefixes of numbers, and how a line cuts texts, of each that may send."""


@dataclass(slots=True)
class _Running:
    version: int
    task: asyncio.Task[None]
    done: int = 0


def sheet_of(folder: Path, campaign: int) -> Path:
    """Returns where the sheet of those who are left out of a campaign lies."""
    return folder / f"review-{campaign}.csv"


class Reviewing:
    """Reviews campaigns, each by one worker at a time."""

    def __init__(
        self,
        intake: IntakeDesk,
        policy: Policy,
        *,
        execute: Callable[[Change[Any]], Awaitable[Any]],
        now: Callable[[], int],
    ) -> None:
        self._intake = intake
        self._policy = policy
        self._execute = execute
        self._now = now
        self._running: dict[int, _Running] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def review(self, campaign: Campaign, wait_s: float, lines: _Lines = ()) -> int | None:
        """Begins a review where none of that version runs; returns how many people it has seen, None once it is done
        and written down. What is wrong with the campaign is written down too.

        `lines` are those that may send it, by rung: prefixes of numbers, and how they cut texts.
        """
        running = self._running.get(campaign.id)
        if running is not None and running.version != campaign.version:
            running.task.cancel()
            running = None
        if running is None:
            task = asyncio.create_task(self._one(campaign, language(), lines), name=f"review {campaign.id}")
            running = self._running[campaign.id] = _Running(campaign.version, task)
        await asyncio.wait({running.task}, timeout=wait_s)
        if not running.task.done():
            return running.done
        if not running.task.cancelled():
            running.task.result()
        return None

    def close(self) -> list[asyncio.Task[None]]:
        """Ends whatever runs; returns what to wait for."""
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        return tasks

    async def _one(self, campaign: Campaign, spoken: str, lines: _Lines) -> None:
        try:
            async with self._room:
                document = await self._told(campaign, spoken, lines)
            written, now = json.dumps(document | {"at": self._now()}, ensure_ascii=False), self._now()
            del now

            def work(unit: Any) -> None:
                campaigns.put(unit.session, campaign.id, review=written, review_version=campaign.version)

            await self._execute(Change(work, "campaigns"))
        finally:
            running = self._running.get(campaign.id)
            if running is not None and running.task is asyncio.current_task():
                del self._running[campaign.id]

    async def _told(self, campaign: Campaign, spoken: str, lines: _Lines) -> dict[str, Any]:
        config = self._intake.config
        said = CampaignDocument.model_validate_json(campaign.document)
        try:
            rungs = [
                await self._rung(campaign.account, content, lines[place] if place < len(lines) else ())
                for place, content in enumerate(said.job_keys())
            ]
        except JobFileError as error:
            return {"fault": {"code": error.code, "sentence": error.text(spoken), "people": 0}, "people": 0}
        zone = config.timezone
        now = self._now()
        today = datetime.fromtimestamp(now / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
        policy, password = self._policy, config.store.password
        request = {
            "url": config.store.url,
            "password": None if password is None else password.get_secret_value(),
            "campaign": campaign.id,
            "rungs": rungs,
            "policy": [policy.region, policy.home_area, policy.assume_mobile],
            "zone": str(zone) if isinstance(zone, ZoneInfo) else "UTC",
            "now": now,
            "today": int(today.timestamp() * 1000),
            "language": spoken,
            "path": str(sheet_of(config.exports_folder, campaign.id)),
            "delimiter": ";" if spoken == "es" else ",",
            "heads": [_("Reference"), _("Number or address"), _("Reason")],
        }
        async with aclosing(documents(WORKER, request)) as told:
            async for document in told:
                if "done" in document:
                    running = self._running.get(campaign.id)
                    if running is not None:
                        running.done = int(document["done"])
                elif "error" in document:
                    fault = {"code": document.get("code"), "sentence": str(document["error"])[:2000], "people": 0}
                    return {"fault": fault, "people": 0}
                elif "review" in document:
                    found: dict[str, Any] = document["review"]
                    return found
        raise GatewayError("the process that reviews campaigns said nothing")

    async def _rung(self, account: str, content: Mapping[str, Any], lines: Any) -> dict[str, Any]:
        """Returns a rung as its worker needs it. JobFileError."""
        head = await self._intake.templates.filled(account, bare(head_of(content, "c")))
        discreet(head)
        template = Template.of(head)
        known = self._intake.lines
        rung = {"content": content, "template": None, "lines": lines}
        rung |= {"prefixes": known.prefixes, "most": known.most(head)}
        if template is not None:
            rung["content"] = {**content, "template_version": template.version}
            rung["template"] = {
                "version": template.version,
                "content": dict(template.content),
                "values": dict(template.values),
            }
        return rung | {"price": self._intake.config.tariff.price(head.channel)}

"""The engine of campaigns as the daemon makes it, over the daemon's own parts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from gatewayd.campaigns.engine.service import Campaigns
from gatewayd.daemon.campaign_notices import Notices
from gatewayd.dispatch.dispatcher import Dispatcher
from gatewayd.intake.reception import IntakeDesk
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.reader import Reader
from gatewayd.values.clock import now_ms


def campaigns(
    intake: IntakeDesk, reader: Reader, readers: Executor, dispatcher: Dispatcher, logged: Callable[[], object]
) -> Campaigns:
    """Returns the service; `logged` is told when there may be something for webhooks to post."""

    async def ask(question: Callable[..., Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(readers, reader.ask, question)

    notices = Notices(intake, ask=ask, now=now_ms)

    def tell(campaign: Campaign, state: str, reason: str | None = None) -> None:
        notices.told(campaign, state, reason)
        dispatcher.events.add("campaign", f"{campaign.account}/{campaign.id}", state, reason)

    return Campaigns(
        intake,
        intake.writer,
        reader,
        readers,
        intake.policy,
        now=now_ms,
        changed=dispatcher.job_changed,
        tell=tell,
        logged=logged,
    )

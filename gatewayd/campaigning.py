"""The engine of campaigns as the daemon makes it, over the daemon's own parts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

from gatewayd.campaigns.engine.service import Campaigns
from gatewayd.clock import now_ms
from gatewayd.dispatch.dispatcher import Dispatcher
from gatewayd.intake.reception import IntakeDesk
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.reader import Reader


def campaigns(
    intake: IntakeDesk, reader: Reader, readers: Executor, dispatcher: Dispatcher, logged: Callable[[], object]
) -> Campaigns:
    """Returns the service; `logged` is told when there may be something for webhooks to post."""

    def tell(campaign: Campaign, state: str, reason: str | None = None) -> None:
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

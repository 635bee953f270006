"""Notices campaigns of which nothing leaves, though nothing that passes by itself keeps it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from gatewayd.store.campaigns import events, runs
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.campaigns.runs import WAITING, Counts, Run
from gatewayd.store.commands import Change

STUCK: Final = "stuck"
MOVES: Final = "moves"
STUCK_MS: Final = 15 * 60_000
"""So long nothing has left."""
PASSES: Final = frozenset({"window", "cap"})
"""Reasons that end at an instant that is known: hours, and how often somebody may be contacted."""


class Standstill:
    """Looks at running campaigns; what it has noted stands in their log, so that a restart says nothing twice."""

    def __init__(
        self,
        *,
        ask: Callable[[Callable[..., Any]], Awaitable[Any]],
        execute: Callable[[Change[Any]], Awaitable[Any]],
        now: Callable[[], int],
        tell: Callable[..., object],
    ) -> None:
        self._ask = ask
        self._execute = execute
        self._now = now
        self._tell = tell
        self._looked: dict[int, int] = {}
        """By run: when it was looked at last."""

    async def look(self, campaign: Campaign, run: Run, counts: Counts) -> None:
        """Notes that a run has come to a standstill, or goes on again; looks once a minute at most."""
        now = self._now()
        if now - self._looked.get(run.id, 0) < STUCK_MS // 15:
            return
        self._looked[run.id] = now
        waiting = sum(counts.states.get(state, 0) for state in WAITING)
        free = waiting - sum(count for reason, count in counts.held.items() if reason in PASSES)
        stuck = free > 0 and (run.frozen_at or now) <= now - STUCK_MS and campaign.updated_at <= now - STUCK_MS
        if stuck:
            jobs = await self._ask(partial(runs.jobs, campaign=campaign.id))
            stuck = not await self._ask(
                lambda connection: runs.sent_since(connection, campaign.account, jobs, now - STUCK_MS)
            )
        known = await self._ask(partial(events.newest, campaign=campaign.id, kinds=(STUCK, MOVES))) == STUCK
        if stuck == known:
            return
        kind = STUCK if stuck else MOVES
        reasons = sorted(counts.held)

        def work(unit: Any) -> None:
            events.note(unit.session, campaign.id, kind, now, run=run.id, people=free, reasons=reasons)

        await self._execute(Change(work, "campaigns"))
        self._tell(campaign, kind)

    def forget(self, run: int) -> None:
        """A run is over."""
        self._looked.pop(run, None)

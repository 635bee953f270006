"""Brings what the file and what people say of lines to a running daemon, one change at a time, without a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from gatewayd.config import Config, merge, startup
from gatewayd.credentials.vault import Vault
from gatewayd.fleet import Fleet
from gatewayd.intake.lines import Lines
from gatewayd.intake.reception import IntakeDesk
from gatewayd.live import LiveGateway
from gatewayd.values.added_lines import AddedLine
from gatewayd.webhooks.engine.service import Webhooks

log = structlog.get_logger()


class Takeover:
    """Keeps fleet, intake, webhooks and operations at one configuration."""

    def __init__(
        self,
        config: Config,
        *,
        added: Callable[[], Awaitable[Sequence[AddedLine]]],
        vault: Vault,
        fleet: Fleet,
        intake: IntakeDesk,
        webhooks: Webhooks,
        live: LiveGateway,
        lines: Callable[[Config], Lines] = Lines.of,
    ) -> None:
        """`added` asks the store for the lines that people added; `lines` are what intake has to know of them all."""
        self._file = config
        self._added = added
        self._vault = vault
        self._fleet = fleet
        self._intake = intake
        self._webhooks = webhooks
        self._live = live
        self._lines = lines
        self._turn = asyncio.Lock()
        live.take_over = self.refresh

    @property
    def config(self) -> Config:
        """The configuration as the file says it, with the lines that people added."""
        return self._live.config

    async def reload(self) -> Sequence[str]:
        """Reads the file again; answers which lines changed. InvalidConfigError: all stays as it was."""
        async with self._turn:
            fresh = await asyncio.to_thread(startup.load, self._file.file)
            self._file = fresh
            return await self._bring()

    async def refresh(self) -> Sequence[str]:
        """Takes over what people changed; answers the names of the lines that did."""
        async with self._turn:
            return await self._bring()

    async def _bring(self) -> Sequence[str]:
        merged = await merged_with(self._file, await self._added(), self._vault)
        changed = await self._fleet.take_over(merged)
        self._intake.take_over(merged, self._lines(merged))
        self._webhooks.take_over(merged.webhooks)
        self._live.feeds.take_over(merged)
        before = self._live.config
        ruled = (before.contact, before.billing) != (merged.contact, merged.billing)
        self._live.config = merged
        if ruled:
            await self._live.rules_changed()
        return changed


async def merged_with(config: Config, added: Sequence[AddedLine], vault: Vault) -> Config:
    """Returns the configuration with the added lines; says in the log which of them cannot be made."""
    # Drivers are loaded and devices' names looked up for it.
    merged = await asyncio.to_thread(merge, config, added, vault)
    for name, faults in merged.faulty.items():
        log.error("an added line cannot be made", line=name, faults=[fault.key for fault in faults])
    return merged

"""What time does to messages: they expire, stop waiting for a report, are withdrawn with their job, grow old."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

import structlog

from gatewayd.store.commands import Change, EndParts, Prune, Sweep
from gatewayd.store.contacts import evidence
from gatewayd.store.people.retention import forget
from gatewayd.store.port import Writer
from gatewayd.store.sending import abandoned
from gatewayd.store.tickets import pruning
from gatewayd.values.errors import GatewayError
from spool.errors import SpoolError
from spool.retention import Forgotten

log = structlog.get_logger()

LONGEST_S: Final = 60.0
"""Between looks when nothing is known to become due; what is recorded meanwhile says so by `due`."""

PORTION_S: Final = 0.005
"""Between portions, so that lines and people get at the writer while a million rows are withdrawn."""

PARTS_EVERY_S: Final = 600.0
PRUNE_EVERY_S: Final = 3600.0
TROUBLE_S: Final = 5.0


class Upkeep:
    """Sweeps when something is due; prunes once an hour.

    `longest_s` bounds the time between two looks (a short `report_wait`); `forget_jobs` removes a portion of the
    old jobs of an account from the spool; `end_parts` makes the command that keeps long texts which are not whole, as
    of a time.
    """

    def __init__(
        self,
        writer: Writer,
        *,
        now: Callable[[], int],
        receipts_due: Callable[[Iterable[int]], None],
        keep_messages_s: float,
        keep_audit_s: float,
        keep_evidence_s: float,
        longest_s: float,
        accounts: Callable[[], Awaitable[Sequence[str]]],
        forget_jobs: Callable[[str], Awaitable[Forgotten]],
        end_parts: Callable[[int], EndParts],
        inbox_due: Callable[[], None],
        node: str,
    ) -> None:
        self._writer = writer
        self._now = now
        self._receipts_due = receipts_due
        self._keep_ms = int(keep_messages_s * 1000)
        self._keep_audit_ms = int(keep_audit_s * 1000)
        self._keep_evidence_ms = int(keep_evidence_s * 1000)
        self._longest_s = min(LONGEST_S, longest_s)
        self._accounts = accounts
        self._forget_jobs = forget_jobs
        self._end_parts = end_parts
        self._inbox_due = inbox_due
        self._node = node
        self._wake = asyncio.Event()
        self._ended = 0
        self._looked = 0

    def due(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        pruned = 0
        while True:
            self._wake.clear()
            pause = TROUBLE_S
            try:
                await self._end_texts()
                await self._drop_abandoned()
                pause = await self._sweep()
                if self._now() - pruned >= PRUNE_EVERY_S * 1000:
                    await self._prune()
                    pruned = self._now()
            except (GatewayError, SpoolError) as error:
                log.error("upkeep failed", error=str(error))  # noqa: TRY400
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _end_texts(self) -> None:
        """Keeps long texts of which a part never came: before the sweep forgets parts, whatever time has passed."""
        if not self._ended or self._now() - self._ended >= PARTS_EVERY_S * 1000:
            ended = await self._writer.do(self._end_parts(self._now()))
            self._ended = self._now()
            if ended.texts:
                self._inbox_due()
                self._receipts_due(ended.jobs)

    async def _drop_abandoned(self) -> None:
        """Lets go of what nodes that are gone were recording, so that it is recorded here."""
        if self._now() - self._looked < LONGEST_S * 1000:
            return
        self._looked = self._now()
        more = True
        while more:
            more = await self._writer.do(Change(lambda unit: abandoned.drop(unit, node=self._node, now=self._now())))
            await asyncio.sleep(PORTION_S)

    async def _sweep(self) -> float:
        """Turns what is over; answers how long (s) nothing more will be."""
        while True:
            now = self._now()
            swept = await self._writer.do(Sweep(now))
            self._receipts_due(swept.jobs)
            if not swept.more:
                wait = self._longest_s if swept.next_at is None else (swept.next_at - now) / 1000
                return min(max(wait, 0.05), self._longest_s)
            await asyncio.sleep(PORTION_S)

    async def _prune(self) -> None:
        removed = await self._writer.do(Prune(self._now() - self._keep_ms))
        while removed:
            await asyncio.sleep(PORTION_S)
            removed = await self._writer.do(Prune(self._now() - self._keep_ms))
        await self._forget_people()
        for account in await self._accounts():
            await self._forget(account)

    async def _forget_people(self) -> None:
        """Removes sessions that ended, and old rows of the audit trail, evidence of contacts, answers and notices."""
        more = await self._writer.do(Change(self._forget_portion))
        while more:
            await asyncio.sleep(PORTION_S)
            more = await self._writer.do(Change(self._forget_portion))

    def _forget_portion(self, unit: Any) -> bool:
        now = self._now()
        old = evidence.prune(unit.session, now - self._keep_evidence_ms)
        if pruning.prune(unit.session, now, self._keep_ms):
            return True
        return forget(unit.session, now, now - self._keep_audit_ms) or old >= evidence.PORTION

    async def _forget(self, account: str) -> None:
        """What cannot be removed for one account keeps no other's."""
        trouble: str | None = None
        try:
            forgotten = await self._forget_jobs(account)
            while forgotten.jobs:
                forgotten = await self._forget_jobs(account)
            trouble = forgotten.trouble
        except SpoolError as error:
            trouble = str(error)
        if trouble is not None:
            log.warning("old jobs cannot be removed", account=account, error=trouble)

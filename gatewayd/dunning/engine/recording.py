"""Records batches of claims as jobs, by the daemon's private folder: each once, whatever is cut short."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import structlog

from gatewayd import submission
from gatewayd.dunning import wording
from gatewayd.intake.reception import IntakeDesk
from gatewayd.intake.rendering import CAUSE
from gatewayd.process.failpoints import hit
from gatewayd.store.commands import CLAIM, Change
from gatewayd.store.dunning import approving, batches
from gatewayd.store.dunning.batches import Batch, Member
from gatewayd.store.settings.accounts import settings
from spool.errors import JobFileError

log = structlog.get_logger()

_COLUMNS: Final = {"to": "to", "ref": "ref"}
LASTS_S: Final = 2 * 86_400
"""After so long a claim that has not left is none any more: the next channel is tried."""


class Recording:
    """Records batches, one after another."""

    def __init__(
        self,
        intake: IntakeDesk,
        *,
        ask: Callable[[Callable[..., Any]], Awaitable[Any]],
        execute: Callable[[Change[Any]], Awaitable[Any]],
        now: Callable[[], int],
    ) -> None:
        self._intake = intake
        self._ask = ask
        self._execute = execute
        self._now = now

    async def record(self, batch: Batch) -> None:
        """Makes a batch the job that it is; one whose job is refused is written down as such. GatewayError, SpoolError:
        it is to be tried again."""
        known = partial(batches.job_of, account=batch.account, name=batch.job)
        job_id = await self._ask(known)
        if job_id is None and self.late(batch):
            # What its texts say was so days ago.
            await self._execute(Change(partial(_lapsed, batch, self._now()), "collections"))
            return
        if job_id is None:
            try:
                await self._laid(batch)
            except JobFileError as error:
                log.warning("a job of claims is refused", job=batch.job, code=error.code)
                refused = partial(_refused, batch.id, error.code)
                await self._execute(Change(refused, "collections"))
                return
            job_id = await self._ask(known)
        if job_id is None:
            return  # somebody else is recording it
        hit("claims.recorded")
        await self._execute(Change(lambda unit: batches.recorded(unit.session, batch.id, job_id), "collections"))
        hit("claims.noted")

    def late(self, batch: Batch) -> bool:
        """Returns whether a batch has waited until nothing of it would be sent any more."""
        return self._now() >= batch.created_at + LASTS_S * 1000

    async def lapse(self) -> None:
        """Ends what nobody has approved in time."""
        for batch in await self._ask(partial(batches.waiting, state="approval")):
            if self.late(batch):
                await self._execute(Change(partial(_lapsed, batch, self._now()), "collections"))

    async def _laid(self, batch: Batch) -> None:
        people: Sequence[Member] = await self._ask(partial(batches.members, number=batch.id))
        head = head_of(batch, await self._ask(partial(_house, account=batch.account)), self._intake.config.locale)
        rows = map(_recipient, people)
        document, data = await asyncio.to_thread(submission.written, head, rows, f"{batch.job}.json")
        document = await self._intake.templates.filled(batch.account, document)
        taken = await submission.lay(self._intake, batch.account, document, data)
        hit("claims.laid")
        await submission.enter(self._intake, taken, document, origin=CLAIM)


def _lapsed(batch: Batch, now: int, unit: Any) -> None:
    if batches.lapse(unit.session, batch.id, batch.state, now):
        approving.close(unit.session, batch, now=now)


def _refused(number: int, code: str, unit: Any) -> None:
    batches.refused(unit.session, number, code)


def _house(connection: Any, account: str) -> Mapping[str, Any]:
    return settings(connection, account).document


def head_of(batch: Batch, house: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Returns a batch's job file without its recipients. `house` is what its account has set, `language` the gateway's
    own."""
    words: dict[str, Any] = {"template": batch.template}
    if not batch.template:
        words = wording.neutral(batch.channel, str(house.get("language") or language))
        words["values"] = {wording.COMPANY: str(house.get("company") or batch.account)}
    return {
        "job": batch.job,
        "channel": batch.channel,
        **words,
        "class": "collections",
        "priority": "normal",
        "columns": _COLUMNS,
        "not_after": _iso(batch.created_at + LASTS_S * 1000),
    }


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")


def _recipient(one: Member) -> str:
    own: dict[str, Any] = {"to": one.address, "ref": one.external_id}
    if one.cause is not None:
        own[CAUSE] = one.cause
    return json.dumps({**own, **json.loads(one.cells)}, ensure_ascii=False)

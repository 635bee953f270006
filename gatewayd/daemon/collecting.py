"""The engine of claims as the daemon makes it, over the daemon's own parts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any, Final

from gatewayd.dunning.engine.service import Collections
from gatewayd.intake.reception import IntakeDesk
from gatewayd.outgoing.carrying import Cargo, Carrying
from gatewayd.process.failpoints import hit
from gatewayd.store.dunning import events
from gatewayd.store.reader import Reader
from gatewayd.values.clock import now_ms
from gatewayd.values.news import FACTS, News
from spool.folders import Spool
from spool.inbox import write_event

_EVENTS: Final = Cargo(
    "event", "collections", events.unwritten, events.written, write_event, lambda: hit("event.carried")
)


def collections(
    intake: IntakeDesk,
    reader: Reader,
    readers: Executor,
    news: News,
    *,
    spool: Spool,
    in_thread: Callable[..., Awaitable[Any]],
    logged: Callable[[], object],
) -> Collections:
    """Returns the service; it is woken by what `news` says of facts. `logged` is told when there may be something for
    webhooks to post."""
    carrying = Carrying(_EVENTS, intake.writer.do, spool, in_thread)

    async def ask(question: Callable[..., Any]) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(readers, partial(reader.ask, question))

    async def carry() -> int:
        logged()
        return await carrying.carry()

    made = Collections(
        intake,
        ask=ask,
        execute=intake.writer.do,
        now=now_ms,
        told=lambda account: news.say("claim", account),
        carry=carry,
    )
    news.hear(FACTS, made.due)
    return made

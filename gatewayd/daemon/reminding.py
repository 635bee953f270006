"""The engine of reminders as the daemon makes it, over the daemon's own parts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any

from gatewayd.dunning.engine.reminding import Reminding
from gatewayd.intake.reception import IntakeDesk
from gatewayd.store.reader import Reader
from gatewayd.values.clock import now_ms
from gatewayd.values.news import News


def reminders(intake: IntakeDesk, reader: Reader, readers: Executor, news: News) -> Reminding:
    """Returns the service; it is woken by what `news` says of bills."""

    async def ask(question: Callable[..., Any]) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(readers, partial(reader.ask, question))

    made = Reminding(
        intake, ask=ask, execute=intake.writer.do, now=now_ms, told=lambda account: news.say("reminder", account)
    )
    news.hear({"bill", "customer"}, made.due)
    return made

"""The engine of webhooks as the daemon makes it, and what it watches of the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial

from gatewayd.config import Config
from gatewayd.credentials.vault import Vault
from gatewayd.dispatch.events import Events
from gatewayd.live import LiveGateway
from gatewayd.store.reader import Reader
from gatewayd.store.writer import Writer
from gatewayd.values.clock import now_ms
from gatewayd.webhooks.engine.post import Poster
from gatewayd.webhooks.engine.service import Webhooks
from gatewayd.webhooks.engine.watch import Watch
from spool.folders import Spool


def webhooks(
    config: Config,
    writer: Writer,
    reader: Reader,
    *,
    readers: Executor,
    spool: Spool,
    vault: Vault,
    happened: Callable[[str, str, str | None], None],
) -> Webhooks:
    """Returns the service, over the daemon's own store and spool."""
    return Webhooks(
        config.webhooks,
        node=config.node,
        shared=config.store.sqlite_path is None,
        execute=writer.do,
        reader=reader,
        spool=spool,
        in_thread=partial(asyncio.get_running_loop().run_in_executor, readers),
        vault=vault,
        post=Poster(),
        now=now_ms,
        happened=happened,
    )


def watch(service: Webhooks, live: LiveGateway, events: Events) -> None:
    """Lets the service notice how lines and credit are; before it runs."""
    service.watch = Watch(
        execute=live.execute,
        ask=service.ask,
        now=now_ms,
        low=lambda: live.config.tariff.low,
        lines=live.lines,
        logged=service.post,
    )
    events.line_changed = service.due

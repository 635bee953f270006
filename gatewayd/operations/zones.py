"""Where an account is: the time zone by which its days and hours are counted."""

from __future__ import annotations

from functools import partial
from zoneinfo import ZoneInfo

from gatewayd.operations.ports import Backend
from gatewayd.store.settings import accounts


async def zone_of(backend: Backend, account: str) -> ZoneInfo:
    """Returns an account's time zone, the gateway's where it has none of its own. NotFoundError without the account."""
    question = partial(accounts.zone_of, account=account, default=str(backend.config.timezone))
    return ZoneInfo(await backend.read(lambda reader: reader.ask(question)))

"""Reads the account's mailbox at intervals and puts what it says on the event sink."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final

from drivers.base import EventSink, InboundMessage
from drivers.smtp.bounces import Identity, read
from drivers.smtp.mailbox import BATCH, Mailbox, MailboxError
from drivers.smtp.options import SmtpOptions

KNOWN: Final = 5000
"""Replies remembered, so that one delivered twice (by an alias) is one; the store knows the older ones."""


class Listener:
    """`told` hears None when the mailbox was read, and a reason when it could not be."""

    def __init__(self, options: SmtpOptions, told: Callable[[str | None], Awaitable[None]]) -> None:
        self._options = options
        self._identity = Identity(options.from_address, options.bounce_address)
        self._told = told
        self._known: OrderedDict[str, None] = OrderedDict()

    async def run(self, events: EventSink) -> None:
        while True:
            more = False
            try:
                more = await self._look(events)
            except MailboxError as error:
                await self._told(error.reason)
            else:
                await self._told(None)
            if not more:
                # IDLE would tell at once, but not every provider offers it, and a bounce is never urgent.
                await asyncio.sleep(self._options.imap_poll)

    async def _look(self, events: EventSink) -> bool:
        """Reads what is new; whether there may be more."""
        mailbox = Mailbox(self._options)
        try:
            await _in_thread(mailbox, mailbox.open)
            uids = await _in_thread(mailbox, mailbox.unseen)
            for uid in uids:
                raw = await _in_thread(mailbox, mailbox.fetch, uid)
                if raw is not None:
                    await self._take(raw, events)
                await _in_thread(mailbox, mailbox.seen, [uid])
            return len(uids) == BATCH
        finally:
            await asyncio.shield(asyncio.to_thread(mailbox.close))

    async def _take(self, raw: bytes, events: EventSink) -> None:
        for event in read(raw, self._identity, at=time.time()):
            if isinstance(event, InboundMessage):
                if event.key in self._known:
                    continue
                await events.put(event)
                self._known[event.key] = None
                while len(self._known) > KNOWN:
                    self._known.popitem(last=False)
            else:
                await events.put(event)


async def _in_thread(mailbox: Mailbox, step: Callable[..., Any], *arguments: Any) -> Any:
    """The step's answer; a cancellation wakes the thread instead of leaving it to its time-out."""
    try:
        return await asyncio.to_thread(step, *arguments)
    except asyncio.CancelledError:
        mailbox.interrupt()
        raise

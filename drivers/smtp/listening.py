"""Reads the account's mailbox at intervals and puts what it says on the event sink."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from drivers.base import DeliveryReport, EventSink, InboundMessage, NotDurableError
from drivers.smtp.bounces import Identity, read
from drivers.smtp.mailbox import BATCH, Mailbox, MailboxError
from drivers.smtp.options import SmtpOptions

TOGETHER: Final = 20
"""Mails made durable at once: they share commits, and one command marks them as read."""
KNOWN: Final = 5000
"""Replies remembered, so that one delivered twice (by an alias) is one; the store knows the older ones."""


class Listener:
    """`told` hears None when the mailbox was read, and a reason when it could not be."""

    def __init__(self, options: SmtpOptions, told: Callable[[str | None], Awaitable[None]], log: Any) -> None:
        self._options = options
        self._log = log
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
            except NotDurableError:
                # Not marked as read, so that it is read again; sending goes on.
                await self._told("store_unavailable")
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
            for first in range(0, len(uids), TOGETHER):
                some = uids[first : first + TOGETHER]
                mails = await _in_thread(mailbox, mailbox.fetch_all, some)
                puts: dict[str, asyncio.Future[None]] = {}
                takes = (self._take(raw, events, puts) for raw in mails)
                taken = await asyncio.gather(*takes, return_exceptions=True)
                failed = [error for error in taken if error is not None]
                durable = [uid for uid, error in zip(some, taken, strict=True) if error is None]
                await _in_thread(mailbox, mailbox.seen, durable)
                for error in failed:
                    raise error
            return len(uids) == BATCH
        finally:
            # Handed to a thread before anything is awaited: a stop that comes again, or a loop that ends, does not keep
            # the connection open.
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, mailbox.close))

    async def _take(self, raw: bytes | None, events: EventSink, puts: dict[str, asyncio.Future[None]]) -> None:
        """What a mail says, durable. `puts` are those under way, by key: the same mail beside itself is told once."""
        for event in self._read(raw) if raw is not None else ():
            if isinstance(event, InboundMessage):
                if event.key in self._known:
                    continue
                if event.key not in puts:
                    puts[event.key] = asyncio.ensure_future(events.put(event))
                await puts[event.key]
                self._known[event.key] = None
                while len(self._known) > KNOWN:
                    self._known.popitem(last=False)
            else:
                await events.put(event)

    def _read(self, raw: bytes) -> Sequence[DeliveryReport | InboundMessage]:
        """Its events; none of a mail that nobody can read: anyone may write one, and it must not come for ever."""
        try:
            return read(raw, self._identity, at=time.time())
        except Exception as error:  # noqa: BLE001 - the standard library's parser has limits of its own
            self._log.warning("mail not understood", error=type(error).__name__, octets=len(raw))
            return ()


async def _in_thread(mailbox: Mailbox, step: Callable[..., Any], *arguments: Any) -> Any:
    """The step's answer; a cancellation wakes the thread instead of leaving it to its time-out."""
    try:
        return await asyncio.to_thread(step, *arguments)
    except asyncio.CancelledError:
        mailbox.interrupt()
        raise

"""Reads the account's mailbox at intervals and puts what it says on the event sink."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from drivers.base import EventSink, InboundMessage, NotDurableError
from drivers.smtp.mailbox import ALONE, READING, Mailbox, MailboxError, UnavailableMailError
from drivers.smtp.oauth import TokenError, Tokens
from drivers.smtp.options import SmtpOptions
from drivers.smtp.received.identity import Identity
from drivers.smtp.received.reading import Kind, Reading, read

TOGETHER: Final = 20
"""Mails made durable at once: they share commits, and one command marks them as read."""
BATCH: Final = 100
"""Mails a look: the rest comes at once with the next."""
KNOWN: Final = 5000
"""Replies remembered, so that one delivered twice (by an alias) is one; the store knows the older ones."""
PASSED_S: Final = 3600.0
"""After so long a mail that the server did not hand out is asked for again."""
REFUSALS: Final = frozenset({"login_refused", "token_refused"})
PAUSE_MOST_S: Final = 900.0
"""Longest pause between logins that are refused: a provider locks an account that tries too often."""
LOSSES: Final = 2
"""A mail at which the server has hung up so often is passed over."""


@dataclass(frozen=True, slots=True)
class Health:
    """How reading the mailbox goes, for people."""

    reason: str | None = None
    """Why it cannot be read; None when it can."""
    unmatched: int = 0
    """Bounces and complaints since the start that belong to no mail we know."""
    passed_over: int = 0
    """Unread mails that are left alone: the server does not hand them out, or the daemon died reading them."""

    def detail(self) -> Mapping[str, Any]:
        shown = {"mailbox": self.reason, "bounces_unmatched": self.unmatched, "mails_passed_over": self.passed_over}
        return {name: value for name, value in shown.items() if value}


class Listener:
    """Reads one mailbox; `on_health` is called with every change of its health."""

    def __init__(
        self,
        options: SmtpOptions,
        identity: Identity,
        on_health: Callable[[Health], Awaitable[None]],
        log: Any,
        tokens: Tokens | None = None,
    ) -> None:
        self._options = options
        self._log = log
        self._identity = identity
        self._on_health = on_health
        self._tokens = tokens
        self._health = Health()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._ours: set[int] = set()
        """Mails that this very life has begun to read: their keywords tell of no death."""
        self._losses: dict[int, int] = {}
        self._passed: dict[int, float] = {}
        """Mails that are not asked for until then (by the monotonic clock)."""
        self._deadly: frozenset[int] = frozenset()

    async def run(self, events: EventSink) -> None:
        refusals = 0
        while True:
            more = False
            reason = None
            try:
                more = await self._look(events)
            except (MailboxError, TokenError) as error:
                reason = error.reason
            except NotDurableError:
                # Not marked as read, so that it is read again; sending goes on.
                reason = "store_unavailable"
            except Exception as error:  # noqa: BLE001 - whatever a mailbox holds or its server says, sending goes on
                self._log.warning("mailbox not understood", error=type(error).__name__)
                reason = "mailbox_failed"
            await self._show(replace(self._health, reason=reason, passed_over=len(self._passed) + len(self._deadly)))
            refusals = refusals + 1 if reason in REFUSALS else 0
            if not more:
                # IDLE would tell at once, but not every provider offers it, and a bounce is never urgent.
                await asyncio.sleep(pause_s(self._options.imap_poll, refusals))

    async def _show(self, health: Health) -> None:
        if health != self._health:
            self._health = health
            await self._on_health(health)

    # ------------------------------------------------------------------------------------------------------- one look

    async def _look(self, events: EventSink) -> bool:
        """Reads what is new; returns whether there may be more."""
        mailbox = await self._open()
        try:
            unseen = await _in_thread(mailbox, mailbox.unseen)
            if not unseen:
                self._ours.clear()
                self._passed.clear()
                self._deadly = frozenset()
                return False
            alone = await self._suspects(mailbox, unseen)
            wanted = [uid for uid in unseen if uid not in self._deadly and not self._is_passed(uid)]
            some = wanted[:BATCH]
            together = [uid for uid in some if uid not in alone]
            groups = [together[first : first + TOGETHER] for first in range(0, len(together), TOGETHER)]
            groups += [[uid] for uid in some if uid in alone]
            for group in groups:
                await self._read_group(mailbox, group, ALONE if group[0] in alone else READING, events)
            return len(wanted) > BATCH
        except MailboxError:
            self._blame(mailbox.fetching)
            raise
        finally:
            # Handed to a thread before anything is awaited: a stop that comes again, or a loop that ends, does not keep
            # the connection open.
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, mailbox.close))

    async def _open(self) -> Mailbox:
        """Opens the mailbox; a token that it turns down is renewed once."""
        refused = None
        while True:
            token = await self._tokens.current(refused) if self._tokens is not None else None
            mailbox = Mailbox(self._options, token)
            try:
                await _in_thread(mailbox, mailbox.open)
            except MailboxError as error:
                await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, mailbox.close))
                if token is None or refused is not None or error.reason != "login_refused":
                    raise
                refused = token
            except BaseException:
                await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, mailbox.close))
                raise
            else:
                return mailbox

    async def _suspects(self, mailbox: Mailbox, unseen: Sequence[int]) -> frozenset[int]:
        """Returns the mails to be read one by one, as an earlier life died while it was reading them.

        Those that it died of when it read them alone are passed over from now on.
        """
        together, alone = await _in_thread(mailbox, mailbox.interrupted)
        deadly = alone - self._ours
        if deadly - self._deadly:
            self._log.warning("mails passed over, the daemon ended while reading them", count=len(deadly))
        self._deadly = deadly
        self._ours &= set(unseen)
        return frozenset(together - self._ours - deadly)

    def _is_passed(self, uid: int) -> bool:
        if self._passed.get(uid, 0.0) > time.monotonic():
            return True
        self._passed.pop(uid, None)
        return False

    def _blame(self, uid: int | None) -> None:
        """Counts a lost connection against the mail that was asked for; twice the same, and it is passed over."""
        if uid is not None:
            self._losses[uid] = self._losses.get(uid, 0) + 1
            if self._losses[uid] >= LOSSES:
                del self._losses[uid]
                self._pass_over(uid)

    def _pass_over(self, uid: int) -> None:
        self._log.warning("mail passed over, the server does not hand it out", uid=uid)
        self._passed[uid] = time.monotonic() + PASSED_S

    async def _read_group(self, mailbox: Mailbox, uids: Sequence[int], keyword: str, events: EventSink) -> None:
        self._ours |= set(uids)
        await _in_thread(mailbox, mailbox.mark, uids, keyword)
        # In a thread: a long mail takes some milliseconds, and a modem's answer must not wait for it.
        readings = await _in_thread(mailbox, self._readings, mailbox, uids)
        for uid, reading in readings.items():
            if reading is None:
                self._pass_over(uid)
        puts: dict[str, asyncio.Future[None]] = {}
        read_ones = {uid: reading for uid, reading in readings.items() if reading is not None}
        takes = (self._take(reading, events, puts) for reading in read_ones.values())
        taken = await asyncio.gather(*takes, return_exceptions=True)
        failed = [error for error in taken if error is not None]
        durable = [uid for uid, error in zip(read_ones, taken, strict=True) if error is None]
        await _in_thread(mailbox, mailbox.seen, durable)
        unmatched = sum(read_ones[uid].kind is Kind.UNMATCHED for uid in durable)
        if unmatched:
            self._log.info("bounces of no mail we know", count=unmatched)
            self._health = replace(self._health, unmatched=self._health.unmatched + unmatched)
            await self._on_health(self._health)
        for error in failed:
            raise error

    def _readings(self, mailbox: Mailbox, uids: Sequence[int]) -> dict[int, Reading | None]:
        """Reads those mails: what each says, None for one that the server does not hand out. For a thread."""
        readings: dict[int, Reading | None] = {}
        for uid in uids:
            try:
                raw = mailbox.fetch(uid)
            except UnavailableMailError:
                readings[uid] = None
                continue
            readings[uid] = Reading(Kind.UNREADABLE) if raw is None else self._read(raw)
        return readings

    def _read(self, raw: bytes) -> Reading:
        try:
            return read(raw, self._identity, at=time.time())
        except Exception as error:  # noqa: BLE001 - anyone may write a mail, and it must not come back at each look
            self._log.warning("mail not understood", error=type(error).__name__, octets=len(raw))
            return Reading(Kind.UNREADABLE)

    async def _take(self, reading: Reading, events: EventSink, puts: dict[str, asyncio.Future[None]]) -> None:
        """Makes durable what a mail says. `puts` are under way, by key: the same mail beside itself comes once."""
        for event in reading.events:
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


def pause_s(poll: float, refusals: int) -> float:
    """Returns the seconds until the next look, after so many refused logins in a row."""
    return max(poll, min(poll * 2.0 ** min(refusals, 16), PAUSE_MOST_S)) if refusals else poll


async def _in_thread(mailbox: Mailbox, step: Callable[..., Any], *arguments: Any) -> Any:
    """Returns the step's answer; a cancellation wakes the thread instead of leaving it to its time-out."""
    try:
        return await asyncio.to_thread(step, *arguments)
    except asyncio.CancelledError:
        mailbox.interrupt()
        raise

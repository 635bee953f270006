"""Every call that holds, or may hold, one of the line's channels. A channel is free again only once it is certainly so.

A call whose end is unknown (the link was lost, nobody answered) is counted until Asterisk has said that its
channel is gone, or does not list it any more: channels are never one more than configured, whatever fails.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from drivers.asterisk.ami import Connection, Event
from drivers.asterisk.call import OTHER_HALF, Call
from drivers.asterisk.engaged import Engaged
from drivers.asterisk.report import Report
from drivers.asterisk.script import UNKNOWN, CallPlan
from drivers.asterisk.timing import Timing

UPTIME_S: Final = 1.5
"""Asterisk tells its uptime in whole seconds, and the telling takes a moment."""


class Switchboard:
    """The calls of one line."""

    def __init__(self, channels: int, timing: Timing, account: str = "", engaged: Engaged | None = None) -> None:
        """`account`: the account code that all calls of this line bear, those of an earlier life too; `engaged`: shared
        with the lines that must not call the same numbers meanwhile."""
        self._account = account
        self._engaged = Engaged() if engaged is None else engaged
        self._channels = channels
        self._timing = timing
        self._calls: dict[str, Call] = {}
        self._ghosts: dict[str, Call] = {}
        """Those of them that nobody waits for, some that are waited for again among them."""
        self._freed = asyncio.Event()
        self._booted_at = 0.0
        """When the Asterisk that was last connected to started, monotonic s."""

    @property
    def used(self) -> int:
        return len(self._calls)

    @property
    def doubted(self) -> int:
        """Channels counted only because nobody knows that they are free."""
        return sum(not call.awaited for call in self._calls.values())

    def find(self, attempt: str) -> Call | None:
        return self._calls.get(attempt)

    # ------------------------------------------------------------------------------------------------------- channels

    async def room(self, within_s: float) -> bool:
        """Waits for a free channel; True once there is one, to be taken at once."""
        try:
            async with asyncio.timeout(within_s):
                while len(self._calls) >= self._channels:
                    self._freed.clear()
                    await self._freed.wait()
        except TimeoutError:
            return False
        return True

    def take(self, attempt: str, plan: CallPlan, to: str | None = None) -> Call:
        call = self._calls[attempt] = Call(attempt, plan, self._timing, to)
        call.awaited = True
        if to is not None:
            self._engaged.take(to, attempt)
        return call

    def free(self, to: str) -> bool:
        """Whether nobody calls that number, nor may."""
        return self._engaged.free(to)

    def leave(self, call: Call) -> None:
        """Stops waiting for the call; its channel is counted until it is gone."""
        call.awaited = False
        if call.gone or not call.was_placed:
            self._drop(call)
        else:
            self._ghosts[call.attempt] = call
            call.counted_until = time.monotonic() + self._timing.ghost_s

    def _drop(self, call: Call) -> None:
        self._ghosts.pop(call.attempt, None)
        if self._calls.pop(call.attempt, None) is not None:
            if call.to is not None:
                self._engaged.leave(call.to, call.attempt)
            self._freed.set()

    # --------------------------------------------------------------------------------------------------------- events

    def hear(self, event: Event) -> Call | None:
        """Gives an event to its call; returns the call if it had been given up and is over now."""
        # A call dials, too (detection, a transfer): what is said of dialling is about the channel that is called.
        name = event["destuniqueid"] or event["uniqueid"]
        attempt = name.removesuffix(OTHER_HALF)
        call = self._calls.get(attempt)
        if call is None and self._own(attempt, event["destaccountcode"]) and event.name == "DialState":
            # Asked for in an earlier life, and carried out only now.
            call = self._adopt(attempt)
        if call is None:
            return None
        known = call.evidence.report
        call.hear(event)
        if call.awaited:
            return None
        if call.gone:
            self._drop(call)
        return call if call.doubt and known is None and call.evidence.report is not None else None

    # ----------------------------------------------------------------------------------------------- after a lost link

    def orphan(self) -> None:
        """Lets the calls of a lost link wait for the next one, for a while."""
        loop = asyncio.get_running_loop()
        for call in self._calls.values():
            if call.awaited and call.was_placed:
                call.orphaned(loop.call_later(self._timing.lost_s, call.give_up, "link_lost"))

    async def reconcile(self, connection: Connection, kept: Mapping[str, Report] = MappingProxyType({})) -> list[Call]:
        """Compares what is counted with what Asterisk lists; returns calls that ended meanwhile and had been given up.

        What is not listed is in doubt: it ended without being heard, was never carried out, or will be. Unless its
        person pressed a key that was `kept`.
        """
        listed = await _listed(connection)
        late = []
        # Events that came before the list are older than it: they are the better knowledge.
        while not connection.events.empty():
            call = self.hear(connection.events.get_nowait())
            if call is not None:
                late.append(call)
        another = connection.booted_at - self._booted_at > UPTIME_S
        self._booted_at = connection.booted_at
        for call in list(self._calls.values()):
            if not call.was_placed:
                continue
            if another:
                call.buried()
            if call.attempt in listed:
                call.found(listed[call.attempt]["channelstate"])
            else:
                if call.attempt in kept:
                    call.read(kept[call.attempt])
                    if call.doubt and not call.awaited:
                        late.append(call)
                call.give_up("link_lost")
                if call.gone and not call.awaited:
                    self._drop(call)
        for attempt, event in listed.items():
            if self._own(attempt, event["accountcode"]) and attempt not in self._calls:
                self._adopt(attempt, event["channelstate"])
        return late

    def _own(self, attempt: str, account: str) -> bool:
        """Whether a channel is a call of this line."""
        # Far halves and transfers inherit the account; their ids have a mark that ours never has.
        return bool(account) and account == self._account and attempt.isalnum()

    def _adopt(self, attempt: str, state: str = "") -> Call:
        """A call of an earlier life of ours: its plan is not known any more, its channel counts."""
        call = Call(attempt, UNKNOWN, self._timing)
        self._calls[attempt] = self._ghosts[attempt] = call
        call.placed()
        call.found(state)
        call.doubt = "restarted"
        call.counted_until = time.monotonic() + self._timing.ghost_s
        return call

    def expect(self, attempt: str, to: str, within_s: float) -> Call | None:
        """A call of an earlier life; answers it if it lives. If not, Asterisk may still carry it out for some time, and
        its channel counts."""
        call = self._calls.get(attempt)
        if call is not None:
            call.to = to
            self._engaged.take(to, attempt)
        elif within_s > 0:
            expected = self._adopt(attempt)
            self._engaged.take(to, attempt)
            expected.to, expected.counted_until = to, time.monotonic() + within_s
        return call

    def sweep_due(self) -> float | None:
        """Seconds until calls that nobody waits for should be looked for again; None when there are none."""
        times = [call.counted_until for call in self._ghosts.values() if not call.awaited]
        return max(0.0, min(times) - time.monotonic()) if times else None

    async def sweep(self, connection: Connection) -> None:
        """Frees the channels of calls that nobody waits for and that Asterisk does not list."""
        listed = await _listed(connection)
        now = time.monotonic()
        for call in list(self._calls.values()):
            if not call.awaited and call.counted_until <= now:
                if call.attempt in listed:
                    call.counted_until = now + self._timing.ghost_s
                else:
                    self._drop(call)


async def _listed(connection: Connection) -> Mapping[str, Event]:
    """Asterisk's channels by their unique id."""
    answer = await connection.action("CoreShowChannels", listing=True)
    return {event["uniqueid"]: event for event in answer.events if event.name == "CoreShowChannel"}

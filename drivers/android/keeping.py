"""What keeps any phone's line alive: greet it, serve it while it answers, wait for it when it is gone.

A phone that sleeps or has lost its Wi-Fi is `recovering`: it is looked for less and less often, at most 15 s apart. One
that refuses our credentials is `quarantined` and asked once a minute.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final

import structlog

from drivers.android.errors import CredentialsError, PhoneError, UnreachableError
from drivers.android.timing import Timing
from drivers.base import EventSink, LineState, LineStatus

Look = Callable[[], Awaitable[Mapping[str, Any]]]
"""Asks the phone; `signal`, `operator` and `detail` where it tells them. Raises `PhoneError`."""
QUIET_S: Final = 60.0
"""Between two lines of the log on the same trouble."""

log = structlog.get_logger("drivers.android")


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """All at once until one fails; raises its `PhoneError` by itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except* PhoneError as errors:
        first: BaseException = errors
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None


class Keeper:
    def __init__(self, line: str, timing: Timing) -> None:
        self._line, self._timing = line, timing
        self._status = LineStatus("starting")
        self._events: EventSink | None = None
        self._known: Mapping[str, Any] = {}
        self._doubted = asyncio.Event()
        self._refused: CredentialsError | None = None
        self._fault: str | None = None
        self._rests_until = self._rest_s = 0.0
        self._complained: dict[str, float] = {}

    @property
    def ready(self) -> bool:
        return self._status.state == "ready" and self._refused is None and not self._resting

    @property
    def _resting(self) -> bool:
        return time.monotonic() < self._rests_until

    def rest(self, reason: str) -> None:
        """The phone answers, but cannot send for a fault of its own: others shall not fail one after the other."""
        if not self._resting:
            self._rest_s = min(2 * self._rest_s or self._timing.fault_s, self._timing.fault_max_s)
            self._fault, self._rests_until = reason, time.monotonic() + self._rest_s
        self._doubted.set()

    def rested(self) -> None:
        """It can send after all: the next rest is short again."""
        self._rest_s = 0.0

    @property
    def reason(self) -> str:
        if self._resting and self._fault is not None:
            return self._fault
        return self._status.reason or (self._refused.reason if self._refused is not None else "not_ready")

    def doubt(self, error: PhoneError) -> None:
        """A sender has met that: look at the phone at once; credentials refused end this connection."""
        if isinstance(error, CredentialsError):
            self._refused = error
        if isinstance(error, (UnreachableError, CredentialsError)):
            self._doubted.set()

    def complain(self, event: str, error: Exception) -> None:
        """A line in the log, now and then; an error's text never holds numbers, texts or secrets."""
        now = time.monotonic()
        if now - self._complained.get(event, -QUIET_S) >= QUIET_S:
            self._complained[event] = now
            log.warning(event, line=self._line, reason=str(error) if isinstance(error, PhoneError) else type(error))

    async def run(self, events: EventSink, greet: Look, serve: Callable[[EventSink], Awaitable[None]]) -> None:
        """Until cancelled."""
        self._events = events
        await self._show("starting")
        waited = 0.0
        while True:
            try:
                self._known = await greet()
                self._doubted.clear()
                self._refused = None
                waited = 0.0
                await self._show_served()
                await serve(events)
            except CredentialsError as error:
                await self._show("quarantined", error.reason)
                self.complain("credentials refused", error)
                await asyncio.sleep(self._timing.refused_s)
            except PhoneError as error:
                await self._show("recovering", error.reason)
                rest = min(max(waited, self._timing.back_s), self._timing.back_max_s)
                waited += rest
                await asyncio.sleep(rest)
            except Exception as error:  # noqa: BLE001 - the line's outermost edge: it fails alone, and goes on
                await self._show("recovering", "internal_error")
                self.complain("line failed", error)
                await asyncio.sleep(self._timing.back_max_s)

    async def look(self, health: Look) -> None:
        """Battery, signal and the like, slowly; at once when a sender doubts the phone. Raises `PhoneError`."""
        while True:
            rest = self._rests_until - time.monotonic()
            try:
                async with asyncio.timeout(min(self._timing.health_s, rest) if rest > 0 else self._timing.health_s):
                    await self._doubted.wait()
            except TimeoutError:
                pass
            self._doubted.clear()
            if self._refused is not None:
                raise self._refused
            self._known = await health()
            await self._show_served()

    async def _show_served(self) -> None:
        """It answers: ready, or waiting until it may be able to send."""
        if self._resting:
            await self._show("waiting", self._fault)
        else:
            await self._show("ready")

    async def _show(self, state: LineState, reason: str | None = None) -> None:
        known = self._known if state in ("ready", "waiting") else {}
        status = LineStatus(
            state, reason, known.get("signal"), known.get("operator"), known.get("detail") or self._status.detail
        )
        if status != self._status or state == "starting":
            self._status = status
            if self._events is not None:
                await self._events.put(status)

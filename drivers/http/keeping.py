"""What keeps the line of a service alive: looks at it now and then while it is well, and waits for it while it is not.

A service that cannot be reached is `recovering`, looked for more and more seldom. One that refuses our credentials is
`quarantined`: only a person can put that right, so it is asked seldom.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog

from drivers.base import (
    NETWORK_FORBIDDEN,
    Blame,
    EventSink,
    LineError,
    LineState,
    LineStatus,
    NotSent,
    Outcome,
)

DOUBTFUL: Final = frozenset(
    {
        *(
            NETWORK_FORBIDDEN,
            "connect_failed",
            "host_unknown",
            "tls_failed",
            "certificate_invalid",
            "timeout",
            "connection_lost",
        ),
        *("unauthorized", "credentials_refused", "forbidden", "phone_unknown", "not_registered"),
        *("account_blocked", "account_locked"),
    }
)
"""Reasons for which a look is worth its request; a limit, say, would only be reached sooner."""


class UnusableError(LineError):
    """The service cannot be used now; `blocked` until a person puts something right. The text never holds a secret."""

    def __init__(self, reason: str, *, blocked: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.blocked = blocked


@dataclass(frozen=True, slots=True)
class Health:
    """What a look told, for people."""

    operator: str | None = None
    detail: Mapping[str, Any] | None = None


Look = Callable[[], Awaitable[Health]]
"""Asks the service how it is; raises `UnusableError`. Bounded in time by itself."""


@dataclass(frozen=True, slots=True)
class Rests:
    """Seconds between looks."""

    well_s: float
    back_s: float
    """The first pause before a service that is gone is looked for again; each one equals the time already waited."""
    back_most_s: float
    blocked_s: float


class Keeper:
    def __init__(self, log: structlog.typing.FilteringBoundLogger, rests: Rests) -> None:
        self._log, self._rests = log, rests
        self._status = LineStatus("starting")
        self._doubted = asyncio.Event()

    @property
    def ready(self) -> bool:
        return self._status.state == "ready"

    @property
    def reason(self) -> str:
        return self._status.reason or "not_ready"

    def met(self, outcome: Outcome) -> None:
        """What a send has met: one that could not reach it, or was refused for its credentials, has it looked at."""
        if isinstance(outcome, NotSent) and outcome.blame is Blame.LINE and outcome.reason in DOUBTFUL:
            self._doubted.set()

    async def run(self, events: EventSink, look: Look) -> None:
        """Until cancelled."""
        waited = 0.0
        try:
            while True:
                self._doubted.clear()
                try:
                    health = await look()
                except UnusableError as error:
                    rest = self._rests.blocked_s if error.blocked else self._back(waited)
                    waited += rest
                    await self._trouble(events, "quarantined" if error.blocked else "recovering", error.reason)
                    await asyncio.sleep(rest)
                    continue
                except Exception as error:  # noqa: BLE001 - the line's outermost edge: it fails alone, and goes on
                    self._log.error("look failed", error=type(error).__name__, at=_place(error))
                    await self._trouble(events, "recovering", "internal_error")
                    await asyncio.sleep(self._rests.back_most_s)
                    continue
                waited = 0.0
                await self._show(events, LineStatus("ready", operator=health.operator, detail=health.detail or {}))
                try:
                    async with asyncio.timeout(self._rests.well_s):
                        await self._doubted.wait()
                except TimeoutError:
                    pass
                else:
                    # Sends that fail while looks succeed must not make a storm of looks.
                    await asyncio.sleep(self._rests.back_s)
        finally:
            self._status = LineStatus("starting")

    def _back(self, waited: float) -> float:
        return min(max(waited, self._rests.back_s), self._rests.back_most_s)

    async def _trouble(self, events: EventSink, state: LineState, reason: str) -> None:
        if (self._status.state, self._status.reason) != (state, reason):
            self._log.warning("service not usable", state=state, reason=reason)
        await self._show(events, LineStatus(state, reason))

    async def _show(self, events: EventSink, status: LineStatus) -> None:
        if status != self._status:
            self._status = status
            await events.put(status)


def _place(error: BaseException) -> str:
    """File and line an error was raised at: its text might hold what no log may."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""

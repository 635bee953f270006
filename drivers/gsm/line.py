"""A modem as a line of the gateway: finds it, opens it, opens it again, and knows when to leave it alone."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drivers.base import (
    EventSink,
    LineError,
    LineState,
    NotDurableError,
    NotSent,
    OpenAttempt,
    OutboundMessage,
    Outcome,
    PointOfNoReturn,
    spoken,
)
from drivers.gsm.board import Board
from drivers.gsm.connection import Connection
from drivers.gsm.discovery import appearance_of, census
from drivers.gsm.errors import BlockedError, PortLostError, RecoveryFailedError, UnavailableError
from drivers.gsm.journal import Journal
from drivers.gsm.known import Known
from drivers.gsm.options import GsmOptions, require_usable
from drivers.gsm.pace import Pace
from drivers.gsm.port import SerialPort
from drivers.gsm.recovery import Backoff
from drivers.gsm.timing import Timing
from drivers.gsm.vigil import Vigil

SIM_AWAY = ("no_sim", "sim_failure")
"""Why a line is left alone, where the modem itself may say that it is over."""


class GsmLine:
    """Implements `drivers.base.Line` for one modem, over as many connections as it takes."""

    def __init__(self, name: str, options: GsmOptions, timing: Timing | None = None) -> None:
        require_usable(options)
        self._options = options
        self._timing = timing or Timing()
        self._journal = Journal(name)
        self._known = Known(Pace(self._timing), imei=options.imei, imsi=options.imsi)
        self._backoff = Backoff(self._timing)
        self._connection: Connection | None = None
        self._board: Board | None = None

    @property
    def capacity(self) -> int:
        return 1

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        if self._connection is None:
            return NotSent((self._board and self._board.status.reason) or "not_ready", counts=False)
        return await self._connection.send(message, point_of_no_return)

    async def resume(self, attempts: Sequence[OpenAttempt]) -> Mapping[str, Outcome]:  # noqa: ARG002
        """Returns nothing: a modem does not remember what it sent, so every open attempt stays in doubt."""
        return {}

    async def command(self, name: str, argument: str = "") -> Mapping[str, Any]:
        """`ussd` with a code, `signal`. Raises `LineError`."""
        if self._connection is None:
            raise LineError(spoken("the modem is not connected"))
        match name:
            case "ussd":
                return await self._connection.ussd(argument)
            case "signal":
                return await self._connection.look()
        raise LineError(spoken("a GSM line answers: ussd, signal"))

    async def run(self, events: EventSink) -> None:
        self._board = board = Board(events)
        await board.show("starting")
        path: str | None = None
        state: LineState
        while True:
            appearance = None
            try:
                path = await self._find()
                appearance = appearance_of(path)
                await self._connect(path, events, board)
            except UnavailableError as error:
                if error.reason == "missing":
                    await board.show("recovering", "port_missing")
                    await self._await_device(path)
                    continue
                state, reason, pause = "recovering", f"port_{error.reason}", self._backoff.unavailable()
            except PortLostError:
                state, reason, pause = self._failed("port_lost")
            except BlockedError as error:
                sim_away = error.reason in SIM_AWAY
                pause = self._backoff.absent() if sim_away else self._backoff.blocked()
                state, reason = "quarantined", error.reason
                self._journal.warning("needs a person", reason=reason, error=str(error))
                if path is not None:
                    census().forget(path)
            except RecoveryFailedError as error:
                self._journal.warning("modem failed", error=str(error))
                state, reason, pause = self._failed(error.reason)
            except NotDurableError:
                # Not acknowledged, so the modem brings it again; it is not at fault.
                state, reason, pause = "recovering", "store_unavailable", self._backoff.unavailable()
            except Exception as error:  # noqa: BLE001 - the line's outermost edge: it fails alone, and goes on
                self._journal.warning("line failed", error=type(error).__name__, at=_place(error))
                state, reason, pause = self._failed("internal_error")
            await board.show(state, reason)
            if path is not None and reason in (*SIM_AWAY, "modem_silent"):
                await self._listen(pause, path, appearance)
            else:
                await self._rest(pause, path, appearance)

    # ----------------------------------------------------------------------------------------------- one connection

    async def _find(self) -> str:
        if self._options.port is not None:
            return self._options.port
        return await census().find(self._options, self._timing)

    async def _connect(self, path: str, events: EventSink, board: Board) -> None:
        port = await SerialPort.open(path, self._options.baud)
        connection = Connection(
            port,
            self._options,
            self._known,
            events=events,
            board=board,
            timing=self._timing,
            journal=self._journal,
        )
        self._connection = connection
        try:
            await connection.run()
        finally:
            self._connection = None
            if connection.was_ready:
                self._backoff.succeeded()

    def _failed(self, reason: str) -> tuple[LineState, str, float]:
        pause = self._backoff.failed()
        return "quarantined" if self._backoff.quarantined else "recovering", reason, pause

    # ------------------------------------------------------------------------------------------------------- waiting

    async def _await_device(self, path: str | None) -> None:
        """Waits until the link is back (one `stat` a second), or until it is time for another search."""
        if self._options.port is None or path is None:
            await asyncio.sleep(self._timing.backoff_s)
            return
        while appearance_of(path) is None:  # noqa: ASYNC110 - udev says nothing; one stat a second costs nothing
            await asyncio.sleep(self._timing.absent_s)
        await asyncio.sleep(self._timing.settle_s)

    async def _listen(self, pause: float, path: str, appearance: tuple[int, ...] | None) -> None:
        """Pauses, and ends that soon after the modem has said something of a SIM or a restart."""
        began = asyncio.get_running_loop().time()
        async with Vigil.keep(path, self._options.baud) as vigil:
            waiting = asyncio.create_task(vigil.news.wait())
            resting = asyncio.create_task(self._rest(pause, path, appearance))
            try:
                await asyncio.wait((waiting, resting), return_when=asyncio.FIRST_COMPLETED)
            finally:
                waiting.cancel()
                resting.cancel()
        if vigil.news.is_set():
            soonest = began + min(self._timing.hint_s, pause)
            await asyncio.sleep(max(soonest - asyncio.get_running_loop().time(), 0))

    async def _rest(self, pause: float, path: str | None, appearance: tuple[int, ...] | None) -> None:
        """Pauses; a device that was taken away or plugged in again meanwhile ends it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + pause
        while (left := until - loop.time()) > 0:
            if path is not None and appearance_of(path) != appearance:
                return
            await asyncio.sleep(min(left, self._timing.absent_s))


def _place(error: BaseException) -> str:
    """Returns file and line an error was raised at: its text might hold what no log may."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""

"""One connection to one modem: from the open port to its loss, then never used again.

Three tasks live in it: routed and stored messages of the `Receiver`, and `_serve`, which initialises the modem, looks
after it and attends to alarms. Sending runs in the caller's task.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from math import inf
from typing import Any

from drivers.base import Accepted, EventSink, LineError, NotSent, OutboundMessage, Outcome, PointOfNoReturn
from drivers.gsm import at
from drivers.gsm.board import Board
from drivers.gsm.dialogue import Dialogue
from drivers.gsm.errors import PortLostError, RecoveryFailedError, SilentError
from drivers.gsm.journal import Journal
from drivers.gsm.known import Known
from drivers.gsm.modem import Modem
from drivers.gsm.options import GsmOptions
from drivers.gsm.port import SerialPort
from drivers.gsm.radio import Ladder, Registration
from drivers.gsm.receiving import Receiver
from drivers.gsm.recovery import climb
from drivers.gsm.sending import Alarm, Sender
from drivers.gsm.timing import Timing
from drivers.gsm.ussd import Ussd


class Connection:
    def __init__(
        self,
        port: SerialPort,
        options: GsmOptions,
        known: Known,
        *,
        events: EventSink,
        board: Board,
        timing: Timing,
        journal: Journal,
    ) -> None:
        self._port = port
        self._board = board
        self._timing = timing
        self._journal = journal
        self._loop = asyncio.get_running_loop()
        self._known = known
        self._dialogue = Dialogue(port, self, timing, known.pace)
        pin = options.pin.get_secret_value() if options.pin is not None else None
        self._modem = Modem(self._dialogue, known, timing, pin, options.smsc)
        self._sender = Sender(self._dialogue, self._modem, timing, self._alarm, journal)
        self._receiver = Receiver(self._dialogue, self._modem, self._sender, events, timing=timing, journal=journal)
        self._ussd = Ussd(self._dialogue, timing)
        self._alarms: set[Alarm] = set()
        self._bell = asyncio.Event()
        self._registration = Registration(0)
        self._ladder = Ladder(timing)
        self._unacknowledged = 0
        self._sim_gone = False
        self._doubted_at = -inf
        self._look_at = 0.0
        self._rest_reason = ""
        self._rest_until = 0.0
        self._rest_s = 0.0
        self._initialised_for_blocked = False
        self._dialogue.may_submit = False
        self.was_ready = False
        """Whether it ever took messages: a connection that did has proven the device."""

    # ------------------------------------------------------------------------------------------------ what lines ask

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        if not self._ready:
            return NotSent(self._board.status.reason or "not_ready", counts=False)
        outcome = await self._sender.send(message, point_of_no_return)
        if type(outcome) is Accepted:
            self._rest_s = 0.0
            self._initialised_for_blocked = False
        return outcome

    @property
    def _ready(self) -> bool:
        """Whether it takes messages: initialised, registered, and not resting."""
        return self._dialogue.may_submit

    async def ussd(self, code: str) -> dict[str, Any]:
        self._require_modem()
        text, more = await self._ussd.ask(code, self._modem.profile, ucs2=self._modem.can.text_mode)
        return {"text": text, "reply_expected": more}

    async def look(self) -> dict[str, Any]:
        """Returns signal, operator and registration as they are now."""
        self._require_modem()
        radio = self._modem.radio
        registration = await radio.registration()
        return {
            "signal": await radio.signal(),
            "operator": await radio.operator() if registration.registered else None,
            "registered": registration.registered,
            "roaming": registration.roaming,
        }

    def _require_modem(self) -> None:
        state = self._board.status.state
        if state not in ("ready", "waiting"):
            raise LineError(f"the line is {state}")

    async def run(self) -> None:
        """Brings the modem up and serves it; ends by a `ModemError`, a failure of the event sink, or cancellation."""
        self._port.attach(self._dialogue.feed, self._dialogue.lost)
        tasks = [
            asyncio.create_task(each)
            for each in (self._serve(), self._receiver.run_routed(), self._receiver.run_stored())
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            self._dialogue.may_submit = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._receiver.close()
            self._dialogue.close()
            await self._port.close()

    # ---------------------------------------------------------------------------------------------- Dialogue.Listener

    def on_unsolicited(self, code: at.Unsolicited) -> None:
        if not self._modem.can.text_mode and at.written_out(code.line):
            self._alarm(Alarm.MAYBE_REBOOTED)  # somebody has set text mode
        if self._receiver.on_unsolicited(code) or self._ussd.on_unsolicited(code):
            return
        line = code.line
        if line.startswith("+CREG:"):
            stat = at.number(line[6:].split(",")[0].strip())
            registered = stat is None or Registration(stat).registered
            if registered != self._ready:  # some modems say the same again and again
                self._alarm(Alarm.REGISTRATION)
            if not registered:
                self._dialogue.may_submit = False
        elif (there := at.sim_state(line)) is not None:
            self._on_sim(there)
        elif at.booted(line) and self._loop.time() >= self._doubted_at + self._timing.busy_pause_s:
            self._doubted_at = self._loop.time()
            self._alarm(Alarm.MAYBE_REBOOTED)

    def on_late_reference(self, token: Any, reference: str) -> None:
        attempt, part = token
        self._receiver.late(attempt, part, reference)

    def on_echo(self) -> None:
        self._dialogue.may_submit = False
        self._alarm(Alarm.REBOOTED)

    def on_silent(self) -> None:
        self._dialogue.may_submit = False
        self._alarm(Alarm.SILENT)

    def on_lost(self) -> None:
        self._dialogue.may_submit = False
        self._alarm(Alarm.LOST)

    def on_acknowledged(self, ok: bool) -> None:
        self._unacknowledged = 0 if ok else self._unacknowledged + 1
        if self._unacknowledged == 2 and self._known.acknowledges:
            self._known.acknowledges = False
            self._alarm(Alarm.ROUTING)

    def _on_sim(self, there: bool) -> None:
        """Acts on a SIM that is ready, or is not: one that comes back has other settings, or is another."""
        if there and self._sim_gone:
            self._alarm(Alarm.SIM)
        elif not there:
            self._dialogue.may_submit = False
            self._alarm(Alarm.REGISTRATION)
        self._sim_gone = not there

    def _alarm(self, alarm: Alarm) -> None:
        self._alarms.add(alarm)
        self._bell.set()

    # --------------------------------------------------------------------------------------------------- looking after

    async def _serve(self) -> None:
        await self._bring_up("modem_silent")
        now = self._loop.time()
        pulse = now + self._jitter(self._timing.pulse_s)
        sweep = now + self._jitter(self._timing.sweep_s)
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min(pulse, self._look_at, sweep, self._rest_until or pulse)):
                    await self._bell.wait()
            alarms, self._alarms = self._alarms, set()
            self._bell.clear()
            now = self._loop.time()
            try:
                await self._attend(alarms)
                if self._rest_until and now >= self._rest_until:
                    self._rest_until = self._look_at = 0.0
                if now >= pulse:
                    pulse = now + self._jitter(self._timing.pulse_s)
                    if await self._modem.lost_settings():
                        await self._begin_again("modem_restarted")
                if now >= self._look_at:
                    await self._look()
                if now >= sweep:
                    sweep = now + self._jitter(self._timing.sweep_s)
                    self._receiver.sweep()
            except SilentError:
                # One answer that stayed away: the dialogue asks AT by itself and rings if that stays away too.
                self._look_at = self._loop.time() + self._timing.probe_s

    def _jitter(self, seconds: float) -> float:
        """Returns somewhat less: modems opened at the same instant shall not all be asked at the same instant later."""
        return seconds * random.uniform(0.85, 1.0)  # noqa: S311 - no secret

    async def _attend(self, alarms: set[Alarm]) -> None:
        if Alarm.LOST in alarms:
            raise PortLostError("the port is gone")
        if Alarm.SILENT in alarms:
            await self._begin_again("modem_silent")
        elif Alarm.REBOOTED in alarms or (Alarm.MAYBE_REBOOTED in alarms and await self._modem.lost_settings()):
            await self._begin_again("modem_restarted")
        elif Alarm.SIM in alarms:
            await self._begin_again("sim_changed")
        elif Alarm.ROUTING in alarms:
            await self._begin_again("routing_failed")
        elif Alarm.BLOCKED in alarms:
            await self._unblock()
        elif Alarm.QUOTA in alarms:
            await self._take_rest("quota")
        elif Alarm.REGISTRATION in alarms:
            self._look_at = 0.0
        if Alarm.FULL in alarms:
            self._receiver.sweep()

    async def _begin_again(self, reason: str) -> None:
        self._dialogue.may_submit = False
        self._journal.warning("recovering", reason=reason)
        await self._board.show("recovering", reason)
        await self._bring_up(reason)

    async def _bring_up(self, reason: str) -> None:
        """Climbs the ladder within the connection; raises `RecoveryFailedError` at its top."""
        try:
            rung = await climb(self._modem)
        except SilentError as error:
            raise RecoveryFailedError(reason, str(error)) from error
        self._journal.info("modem up", rung=rung)
        # What was noticed before is settled by this.
        self._alarms -= {Alarm.SILENT, Alarm.REBOOTED, Alarm.MAYBE_REBOOTED, Alarm.REGISTRATION, Alarm.SIM}
        self._look_at = 0.0
        self._receiver.sweep()

    async def _unblock(self) -> None:
        """Puts the settings (SMSC, PIN) of a SIM or modem right that refuses to send; if it refuses again, it rests."""
        if self._initialised_for_blocked:
            await self._take_rest(self._sender.blocked_by)
            return
        self._initialised_for_blocked = True
        await self._begin_again(self._sender.blocked_by)

    async def _take_rest(self, reason: str) -> None:
        timing = self._timing
        self._rest_s = min(max(2 * self._rest_s, timing.quota_pause_s), timing.quota_pause_max_s)
        self._rest_until = self._loop.time() + self._rest_s
        self._rest_reason = reason
        self._dialogue.may_submit = False
        self._journal.warning("resting", reason=reason, seconds=self._rest_s)
        await self._board.show("waiting", reason)

    async def _look(self) -> None:
        """Asks for registration, signal and operator, and reports the state that follows from them."""
        modem, radio = self._modem, self._modem.radio
        timing = self._timing
        was_registered = self._registration.registered
        self._registration = registration = await radio.registration()
        await self._help(registration.registered)
        signal = await radio.signal()
        if registration.registered and not (was_registered and modem.can.operator):
            modem.can.operator = await radio.operator()
        detail = {
            **modem.can.model,
            "roaming": registration.roaming,
            "reports": modem.can.reports,
            **({"text_mode": True} if modem.can.text_mode else {}),
            "unreadable": self._receiver.unreadable,
        }
        resting = self._rest_until > self._loop.time()
        self._dialogue.may_submit = registration.registered and not resting
        self.was_ready = self.was_ready or self._ready
        self._look_at = self._loop.time() + self._jitter(
            timing.health_s if registration.registered else timing.waiting_s
        )
        await self._board.show(
            "ready" if self._ready else "waiting",
            None if self._ready else self._rest_reason if resting else registration.word,
            signal=signal,
            operator=modem.can.operator,
            detail=detail,
        )

    async def _help(self, registered: bool) -> None:
        """Helps a modem that stays without a network; one whose radio is off at once."""
        rung = self._ladder.look(registered, self._loop.time())
        if registered:
            return
        if await self._modem.radio.switch_on():
            self._journal.warning("radio was off")
        elif rung == "modem":
            self._journal.warning("no network", help=rung)
            await self._modem.reset()
            await self._begin_again("no_network")
        elif rung is not None:
            self._journal.warning("no network", help=rung)
            await self._modem.radio.help(rung)

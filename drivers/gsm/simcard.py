"""The SIM's lock (27.007 §8.3): its state, its PIN, and the tries that are left."""

from __future__ import annotations

import asyncio
import contextlib

from drivers.gsm import at
from drivers.gsm.causes import is_busy
from drivers.gsm.errors import BlockedError, CommandFailedError, SilentError
from drivers.gsm.known import Known
from drivers.gsm.profile import Profile
from drivers.gsm.questions import Questions
from drivers.gsm.timing import Timing

_NOT_READY = "NOT READY"
"""What makers let +CPIN say while the SIM is still being read."""


class SimCard:
    """The one in the modem of a connection."""

    def __init__(self, questions: Questions, known: Known, timing: Timing, pin: str | None) -> None:
        self._questions = questions
        self._known = known
        self._timing = timing
        self._pin = pin

    async def unlock(self, profile: Profile) -> None:
        """Brings the SIM to where it can be used. Raises `BlockedError` where only a person can."""
        state = await self._state()
        if state == "SIM PIN":
            await self._enter_pin(profile)
            state = await self._await_ready()
        if "PUK" in state and state not in ("SIM PUK2", "PH-NET PUK"):
            raise BlockedError("puk_required", "the SIM wants its PUK")
        if state.startswith("PH-"):
            raise BlockedError("modem_locked", f"the modem is locked to another SIM or network: {state}")
        if state in (_NOT_READY, "NOT INSERTED"):
            raise BlockedError("no_sim", "the modem does not see a SIM that is ready")
        if state not in ("READY", "SIM PIN2", "SIM PUK2"):
            raise SilentError("the SIM's state cannot be read")
        self._known.pin_tried = False

    async def _state(self) -> str:
        """Returns what +CPIN says, once the SIM is no longer busy or being read."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timing.sim_ready_s
        while True:
            reply = await self._questions.steady("AT+CPIN?", self._timing.sim_s, "+CPIN:", lenient=True)
            state = reply.value("+CPIN:") or "READY"
            waits = is_busy(reply.final) or (reply.ok and state == _NOT_READY)
            if not waits or loop.time() > deadline:
                break
            await asyncio.sleep(self._timing.busy_pause_s)
        if reply.ok:
            return state
        code = reply.final.code
        if code in (10, 310):
            raise BlockedError("no_sim", "there is no SIM in the modem")
        if code in (11, 311):
            return "SIM PIN"
        if code in (12, 316):
            return "SIM PUK"
        if code in (13, 15, 313, 315):
            raise BlockedError("sim_failure", "the SIM has failed")
        raise CommandFailedError("AT+CPIN?", reply.final)

    async def _enter_pin(self, profile: Profile) -> None:
        """Enters the PIN once, and never for the last time: a wrong one costs one of three tries."""
        if self._pin is None:
            raise BlockedError("pin_required", "the SIM wants its PIN and the line has none")
        if self._known.pin_tried:
            raise BlockedError("pin_wrong", "the SIM has refused its PIN; it is not tried again, a PUK would follow")
        left = await self._tries_left(profile)
        if left is not None and left < 2:
            raise BlockedError("pin_last_try", "one PIN try is left and it is kept for a person; a PUK would follow")
        self._known.pin_tried = True
        reply = await self._questions.ask(f'AT+CPIN="{self._pin}"', timeout_s=self._timing.sim_s)
        if not reply.ok:
            raise BlockedError("pin_wrong", "the SIM has refused its PIN; it is not tried again, a PUK would follow")

    async def _tries_left(self, profile: Profile) -> int | None:
        reply = await self._questions.ask("AT+CPINR")
        for line in reply.lines if reply.ok else ():
            fields = at.split_fields(line.partition(":")[2].strip())
            if fields[0] == "SIM PIN" and len(fields) > 1 and (left := at.number(fields[1])) is not None:
                return left
        if not profile.tries_left:
            return None
        fields = (await self._questions.ask(profile.tries_left, profile.tries_prefix)).fields(profile.tries_prefix)
        return at.number(fields[profile.tries_field]) if len(fields) > profile.tries_field else None

    async def _await_ready(self) -> str:
        """Returns the SIM's state once it has digested the PIN."""
        state = "SIM PIN"
        tries = max(1, round(self._timing.sim_ready_s / self._timing.busy_pause_s))
        for _ in range(tries):
            with contextlib.suppress(CommandFailedError):
                state = await self._state()
                if state != "SIM PIN":
                    return state
            await asyncio.sleep(self._timing.busy_pause_s)
        return state

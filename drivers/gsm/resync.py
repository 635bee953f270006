"""Back to a clean command line: ESC, silence, AT, OK, and proof that the answers are those to our questions again.

ESC leaves a prompt (27.005 §3.5.1) and means nothing elsewhere. An AT written into an open prompt would become text, so
after a prompt that stayed away the answer to ESC, or the late prompt, is awaited before AT is written.

Answers come in the order of the questions, so one question whose answer cannot be taken for another's tells which
are older, however late they are and whatever the modem says unasked.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from drivers.gsm import at
from drivers.gsm.pace import Pace
from drivers.gsm.timing import Timing

HELLO = "ATQ0V1E0"
"""Results on, in words, echo off (V.250 §6.2): another program may have left all three otherwise."""
CHECK = "AT+CMEE?"
_CHECKED = "+CMEE:"
"""What a modem answers it with (27.007 §9.1); nothing else asks for it."""


class Resync:
    """One resynchronisation of one dialogue, which feeds it what the modem says meanwhile."""

    def __init__(self, write: Callable[[bytes], None], ask: Callable[[str], None], pace: Pace, timing: Timing) -> None:
        """`write` writes octets, `ask` a command line."""
        self._write = write
        self._ask = ask
        self._pace = pace
        self._timing = timing
        self._loop = asyncio.get_running_loop()
        self._heard: deque[bool] = deque()
        """Of each final result and prompt: whether the answer to the check came before it."""
        self._bell = asyncio.Event()
        self._checked = False
        self._prompted = False
        self._heard_at = 0.0

    # --------------------------------------------------------------------------------------------- from the dialogue

    def on_line(self, line: str) -> None:
        """Takes a line that is no final result and no known unsolicited one."""
        self._heard_at = self._loop.time()
        if line.startswith(_CHECKED):
            self._checked = True

    def on_final(self) -> None:
        self._tell(self._checked)

    def on_prompt(self) -> None:
        self._prompted = True
        self._tell(False)

    def _tell(self, checked: bool) -> None:
        self._heard_at = self._loop.time()
        self._heard.append(checked)
        self._bell.set()

    # -------------------------------------------------------------------------------------------------------- its work

    async def run(self, late_prompt: bool) -> bool:
        """Returns whether the modem talks sense again. `late_prompt`: a prompt was asked for and may still come."""
        left, prompts = self._timing.probes, self._timing.probes
        while left and prompts:
            wait_s = self._pace.probe_s * (2 if left == 1 else 1)
            self._prompted = False
            self._write(at.ESC)
            if late_prompt:
                await self._hear(wait_s)
            await self._drain()
            if not self._prompted:
                self._ask(HELLO)
                answered = await self._hear(wait_s) is not None
                if not self._prompted and answered and await self._is_aligned(wait_s):
                    return True
            if self._prompted:
                prompts -= 1  # no answer, but a sign of life, to be left first
            else:
                left -= 1
            late_prompt = False
        return False

    async def _is_aligned(self, wait_s: float) -> bool:
        """Whether the modem answers the check; one that does not know it, or wants its PIN first, must fall quiet."""
        self._checked = False
        self._ask(CHECK)
        quiet_s = self._pace.quiet_s
        checked = await self._hear(wait_s)
        if checked is None:
            return False
        while checked is False and not self._prompted:
            checked = await self._hear(quiet_s)
        return not self._prompted

    async def _hear(self, seconds: float) -> bool | None:
        """Awaits a final result or a prompt and returns whether the check was answered before it; None after
        `seconds`."""
        if not self._heard:
            self._bell.clear()
            timer = self._loop.call_later(seconds, self._bell.set)
            try:
                await self._bell.wait()
            finally:
                timer.cancel()
        return self._heard.popleft() if self._heard else None

    async def _drain(self) -> None:
        """Waits until the modem has answered nothing for a while; what it answered is forgotten."""
        self._heard_at = began = self._loop.time()
        quiet_s = self._pace.quiet_s
        while True:
            now = self._loop.time()
            pause = min(self._heard_at + quiet_s, began + quiet_s + self._timing.drain_s) - now
            if pause <= 0:
                break
            await asyncio.sleep(pause)
        self._heard.clear()

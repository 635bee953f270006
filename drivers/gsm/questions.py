"""Questions to a modem that may be busy: asked again, a bounded number of times, until it is not."""

from __future__ import annotations

import asyncio

from drivers.gsm.at import Reply
from drivers.gsm.causes import is_busy
from drivers.gsm.dialogue import Dialogue
from drivers.gsm.timing import Timing


class Questions:
    """Those of one connection. Both raise `SilentError` and `PortLostError`."""

    def __init__(self, dialogue: Dialogue, timing: Timing) -> None:
        self._dialogue = dialogue
        self._timing = timing

    async def ask(self, command: str, prefix: str = "", timeout_s: float | None = None) -> Reply:
        """Returns the answer, whatever it is."""
        return await self._dialogue.command(command, prefix, timeout_s=timeout_s)

    async def steady(
        self, command: str, timeout_s: float | None = None, prefix: str = "", *, lenient: bool = False
    ) -> Reply:
        """Returns the first answer that is not "busy", or the last of all tries."""
        for _ in range(self._timing.busy_tries - 1):
            reply = await self._dialogue.command(command, prefix, timeout_s=timeout_s, lenient=lenient)
            if not is_busy(reply.final):
                return reply
            await asyncio.sleep(self._timing.busy_pause_s)
        return await self._dialogue.command(command, prefix, timeout_s=timeout_s, lenient=lenient)

    async def number(self, command: str, least: int) -> str | None:
        """Returns IMEI or IMSI as two answers in a row name it: a serial line may lose an octet, and much hangs on
        them."""
        last = None
        for _ in range(self._timing.busy_tries):
            found = digits_of(await self.steady(command, self._timing.sim_s), command[2:], least)
            if found is None or found == last:
                return found
            last = found
        return None


def digits_of(reply: Reply, command: str, least: int) -> str | None:
    """Returns the number that `command` (+CGSN, +CIMI) was answered by, `least` digits or more; None if it is none."""
    for line in reply.lines if reply.ok else ():
        found = line.removeprefix(f"{command}:").strip(' "')
        if found.isascii() and found.isdigit() and len(found) >= least:
            return found
    return None

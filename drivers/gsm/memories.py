"""The memories of modem and SIM that keep received messages (27.005 §3.2.2, §3.4.2 ff.)."""

from __future__ import annotations

from drivers.gsm import at
from drivers.gsm.questions import Questions
from drivers.gsm.timing import Timing

Stored = tuple[str, str]
"""The header of an answer to +CMGR, and what follows it: a PDU; in text mode a text, or nothing."""


class Memories:
    def __init__(self, questions: Questions, timing: Timing) -> None:
        self._questions = questions
        self._timing = timing
        self._selected: str | None = None
        self.names: tuple[str, ...] = ()
        """Those to read and empty; none where CPMS is unknown."""
        self.text_mode = False

    async def set_up(self) -> None:
        """Finds out which there are."""
        self._selected = None
        reply = await self._questions.steady("AT+CPMS=?", self._timing.sim_s, "+CPMS:")
        offered = at.groups(reply.value("+CPMS:") or "") if reply.ok else []
        self.names = tuple(name for name in (offered[0] if offered else ()) if name in ("SM", "ME", "SR"))

    async def listed(self, memory: str | None) -> list[tuple[int, Stored]]:
        """Returns index and content of every received message in `memory`, read or not; those that were sent or are
        to be sent are not ours."""
        if not await self._select(memory):
            return []
        command = 'AT+CMGL="ALL"' if self.text_mode else "AT+CMGL=4"
        reply = await self._questions.ask(command, "+CMGL:", self._timing.network_s)
        found: list[tuple[int, Stored]] = []
        for header, body in reply.entries("+CMGL:"):
            number, _, rest = header.partition(",")
            index = at.number(number.strip())
            if index is None or not rest.strip(' "').startswith(("0", "1", "REC ")):
                continue
            # A listing in text mode leaves out what tells a part of a long message.
            stored = await self.read(memory, index) if self.text_mode else (rest, body)
            if stored is not None and (stored[1] or self.text_mode):
                found.append((index, stored))
        return found

    async def read(self, memory: str | None, index: int) -> Stored | None:
        """Returns what is at `index`; None when it is gone (+CMS 321, or OK alone)."""
        if not await self._select(memory):
            return None
        reply = await self._questions.ask(f"AT+CMGR={index}", "+CMGR:", self._timing.sim_s)
        entries = reply.entries("+CMGR:") if reply.ok else ()
        return next((each for each in entries if each[1] or self.text_mode), None)

    async def delete(self, memory: str | None, index: int) -> None:
        """Frees the place; the second parameter of CMGD is left out, which some firmware does not know."""
        if await self._select(memory):
            await self._questions.ask(f"AT+CMGD={index}", timeout_s=self._timing.sim_s)

    async def _select(self, memory: str | None) -> bool:
        """Makes `memory` the one that CMGR, CMGL and CMGD mean (27.005 §3.2.2)."""
        if memory is None or memory == self._selected:
            return True
        self._selected = None
        reply = await self._questions.steady(f'AT+CPMS="{memory}"', self._timing.sim_s, "+CPMS:")
        if reply.ok:
            self._selected = memory
        return reply.ok

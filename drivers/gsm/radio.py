"""The modem's radio (27.007 §7.2, §7.3, §8.2): is there a network, how well, and what to do while there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from drivers.gsm import at
from drivers.gsm.questions import Questions
from drivers.gsm.timing import Timing

Rung = Literal["operator", "radio", "modem"]
"""What is done for a modem without a network: choose the operator anew, restart the radio, restart the modem."""

_RUNGS: tuple[Rung, ...] = ("operator", "radio", "modem")


@dataclass(frozen=True, slots=True)
class Registration:
    """`stat` of +CREG (27.007 §7.2)."""

    stat: int

    @property
    def registered(self) -> bool:
        return self.stat in (1, 5, 6, 7)

    @property
    def roaming(self) -> bool:
        return self.stat in (5, 7)

    @property
    def word(self) -> str:
        return {0: "not_registered", 2: "searching", 3: "registration_denied"}.get(self.stat, "not_registered")


class Ladder:
    """When a modem that stays without a network is helped, and by what: the least first, pauses that grow. Pure."""

    __slots__ = ("_climbed", "_next_at", "_timing")

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._climbed = 0
        self._next_at: float | None = None

    def look(self, registered: bool, now: float) -> Rung | None:
        """Takes how it stands at `now` (monotonic s) and returns what to do; None: nothing."""
        if registered:
            self._climbed, self._next_at = 0, None
            return None
        if self._next_at is None:
            self._next_at = now + self._timing.no_network_s
        if now < self._next_at:
            return None
        rung = _RUNGS[self._climbed % len(_RUNGS)]
        self._climbed += 1
        pause = self._timing.no_network_s * 2.0 ** min(self._climbed, 8)
        self._next_at = now + min(pause, self._timing.no_network_max_s)
        return rung


class Radio:
    def __init__(self, questions: Questions, timing: Timing) -> None:
        self._questions = questions
        self._timing = timing

    async def set_up(self) -> None:
        await self.switch_on()
        if not (await self._questions.steady("AT+CREG=1")).ok:
            await self._questions.ask("AT+CREG=0")
        await self._questions.ask("AT+COPS=3,0", timeout_s=self._timing.network_s)

    async def switch_on(self) -> bool:
        """Switches on a radio that was left off, by a program before us or by firmware that remembers it, in whatever
        way (0, 4, a maker's own 5 or 7); returns whether it was off."""
        level = (await self._questions.ask("AT+CFUN?", "+CFUN:")).fields("+CFUN:")[:1]
        if not level or level == ["1"] or at.number(level[0]) is None:
            return False
        await self._questions.steady("AT+CFUN=1", self._timing.radio_s)
        return True

    async def help(self, rung: Rung) -> None:
        """Does what can be done without restarting the modem itself."""
        if rung == "operator":
            await self._questions.ask("AT+COPS=0", timeout_s=self._timing.radio_s)
        elif rung == "radio":
            for command in ("AT+CFUN=0", "AT+CFUN=1"):
                await self._questions.steady(command, self._timing.radio_s)

    async def registration(self) -> Registration:
        found = Registration(0)
        for command in ("AT+CREG?", "AT+CEREG?"):
            prefix = f"{command[2:-1]}:"
            fields = (await self._questions.ask(command, prefix)).fields(prefix)
            stat = at.number(fields[1]) if len(fields) > 1 else None
            if stat is not None and (found.stat == 0 or Registration(stat).registered):
                found = Registration(stat)
            if found.registered:
                break
        return found

    async def signal(self) -> int | None:
        """Returns the signal in per cent of what +CSQ can say (27.007 §8.5); None when unknown."""
        fields = (await self._questions.ask("AT+CSQ", "+CSQ:")).fields("+CSQ:")
        level = at.number(fields[0]) if fields else None
        return None if level is None or level > 31 else round(level * 100 / 31)

    async def operator(self) -> str | None:
        fields = (await self._questions.ask("AT+COPS?", "+COPS:", self._timing.network_s)).fields("+COPS:")
        return fields[2] if len(fields) > 2 and fields[2] else None

"""The serial line from a modem to its host."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random

from drivers.gsm.simulator.settings import Settings


class Wire:
    """The way to the host: whole, or in pieces, late and with losses, as the settings say."""

    def __init__(
        self,
        settings: Settings,
        random: Random,
        later: Callable[[float, Callable[[], None]], object],
        write: Callable[[bytes], None],
    ) -> None:
        self._settings, self._random, self._later, self._write = settings, random, later, write
        self._fragments: deque[bytes] = deque()

    def send(self, data: bytes) -> None:
        settings = self._settings
        if settings.drop_probability:
            chance = self._random.random
            data = bytes(octet for octet in data if chance() >= settings.drop_probability)
        if not settings.chunk and not self._fragments:
            self._write(data)
            return
        size = settings.chunk or len(data)
        idle = not self._fragments
        self._fragments.extend(data[i : i + size] for i in range(0, len(data), size))
        if idle:
            self._dribble()

    def clear(self) -> None:
        self._fragments.clear()

    def _dribble(self) -> None:
        if self._fragments:
            self._write(self._fragments[0])
            # A fragment leaves the queue only when its time is over: what is sent meanwhile stays behind it.
            self._later(self._settings.chunk_delay_s, self._dribbled)

    def _dribbled(self) -> None:
        self._fragments.popleft()
        self._dribble()

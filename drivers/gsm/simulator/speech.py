"""What a modem says, on its way to the wire: answers, results, unsolicited lines, and the noise amid them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from drivers.gsm.simulator.commandline import RESULT_DIGITS
from drivers.gsm.simulator.session import SILENT, Session, Timer
from drivers.gsm.simulator.settings import Faults, Settings
from drivers.gsm.simulator.wire import Wire


class Speech:
    """The mouth of one modem; `session` gives its settings of the moment, `later` a timer that dies with its power."""

    def __init__(
        self,
        settings: Settings,
        faults: Faults,
        random: Random,
        *,
        session: Callable[[], Session],
        later: Callable[..., Timer],
        write: Callable[[bytes], None],
    ) -> None:
        self._settings, self._faults, self._random = settings, faults, random
        self._session, self._later = session, later
        self._wire = Wire(settings, random, later, write)
        self._out: list[str] = []
        self._held: list[str] = []
        self._noise_next = self._chatter_next = 0
        self._chatting: Timer | None = None
        self.holds = False
        """Whether unsolicited lines wait: a prompt is open."""
        self.mute = False
        """Nothing is said, and what would be is forgotten: frozen, or booting."""

    # ------------------------------------------------------------------------------------------------ what is said

    def line(self, text: str) -> None:
        """An information line of the answer under way."""
        end = self._settings.line_end
        self._out.append(f"{end}{text}{end}" if self._session().verbose else f"{text}{end}")

    def result(self, text: str) -> None:
        """A final result."""
        if text == SILENT:
            return
        settings = self._settings
        if settings.noise and (settings.noise_probability >= 1 or self._random.random() < settings.noise_probability):
            self.line(settings.noise[self._noise_next % len(settings.noise)])
            self._noise_next += 1
        if self._faults:
            strike = self._faults.strike("noise")
            for each in strike["lines"] if strike else ():
                self.line(each)
            strike = self._faults.strike("garbage")
            if strike:
                self._out.append(bytes.fromhex(strike["hex"]).decode("latin-1"))
        session = self._session()
        if session.quiet:
            return
        if session.verbose or text not in RESULT_DIGITS:
            self.line(text)
        else:
            self._out.append(f"{RESULT_DIGITS[text]}\r")

    def unsolicited(self, *lines: str) -> None:
        """Lines nobody asked for; they wait while a prompt is open. The caller flushes."""
        end = self._settings.line_end
        (self._held if self.holds else self._out).append(end + end.join(lines) + end)

    def raw(self, text: str) -> None:
        """Bytes (as Latin-1) in the middle of whatever is going on."""
        self._out.append(text)

    def release(self) -> None:
        """Lets out what waited for the prompt to close."""
        self.holds = False
        if self._held:
            self._out.extend(self._held)
            self._held.clear()

    def flush(self) -> None:
        if not self._out:
            return
        if self.mute:
            self._out.clear()
            return
        data = "".join(self._out).encode("latin-1", "replace")
        self._out.clear()
        self._wire.send(data)

    def clear(self) -> None:
        """The power went, and every timer with it."""
        self._chatting = None
        self.holds = False
        self._wire.clear()
        self._out.clear()
        self._held.clear()

    def unheard(self, speak: Callable[[], Any], heard: bool) -> None:
        """Lets `speak` say what another program reads, unless ours has `heard` it too."""
        out, self._out = self._out, []
        speak()
        self._out = out + self._out if heard else out

    # ------------------------------------------------------------------------------------------------------- chatter

    def chatter(self) -> None:
        """Says the lines of a modem that is never quiet from now on; ends by itself when there are none."""
        if self._chatting is not None:
            self._chatting.cancel()
            self._chatting = None
        if self._settings.chatter and self._settings.chatter_s > 0:
            self._chatting = self._later(self._settings.chatter_s, self._chat)

    def _chat(self) -> None:
        self._chatting = None
        lines = self._settings.chatter
        if lines and not self._session().hushed:
            self.unsolicited(lines[self._chatter_next % len(lines)])
            self._chatter_next += 1
            self.flush()
        self.chatter()

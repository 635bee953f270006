"""One modem: the AT command line, the prompt, results and unsolicited lines. No I/O: bytes in, bytes out, a clock.

It promises what V.250 and 3GPP 27.005 promise, and breaks it only as brand, settings and faults say. Commands
themselves live in `commands` and `messages`, sending in `submission`, receiving in `reception`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from random import Random
from typing import Any

from drivers.gsm.simulator.brands import Brand
from drivers.gsm.simulator.card import Card, Memory
from drivers.gsm.simulator.commandline import (
    BEFORE_PIN,
    BEFORE_PIN_STRICT,
    CME_TEXT,
    COMMAND,
    MESSAGE_SERVICE,
    split_commands,
)
from drivers.gsm.simulator.session import (
    PENDING,
    SILENT,
    Clock,
    Failure,
    Prompt,
    Reception,
    Session,
    Timer,
    Transmission,
)
from drivers.gsm.simulator.settings import Faults, Settings, change
from drivers.gsm.simulator.speech import Speech

__all__ = ["HANDLERS", "PENDING", "SILENT", "Clock", "Failure", "Modem", "Prompt", "Session", "Timer", "answers"]

CTRL_Z, ESC = "\x1a", "\x1b"
_STRAY = "\n\x00\x1a\x1b \t"
"""Octets a modem passes over before a command line: what is left of an aborted prompt among them."""


class Modem:
    """One device. The owner feeds it bytes and gives it a sink; `on_ready` tells the network that it can receive."""

    def __init__(
        self, index: int, imei: str, card: Card, *, brand: Brand, settings: Settings, random: Random, clock: Clock
    ) -> None:
        self.index, self.imei, self.card, self.brand, self.settings = index, imei, card, brand, settings
        self.clock, self.random = clock, random
        change(settings, brand.settings)
        self.faults = Faults(random)
        self.session = Session()
        self.memories: dict[str, Memory] = {}
        for name in sorted({name for group in brand.memories for name in group} - {"MT"}) or ["SM"]:
            self.memories[name] = Memory(settings.capacity)
        self.counts: Counter[str] = Counter()
        self.commands: Counter[str] = Counter()
        self.powered = False
        self.frozen = False
        self.thawed_by_cfun = False
        self.radio = True
        self.busy = False
        self.prompt: Prompt | None = None
        self.reception: Reception
        self.transmission: Transmission
        self.reference = random.randrange(256) if settings.reference_next is None else settings.reference_next
        self.sink: Callable[[bytes], None] = lambda _data: None
        self.on_ready: Callable[[], None] = lambda: None
        self._input = ""
        self._queue: deque[str] = deque()
        self._timers: set[Timer] = set()
        self.speech = Speech(
            settings,
            self.faults,
            random,
            session=lambda: self.session,
            later=self.later,
            write=lambda data: self.sink(data),  # noqa: PLW0108 - a sink set later
        )
        self._cfun_busy = self._csca_busy = 0
        self._deaf_until = self._sim_ready_at = 0.0

    # ------------------------------------------------------------------------------------------------------- power

    def power_on(self, silent: bool = False) -> None:
        """Plugged in, or booted again: settings are the factory's, the echo is on, the PIN is wanted."""
        self.powered, self.frozen = True, False
        self.card.power_up()
        self._csca_busy = self.brand.csca_busy
        self._reset_session()
        self._sim_ready_at = self.clock.time() + self.settings.sim_wait_s
        if self.settings.sim_wait_s > 0:
            self.later(self.settings.sim_wait_s, self._sim_is_ready)
        self.speech.chatter()
        if self.settings.boot_s > 0:
            self._deaf_until = self.clock.time() + self.settings.boot_s
            self.later(self.settings.boot_s, self._booted, silent)
        else:
            self._booted(silent)

    def _booted(self, silent: bool) -> None:
        self._deaf_until = 0.0
        if not silent:
            for line in self.brand.boot_lines:
                self.line(line)
        self.flush()
        self.on_ready()

    @property
    def sim_waits(self) -> bool:
        """Whether the SIM is not ready yet."""
        return self._sim_ready_at > self.clock.time()

    def _sim_is_ready(self) -> None:
        self._sim_ready_at = 0.0
        self.unsolicited("+CPIN: READY")
        self.flush()
        self.on_ready()

    def power_off(self) -> None:
        """Everything that was under way is gone; what did not reach the network did not happen."""
        self.powered = False
        self.settings.searching_until = ""
        self._drop_work()
        self.reception.reset()

    def reboot(self, silent: bool = True) -> None:
        self.power_off()
        self.power_on(silent)

    def freeze(self, seconds: float | None = None, cfun: bool = False) -> None:
        """Hear nothing and say nothing: for `seconds`, until CFUN=1,1 is written (`cfun`), until unplugged."""
        self.frozen, self.thawed_by_cfun = True, cfun
        if seconds is not None:
            self.later(seconds, self._thaw)

    def _thaw(self) -> None:
        self.frozen = False
        self.on_ready()

    def _drop_work(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._input, self.prompt, self.busy = "", None, False
        self.speech.clear()
        self._queue.clear()

    def _reset_session(self) -> None:
        self.session = Session(text_mode=self.settings.text_mode_only)
        for position, offered in enumerate(self.brand.memories):
            preferred = "SM" if "SM" in offered else next(iter(offered), "SM")
            self.session.memories[position] = preferred

    def reset_settings(self) -> None:
        """ATZ and AT&F: the session's settings, without a reboot."""
        self._reset_session()

    @property
    def registered(self) -> bool:
        settings = self.settings
        return settings.registration in (1, 5) and self.radio and self.unlocked and not settings.searching_until

    @property
    def unlocked(self) -> bool:
        return self.settings.sim_present and self.card.state == "READY" and not self.sim_waits

    @property
    def reachable(self) -> bool:
        """Whether the network can hand it something now."""
        return self.powered and not self.frozen and self.registered and not self._deaf_until

    # ------------------------------------------------------------------------------------------------------- timers

    def later(self, delay: float, callback: Callable[..., object], *args: Any) -> Timer:
        """A timer that dies with the power."""
        timer: Timer

        def fire() -> None:
            self._timers.discard(timer)
            callback(*args)

        timer = self.clock.call_later(delay, fire)
        self._timers.add(timer)
        return timer

    def forget(self, timer: Timer) -> None:
        timer.cancel()
        self._timers.discard(timer)

    # -------------------------------------------------------------------------------------------------------- input

    def feed(self, data: bytes) -> None:
        """What the host wrote."""
        if not self.powered or self._deaf_until:
            return
        if self.frozen:
            if not (self.thawed_by_cfun and b"CFUN=1,1" in data.upper()):
                return
            self.reboot()
            return
        self._input += data.decode("latin-1")
        self._work()
        self.flush()

    def _work(self) -> None:
        while self._input and not self.busy:
            if self.prompt is not None:
                if not self._collect(self.prompt):
                    break
                continue
            line, found, rest = self._input.partition("\r")
            if not found:
                break
            self._input = rest
            if self.session.echo:
                self.speech.raw(line + "\r")
            line = line.lstrip(_STRAY).rstrip()
            if self.settings.answer_s > 0:
                self.busy = True
                self.later(self.settings.answer_s, self._answer_late, line)
            else:
                self._command_line(line)

    def _answer_late(self, line: str) -> None:
        self.busy = False
        self._command_line(line)
        self._work()
        self.flush()

    def meddle(self, line: str, heard: bool = False) -> None:
        """What another program writes on the same port; its answers are read by that program, or `heard` by ours."""
        self.speech.unheard(lambda: self._command_line(line), heard)
        self.flush()

    def _collect(self, prompt: Prompt) -> bool:
        body, found, rest = self._input.partition(CTRL_Z)
        escape = body.rfind(ESC)
        if escape >= 0:
            self._input = self._input[escape + 1 :]
            self._close_prompt()
            if self.brand.escape:
                self.result(self.brand.escape)
            return True
        if not found:
            return False
        self._input = rest
        if self.session.echo:
            self.speech.raw(body + CTRL_Z)
        self._close_prompt()
        try:
            result = prompt.done(body.removeprefix("\n"))
        except Failure as failure:
            result = failure.result
        self._conclude(result)
        return True

    def _close_prompt(self) -> None:
        self.prompt = None
        self.speech.release()

    def open_prompt(self, prompt: Prompt) -> None:
        self.prompt, self.busy = prompt, False
        self.speech.holds = True
        self.speech.raw(self.settings.prompt)

    def _command_line(self, line: str) -> None:
        if line[:2].upper() != "AT":
            return
        commands = split_commands(line[2:])
        if len(commands) > 1 and not self.settings.joins and any(each[:1] in "+^*" for each in commands):
            self.result("ERROR")
            return
        self._queue.extend(commands)
        self._next()

    def _next(self) -> None:
        while self._queue:
            try:
                result = self._execute(self._queue.popleft())
            except Failure as failure:
                result = failure.result
            if result is None:
                self.busy = self.prompt is None
                return
            if result != "OK":
                self._queue.clear()
                self.result(result)
                return
        self.result("OK")

    def _execute(self, command: str) -> str | None:
        match = COMMAND.fullmatch(command)
        name, kind, arguments = match.groups("") if match else (command, "", "")
        name = name.upper()
        self.commands[name] += 1
        if self.faults:
            if self.faults.strike("command_silence", command):
                return SILENT
            strike = self.faults.strike("command_error", command)
            if strike is not None:
                raise Failure(str(strike["text"]))
        if self._cfun_busy and name:
            self._cfun_busy -= 1
            raise Failure("+CMS ERROR: 515")
        if not self.unlocked:
            self._require_sim(name)
        brand = self.brand
        if brand.hush and command.upper() == brand.hush:
            self.session.hushed = True
        known = brand.extra.get(command.upper())
        if known is not None:
            end = brand.own_line_end
            for each in known:
                self.speech.raw(f"{end}{each}{end}")
            if self._queue or end == self.settings.line_end:
                return "OK"
            self.speech.raw(f"{end}OK{end}")
            return SILENT
        question = brand.cpin_lines.get(command.upper())
        if question is not None:
            card = self.card
            self.line(question.format(state=card.state, pin=card.pin_left, puk=card.puk_left))
            return "OK"
        handler = HANDLERS.get(name)
        if handler is None or name in brand.unsupported:
            raise Failure(brand.unknown)
        return handler(self, kind, arguments)

    def _require_sim(self, name: str) -> None:
        if name in (BEFORE_PIN_STRICT if self.brand.pin_first else BEFORE_PIN):
            return
        code = {"SIM PIN": 1, "READY": 0}.get(self.card.state, 6 if name in MESSAGE_SERVICE else 2)
        raise self.cms(310 + code) if name in MESSAGE_SERVICE else self.cme(10 + code)

    # ------------------------------------------------------------------------------------------------------- output

    def finish(self, result: str) -> None:
        """The final result of a command that was left open."""
        self.busy = False
        self._conclude(result)
        self._work()
        self.flush()

    def _conclude(self, result: str | None) -> None:
        if result is None:
            self.busy = True
        elif result == "OK" and self._queue:
            self._next()
        else:
            self._queue.clear()
            self.result(result)

    def line(self, text: str) -> None:
        """An information line of the answer under way."""
        self.speech.line(text)

    def result(self, text: str) -> None:
        """A final result."""
        self.speech.result(text)

    def unsolicited(self, *lines: str) -> None:
        """Lines nobody asked for; they wait while a prompt is open. The caller flushes."""
        self.speech.unsolicited(*lines)

    def raw(self, text: str) -> None:
        """Bytes (as Latin-1) in the middle of whatever is going on."""
        self.speech.raw(text)

    def flush(self) -> None:
        self.speech.mute = self.frozen
        self.speech.flush()

    # ------------------------------------------------------------------------------------------------------- errors

    def cme(self, code: int) -> Failure:
        """+CME ERROR as CMEE wants it (27.007 §9.2)."""
        level = self.session.errors
        if level == 0:
            return Failure("ERROR")
        return Failure(f"+CME ERROR: {CME_TEXT.get(code, code) if level == 2 else code}")

    def cms(self, code: int) -> Failure:
        """+CMS ERROR (27.005 §3.2.5); its form does not depend on CMEE."""
        return Failure(f"+CMS ERROR: {code}")

    def after_cfun(self) -> None:
        self._cfun_busy = self.brand.busy_after_cfun

    def csca_busy(self) -> bool:
        if self._csca_busy:
            self._csca_busy -= 1
            return True
        return False


Handler = Callable[[Modem, str, str], str | None]
HANDLERS: dict[str, Handler] = {}
"""Command → what answers it: given the modem, the form ("", "?", "=?", "=") and the rest; returns the final result."""


def answers(*names: str) -> Callable[[Handler], Handler]:
    """Enter a function as the handler of these commands."""

    def enter(handler: Handler) -> Handler:
        for name in names:
            HANDLERS[name] = handler
        return handler

    return enter


@answers("")
def _attention(_modem: Modem, _kind: str, _arguments: str) -> str:
    return "OK"

"""The sending half of a modem: prompt, PDU, the network's answer (27.005 §3.5.1), and all that goes wrong there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

from drivers.gsm.simulator.card import MemoryFullError, StoredMessage
from drivers.gsm.simulator.envelope import Envelope, EnvelopeError, read_submit
from drivers.gsm.simulator.modem import SILENT, Failure, Modem, Prompt
from drivers.gsm.simulator.textmode import submit_pdu

INVALID_PDU, NO_SERVICE, NO_SMSC, MEMORY_FULL = 304, 331, 330, 322
"""Codes of +CMS ERROR (27.005 §3.2.5)."""


class Centre(Protocol):
    """The network as a sending modem sees it."""

    def take(self, modem: Modem, pdu: str, envelope: Envelope, reference: int) -> Any:
        """The message is the network's from now on; returns its entry in the record."""

    def report(self, taken: Any) -> None:
        """Send what is to be reported of it, at its time."""


class Transmitter:
    """Answers CMGS, CMSS and CMGW for one modem."""

    def __init__(self, modem: Modem, centre: Centre) -> None:
        self._modem = modem
        self._centre = centre
        self._last_reference = modem.reference
        self.first_cmgs: tuple[float, float] | None = None
        self.last_cmgs: tuple[float, float] | None = None
        """Wall clock and monotonic seconds of the first and latest AT+CMGS."""

    # ------------------------------------------------------------------------------------------------ before Ctrl-Z

    def send(self, arguments: str) -> str | None:
        """AT+CMGS=…: open the prompt, or what a fault makes of it."""
        modem = self._modem
        now = (time.time(), time.monotonic())
        self.first_cmgs = self.first_cmgs or now
        self.last_cmgs = now
        prompt = self._prompt(arguments, self._submit)
        if modem.faults:
            strike = modem.faults.strike("prompt_error")
            if strike is not None:
                modem.counts["refused"] += 1
                raise Failure(str(strike["text"]))
            if modem.faults.strike("no_prompt") is not None:
                return SILENT
            strike = modem.faults.strike("late_prompt")
            if strike is not None:
                modem.later(float(strike["delay_s"]), self._open_late, prompt)
                return None
        modem.open_prompt(prompt)
        return None

    def write(self, arguments: str) -> str | None:
        """AT+CMGW=…: as CMGS, but into the memory."""
        self._modem.open_prompt(self._prompt(arguments, self._keep))
        return None

    def _open_late(self, prompt: Prompt) -> None:
        self._modem.open_prompt(prompt)
        self._modem.finish(SILENT)

    def _prompt(self, arguments: str, use: Any) -> Prompt:
        modem = self._modem
        if modem.session.text_mode:
            number = arguments.split(",", maxsplit=1)[0].strip().strip('"')

            def spoken(text: str) -> str | None:
                session = modem.session
                try:
                    pdu = submit_pdu(number, text, session.charset, session.csmp)
                except ValueError:
                    raise modem.cms(INVALID_PDU) from None
                return self._checked(pdu, None, use)

            return Prompt(spoken, text_mode=True)
        if not arguments.split(",", maxsplit=1)[0].strip().isdigit():
            raise modem.cms(INVALID_PDU)
        length = int(arguments.split(",", maxsplit=1)[0])

        def coded(body: str) -> str | None:
            pdu = "".join(body.split())
            return self._checked(pdu.upper(), length, use)

        return Prompt(coded, text_mode=False)

    def _checked(self, pdu: str, length: int | None, use: Any) -> str | None:
        try:
            envelope = read_submit(pdu, length)
        except EnvelopeError:
            self._modem.counts["refused"] += 1
            raise self._modem.cms(INVALID_PDU) from None
        result: str | None = use(pdu, envelope)
        return result

    # ------------------------------------------------------------------------------------------------- after Ctrl-Z

    def _submit(self, pdu: str, envelope: Envelope, command: str = "+CMGS") -> str | None:
        self._modem.counts["submits"] += 1
        latency = self._modem.settings.latency_s
        if latency > 0:
            self._modem.later(latency, self._answer_later, pdu, envelope, command)
            return None
        return self._answer(pdu, envelope, command)

    def _answer_later(self, pdu: str, envelope: Envelope, command: str) -> None:
        modem = self._modem
        try:
            result = self._answer(pdu, envelope, command)
        except Failure as failure:
            result = failure.result
        if result is not None:
            modem.finish(result)

    def _answer(self, pdu: str, envelope: Envelope, command: str) -> str | None:
        modem = self._modem
        if not modem.registered:
            modem.counts["refused"] += 1
            raise modem.cms(NO_SERVICE)
        if not envelope.smsc and not modem.settings.smsc:
            modem.counts["refused"] += 1
            raise modem.cms(NO_SMSC)
        report_first = modem.settings.report_first
        if modem.faults:
            strike = modem.faults.strike("submit_error")
            if strike is not None:
                self._take_if(strike, pdu, envelope)
                modem.counts["refused"] += 1
                raise Failure(str(strike["text"]))
            strike = modem.faults.strike("silence")
            if strike is not None:
                return self._be_silent(strike, pdu, envelope, command)
            report_first = report_first or modem.faults.strike("report_first") is not None
        reference = self._next_reference()
        taken = self._centre.take(modem, pdu, envelope, reference)
        if report_first:
            self._centre.report(taken)
        modem.line(f"{command}: {reference}")
        modem.result("OK")
        if not report_first:
            self._centre.report(taken)
        stray = modem.faults.strike("stray_error") if modem.faults else None
        if stray is not None:
            modem.later(float(stray["delay_s"]), self._speak_late, (str(stray["text"]),))
        return SILENT

    def _next_reference(self) -> int:
        """TP-MR counts on with every submit and wraps at 256 (23.040 §9.2.3.6)."""
        modem = self._modem
        if modem.settings.reference_fixed is not None:
            return modem.settings.reference_fixed % 256
        if modem.faults and modem.faults.strike("repeat_reference") is not None:
            return self._last_reference
        self._last_reference = modem.reference
        modem.reference = (modem.reference + 1) % 256
        return self._last_reference

    def _take_if(self, strike: Mapping[str, Any], pdu: str, envelope: Envelope) -> int | None:
        if not strike["taken"]:
            return None
        reference = self._next_reference()
        self._centre.report(self._centre.take(self._modem, pdu, envelope, reference))
        return reference

    def _be_silent(self, strike: Mapping[str, Any], pdu: str, envelope: Envelope, command: str) -> str | None:
        modem = self._modem
        reference = self._take_if(strike, pdu, envelope)
        modem.counts["unanswered"] += 1
        if strike["late_s"] is not None:
            lines = ("+CMS ERROR: 500",) if reference is None else (f"{command}: {reference}", "OK")
            modem.later(float(strike["late_s"]), self._speak_late, lines)
        if strike["blocked_s"]:
            modem.later(float(strike["blocked_s"]), modem.finish, SILENT)
            return None
        return SILENT

    def _speak_late(self, lines: tuple[str, ...]) -> None:
        for each in lines:
            self._modem.line(each)
        self._modem.flush()

    # ------------------------------------------------------------------------------------------------------- stored

    def _keep(self, pdu: str, _envelope: Envelope) -> str:
        modem = self._modem
        name = modem.session.memories[1]
        memory = modem.memories.get(name) or next(iter(modem.memories.values()))
        try:
            index = memory.store(StoredMessage(2, pdu, "submit"))
        except MemoryFullError:
            raise modem.cms(MEMORY_FULL) from None
        modem.line(f"+CMGW: {index}")
        return "OK"

    def send_stored(self, pdu: str) -> str | None:
        """AT+CMSS: what CMGW wrote goes out."""
        return self._checked(pdu, None, lambda body, envelope: self._submit(body, envelope, "+CMSS"))

"""Who may write to the modem, and whose answer a line is.

One operation at a time owns the port: a command until its final result; a submission from AT+CMGS over the prompt and
the PDU to the final result (nothing else is written in between, 27.005 §3.5.1). Acknowledgements go first whenever the
port is free. Unsolicited lines are handed on wherever they come. After any answer that stayed away the dialogue backs
out (ESC), drains and asks AT before the next operation starts, so that no answer is ever taken for another's.

No task and no timer per operation: lines are handled in the read callback, one future per operation wakes its caller,
and one timer guards whatever is under way.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from drivers.base import FAILPOINT
from drivers.gsm import at
from drivers.gsm.deadline import Deadline
from drivers.gsm.errors import (
    NoPromptError,
    NotReadyError,
    PortLostError,
    PromptDoubtfulError,
    PromptRefusedError,
    RestartedError,
    SilentError,
)
from drivers.gsm.operation import Answer, Conduct, Listener, Operation, Phase, Transport
from drivers.gsm.pace import Pace
from drivers.gsm.resync import Resync
from drivers.gsm.submissions import Submissions
from drivers.gsm.timing import Timing
from drivers.gsm.turns import Turns


class Dialogue(Conduct):
    """The conversation over one connection; once lost or closed it stays so."""

    def __init__(self, transport: Transport, listener: Listener, timing: Timing, pace: Pace | None = None) -> None:
        self._transport = transport
        self._listener = listener
        self._timing = timing
        self._pace = pace or Pace(timing)
        self._loop = asyncio.get_running_loop()
        self._splitter = at.Splitter()
        self._phase = Phase.IDLE
        self._current: Operation | None = None
        self._turns = Turns()
        self._received = Operation("AT+CNMA", None, timing.command_s)
        self._not_received = Operation("AT+CNMA=2", None, timing.command_s)
        self._sent = ""
        self._pairing = at.Pairing()
        self._deadline = Deadline(self._loop, self._expired)
        self._submissions = Submissions(listener, self._deadline, self._pace, timing, self._loop.time)
        self._resync: Resync | None = None
        self._resync_task: asyncio.Task[None] | None = None
        self._prompt_asked_at = 0.0

    # ------------------------------------------------------------------------------------------------ what callers do

    @property
    def phase(self) -> Phase:
        return self._phase

    async def command(
        self, text: str, prefix: str = "", *, timeout_s: float | None = None, lenient: bool = False
    ) -> at.Reply:
        """Writes `text` when the port is free and returns its answer.

        `prefix` marks the information lines that are an answer though they look unsolicited; `lenient` takes them for
        the whole answer where OK stays away. Raises `SilentError`, `PortLostError`.
        """
        operation = Operation(text, self._loop.create_future(), timeout_s or self._timing.command_s)
        operation.prefix = prefix
        operation.lenient = lenient
        self._enter(operation)
        reply: at.Reply = await operation.future  # type: ignore[misc]
        return reply

    def acknowledge(self, received: bool = True) -> None:
        """Writes AT+CNMA (27.005 §3.4.4) before anything else that waits; `Listener.on_acknowledged` gets its answer.

        Not `received`: the network shall keep the message and bring it again.
        """
        operation = self._received if received else self._not_received
        if self._phase is Phase.IDLE:
            self._start(operation)
        elif self._phase not in (Phase.SILENT, Phase.LOST):
            self._turns.wait_first(operation)

    async def open_prompt(self, what: int | str, token: Any) -> Operation:
        """Writes AT+CMGS=`what` (the TPDU's octets; in text mode the number) and returns at the prompt, which stays
        open and holds the port until `commit` or `back_out`.

        Raises `NoPromptError`, `PromptRefusedError`, `RestartedError`, `NotReadyError`, `SilentError`,
        `PortLostError`: nothing left.
        """
        operation = Operation(f"{self.submit_line}{what}", self._loop.create_future(), self._timing.prompt_s)
        operation.submits = True
        operation.token = token
        self._enter(operation)
        try:
            await operation.future  # type: ignore[misc]
        except asyncio.CancelledError:
            self.back_out(operation)
            raise
        return operation

    async def commit(self, operation: Operation, body: str) -> Answer:
        """Writes `body` (the PDU, or a text in text mode) and Ctrl-Z into the open prompt and returns the answer.

        Raises `PromptRefusedError`, `PromptDoubtfulError` and `PortLostError` only where nothing was written.
        Cancelled, or given up after silence, the submission goes on: a +CMGS that still comes goes to
        `Listener.on_late_reference`.
        """
        if self._current is not operation or self._phase is not Phase.OPEN:
            raise PortLostError("the connection ended while the prompt was open")
        if operation.aborted is not None:
            if operation.error is None:
                self._next()
                raise PromptRefusedError(operation.aborted)
            self._resynchronise()
            raise PromptDoubtfulError(str(operation.aborted))
        operation.future = future = self._loop.create_future()
        self._phase = Phase.ANSWER
        self._sent = body
        self._submissions.begin(operation)
        self._transport.write(body.encode("latin-1") + at.CTRL_Z)
        sys.audit(FAILPOINT, "gsm.written")
        answer: Answer = await future
        sys.audit(FAILPOINT, "gsm.answered")
        return answer

    def back_out(self, operation: Operation) -> None:
        """Leaves the prompt: ESC, drain, AT. Nothing of it leaves. Does nothing once the PDU is written."""
        if self._current is operation and self._phase in (Phase.PROMPT, Phase.OPEN):
            self._resynchronise()

    async def probe(self) -> None:
        """Returns when the modem answers AT; a silent dialogue then works again. `SilentError`, `PortLostError`."""
        if self._phase in (Phase.IDLE, Phase.SILENT):
            self._resynchronise()
        if self._resync_task is not None:
            await asyncio.shield(self._resync_task)
        if self._phase is Phase.SILENT:
            raise SilentError("no answer to AT")
        if self._phase is Phase.LOST:
            raise PortLostError("the port is gone")

    def reset_modem(self) -> None:
        """Writes AT+CFUN=1,1 (27.007 §8.2) whatever state the conversation is in; `probe` says when it is back."""
        self._transport.write(at.ESC + b"\r")
        self._transport.write(b"AT+CFUN=1,1\r")
        self.echo_expected = True

    def close(self) -> None:
        """Ends the conversation; an open prompt is left by ESC so that the next one finds the modem in order."""
        if self._phase in (Phase.PROMPT, Phase.OPEN):
            self._transport.write(at.ESC)
        self._end(PortLostError("the line was closed"))

    # ------------------------------------------------------------------------------------------- what the port tells

    def feed(self, data: bytes) -> None:
        for line in self._splitter.feed(data):
            self._line(line)

    def lost(self) -> None:
        if self._phase is not Phase.LOST:
            self._end(PortLostError("the port is gone"))
            self._listener.on_lost()

    # --------------------------------------------------------------------------------------------- one line of input

    def _line(self, line: str) -> None:
        if line == self._sent:
            self._on_echo()
            return
        if self._pairing.open and self._pairs(line):
            return
        result = at.final(line)
        if result is not None:
            self._on_final(result)
        elif line.startswith("+CMGS:"):
            self._on_reference(line)
        elif line[0] == ">" and (line == ">" or self._phase is Phase.PROMPT):
            self._on_prompt()
            rest = line[1:].strip()
            if rest:
                self._line(rest)
        else:
            self._on_information(line)

    def _pairs(self, line: str) -> bool:
        reading = self._current is not None and self._current.prefix in ("+CMGL:", "+CMGR:")
        taken, code = self._pairing.take(line, reading)
        if code is not None:
            self._listener.on_unsolicited(code)
        return taken

    def _on_information(self, line: str) -> None:
        operation = self._current if self._phase is Phase.COMMAND else None
        if operation is not None and operation.prefix and at.answers(operation.prefix, line):
            operation.lines.append(line)
            # A long listing is no silence; lines of unknown kinds, which may never end, do not count.
            self._deadline.set(self._timing.grace_s if operation.lenient else self._pace.command_s(operation.timeout_s))
        elif self._pairing.begin(line):
            pass
        elif at.unsolicited(line):
            if self._phase is Phase.OPEN and self._current is not None and at.booted(line):
                self._current.aborted = at.ERROR  # the prompt died with the modem's last run
            self._listener.on_unsolicited(at.Unsolicited(line))
        elif operation is not None:
            if operation.future is not None:
                operation.lines.append(line)
        elif self._resync is not None:
            self._resync.on_line(line)

    def _on_echo(self) -> None:
        self.echo_seen = True
        if self._current is not None:
            self._current.echoed = True
        if not self.echo_expected:
            self._listener.on_echo()
            if self._phase is Phase.ANSWER and self._current is not None and self._current.probed:
                self._submissions.give_up(self._current, "restarted")
                self._resynchronise()

    def _on_prompt(self) -> None:
        operation = self._current
        if self._prompt_asked_at:
            self._pace.prompted(self._loop.time() - self._prompt_asked_at)
            self._prompt_asked_at = 0.0
        if self._phase is Phase.PROMPT and operation is not None:
            self._phase = Phase.OPEN
            self._deadline.clear()
            operation.error = None
            if operation.echoed and not self.echo_expected:
                # A modem that has lost its settings may be in text mode: it would send the PDU as a text.
                operation.fail(RestartedError("the echo is on again"))
                self._resynchronise()
            else:
                operation.resolve(None)
        elif self._resync is not None:
            self._resync.on_prompt()
        elif self._phase not in (Phase.OPEN, Phase.LOST):
            self._transport.write(at.ESC)

    def _on_reference(self, line: str) -> None:
        digits = line[6:].partition(",")[0].strip()
        operation = self._current if self._phase is Phase.ANSWER else None
        if self._submissions.on_reference(operation, digits) and operation is not None:
            self._finish(operation, None)

    def _on_final(self, result: at.Final) -> None:
        phase, operation, submissions = self._phase, self._current, self._submissions
        if submissions.swallows:
            submissions.swallows = False
        elif phase is Phase.ANSWER and operation is not None:
            if submissions.on_final(operation, result):
                self._finish(operation, None)
        elif phase is Phase.COMMAND and operation is not None:
            self._finish(operation, at.Reply(result, operation.lines))
        elif phase is Phase.PROMPT and operation is not None and not result.ok:
            self._on_refusal(operation, result)
        elif phase is Phase.OPEN and operation is not None and not result.ok:
            operation.aborted = result
            operation.error = result if submissions.may_be_stray() else None
        elif self._resync is not None:
            self._resync.on_final()
        else:
            self.stranger_seen = True

    def _on_refusal(self, operation: Operation, result: at.Final) -> None:
        """Ends a submission whose prompt an error came in place of, unless that may be another's."""
        if self._submissions.may_be_stray():
            if operation.error is None:
                self._deadline.set(self._timing.stray_hold_s)
            operation.error = result  # the prompt may still come
            return
        operation.fail(PromptRefusedError(result))
        if self._submissions.doubtful:
            self._resynchronise()  # it may have been another's late error, and the prompt may still come
        else:
            self._next()

    # ---------------------------------------------------------------------------------------------- taking turns

    def _enter(self, operation: Operation) -> None:
        if operation.submits and not self.may_submit:
            raise NotReadyError("the modem may not send now")
        if self._phase is Phase.IDLE:
            self._start(operation)
        elif self._phase is Phase.SILENT:
            raise SilentError("the modem does not answer")
        elif self._phase is Phase.LOST:
            raise PortLostError("the port is gone")
        else:
            self._turns.wait(operation)

    def _start(self, operation: Operation) -> None:
        self._current = operation
        self._sent = operation.sent
        self._submissions.swallows = False
        operation.began = now = self._loop.time()
        if operation.submits:
            self._phase = Phase.PROMPT
            self._prompt_asked_at = now
            self._deadline.set(self._pace.prompt_s, now)
        else:
            self._phase = Phase.COMMAND
            self._deadline.set(self._pace.command_s(operation.timeout_s), now)
        self._transport.write(operation.data)

    def _finish(self, operation: Operation, reply: at.Reply | None) -> None:
        """Ends what is under way: a command by its reply, a submission by what has come of it."""
        aligned = not operation.probed  # else the answers to what was asked meanwhile are nobody else's
        if reply is None:
            self._submissions.end(operation)
        else:
            if operation.timeout_s <= self._timing.command_s:
                self._pace.answered(self._loop.time() - operation.began)
            if operation.future is None:
                self._listener.on_acknowledged(reply.ok)
            operation.resolve(reply)
            # An error right behind a submission's answer may be a second one to that, and ours is still to come.
            aligned = reply.ok or reply.final.family != "CMS" or not self._submissions.may_be_stray()
        if aligned:
            self._next()
        else:
            self._resynchronise()

    def _next(self) -> None:
        self._deadline.clear()
        operation = self._turns.next(self.may_submit)
        if operation is not None:
            self._start(operation)
            return
        self._current = None
        self._phase = Phase.IDLE

    # ------------------------------------------------------------------------------------------------ running late

    def _expired(self) -> None:
        operation = self._current
        if operation is None or self._phase not in (Phase.COMMAND, Phase.PROMPT, Phase.ANSWER):
            return
        if self._phase is Phase.ANSWER:
            if self._submissions.is_decided(operation):
                self._finish(operation, None)
                return
            if self._still_waiting(operation):
                return
            self._submissions.give_up(operation, "silence")
        elif self._phase is Phase.PROMPT and operation.error is not None:
            operation.fail(PromptRefusedError(operation.error))
        elif self._phase is Phase.PROMPT:
            self._pace.unprompted()
            operation.fail(NoPromptError("no prompt"))
        elif operation.lenient and operation.lines:
            self._finish(operation, at.Reply(at.OK, operation.lines))
            return
        else:
            self._pace.missed()
            if operation.future is None:
                self._listener.on_acknowledged(False)
            operation.fail(SilentError(f"no answer to {operation.sent.partition('=')[0]}"))
        self._resynchronise()

    def _still_waiting(self, operation: Operation) -> bool:
        """Whether the answer may yet come; then the modem is asked whether it is still the one that was written to."""
        left = self._submissions.may_still_come(operation)
        if left <= 0:
            return False
        operation.probed = True
        operation.unanswered += 1
        self._deadline.set(min(self._timing.still_there_again_s, left))
        self._ask("AT")
        return True

    def _ask(self, text: str) -> None:
        """Writes a command line that is no operation; its echo is one."""
        self._sent = text
        self._transport.write(text.encode("ascii") + b"\r")

    def _resynchronise(self) -> None:
        late_prompt = self._phase is Phase.PROMPT
        self._phase = Phase.RESYNC
        self._current = None
        self._deadline.clear()
        self._pairing.clear()
        self._resync = Resync(self._transport.write, self._ask, self._pace, self._timing)
        self._resync_task = self._loop.create_task(self._bring_back(self._resync, late_prompt))

    async def _bring_back(self, resync: Resync, late_prompt: bool) -> None:
        in_order = await resync.run(late_prompt)
        self._resync = None
        self._resync_task = None
        if in_order:
            self._next()
        else:
            self._phase = Phase.SILENT
            self._turns.fail(SilentError("the modem does not answer"))
            self._listener.on_silent()

    def _end(self, error: PortLostError) -> None:
        if self._phase is Phase.LOST:
            return
        phase, self._phase = self._phase, Phase.LOST
        operation, self._current = self._current, None
        self._deadline.close()
        if self._resync_task is not None:
            self._resync_task.cancel()
        if operation is not None:
            if phase is Phase.ANSWER:
                self._submissions.give_up(operation, "port_lost")
            operation.fail(error)
        self._turns.fail(error)

"""A trunk as a line of the gateway: keeps the manager connection, places calls, answers what became of each."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import structlog

from dialplan.prompts import PromptError
from drivers.asterisk.abilities import Abilities, forbidden
from drivers.asterisk.ami import Answer, Connection, check_fields
from drivers.asterisk.amounts import AmountError
from drivers.asterisk.call import Call, verdict_outcome
from drivers.asterisk.disposition import Evidence
from drivers.asterisk.errors import LinkError, LoginRefusedError, PermissionMissingError, UnsafeValueError
from drivers.asterisk.options import AsteriskOptions
from drivers.asterisk.originate import originate
from drivers.asterisk.pressed import Pressed
from drivers.asterisk.script import CallPlan, Script, plan
from drivers.asterisk.speaker import Speaker
from drivers.asterisk.switchboard import Switchboard
from drivers.asterisk.timing import Timing
from drivers.base import (
    Blame,
    Completed,
    DeliveryReport,
    EventSink,
    LineError,
    LineState,
    LineStatus,
    NotSent,
    OpenAttempt,
    OutboundMessage,
    Outcome,
    PointOfNoReturn,
    Refused,
    Uncertain,
    Withdrawn,
)

STARTING_MAX: Final = 25
"""Calls asked for of which nothing has been heard yet. Overload queues silently inside Asterisk: an Originate is
acknowledged at once and carried out 10 s later."""

RESUME_S: Final = 45.0
"""How long a call that outlived us is waited for after a restart, before it is told as uncertain."""


UNKNOWN: Final = CallPlan(script=Script(message=""))
"""The plan of a call of an earlier life of ours."""


class AsteriskLine:
    """Implements `drivers.base.Line`."""

    def __init__(self, name: str, options: AsteriskOptions, timing: Timing | None = None) -> None:
        self._name = name
        self._options = options
        self._timing = timing or Timing()
        self._log = structlog.get_logger("drivers.asterisk").bind(line=name)
        self._account = "gatewayd-" + re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:60]
        self._board = Switchboard(options.channels, self._timing, self._account)
        self._pressed = Pressed(self._account)
        self._starting = asyncio.Semaphore(STARTING_MAX)
        self._speaker = Speaker(name, options)
        self._connection: Connection | None = None
        self._abilities: Abilities | None = None
        self._status = LineStatus("starting")
        self._events: EventSink | None = None

    @property
    def capacity(self) -> int:
        return self._options.channels

    # ------------------------------------------------------------------------------------------------------ one call

    async def send(self, message: OutboundMessage, point_of_no_return: PointOfNoReturn) -> Outcome:
        if self._connection is None:
            return NotSent(self._status.reason or "not_ready", counts=False)
        try:
            planned = plan(message.text, message.options)
            fields = await self._fields(message, planned)
        except PromptError as error:
            self._log.warning("prompt failed", error=str(error))
            return Refused("prompt_failed") if error.lasting else NotSent("prompt_failed", blame=Blame.LINE)
        except UnsafeValueError as error:
            return Refused(f"unsafe_{error.field.lower()}")
        except AmountError:
            return Refused("value_invalid", blame=Blame.PERSON)
        except ValueError as error:
            # Intake lets no such script through; what it says is for who looks for the defect, not for a receipt.
            self._log.warning("call cannot be planned", error=str(error))
            return Refused("script_invalid")
        lacking = await self._abilities.lacking(planned) if self._abilities else None
        if lacking is not None:
            # Known before anybody is called for it. Other calls may go on.
            return NotSent(lacking, retry_after=self._timing.lost_s, counts=False)
        if self._board.find(message.attempt) is not None:
            return Uncertain("already_placed")
        if not await self._board.room(self._timing.ghost_s + self._timing.settle_s):
            return NotSent("channels_busy", retry_after=self._timing.settle_s, counts=False)
        call = self._board.take(message.attempt, planned, message.to)
        try:
            return await self._place(call, fields, point_of_no_return)
        finally:
            self._leave(call)

    def _leave(self, call: Call) -> None:
        self._board.leave(call)
        self._pressed.spend(call.attempt, call.evidence.report)
        self._nudge()

    def _nudge(self) -> None:
        """When to look for calls that nobody waits for has changed."""
        if self._connection is not None:
            self._connection.nudge()

    async def _fields(self, message: OutboundMessage, planned: CallPlan) -> Mapping[str, str | Sequence[str]]:
        prompts = await self._speaker.prompts(planned.script)
        lengths = self._speaker.lengths(prompts)
        fields = originate(message, planned, self._options, account=self._account, prompts=prompts, lengths=lengths)
        check_fields(fields)
        return fields

    async def _place(
        self, call: Call, fields: Mapping[str, str | Sequence[str]], point_of_no_return: PointOfNoReturn
    ) -> Outcome:
        async with self._starting:
            try:
                await point_of_no_return(1)
            except Withdrawn as withdrawn:
                call.unplaced()
                return NotSent(withdrawn.reason, counts=False)
            connection = self._connection
            if connection is None or connection.lost.done():
                call.unplaced()
                return NotSent("link_lost", counts=False)
            call.placed()
            try:
                answer = await connection.action("Originate", fields)
            except LinkError:
                # Written but unanswered: it may ring. Whether it does is asked on the next connection.
                answer = None
            if answer is not None:
                if not answer.success:
                    call.unplaced()
                    return self._unwanted(answer)
                await call.stirred()
        return self._judged(await call.outcome())

    def _unwanted(self, answer: Answer) -> Outcome:
        self._log.warning("originate refused", message=answer.message)
        reason = "no_originate_permission" if "ermission" in answer.message else "context_missing"
        return NotSent(reason, blame=Blame.LINE)

    def _judged(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Completed) and outcome.reason == "prompt_unplayable":
            self._log.warning("a prompt could not be played", at=self._options.sounds(self._name))
        return outcome

    def file(self, name: str) -> Path | None:
        """A prompt that Asterisk fetches (`drivers.base.ServesFiles`)."""
        return self._speaker.file(name)

    # --------------------------------------------------------------------------------------------- after our restart

    async def resume(self, attempts: Sequence[OpenAttempt]) -> Mapping[str, Outcome]:
        """Waits for the calls that outlived us. Of those that Asterisk no longer has, a key that was kept says how they
        ended; the others stay in doubt."""
        living = {}
        known = {}
        for each in attempts:
            call = self._board.expect(each.attempt, each.to, each.at + self._timing.ghost_s - time.time())
            if call is not None:
                living[each.attempt] = call
            elif each.attempt in self._pressed.kept:
                seen = Evidence(answered=True, report=self._pressed.kept[each.attempt])
                known[each.attempt] = verdict_outcome(seen, UNKNOWN)
        self._nudge()
        if not living:
            return known
        waits = {name: asyncio.create_task(self._await(call)) for name, call in living.items()}
        try:
            await asyncio.wait(waits.values(), timeout=RESUME_S)
            return known | {name: task.result() for name, task in waits.items() if task.done()}
        finally:
            for task in waits.values():
                task.cancel()

    async def _await(self, call: Call) -> Outcome:
        call.awaited, call.doubt = True, None
        try:
            return await call.outcome()
        finally:
            call.doubt = call.doubt or "restarted"
            self._leave(call)

    async def command(self, name: str, argument: str = "") -> Mapping[str, Any]:  # noqa: ARG002 - none takes one
        """`channels`: how many are in use, and how many of them only in doubt. Raises `LineError`."""
        if name == "channels":
            return {"channels": self._options.channels, "used": self._board.used, "doubted": self._board.doubted}
        raise LineError(f"an Asterisk line knows no command {name!r}: channels")

    # --------------------------------------------------------------------------------------------------- the connection

    async def run(self, events: EventSink) -> None:
        self._events = events
        await self._show("starting")
        pause = self._timing.backoff_s
        state: LineState
        while True:
            try:
                await self._connected()
            except LoginRefusedError:
                state, reason, rest = "quarantined", "login_refused", self._timing.refused_s
            except PermissionMissingError as error:
                self._log.warning("permission missing", permission=error.permission)
                state, reason, rest = "quarantined", "permission_missing", self._timing.refused_s
            except LinkError as error:
                if self._status.state == "ready":
                    pause = self._timing.backoff_s
                state, reason, rest = "recovering", error.reason, pause
                pause = min(pause * 1.5, self._timing.backoff_max_s)
            await self._show(state, reason)
            await asyncio.sleep(rest)

    async def _connected(self) -> NoReturn:
        """One connection, from login to its loss, which it raises."""
        options = self._options
        connection = await Connection.open(
            options.host, options.port, options.user, options.secret.get_secret_value(), self._timing
        )
        acknowledging: asyncio.Task[None] | None = None
        try:
            await self._inspect(connection)
            kept = await self._pressed.read(connection)
            for call in await self._board.reconcile(connection, kept):
                await self._tell_late(call)
            for attempt in kept:
                if self._board.find(attempt) is None:
                    self._pressed.spend(attempt, kept[attempt], late=True)
            self._connection = connection
            await self._show("ready")
            assert self._events is not None
            acknowledging = asyncio.create_task(
                self._pressed.acknowledge(connection, self._events), name=f"{self._name}: keys"
            )
            await self._listen(connection)
        finally:
            if acknowledging is not None:
                acknowledging.cancel()
            self._connection = None
            self._board.orphan()
            connection.close()

    async def _inspect(self, connection: Connection) -> None:
        """What the account may do and what Asterisk has loaded: better told now than by calls that fail."""
        missing = await forbidden(connection)
        if missing:
            raise PermissionMissingError(", ".join(missing))
        self._abilities = await Abilities.ask(connection, self._options, self._timing)

    async def _listen(self, connection: Connection) -> NoReturn:
        while True:
            while not connection.events.empty():
                ended = self._board.hear(connection.events.get_nowait())
                if ended is not None:
                    await self._tell_late(ended)
            if connection.lost.done():
                raise connection.lost.result()
            due = self._board.sweep_due()
            try:
                async with asyncio.timeout(due):
                    await connection.wait()
            except TimeoutError:
                await self._board.sweep(connection)

    async def _tell_late(self, call: Call) -> None:
        """Reports how a call ended after all that was given up as uncertain."""
        outcome = await call.outcome()
        if isinstance(outcome, Completed) and outcome.state in ("delivered", "undelivered") and self._events:
            opt_out = outcome.detail["action"] == "opt_out"
            await self._events.put(
                DeliveryReport(
                    call.attempt, call.to, outcome.state, outcome.reason, time.time(), call.attempt, 1, opt_out=opt_out
                )
            )
            self._pressed.spend(call.attempt, call.evidence.report)

    async def _show(self, state: LineState, reason: str | None = None) -> None:
        self._status = LineStatus(state, reason)
        if state != "ready":
            self._log.warning("line", state=state, reason=reason)
        assert self._events is not None
        await self._events.put(self._status)

"""A trunk as a line of the gateway: keeps the manager connection, places calls, answers what became of each."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NoReturn

import structlog

from dialplan.prompts import PromptError
from drivers.asterisk.abilities import Abilities, deaf_to, forbidden, tried_apart
from drivers.asterisk.ami import Answer, Connection, check_fields
from drivers.asterisk.amounts import AmountError
from drivers.asterisk.call import Call, verdict_outcome
from drivers.asterisk.crowd import Crowd
from drivers.asterisk.disposition import Evidence, no_room
from drivers.asterisk.engaged import Engaged
from drivers.asterisk.errors import LinkError, LoginRefusedError, PermissionMissingError, UnsafeValueError
from drivers.asterisk.options import AsteriskOptions
from drivers.asterisk.originate import originate
from drivers.asterisk.pace import HOLD_S, REST_S, TrunkPace
from drivers.asterisk.pressed import Pressed
from drivers.asterisk.script import UNKNOWN, CallPlan, plan
from drivers.asterisk.soundness import Soundness
from drivers.asterisk.speaker import Speaker
from drivers.asterisk.switchboard import Switchboard
from drivers.asterisk.timing import Timing
from drivers.base import (
    Blame,
    CallContent,
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
    spoken,
)

STARTING_MAX: Final = 25
"""Calls that were asked for and not heard of yet. Overload queues silently inside Asterisk: an Originate is
acknowledged at once and carried out 10 s later."""

BROKEN: Final = frozenset({"script_failed", "amd_failed"})
"""Ends of an answered call after which is asked again what Asterisk has, before the next one."""

ENGAGED_S: Final = 15.0
"""How long a call rests whose person is being called already."""

TURN_S: Final = 10.0
"""Longest wait within a send for the trunk's pace; a call that would wait longer rests where others can have it."""

TRIAL_S: Final = 5.0
"""A call within Asterisk takes a fraction of a second: what is not said of it by then is kept from us."""

RESUME_S: Final = 45.0
"""How long a call that outlived us is waited for after a restart, before it is `uncertain`."""


class AsteriskLine:
    """Implements `drivers.base.Line`."""

    def __init__(
        self, name: str, options: AsteriskOptions, timing: Timing | None = None, *, engaged: Engaged | None = None
    ) -> None:
        self._name = name
        self._options = options
        self._timing = timing or Timing()
        self._log = structlog.get_logger("drivers.asterisk").bind(line=name)
        self._account = "gatewayd-" + re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:60]
        self._board = Switchboard(options.channels, self._timing, self._account, engaged)
        self._pace = TrunkPace()
        self._crowd = Crowd()
        self._soundness = Soundness()
        self._stopped: asyncio.Task[None] | None = None
        self._heard_all = False
        """Whether a call within Asterisk has shown that nothing is kept from us."""
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
        connection = self._connection
        if connection is None or self._status.state != "ready":
            return NotSent(self._status.reason or "not_ready", counts=False)
        try:
            planned = plan(message.text, message.says(CallContent))
            fields = await self._fields(message, planned)
        except PromptError as error:
            return self._unspoken(error)
        except UnsafeValueError as error:
            return Refused(f"unsafe_{error.field.lower()}", blame=Blame.PERSON)
        except AmountError:
            return Refused("value_invalid", blame=Blame.PERSON)
        except ValueError as error:
            # Intake lets no such script through; what it says is for who looks for the defect, not for a receipt.
            self._log.warning("call cannot be planned", error=str(error))
            return Refused("script_invalid", blame=Blame.PERSON)
        waits = await self._waits(message, planned, connection)
        if waits is not None:
            return waits
        call = self._board.take(message.attempt, planned, message.to)
        try:
            return await self._place(call, fields, point_of_no_return)
        finally:
            self._leave(call)

    def _unspoken(self, error: PromptError) -> Outcome:
        self._log.warning("prompt failed", error=str(error))
        if error.lasting:
            return Refused("prompt_failed", blame=Blame.PERSON)
        if error.recording:
            # Other calls may go on, and so does this one once the recording is there.
            return NotSent("recording_missing", retry_after=self._timing.lost_s, counts=False)
        return NotSent("prompt_failed", blame=Blame.EITHER)

    async def _waits(self, message: OutboundMessage, planned: CallPlan, connection: Connection) -> Outcome | None:
        """Returns why the call cannot be placed now, known before anybody is called for it; None where it can."""
        try:
            lacking = await self._abilities.lacking(planned, connection) if self._abilities else None
        except LinkError:
            return NotSent("link_lost", counts=False)
        if lacking is not None:
            return NotSent(lacking, retry_after=self._timing.lost_s, counts=False)
        if self._board.find(message.attempt) is not None:
            return Uncertain("already_placed")
        ahead = self._pace.ahead_s(time.monotonic())
        if ahead > TURN_S:
            return NotSent("trunk_full", retry_after=ahead, counts=False)
        if (wait := self._pace.turn(time.monotonic())) > 0:
            await asyncio.sleep(wait)
        if not await self._board.room(self._timing.ghost_s + self._timing.settle_s):
            return NotSent("channels_busy", retry_after=self._timing.settle_s, counts=False)
        if not self._board.free(message.to):
            return NotSent("number_engaged", retry_after=ENGAGED_S, counts=False)
        return None

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
            placed = self._pace.placed(call.to or call.attempt, time.monotonic())
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
        if call.evidence.rang or call.evidence.answered:
            self._pace.passed(placed, time.monotonic())
            self._crowd.hear(call.evidence)
        outcome = await call.outcome()
        if not no_room(call.evidence):
            self._pace.passed(placed, time.monotonic())
        elif self._pace.refused(placed, time.monotonic()):
            await asyncio.sleep(HOLD_S)
            if self._pace.crowded(placed, time.monotonic()):
                return NotSent("trunk_full", retry_after=REST_S, counts=False)
        return await self._judged(call, await self._crowd.judged(call.to or call.attempt, call.evidence, outcome))

    def _unwanted(self, answer: Answer) -> Outcome:
        self._log.warning("originate refused", message=answer.message)
        reason = "no_originate_permission" if "ermission" in answer.message else "context_missing"
        return NotSent(reason, blame=Blame.LINE)

    async def _judged(self, call: Call, outcome: Outcome) -> Outcome:
        """Looks whether a call ended by our own Asterisk's fault: then nobody pays, and the line may have to stop."""
        if isinstance(outcome, Completed) and _nothing_done(outcome):
            lacking = await self._lacking_now(call.plan)
            if lacking is not None:
                outcome = Completed("undelivered", lacking, detail=outcome.detail)
        if isinstance(outcome, Completed) and outcome.reason in BROKEN and self._abilities is not None:
            self._abilities.doubt(at_once=True)
        reason = self._soundness.after(outcome)
        if reason is not None and self._stopped is None and self._status.state == "ready":
            self._log.warning("line stops", reason=reason, prompts=self._options.sounds(self._name))
            await self._show("quarantined", reason)
            self._stopped = asyncio.create_task(self._until_sound(call.plan), name=f"{self._name}: trial")
        return outcome

    async def _lacking_now(self, planned: CallPlan) -> str | None:
        """Asks again what Asterisk has loaded: something may have been taken away since."""
        connection, abilities = self._connection, self._abilities
        if connection is None or abilities is None:
            return None
        try:
            abilities.doubt()
            return await abilities.lacking(planned, connection)
        except LinkError:
            return None

    async def _until_sound(self, planned: CallPlan) -> None:
        """Tries within Asterisk, which rings nobody, whether prompts can be played; then the line goes on."""
        while True:
            await asyncio.sleep(self._soundness.pause_s())
            try:
                prompts = await self._speaker.prompts(planned.script)
            except (PromptError, ValueError) as error:
                self._log.warning("prompt failed", error=str(error))
                continue
            prompt = next(iter(prompts.values()), "")
            seen = await tried_apart(self._options, self._timing, prompt=prompt)
            if seen is not None and seen.report.get("played") == "SUCCESS":
                break
        self._soundness.admit()
        self._stopped = None
        if self._connection is not None:
            await self._show("ready")

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

    async def command(self, name: str, argument: str = "") -> Mapping[str, Any]:
        """`channels`: how many are in use or in doubt; `prompts`: what a call would say, spoken. Raises `LineError`."""
        if name == "channels":
            return {"channels": self._options.channels, "used": self._board.used, "doubted": self._board.doubted}
        if name == "prompts":
            return await self._speaker.heard(argument)
        raise LineError(spoken("an Asterisk line answers: channels, prompts"))

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
                in_use = error.reason == "login_in_use"
                state, reason, rest = "recovering", error.reason, self._timing.in_use_s if in_use else pause
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
            for task in (acknowledging, self._stopped):
                if task is not None:
                    task.cancel()
            self._stopped = None
            self._connection = None
            self._board.orphan()
            connection.close()

    async def _inspect(self, connection: Connection) -> None:
        """Looks what the account may do and what Asterisk has loaded: better known now than by calls that fail."""
        missing = await forbidden(connection)
        if not missing and not self._heard_all:
            # Whether events are kept from us nobody says: a call that rings nobody shows it. Over a connection of its
            # own, for those of live calls come over this one.
            seen = await tried_apart(self._options, self._timing, within_s=TRIAL_S)
            missing = deaf_to(seen) if seen is not None else []
            self._heard_all = seen is not None and seen.placed and not missing
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
            said = outcome.detail
            report = DeliveryReport(call.attempt, call.to, outcome.state, outcome.reason, time.time(), call.attempt, 1)
            await self._events.put(replace(report, opt_out=said["action"] == "opt_out", detail=said))
            self._pressed.spend(call.attempt, call.evidence.report)

    async def _show(self, state: LineState, reason: str | None = None) -> None:
        self._status = LineStatus(state, reason)
        if state != "ready":
            self._log.warning("line", state=state, reason=reason)
        assert self._events is not None
        await self._events.put(self._status)


def _nothing_done(outcome: Completed) -> bool:
    """Whether an answered call ended before anything was said: by the person, or for want of an application."""
    detail = outcome.detail
    answered = detail.get("disposition") == "answered" and outcome.state == "undelivered"
    return answered and not detail.get("heard_s") and not detail.get("key")

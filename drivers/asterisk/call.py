"""One call on its way: the evidence that events bring, and when there is enough of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dialplan.context import EVENT, FAILED_CHANNEL, TRANSFERRED
from drivers.asterisk.ami import Event
from drivers.asterisk.disposition import Disposition, Evidence, Verdict, decide, line_reason, never_placed, settled
from drivers.asterisk.report import Report, integer, report
from drivers.asterisk.script import CallPlan
from drivers.asterisk.timing import Timing
from drivers.base import Blame, Completed, NotSent, Outcome, Uncertain

OTHER_HALF = ";2"
"""Asterisk names the far half of a Local channel by the id of the near one and this."""

RING, RINGING, UP = "4", "5", "6"
"""ChannelState (enum ast_channel_state) of a channel that is called, that rings, that was answered."""

TRANSFER_MAX_S = 4 * 3600.0
"""No conversation with an agent is believed to take longer."""

_RINGING = frozenset({"RINGING", "PROGRESS", "PROCEEDING"})


class Call:
    """A call that was, or may have been, placed. It is kept until its channel is certainly gone."""

    def __init__(self, attempt: str, plan: CallPlan, timing: Timing, to: str | None = None) -> None:
        """`to`: who is called, in E.164; None for a call of an earlier life, until that is known."""
        self.attempt = attempt
        self.to = to
        self.plan = plan
        self.evidence = Evidence()
        self.placed_at = time.monotonic()
        self.doubt: str | None = None
        """Why no more is to be expected of it, once that is so."""
        self.awaited = False
        """Whether somebody waits for its outcome; else it is only counted."""
        self.was_placed = False
        self.counted_until = 0.0
        """Monotonic time until which its channel is counted without asking, once nobody waits for it."""
        self._impossible = False
        self._dead = False
        self._missed = False
        """Its link was lost at some time: events may have gone by, so nothing follows from what was not heard."""
        self._orphan: asyncio.TimerHandle | None = None
        self._timing = timing
        self._changed = asyncio.Event()

    # ---------------------------------------------------------------------------------------------------- evidence

    def hear(self, event: Event) -> None:
        """Takes an event of this call."""
        seen = self.evidence
        match event.name:
            case "OriginateResponse":
                success = event["response"] == "Success"
                seen = replace(seen, answered=success, reason=integer(event["reason"]))
            case "DialState" if event["dialstatus"] in _RINGING:
                seen = replace(seen, rang=True, alerted=seen.alerted or event["dialstatus"] == "RINGING")
            case "DialEnd":
                # What the far half dials ends after it; the first end is that of the call itself.
                seen = replace(seen, dialstatus=seen.dialstatus or event["dialstatus"])
            case "Hangup" if event["uniqueid"] == self.attempt:
                seen = replace(seen, cause=integer(event["cause"]), sip=integer(event["techcause"]))
            case "Hangup":
                seen = replace(seen, far_cause=integer(event["cause"]))
            case "UserEvent" if event["userevent"] == TRANSFERRED:
                seen = replace(seen, transferred=True)
            case "UserEvent" if event["userevent"] == EVENT and not event["channel"].startswith(FAILED_CHANNEL):
                seen = replace(seen, answered=True, report=report(event.headers))
            case _:
                return
        self.evidence = seen
        if seen.report is not None:
            self.to = self.to or seen.report.to or None
        self._changed.set()

    def read(self, kept: Report) -> None:
        """Takes what its person pressed, from Asterisk's database; what is said of its end is better knowledge."""
        if self.evidence.report is None:
            self.evidence = replace(self.evidence, answered=True, report=kept)
            self._changed.set()

    def placed(self) -> None:
        """The Originate is about to be written."""
        self.was_placed = True
        self.placed_at = time.monotonic()

    def unplaced(self) -> None:
        """It certainly was not and will not be placed."""
        self._impossible = True

    def found(self, state: str) -> None:
        """Asterisk lists its channel, in this ChannelState: it lives."""
        self._settle_orphan()
        self._missed = True
        if state == UP:
            self.evidence = replace(self.evidence, answered=True)
        elif state in {RING, RINGING}:
            self.evidence = replace(self.evidence, rang=True)

    def give_up(self, doubt: str) -> None:
        """Nothing more can be known of it."""
        self._settle_orphan()
        self.doubt = self.doubt or doubt
        self._changed.set()

    def buried(self) -> None:
        """The Asterisk that had it is no more."""
        self._dead = True

    def orphaned(self, timer: asyncio.TimerHandle) -> None:
        """Its link is lost; `timer` gives it up unless it is found again."""
        self._settle_orphan()
        self._missed = True
        self._orphan = timer

    def _settle_orphan(self) -> None:
        if self._orphan is not None:
            self._orphan.cancel()
            self._orphan = None

    @property
    def gone(self) -> bool:
        """Whether its channel is certainly no more, or never was."""
        return self._impossible or self._dead or self.evidence.cause is not None or never_placed(self.evidence)

    async def stirred(self) -> None:
        """Waits until anything was heard of it, or for as long as that is of use for the pace."""
        until = time.monotonic() + self._timing.stir_s
        while self.evidence == Evidence() and self.doubt is None and await self._change(until):
            pass

    # --------------------------------------------------------------------------------------------------------- end

    async def outcome(self) -> Outcome:
        """Returns what became of it; bounded by its own limits."""
        limit = self.plan.ring_s + self.plan.limit_s + self._timing.slack_s
        deadline = self.placed_at + limit
        while not settled(self.evidence):
            if self.evidence.transferred:
                deadline = self.placed_at + TRANSFER_MAX_S
            if self.doubt is not None and not self._over:
                return Uncertain(self.doubt)
            # What is over is decided with what there is once nothing more has come for a while.
            until = min(deadline, time.monotonic() + self._lag_s) if self._over else deadline
            if not await self._change(until):
                break
        outcome = verdict_outcome(self.evidence, self.plan, missed=self._missed)
        if isinstance(outcome, Uncertain):
            self.doubt = outcome.reason
        return outcome

    @property
    def _lag_s(self) -> float:
        """How long the rest of the evidence may lag behind what says that the call is over."""
        return self._timing.absent_s if never_placed(self.evidence) else self._timing.settle_s

    @property
    def _over(self) -> bool:
        return self.evidence.answered is False or self.evidence.cause is not None

    async def _change(self, until: float) -> bool:
        """Waits for news until then; False when none came."""
        self._changed.clear()
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True


def verdict_outcome(seen: Evidence, plan: CallPlan, *, missed: bool = False) -> Outcome:
    """Returns the outcome of a call that is over, or was silent for all the time it may take. `missed`: more may have
    been said of it than was heard."""
    if seen.answered is None and seen.cause is None and not seen.dialstatus:
        return Uncertain("no_end")
    if never_placed(seen):
        return Uncertain("link_lost") if missed else NotSent("no_trunk", blame=Blame.LINE)
    verdict = decide(seen)
    if verdict is None:
        return Uncertain("no_outcome")
    if missed and verdict.disposition is Disposition.FAILED:
        # Known only by what was not heard: nobody's telephone rang, no cause was given.
        return Uncertain("link_lost")
    return _completed(verdict, seen, plan)


def _completed(verdict: Verdict, seen: Evidence, plan: CallPlan) -> Completed:
    report = seen.report
    detail = _detail(verdict, report)
    name = verdict.disposition.value
    if report is None:
        # Who could not be reached may be tried again; a number that does not exist never.
        invalid = verdict.disposition is Disposition.INVALID
        said = None if verdict.blame is Blame.PERSON else line_reason(seen)
        return Completed("failed" if invalid else None, name, detail=detail, blame=verdict.blame, line_reason=said)
    # The next three are our fault, and nobody pays for them.
    if report.script == "failed":
        return Completed("undelivered", "script_failed", detail=detail)
    if plan.amd != "off" and not report.amd:
        # The dial plan came to an end at AMD(): Asterisk knows no such application.
        return Completed("undelivered", "amd_failed", detail=detail)
    if report.playback == "FAILED":
        return Completed("undelivered", "prompt_unplayable", detail=detail)
    if verdict.disposition is Disposition.MACHINE:
        if report.left:
            return Completed("delivered", None, charged=True, detail=detail)
        return Completed("undelivered", name, charged=True, detail=detail)
    heard = report.heard_s >= plan.min_heard_s or report.playback == "SUCCESS"
    return Completed(
        "delivered" if heard else "undelivered", None if heard else "not_heard", charged=True, detail=detail
    )


def _detail(verdict: Verdict, report: Report | None) -> Mapping[str, Any]:
    return {
        "disposition": verdict.disposition.value,
        "heard_s": round(report.heard_s) if report else 0,
        "key": (report.key or None) if report else None,
        "action": (report.action or None) if report else None,
        "cause": verdict.cause or None,
        **({"sip": verdict.sip} if verdict.sip else {}),
        **({"transfer": report.transfer} if report and report.transfer else {}),
        **({"answers": dict(report.answers)} if report and report.answers else {}),
    }

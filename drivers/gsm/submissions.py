"""What comes back of submissions past Ctrl-Z: whose a `+CMGS` is, and whose an error.

A submission given up after silence may be answered while the next one is under way, and some firmware says an error
behind an answer it has given. What was answered stays answered.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, Literal

from drivers.gsm import at
from drivers.gsm.deadline import Deadline
from drivers.gsm.operation import Answer, Listener, Operation
from drivers.gsm.pace import Pace
from drivers.gsm.references import References, Verdict
from drivers.gsm.timing import Timing


class Submissions:
    """Those of one dialogue. Its methods that judge an answer return whether the submission under way is over."""

    def __init__(
        self, listener: Listener, deadline: Deadline, pace: Pace, timing: Timing, now: Callable[[], float]
    ) -> None:
        self._now = now
        self._listener = listener
        self._deadline = deadline
        self._pace = pace
        self._timing = timing
        self._references = References(timing.late_s)
        self._answered_at = -inf
        self.swallows = False
        """Whether the next final result belongs to a reference that was another's."""

    @property
    def doubtful(self) -> bool:
        """Whether an answer may still come that nobody waits for."""
        return self._references.doubtful

    def begin(self, operation: Operation) -> None:
        """Starts to wait for the answer: PDU and Ctrl-Z are being written."""
        operation.began = now = self._now()
        operation.until = now + self._timing.submit_s
        self._references.begin(now)
        self._deadline.set(self._pace.still_there_s, now)

    def may_be_stray(self) -> bool:
        """Whether an error that comes now may be a second answer to the submission before."""
        return self._now() - self._answered_at < self._timing.stray_s

    # ------------------------------------------------------------------------------------------------ what is answered

    def on_reference(self, operation: Operation | None, digits: str) -> bool:
        """Takes a `+CMGS`; `operation` is the submission that waits for one, if any does."""
        verdict = Verdict.LATE
        if operation is not None:
            verdict = self._references.judge(digits)
            if operation.candidate is not None:  # the first of two was the other's
                self._report_late(operation.candidate)
                operation.candidate = None
                verdict = Verdict.OURS
        if verdict is Verdict.LATE or operation is None:
            self.swallows = self._report_late(digits)
        elif verdict is Verdict.EITHER:
            operation.candidate = digits
            self.swallows = True
            self._deadline.set(self._pace.overlap_s)
        else:
            operation.reference = digits
            operation.error = None
            if operation.acknowledged:
                return True
            self._deadline.set(self._timing.reference_s)
        return False

    def on_final(self, operation: Operation, result: at.Final) -> bool:
        """Takes the final result that ends a submission, or does not."""
        if operation.reference is not None:
            return True
        if not result.ok:
            if operation.candidate is None and self.may_be_stray():
                # The one before was answered a moment ago, and this may be its as well.
                if operation.error is None:
                    self._deadline.set(min(self._pace.overlap_s, operation.until - self._now()))
                operation.error = result
                return False
            if operation.candidate is not None:
                self._report_late(operation.candidate)
            operation.error = result
            return True
        if operation.unanswered:
            operation.unanswered -= 1  # the modem answers AT in the middle of its work
        else:
            operation.acknowledged = True
            self._deadline.set(self._timing.reference_s)
        return False

    def end(self, operation: Operation) -> None:
        """Tells its sender the answer of a submission that is over."""
        if operation.reference is not None:
            self._take(operation, operation.reference)
        else:
            operation.resolve(Answer(None, operation.error))

    def is_decided(self, operation: Operation) -> bool:
        """Whether a submission whose time is over has an answer after all: no second one has come."""
        if operation.candidate is not None:
            if operation.error is not None:
                self._report_late(operation.candidate)
            else:
                operation.reference = operation.candidate
        return operation.reference is not None or operation.error is not None

    def may_still_come(self, operation: Operation) -> float:
        """Returns for how long the answer may yet come: then the modem is asked whether it is still the one that was
        written to."""
        if operation.reference is not None or operation.error is not None or operation.acknowledged:
            return 0.0
        return operation.until - self._now()

    def give_up(self, operation: Operation, reason: Literal["silence", "port_lost", "restarted"]) -> None:
        """Ends one past Ctrl-Z; +CMGS without its OK says enough: the network took it."""
        if operation.reference is not None:
            self._take(operation, operation.reference)
        else:
            self._references.give_up(operation.token, self._now())
            operation.resolve(Answer(None, reason=reason))

    # ------------------------------------------------------------------------------------------------------- its parts

    def _take(self, operation: Operation, reference: str) -> None:
        self._references.answered(reference)
        self._answered_at = now = self._now()
        self._pace.submitted(now - operation.began)
        if operation.awaited:
            operation.resolve(Answer(reference))
        else:
            self._listener.on_late_reference(operation.token, reference)

    def _report_late(self, reference: str) -> bool:
        token: Any = self._references.late(reference)
        if token is not None:
            self._listener.on_late_reference(token, reference)
        return token is not None

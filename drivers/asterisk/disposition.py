"""What became of a call: from what Asterisk said of it to one disposition. Pure.

Asterisk tells the same end in several ways and in no fixed order; which of them is to be believed was measured on a
real one, with SIP and with Local channels. In this order: the report of our own dialplan if the call was answered;
the hang-up cause of the call's own channel (ITU-T Q.850); the end of its dialling; the reason of the Originate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Disposition(StrEnum):
    """As receipts name it."""

    ANSWERED = "answered"
    MACHINE = "machine"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CONGESTION = "congestion"
    REJECTED = "rejected"
    INVALID = "invalid"
    FAILED = "failed"


CAUSES: Final = {
    1: Disposition.INVALID,  # unallocated number
    17: Disposition.BUSY,  # user busy
    18: Disposition.NO_ANSWER,  # no user responding
    19: Disposition.NO_ANSWER,  # no answer from user (user alerted)
    20: Disposition.NO_ANSWER,  # subscriber absent
    21: Disposition.REJECTED,  # call rejected
    22: Disposition.INVALID,  # number changed
    28: Disposition.INVALID,  # invalid number format
    34: Disposition.CONGESTION,  # no circuit available
    38: Disposition.CONGESTION,  # network out of order
    41: Disposition.CONGESTION,  # temporary failure
    42: Disposition.CONGESTION,  # switching equipment congestion
    44: Disposition.CONGESTION,  # requested circuit not available
    47: Disposition.CONGESTION,  # resource unavailable
}
"""Hang-up causes (Q.850 §2.2.7) that say by themselves how an unanswered call ended; any other says nothing."""

DIALLED: Final = {"BUSY": Disposition.BUSY, "CONGESTION": Disposition.CONGESTION}
"""DialStatus of DialEnd; NOANSWER comes for refused and unknown numbers too and says nothing."""

REASONS: Final = {3: Disposition.NO_ANSWER, 5: Disposition.BUSY, 8: Disposition.CONGESTION}
"""Reason of OriginateResponse; 0 comes for everything that fails on SIP and says nothing."""

RANG_OUT: Final = 3
ALERTED: Final = 19


@dataclass(frozen=True, slots=True)
class Report:
    """What our dialplan said at the end of an answered call."""

    heard_s: float = 0.0
    amd: str = ""
    """AMDSTATUS: HUMAN, MACHINE, NOTSURE, HANGUP; empty where detection was off."""
    key: str = ""
    action: str = ""
    playback: str = ""
    """SUCCESS, or FAILED where a prompt is missing or in a wrong format."""
    left: bool = False
    """The message was left with a machine to its end."""
    script: str = ""
    """Of the AGI script of a call with steps: `begun`, `running` (hung up meanwhile), `done`, `prompt`, `failed`."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """What was pressed, by the name it was asked for."""
    cause: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was heard of one call so far."""

    answered: bool | None = None
    """OriginateResponse: Success or Failure; None while it has not come."""
    reason: int = 0
    rang: bool = False
    """A DialState RINGING or PROGRESS was seen: somebody at the other end took the call on."""
    dialstatus: str = ""
    cause: int | None = None
    """Of the Hangup of the call's own channel; None while it has not come."""
    far_cause: int | None = None
    """Of the Hangup of a Local channel's other half, which may know what the first does not."""
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    disposition: Disposition
    cause: int | None = None


def decide(seen: Evidence) -> Verdict | None:
    """The disposition that the evidence makes, None where an answered call never told what became of it."""
    cause = seen.cause or seen.far_cause
    if seen.report is not None:
        machine = seen.report.amd == "MACHINE"
        return Verdict(Disposition.MACHINE if machine else Disposition.ANSWERED, seen.report.cause or cause)
    if seen.answered or seen.dialstatus == "ANSWER":
        return None
    return Verdict(_unanswered(seen, cause), cause)


def _unanswered(seen: Evidence, cause: int | None) -> Disposition:
    if seen.reason == RANG_OUT and cause in {None, 0, ALERTED} and not seen.rang:
        # Asterisk says "user alerted" of a trunk that never answered a single packet.
        return Disposition.FAILED
    for each in (seen.cause, seen.far_cause):
        if each in CAUSES:
            return CAUSES[each]
    return DIALLED.get(seen.dialstatus) or REASONS.get(seen.reason) or Disposition.FAILED


def settled(seen: Evidence) -> bool:
    """Whether nothing that may still come could change the decision."""
    if seen.report is not None:
        return True
    if seen.answered is not False or seen.cause is None or seen.dialstatus == "ANSWER":
        return False
    return seen.cause in CAUSES or (seen.far_cause or 0) in CAUSES


def never_placed(seen: Evidence) -> bool:
    """Whether Asterisk refused to place the call: no channel ever was (no such trunk or endpoint)."""
    untouched = not seen.rang and not seen.dialstatus and seen.cause is None and seen.far_cause is None
    return seen.answered is False and seen.reason == 0 and untouched

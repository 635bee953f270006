"""What became of a call, and whose fault it may be: from what Asterisk said of it to one disposition. Pure.

Asterisk says the same end in several ways and in no fixed order; which of them is to be believed was measured on a
real one, with SIP and with Local channels. In this order: the report of our own dial plan if the call was answered;
the hang-up cause of the call's own channel (ITU-T Q.850); the end of its dialling; the reason of the Originate.

A refusal after a telephone rang is that person's. One that came without ringing may as well be the trunk's, which
answers for everybody (RFC 3261 §21 gives both the same codes): no balance, no common codec, no circuit left.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from drivers.asterisk.report import Report
from drivers.base import Blame


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
    19: Disposition.NO_ANSWER,  # no answer from user (user alerted); of SIP 480, too
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

SIP: Final = {
    482: Disposition.FAILED,  # loop detected
    483: Disposition.FAILED,  # too many hops; Asterisk calls it cause 19
}
"""SIP answers (RFC 3261 §21.4) whose hang-up cause says something else."""

HINTS: Final = {
    401: "trunk_refuses_registration",
    402: "trunk_refuses_balance",
    403: "trunk_refuses_balance",
    407: "trunk_refuses_registration",
    404: "trunk_refuses_number",
    484: "trunk_refuses_number",
    488: "trunk_refuses_codec",
    606: "trunk_refuses_codec",
}
"""What several people refused alike by SIP say of the trunk (RFC 3261 §21)."""

CAUSE_HINTS: Final = {
    1: "trunk_refuses_number",
    28: "trunk_refuses_number",
    58: "trunk_refuses_codec",
    65: "trunk_refuses_codec",
    88: "trunk_refuses_codec",
}
"""The same by hang-up cause (Q.850 §2.2.7), where no SIP answer is known."""

LINE_SIP: Final = frozenset({401, 402, 407})
"""SIP answers that blame the caller, not the person called: credentials (§21.4.2, §21.4.8), payment (§21.4.3)."""

PERSON_SIP: Final = frozenset({480, 486, 600, 603})
"""SIP answers that speak of one telephone: it is off, busy, or declines (§21.4.18, §21.4.24, §21.6)."""

PERSON_CAUSES: Final = frozenset({17, 19, 20})
"""Hang-up causes that do: busy, alerted, absent. Many of them together are looked at by `pace`."""

CAPACITY: Final = frozenset({17, 34, 42, 44, 47})
"""Hang-up causes by which a trunk says that it has no room for one more call; 17 is a busy person's, too."""

RANG_OUT: Final = 3
ALERTED: Final = 19


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
    alerted: bool = False
    """A DialState RINGING was seen: a telephone rang."""
    sip: int = 0
    """The last SIP answer, where Asterisk says it (22 does, as TechCause)."""
    transferred: bool = False
    """The person was put through to somebody: the call has no limit of its own any more."""


@dataclass(frozen=True, slots=True)
class Verdict:
    disposition: Disposition
    cause: int | None = None
    blame: Blame = Blame.PERSON
    sip: int = 0


def decide(seen: Evidence) -> Verdict | None:
    """Returns the disposition that the evidence makes; None where an answered call never said what became of it."""
    cause = seen.cause or seen.far_cause
    if seen.report is not None:
        machine = seen.report.amd == "MACHINE"
        return Verdict(Disposition.MACHINE if machine else Disposition.ANSWERED, seen.report.cause or cause)
    if seen.answered or seen.dialstatus == "ANSWER":
        return None
    disposition = _unanswered(seen, cause)
    return Verdict(disposition, cause, blame(seen, disposition), seen.sip)


def _unanswered(seen: Evidence, cause: int | None) -> Disposition:
    if seen.reason == RANG_OUT and cause in {None, 0, ALERTED} and not seen.rang:
        # Asterisk says "user alerted" of a trunk that never answered a single packet.
        return Disposition.FAILED
    if seen.sip in SIP:
        return SIP[seen.sip]
    for each in (seen.cause, seen.far_cause):
        if each in CAUSES:
            return CAUSES[each]
    known = DIALLED.get(seen.dialstatus) or REASONS.get(seen.reason)
    # A cause that says nothing (0, 16, 102, 127 of SIP 487 …): what was heard decides.
    return known or (Disposition.NO_ANSWER if seen.rang else Disposition.FAILED)


def blame(seen: Evidence, disposition: Disposition) -> Blame:
    """Returns whose fault it may be that nobody answered."""
    if seen.sip in LINE_SIP:
        return Blame.LINE
    if seen.alerted or seen.sip in PERSON_SIP or (not seen.sip and {seen.cause, seen.far_cause} & PERSON_CAUSES):
        silent = seen.reason == RANG_OUT and not seen.rang
        return Blame.EITHER if silent else Blame.PERSON
    # Many trunks let a telephone be heard ringing (SIP 183) and never say that it does; an announcement sounds so, too.
    return Blame.PERSON if seen.rang and disposition is Disposition.NO_ANSWER else Blame.EITHER


def line_reason(seen: Evidence) -> str:
    """Returns what it says of the trunk, should it refuse everybody so."""
    if seen.reason == RANG_OUT and not seen.rang:
        return "trunk_silent"
    causes = (CAUSE_HINTS.get(each or 0) for each in (seen.cause, seen.far_cause))
    return HINTS.get(seen.sip) or next((each for each in causes if each), "trunk_refuses")


def no_room(seen: Evidence) -> bool:
    """Returns whether the call was refused as a trunk does that takes no more calls a second, before anything rang."""
    if seen.answered is not False or seen.rang or seen.report is not None:
        return False
    causes = CAPACITY & {seen.cause, seen.far_cause}
    return bool(causes) or seen.dialstatus in DIALLED or seen.sip == 503


def settled(seen: Evidence) -> bool:
    """Returns whether nothing that may still come could change the decision."""
    if seen.report is not None:
        return True
    if seen.answered is not False or seen.cause is None or seen.dialstatus == "ANSWER":
        return False
    return seen.sip in SIP or seen.cause in CAUSES or (seen.far_cause or 0) in CAUSES


def never_placed(seen: Evidence) -> bool:
    """Returns whether Asterisk refused to place the call: no channel ever was (no such trunk or endpoint)."""
    untouched = not seen.rang and not seen.dialstatus and seen.cause is None and seen.far_cause is None
    return seen.answered is False and seen.reason == 0 and untouched

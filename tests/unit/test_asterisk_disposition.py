"""From what Asterisk says to what became of the call: every row measured on a real one, and every mixture of rows."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from drivers.asterisk.disposition import (
    CAUSES,
    DIALLED,
    REASONS,
    Disposition,
    Evidence,
    Verdict,
    blame,
    decide,
    line_reason,
    never_placed,
    no_room,
    settled,
)
from drivers.asterisk.report import Report
from drivers.base import Blame

HEARD = Report(heard_s=7.0, amd="", playback="SUCCESS", cause=16)

MEASURED = {
    "SIP 486": (Evidence(False, 0, True, "BUSY", 17), Disposition.BUSY),
    "Local busy": (Evidence(False, 5, False, "BUSY", 0, 17), Disposition.BUSY),
    "rang out": (Evidence(False, 3, True, "", 19), Disposition.NO_ANSWER),
    "SIP 503": (Evidence(False, 0, False, "CONGESTION", 34), Disposition.CONGESTION),
    "Local congestion": (Evidence(False, 8, False, "CONGESTION", 0, 34), Disposition.CONGESTION),
    "SIP 404": (Evidence(False, 0, False, "NOANSWER", 1), Disposition.INVALID),
    "SIP 480": (Evidence(False, 0, False, "NOANSWER", 19), Disposition.NO_ANSWER),
    "SIP 603": (Evidence(False, 0, False, "NOANSWER", 21), Disposition.REJECTED),
    "silent trunk": (Evidence(False, 3, False, "", 19), Disposition.FAILED),
    "no such endpoint": (Evidence(False, 0, False, "", None), Disposition.FAILED),
    "no such extension in Local": (Evidence(False, 0, False, "", 0, 0), Disposition.FAILED),
    "answered": (Evidence(True, 4, True, "ANSWER", 16, None, HEARD), Disposition.ANSWERED),
    "Local answered": (Evidence(True, 4, False, "ANSWER", 0, 0, HEARD), Disposition.ANSWERED),
    "machine": (Evidence(True, 4, True, "ANSWER", 16, None, replace(HEARD, amd="MACHINE")), Disposition.MACHINE),
    "not sure it is a machine": (
        Evidence(True, 4, True, "ANSWER", 16, None, replace(HEARD, amd="NOTSURE")),
        Disposition.ANSWERED,
    ),
    "only the far half knows": (Evidence(False, 0, False, "NOANSWER", 0, 21), Disposition.REJECTED),
    "only the dial end knows": (Evidence(False, 0, False, "BUSY", 0), Disposition.BUSY),
    "only the reason knows": (Evidence(False, 8, False, "", 0), Disposition.CONGESTION),
    "rang, then cleared normally": (Evidence(False, 0, True, "NOANSWER", 16), Disposition.NO_ANSWER),
    "rang, then cause 0": (Evidence(False, 0, True, "NOANSWER", 0), Disposition.NO_ANSWER),
    "rang, then a timer expired": (Evidence(False, 0, True, "NOANSWER", 102), Disposition.NO_ANSWER),
    "rang, then SIP 487": (Evidence(False, 0, True, "NOANSWER", 127, sip=487), Disposition.NO_ANSWER),
    "never rang, cleared normally": (Evidence(False, 0, False, "NOANSWER", 16), Disposition.FAILED),
    "never rang, SIP 487": (Evidence(False, 0, False, "NOANSWER", 127, sip=487), Disposition.FAILED),
    "SIP 483": (Evidence(False, 0, False, "NOANSWER", 19, sip=483), Disposition.FAILED),
    "SIP 488": (Evidence(False, 0, False, "NOANSWER", 58, sip=488), Disposition.FAILED),
    "SIP 403": (Evidence(False, 0, False, "NOANSWER", 21, sip=403), Disposition.REJECTED),
}


@pytest.mark.parametrize("case", MEASURED)
def test_measured_calls(case: str) -> None:
    seen, disposition = MEASURED[case]
    verdict = decide(seen)
    assert verdict is not None
    assert verdict.disposition is disposition


NEVER_RANG = {
    "403 no balance": (Evidence(False, 0, False, "NOANSWER", 21, sip=403), Blame.EITHER),
    "488 no codec": (Evidence(False, 0, False, "NOANSWER", 58, sip=488), Blame.EITHER),
    "503 down": (Evidence(False, 0, False, "CONGESTION", 34, sip=503), Blame.EITHER),
    "404, a dial plan without the numbers": (Evidence(False, 0, False, "NOANSWER", 1, sip=404), Blame.EITHER),
    "500 broken": (Evidence(False, 0, False, "NOANSWER", 38, sip=500), Blame.EITHER),
    "rejected, by whom nobody says": (Evidence(False, 0, False, "NOANSWER", 21), Blame.EITHER),
    "no packet": (Evidence(False, 3, False, "", 19), Blame.EITHER),
    "no extension in Local": (Evidence(False, 0, False, "", 0, 0), Blame.EITHER),
    "401 not registered": (Evidence(False, 0, False, "NOANSWER", 21, sip=401), Blame.LINE),
    "402 to pay": (Evidence(False, 0, False, "NOANSWER", 127, sip=402), Blame.LINE),
}


@pytest.mark.parametrize("case", NEVER_RANG)
def test_what_never_rang_may_be_the_trunks(case: str) -> None:
    seen, whose = NEVER_RANG[case]
    verdict = decide(seen)
    assert verdict is not None
    assert verdict.blame is whose
    # The same after a telephone rang is that person's, unless it can only be about us.
    after = decide(replace(seen, rang=True, alerted=True))
    assert after is not None
    assert after.blame is (Blame.LINE if whose is Blame.LINE else Blame.PERSON)


def test_what_speaks_of_one_telephone_is_that_persons() -> None:
    for seen in (
        Evidence(False, 0, False, "BUSY", 17, sip=486),
        Evidence(False, 5, False, "BUSY", 0, 17),
        Evidence(False, 0, False, "NOANSWER", 19, sip=480),
        Evidence(False, 0, False, "NOANSWER", 20),
        Evidence(False, 0, False, "NOANSWER", 21, sip=603),
    ):
        verdict = decide(seen)
        assert verdict is not None
        assert verdict.blame is Blame.PERSON, seen


def test_what_a_trunk_says_to_everybody_has_a_word() -> None:
    said = {403: "balance", 402: "balance", 401: "registration", 407: "registration", 488: "codec", 404: "number"}
    for sip, word in said.items():
        assert line_reason(Evidence(False, 0, False, "NOANSWER", 21, sip=sip)) == f"trunk_refuses_{word}"
    assert line_reason(Evidence(False, 0, False, "CONGESTION", 34, sip=503)) == "trunk_refuses"
    assert line_reason(Evidence(False, 0, False, "NOANSWER", 0, 58)) == "trunk_refuses_codec"
    assert line_reason(Evidence(False, 3, False, "", 19)) == "trunk_silent"


def test_a_trunk_that_lets_ringing_be_heard_alone_is_no_refusal() -> None:
    """SIP 183 and then nobody: that is a person who does not answer, however many of them there are."""
    heard = Evidence(False, 3, True, "", 19)
    assert blame(heard, Disposition.NO_ANSWER) is Blame.PERSON
    # An announcement, and then a refusal: "your balance …".
    assert blame(replace(heard, reason=0, cause=21, sip=403), Disposition.REJECTED) is Blame.EITHER


def test_no_room_is_said_before_anything_rings() -> None:
    for seen in (
        Evidence(False, 0, False, "BUSY", 17, sip=486),
        Evidence(False, 5, False, "BUSY", 0, 17),
        Evidence(False, 0, False, "CONGESTION", 34, sip=503),
        Evidence(False, 8, False, "CONGESTION", 0, 34),
    ):
        assert no_room(seen)
        assert not no_room(replace(seen, rang=True))
        assert not no_room(replace(seen, answered=None))
    assert not no_room(Evidence(False, 0, False, "NOANSWER", 21, sip=603))
    assert not no_room(Evidence(False, 3, False, "", 19))


def test_answered_without_a_report_is_unknown() -> None:
    assert decide(Evidence(True, 4, True, "ANSWER", 16)) is None
    # The OriginateResponse is lost with the link, but the end of dialling was heard.
    assert decide(Evidence(None, 0, True, "ANSWER", 16)) is None


def every_evidence() -> list[Evidence]:
    return [
        Evidence(*fields)
        for fields in itertools.product(
            (None, False, True),
            (0, 1, 3, 4, 5, 8),
            (False, True),
            ("", "ANSWER", "BUSY", "CONGESTION", "NOANSWER", "CHANUNAVAIL", "CANCEL"),
            (None, 0, 16, 31, *CAUSES),
            (None, 0, 16, 17, 21),
            (None, HEARD, replace(HEARD, amd="MACHINE")),
        )
    ]


def test_the_order_of_belief_holds_for_every_mixture() -> None:
    for seen in every_evidence():
        verdict = decide(seen)
        if seen.report is not None:
            expected = Disposition.MACHINE if seen.report.amd else Disposition.ANSWERED
            assert verdict == Verdict(expected, 16), seen
        elif seen.answered or seen.dialstatus == "ANSWER":
            assert verdict is None, seen
        else:
            assert verdict is not None, seen
            silent = seen.reason == 3 and not seen.rang and (seen.cause or seen.far_cause) in {None, 0, 19}
            if silent:
                assert verdict.disposition is Disposition.FAILED, seen
            elif seen.cause in CAUSES:
                assert verdict.disposition is CAUSES[seen.cause], seen
            elif seen.far_cause in CAUSES:
                assert verdict.disposition is CAUSES[seen.far_cause], seen
            elif seen.dialstatus in DIALLED:
                assert verdict.disposition is DIALLED[seen.dialstatus], seen
            else:
                silent_end = Disposition.NO_ANSWER if seen.rang else Disposition.FAILED
                assert verdict.disposition is REASONS.get(seen.reason, silent_end), seen


def later(seen: Evidence) -> list[Evidence]:
    """What the same call may look like once the rest has come."""
    ends = {seen.dialstatus} if seen.dialstatus else {"NOANSWER", "BUSY", "CONGESTION", "CHANUNAVAIL"}
    causes = {seen.cause} if seen.cause is not None else {0, 16, 17}
    far = {seen.far_cause} if seen.far_cause is not None else {0, 17}
    return [
        replace(seen, dialstatus=end, cause=cause, far_cause=far_cause)
        for end, cause, far_cause in itertools.product(ends, causes, far)
    ]


def test_what_is_settled_never_changes() -> None:
    """Events come in any order: nothing that may still come makes another disposition of what was decided."""
    decided = 0
    for seen in every_evidence():
        if not settled(seen):
            continue
        before = decide(seen)
        assert before is not None, seen
        for more in later(seen):
            after = decide(more)
            assert after is not None, (seen, more)
            assert after.disposition is before.disposition, (seen, more)
        decided += 1
    assert decided > 1000


def test_never_placed_needs_silence_from_every_side() -> None:
    assert never_placed(Evidence(False, 0))
    for touched in (
        Evidence(None, 0),
        Evidence(False, 3),
        Evidence(False, 0, rang=True),
        Evidence(False, 0, dialstatus="NOANSWER"),
        Evidence(False, 0, cause=0),
        Evidence(False, 0, far_cause=0),
    ):
        assert not never_placed(touched)

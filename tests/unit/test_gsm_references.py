"""Whose reference an answer bears when an earlier submission was never answered."""

from __future__ import annotations

from drivers.gsm.references import References, Verdict


def counted(last: int) -> References:
    """A connection whose latest submission got `last`."""
    references = References(remembered_s=100)
    references.begin(0)
    references.answered(str(last))
    return references


def test_without_doubt_every_answer_is_ours() -> None:
    references = counted(7)
    references.begin(1)
    assert references.judge("200") is Verdict.OURS


def test_the_next_number_but_one_is_ours_and_proves_whose_the_next_was() -> None:
    references = counted(254)
    references.begin(1)
    references.give_up("uno", 2)
    references.begin(3)
    assert references.judge("0") is Verdict.OURS
    references.answered("0")
    references.begin(4)
    assert references.judge("255") is Verdict.LATE
    assert references.late("255") == "uno"
    assert references.judge("1") is Verdict.OURS
    assert not references.doubtful


def test_the_next_number_may_be_either() -> None:
    references = counted(7)
    references.begin(1)
    references.give_up("uno", 2)
    references.begin(3)
    assert references.judge("8") is Verdict.EITHER
    references.answered("8")  # nothing else came: it was ours
    references.begin(4)
    assert references.judge("9") is Verdict.OURS


def test_firmware_that_does_not_count_is_believed() -> None:
    references = counted(0)
    references.begin(1)
    references.give_up("uno", 2)
    references.begin(3)
    assert references.judge("0") is Verdict.OURS


def test_several_given_up_are_told_apart() -> None:
    references = counted(7)
    for token in ("uno", "dos"):
        references.begin(1)
        references.give_up(token, 2)
    assert references.late("9") == "dos"
    assert references.late("77") is None
    assert references.late("8") == "uno"


def test_the_first_of_a_connection_is_known_by_being_alone() -> None:
    references = References(100)
    references.begin(0)
    references.give_up("uno", 1)
    assert references.late("41") == "uno"
    references.begin(2)
    assert references.judge("42") is Verdict.OURS


def test_what_is_old_is_forgotten() -> None:
    references = counted(7)
    references.begin(1)
    references.give_up("uno", 2)
    references.begin(103)
    assert references.judge("8") is Verdict.OURS
    assert references.late("8") is None


def test_a_reference_that_is_no_number() -> None:
    references = counted(7)
    references.begin(1)
    references.give_up("uno", 2)
    references.begin(3)
    assert references.judge("") is Verdict.OURS
    references.answered("")
    assert references.late("x") is None

"""The oracle of claims against situations worked out by hand: what judges the engine is judged itself."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.rig.collections.examples import EXAMPLES, Example
from tests.rig.collections.generator import draw
from tests.rig.collections.oracle import judge


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_oracle_says_what_was_worked_out_by_hand(example: Example) -> None:
    verdict = judge(example.book(), "ana", example.currency, example.now)
    reason, *rest = example.says.split()
    assert verdict.reasons == {reason}
    assert verdict.send == (reason == "due")
    if verdict.send:
        level, amount, *bills = rest
        assert (verdict.level, verdict.amount, verdict.listed) == (level, int(amount), frozenset(bills))
        assert verdict.channel == ("email" if level == "cinco" and "email" in example.channels else "sms")


def test_a_history_is_the_same_every_time() -> None:
    assert draw(7) == draw(7)
    assert str(draw(7)) != str(draw(8))


def test_histories_have_all_that_happens_to_a_customer() -> None:
    happened = Counter(event.what for seed in range(60) for event in draw(seed).events)
    assert set(happened) == {
        *(
            "rule",
            "company",
            "own rule",
            "channels",
            "alone",
            "invoice",
            "money",
            "cancel money",
            "complete",
            "dispute",
        ),
        *("settle", "promise", "withdraw promise", "rest", "lift", "by hand", "merge"),
    }

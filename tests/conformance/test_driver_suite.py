"""The drivers' suite itself: a third party's driver runs it from the command line, and no sin goes unseen."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.conformance import Adapter
from tests.conformance.example import Sin
from tests.conformance.finding import UnknownAdapterError, chosen

ROOT = Path(__file__).parents[2]

SEEN = {
    Sin.EARLY: "nothing_leaves_before_the_point_of_no_return[early]",
    Sin.DEAF: "what_is_withdrawn_does_not_leave[deaf-cancelled]",
    Sin.TWICE: "what_befalls_a_message_is_told_as_it_is[twice-dropped-taken]",
    Sin.LIAR: "what_befalls_a_message_is_told_as_it_is[liar-dropped-taken]",
    Sin.BOASTER: "a_crash_before_the_message_left_never_calls_it_sent[boaster]",
    Sin.HASTY: "it_is_acknowledged_once_it_is_durable[hasty]",
    Sin.FORGETFUL: "what_was_not_durable_comes_again_as_the_same[forgetful]",
    Sin.TALKATIVE: "a_message_is_taken_once[talkative]",
    Sin.QUITTER: "a_device_that_is_not_there_yet[quitter]",
}
"""The test that finds each."""


def run(driver: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "tests/conformance", "-q", "-p", "no:cacheprovider", "--timeout", "60"]
    return subprocess.run(
        [*command, "--driver", driver, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )


def test_a_third_party_s_driver_is_proven_by_its_name() -> None:
    done = run("tests.conformance.example:adapter")
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout) or re.findall(r"\.", done.stdout)
    assert passed
    assert "store" not in done.stdout


def test_no_sin_goes_unseen() -> None:
    tests = [f"test_{name}" for name in SEEN.values()]
    wanted = " or ".join(f"({name} and {sin.name.lower()})" for sin, name in zip(SEEN, map(_bare, tests), strict=True))
    done = run("tests.conformance.example:sinners", "-k", wanted, "-rfE")
    failed = {
        line.split(" ")[1].partition("::")[2]
        for line in done.stdout.splitlines()
        if line.startswith(("FAILED", "ERROR"))
    }
    unseen = [test for test in tests if test not in failed and _turned(test) not in failed]
    assert unseen == [], done.stdout[-3000:]


def _bare(test: str) -> str:
    return test.partition("[")[0]


def _turned(test: str) -> str:
    """The same with its two parameters in the other order."""
    name, _, case = test.rstrip("]").partition("[")
    one, _, two = case.partition("-")
    return f"{name}[{two}-{one}]"


def test_an_unknown_driver_is_told_what_there_is() -> None:
    done = run("quipu")
    assert done.returncode == 4
    assert "no driver 'quipu'; there are" in done.stdout + done.stderr
    with pytest.raises(UnknownAdapterError, match="no_such"):
        chosen("no_such_module:adapter")


def names(adapters: object) -> set[str]:
    assert isinstance(adapters, list)
    found: list[Adapter] = adapters
    return {each.name for each in found}


def test_adapters_are_chosen_by_their_own_name_or_their_driver_s() -> None:
    assert names(chosen("smsgate")) == {"smsgate"}
    assert {"smsgate", "traccar", "rest", "restsms"} <= names(chosen("android"))
    assert {"gsm", "smtp", "provider"} <= names(chosen(None))

"""Calls with steps through a real Asterisk: its AGI script asks, compares, branches, and tells what happened."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from drivers.asterisk.line import AsteriskLine
from drivers.base import Blame, Completed, NotSent
from tests.peers.asterisk import Asterisk
from tests.peers.asterisk_bench import message, passed, running, working
from tests.peers.asterisk_callees import LISTENS, MACHINE, SHORT, TYPES

serials = itertools.count(1)

LONG = " ".join(["palabra"] * 10)
STEPS: list[dict[str, Any]] = [
    {"ask": "clave", "prompt": LONG, "digits": [3, 3], "tries": 2, "wait_s": 3},
    {"if": "clave", "equals": "12.3", "then": "menu", "else": "otra"},
    {"label": "otra", "say": "no", "goto": "end"},
    {
        "label": "menu",
        "ask": "opcion",
        "prompt": LONG,
        "keys": {"1": "promesa", "9": "baja", "0": "ventas"},
        "wait_s": 3,
        "else": "end",
    },
    {"label": "promesa", "do": "promise"},
    {"spell": "clave"},
    {"amount": "1.500,50", "goto": "end"},
    {"label": "baja", "do": "opt_out"},
    {"label": "ventas", "do": "transfer:ventas"},
]


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    with running(tmp_path_factory.mktemp("pbx") / "asterisk") as started:
        yield started


async def told(line: AsteriskLine, number: str, steps: list[dict[str, Any]], **more: Any) -> Completed:
    """What became of one call."""
    how = {"script": {"steps": steps, "goodbye": "chau", **more.pop("script", {})}, "min_heard_s": 30, **more}
    outcome = await line.send(message(f"{number}{next(serials):06d}", next(serials), how), passed)
    assert isinstance(outcome, Completed), outcome
    return outcome


async def call(pbx: Asterisk, number: str, steps: list[dict[str, Any]], **more: Any) -> Completed:
    """One call through a line of its own."""
    async with working(pbx) as (line, ear):
        await ear.state("ready")
        return await told(line, number, steps, **more)


UNANSWERED: list[dict[str, Any]] = [
    {"ask": "clave", "prompt": "uno", "digits": [2, 4], "tries": 2, "wait_s": 1, "else": "nada"},
    {"say": "bien", "goto": "end"},
    {"label": "nada", "say": "nada"},
]
DELIVERED: dict[str, tuple[str, list[dict[str, Any]], dict[str, Any], dict[str, Any]]] = {
    "promises": (
        f"{TYPES}12315",
        STEPS,
        {},
        {"key": "1", "action": "promise", "answers": {"clave": "123", "opcion": "1"}},
    ),
    "is transferred": (f"{TYPES}12305", STEPS, {}, {"key": "0", "action": "transfer"}),
    # Who opts out and goes on to an agent has opted out.
    "opts out": (f"{TYPES}12395", STEPS, {}, {"key": "9", "action": "opt_out"}),
    "is somebody else": (f"{TYPES}45611", STEPS, {}, {"key": None, "action": None, "answers": {"clave": "456"}}),
    "presses what means nothing": (f"{TYPES}12371", STEPS, {}, {"key": "1", "action": "promise"}),
    "says nothing": (LISTENS, UNANSWERED, {}, {"key": None, "action": None}),
    "machine": (
        MACHINE,
        STEPS,
        {"amd": "leave_message", "script": {"message": "uno dos"}},
        {"disposition": "machine", "key": None},
    ),
}


async def test_steps_ask_compare_branch_and_act(pbx: Asterisk) -> None:
    """All at once, and all told right."""
    cases = DELIVERED.values()
    async with working(pbx, channels=len(DELIVERED)) as (line, ear):
        await ear.state("ready")
        outcomes = await asyncio.gather(*(told(line, number, steps, **how) for number, steps, how, _ in cases))
    for (name, (_, _, _, detail)), outcome in zip(DELIVERED.items(), outcomes, strict=True):
        assert (outcome.state, outcome.reason, outcome.charged) == ("delivered", None, True), (name, outcome)
        assert {"disposition": "answered", **outcome.detail, **detail} == dict(outcome.detail), (name, outcome)
    assert "answers" not in outcomes[list(DELIVERED).index("says nothing")].detail


async def test_who_hangs_up_among_the_steps_has_not_heard_them(pbx: Asterisk) -> None:
    outcome = await call(pbx, SHORT, STEPS)
    assert (outcome.state, outcome.reason, outcome.charged) == ("undelivered", "not_heard", True)
    assert outcome.detail["heard_s"] <= 3


async def test_a_prompt_that_is_missing_is_not_called_heard(pbx: Asterisk) -> None:
    for steps in ([{"say": "hola"}], STEPS[:1]):
        async with working(pbx, prompts_remote="/nowhere/at/all") as (line, ear):
            await ear.state("ready")
            how = {"script": {"steps": steps}}
            outcome = await line.send(message(f"{LISTENS}000001", next(serials), how), passed)
        assert isinstance(outcome, Completed)
        assert (outcome.state, outcome.reason, outcome.charged) == ("undelivered", "prompt_unplayable", False)


async def test_a_script_that_fails_is_never_a_good_call(pbx: Asterisk) -> None:
    """Asterisk itself says SUCCESS of most of these."""
    script = pbx.base / "agi/gatewayd_agi.py"
    whole = script.read_text()
    broken = {
        "crashes": whole.replace("def run(", "def run(*_):\n    raise SystemError\n\n\ndef unused("),
        "says nothing": "#!/bin/sh\nexit 0\n",
        "is cut off": whole.replace('"done"', '"do'),
        "is not there": "",
    }
    try:
        for how, text in broken.items():
            assert text != whole
            async with working(pbx) as (line, ear):
                await ear.state("ready")
                good = await told(line, LISTENS, [{"say": "hola"}])
                assert good.state == "delivered"
                script.write_text(text)
                if not text:
                    script.unlink()
                bad = await told(line, LISTENS, [{"say": "hola"}], min_heard_s=0)
                assert (bad.state, bad.reason, bad.charged) == ("undelivered", "script_failed", False), how
                # It is tried again before anybody else is called for it, and this time without anybody.
                number = message(f"{LISTENS}000002", next(serials), {"script": {"steps": [{"say": "hola"}]}})
                waits = await line.send(number, passed)
                assert isinstance(waits, NotSent)
                assert (waits.reason, waits.counts) == ("script_missing", False), how
                script.write_text(whole)
                script.chmod(0o755)
    finally:
        script.write_text(whole)
        script.chmod(0o755)


async def test_steps_that_lead_round_in_a_circle_end(pbx: Asterisk) -> None:
    outcome = await call(pbx, LISTENS, [{"label": "a", "goto": "b"}, {"label": "b", "goto": "a"}])
    assert (outcome.state, outcome.reason) == ("undelivered", "script_failed")


async def test_what_asterisk_lacks_is_known_before_anybody_is_called(pbx: Asterisk) -> None:
    needs_amd = {"script": {"message": "hola"}, "amd": "detect"}
    needs_script = {"script": {"steps": [{"say": "hola"}]}}
    script = pbx.base / "agi/gatewayd_agi.py"
    whole = script.read_text()
    script.write_text("#!/bin/sh\nexit 0\n")
    pbx.cli("module unload app_amd.so")
    try:
        async with working(pbx) as (line, ear):
            await ear.state("ready")
            for how, reason in ((needs_amd, "app_amd_missing"), (needs_script, "script_missing")):
                outcome = await line.send(message(f"{LISTENS}000001", next(serials), how), passed)
                assert isinstance(outcome, NotSent)
                assert (outcome.reason, outcome.counts, outcome.blame) == (reason, False, Blame.PERSON)
            plain = await line.send(message(f"{LISTENS}000001", next(serials), {"script": {"message": "uno"}}), passed)
            assert isinstance(plain, Completed)
    finally:
        script.write_text(whole)
        pbx.cli("module load app_amd.so")

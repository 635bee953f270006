"""Calls through a real Asterisk to a mixed population: what is told of each is what happened to it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.asterisk import soundness
from drivers.asterisk.abilities import SURE_S
from drivers.asterisk.ami import Connection
from drivers.asterisk.engaged import Engaged
from drivers.asterisk.line import STARTING_MAX, AsteriskLine
from drivers.asterisk.timing import Timing
from drivers.base import Blame, Completed, NotSent, OpenAttempt, Outcome, Refused, Uncertain, Withdrawn
from tests.peers.asterisk import SECRET, USER, Asterisk
from tests.peers.asterisk_bench import SOON_S, message, passed, running, working
from tests.peers.asterisk_callees import (
    BUSY,
    CONGESTION,
    LATER,
    LEAVES,
    LISTENS,
    MACHINE,
    MUTE,
    PRESSES,
    REJECTS,
    SHORT,
    SILENT,
    UNKNOWN,
    tone,
)
from tests.peers.onlooker import Onlooker

TEXT = "uno dos tres cuatro"
"""1.6 s as the test's voice speaks it."""

MENU = {"1": "repeat", "2": "promise", "0": "transfer:ventas", "9": "opt_out"}
QUICK = Timing(backoff_s=0.1, backoff_max_s=0.5, ping_s=0.3, pong_s=0.7, answer_s=3.0, lost_s=SOON_S, ghost_s=1.0)

serials = itertools.count(1)


def script(**more: Any) -> dict[str, Any]:
    return {"script": {"message": TEXT}, "ring_s": 5, "min_heard_s": 1.4, **more}


MENU_SCRIPT = script(script={"message": TEXT, "menu": MENU})
POPULATION: dict[str, tuple[str, dict[str, Any], str | None, dict[str, Any]]] = {
    "listens": (LISTENS, script(), "delivered", {"disposition": "answered", "heard_s": 2, "cause": 16}),
    "promises": (f"{PRESSES}2", MENU_SCRIPT, "delivered", {"key": "2", "action": "promise"}),
    "opts out": (f"{PRESSES}9", MENU_SCRIPT, "delivered", {"key": "9", "action": "opt_out"}),
    "is transferred": (f"{PRESSES}0", MENU_SCRIPT, "delivered", {"key": "0", "action": "transfer"}),
    "presses what means nothing": (f"{PRESSES}5", MENU_SCRIPT, "delivered", {"key": "5", "action": None}),
    "hangs up at once": (LEAVES, script(), "undelivered", {"disposition": "answered", "heard_s": 0}),
    "hangs up in the middle": (SHORT, script(), "undelivered", {"disposition": "answered", "heard_s": 1}),
    "hangs up in the menu": (SHORT, MENU_SCRIPT, "undelivered", {"disposition": "answered", "key": None}),
    "machine": (MACHINE, script(amd="detect"), "undelivered", {"disposition": "machine", "heard_s": 0}),
    "machine is left it": (MACHINE, script(amd="leave_message"), "delivered", {"disposition": "machine"}),
    "human, asked": (LATER, script(amd="detect"), "delivered", {"disposition": "answered"}),
    "busy": (BUSY, script(), None, {"disposition": "busy", "cause": 17}),
    "congestion": (CONGESTION, script(), None, {"disposition": "congestion", "cause": 34}),
    "no answer": (SILENT, script(), None, {"disposition": "no_answer", "cause": 19}),
    "rejects": (REJECTS, script(), None, {"disposition": "rejected", "cause": 21}),
    "unknown number": (UNKNOWN, script(), "failed", {"disposition": "invalid", "cause": 1}),
    "no way there": ("99", script(), None, {"disposition": "failed"}),
}
ANSWERED = {"answered", "machine"}


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    with running(tmp_path_factory.mktemp("pbx") / "asterisk") as started:
        yield started


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Asterisk]:
    with running(tmp_path / "asterisk") as started:
        yield started


async def call(line: AsteriskLine, prefix: str, how: dict[str, Any] | None = None) -> Outcome:
    serial = next(serials)
    return await line.send(message(f"{prefix}{serial:06d}", serial, how or script(), TEXT), passed)


def close(told: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """What was expected was told; a busy machine may notice a hang-up a second late."""
    late = told.get("heard_s", 0) - expected.get("heard_s", told.get("heard_s", 0))
    return 0 <= late <= 1 and dict(told) | {**expected, "heard_s": told.get("heard_s", 0)} == dict(told)


async def live(pbx: Asterisk) -> int:
    """Calls that Asterisk itself counts; each Local one is two channels."""
    said = await asyncio.to_thread(pbx.cli, "core show channels concise")
    return sum("@callees" in each and ";1!" in each for each in said.splitlines())


async def test_every_disposition_of_a_mixed_population_is_right(pbx: Asterisk) -> None:
    channels = 12
    async with working(pbx, channels=channels) as (line, ear):
        await ear.state("ready")
        cases = list(POPULATION.items()) * 4
        # More at once than there are channels: it is the line that must hold them back.
        room = asyncio.Semaphore(channels + 4)

        async def one(prefix: str, how: dict[str, Any]) -> Outcome:
            async with room:
                return await call(line, prefix, how)

        with Onlooker(pbx) as seen:
            outcomes = await asyncio.gather(*(one(prefix, how) for _name, (prefix, how, _state, _detail) in cases))
    assert seen.most == channels
    assert len(seen.began) == len(cases)
    for (name, (_prefix, _how, state, detail)), outcome in zip(cases, outcomes, strict=True):
        assert isinstance(outcome, Completed), (name, outcome)
        assert outcome.state == state, (name, outcome)
        assert close(outcome.detail, detail), (name, outcome)
        assert outcome.charged == (outcome.detail["disposition"] in ANSWERED), (name, outcome)


async def test_no_more_are_asked_for_than_asterisk_answers_to(pbx: Asterisk) -> None:
    """Overload queues silently inside Asterisk: what waits, waits with us, where it can be withdrawn."""
    async with working(pbx, channels=STARTING_MAX + 10) as (line, ear):
        await ear.state("ready")
        with Onlooker(pbx) as seen:
            outcomes = await asyncio.gather(*(call(line, MUTE) for _ in range(STARTING_MAX + 5)))
    # Two seconds pass before the first of them is heard of.
    assert seen.began[STARTING_MAX] - seen.began[0] > 1.5
    assert {outcome.reason for outcome in outcomes if isinstance(outcome, Completed)} == {"busy"}


async def test_a_kill_in_the_middle_of_calls_leaves_them_in_doubt(mortal: Asterisk) -> None:
    async with working(mortal, QUICK) as (line, ear):
        await ear.state("ready")
        long = script(script={"message": " ".join(["palabra"] * 60)})
        calls = [asyncio.create_task(call(line, LISTENS, long)) for _ in range(5)]
        async with asyncio.timeout(SOON_S):
            while await live(mortal) < 5:
                pass
        since = len(ear.events)
        mortal.kill()
        await ear.state("recovering", since)
        assert isinstance(await call(line, LISTENS), NotSent)
        mortal.start()
        await ear.state("ready", since)
        assert await asyncio.gather(*calls) == [Uncertain("link_lost")] * 5
        # What is in doubt is counted until Asterisk no longer lists it; then all channels are free again.
        outcome = await call(line, LISTENS)
        assert isinstance(outcome, Completed)
        assert outcome.state == "delivered"
        assert await live(mortal) == 0


async def test_a_freeze_is_outlived_by_the_calls(mortal: Asterisk) -> None:
    """The link is lost and made again; Asterisk still lists the calls, and tells how they end."""
    async with working(mortal, QUICK, channels=3) as (line, ear):
        await ear.state("ready")
        long = script(script={"message": " ".join(["palabra"] * 15)})
        calls = [asyncio.create_task(call(line, LISTENS, long)) for _ in range(3)]
        async with asyncio.timeout(SOON_S):
            while await live(mortal) < 3:
                pass
        since = len(ear.events)
        mortal.freeze()
        await ear.state("recovering", since)
        mortal.thaw()
        await ear.state("ready", since)
        outcomes = await asyncio.gather(*calls)
    for outcome in outcomes:
        assert isinstance(outcome, Completed), outcomes
        assert outcome.state == "delivered"


async def test_calls_that_outlive_the_gateway_are_taken_up_again(pbx: Asterisk) -> None:
    serial = next(serials)
    sent = message(f"{LISTENS}{serial:06d}", serial, script(script={"message": " ".join(["palabra"] * 10)}))
    async with working(pbx) as (line, ear):
        await ear.state("ready")
        task = asyncio.create_task(line.send(sent, passed))
        async with asyncio.timeout(SOON_S):
            while not await live(pbx):
                pass
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    # A new life on the same Asterisk, with one channel: the old call holds it.
    async with working(pbx, channels=1) as (line, ear):
        await ear.state("ready")
        assert (await line.command("channels"))["used"] == 1
        known = await line.resume(
            [OpenAttempt(sent.attempt, sent.to, sent.address, (1,), 0), OpenAttempt("01JDGONE", "+1", "1", (1,), 0)]
        )
        assert set(known) == {sent.attempt}
        outcome = known[sent.attempt]
        assert isinstance(outcome, Completed)
        assert (outcome.state, outcome.charged) == ("delivered", True)


async def test_a_wrong_secret_is_told_and_left_alone(pbx: Asterisk) -> None:
    log = pbx.base / "log/messages"
    before = log.read_text().count("failed to authenticate")
    async with working(pbx, QUICK, secret="wrong") as (line, ear):
        assert (await ear.state("quarantined")).reason == "login_refused"
        assert await call(line, LISTENS) == NotSent("login_refused", counts=False)
    assert log.read_text().count("failed to authenticate") - before <= 1


@pytest.mark.parametrize("user", ["deaf", "mute", "halfdeaf", "nouser", "nocall"])
async def test_a_missing_permission_is_told(pbx: Asterisk, user: str) -> None:
    """Before anybody is called: a call within Asterisk shows what is kept from us."""
    async with working(pbx, Timing(booted_s=0.5), user=user) as (line, ear):
        assert (await ear.state("quarantined")).reason == "permission_missing"
        assert await call(line, LISTENS) == NotSent("permission_missing", counts=False)


async def test_a_login_in_use_is_no_wrong_secret(mortal: Asterisk) -> None:
    """Our last link is gone, and Asterisk has not noticed: calls live, and the next login must not wait for minutes."""
    manager = mortal.base / "etc/manager.conf"
    manager.write_text(manager.read_text().replace("enabled = yes", "enabled = yes\nallowmultiplelogin = no", 1))
    mortal.stop()
    mortal.start()
    first = await Connection.open("127.0.0.1", mortal.port, USER, SECRET)
    async with working(mortal, replace(QUICK, in_use_s=0.2)) as (_line, ear):
        assert (await ear.state("recovering")).reason == "login_in_use"
        first.close()
        await ear.state("ready")


async def test_prompts_that_can_be_played_again_let_the_line_go_on(pbx: Asterisk, monkeypatch: Any) -> None:
    """Tried within Asterisk: nobody is rung to find that out."""
    monkeypatch.setattr(soundness, "FIRST_PAUSE_S", 0.3)
    monkeypatch.setattr(soundness, "LONGEST_PAUSE_S", 0.3)
    away = pbx.base / "elsewhere"
    async with working(pbx, prompts_remote=str(away)) as (line, ear):
        line._soundness = soundness.Soundness(_pause_s=0.3)
        await ear.state("ready")
        for _ in range(2):
            assert isinstance(await call(line, LISTENS), Completed)
        await ear.state("quarantined")
        since = len(ear.events)
        away.symlink_to(pbx.base / "prompts")
        with Onlooker(pbx) as seen:
            await ear.state("ready", since)
        assert not seen.began
        outcome = await call(line, LISTENS)
        assert isinstance(outcome, Completed)
        assert outcome.state == "delivered"


async def test_a_number_is_called_once_at_a_time(pbx: Asterisk) -> None:
    """Over all lines of the driver: two jobs, or two rows with other words, never ring one person at once."""
    engaged = Engaged()
    async with working(pbx, engaged=engaged) as (line, ear), working(pbx, name="otra", engaged=engaged) as (other, far):
        await ear.state("ready")
        await far.state("ready")
        number = f"{LISTENS}{next(serials):06d}"
        first = asyncio.create_task(line.send(message(number, next(serials), script(), TEXT), passed))
        async with asyncio.timeout(SOON_S):
            while not await live(pbx):
                pass
        for each in (line, other):
            waits = await each.send(message(number, next(serials), script(), "otra cosa"), passed)
            assert isinstance(waits, NotSent)
            assert (waits.reason, waits.counts) == ("number_engaged", False)
        assert isinstance(await first, Completed)
        # It is engaged until Asterisk has said its last of that call.
        async with asyncio.timeout(SOON_S):
            while isinstance(
                after := await other.send(message(number, next(serials), script(), TEXT), passed), NotSent
            ):
                assert after.reason == "number_engaged"
        assert isinstance(after, Completed)


async def test_a_module_that_is_taken_away_is_judged_at_the_next_call(pbx: Asterisk) -> None:
    async with working(pbx) as (line, ear):
        await ear.state("ready")
        assert isinstance(await call(line, LISTENS, MENU_SCRIPT), Completed)
        await asyncio.sleep(SURE_S)  # what was just asked is believed for a moment
        pbx.cli("module unload app_read.so")
        try:
            outcome = await call(line, LISTENS, MENU_SCRIPT)
            assert isinstance(outcome, Completed)
            assert (outcome.reason, outcome.charged) == ("app_read_missing", False)
            waits = await call(line, LISTENS, MENU_SCRIPT)
            assert isinstance(waits, NotSent)
            assert (waits.reason, waits.counts) == ("app_read_missing", False)
        finally:
            pbx.cli("module load app_read.so")


async def test_a_context_that_is_not_there_sends_nothing(pbx: Asterisk) -> None:
    async with working(pbx, context="nowhere") as (line, ear):
        await ear.state("ready")
        assert await call(line, LISTENS) == NotSent("context_missing", blame=Blame.LINE)
        assert await live(pbx) == 0


async def test_a_prompt_that_asterisk_cannot_see_is_not_called_heard(pbx: Asterisk) -> None:
    async with working(pbx, prompts_remote="/nowhere/at/all") as (line, ear):
        await ear.state("ready")
        for how in (script(), MENU_SCRIPT):
            outcome = await call(line, LISTENS, how)
            assert isinstance(outcome, Completed)
            # Nobody pays for what is our fault; the second in a row stops the line, and the others wait.
            assert (outcome.state, outcome.reason, outcome.charged) == ("undelivered", "prompt_unplayable", False)
        assert (await ear.state("quarantined")).reason == "prompt_unplayable"
        assert await call(line, LISTENS) == NotSent("prompt_unplayable", counts=False)


async def test_a_recording_that_is_missing_is_waited_for(pbx: Asterisk) -> None:
    """Nobody is called without it, no try is used, and the other calls go on."""
    recorded = script(script={"message": [{"say": "uno"}, {"play": "intro.wav"}]})
    async with working(pbx) as (line, ear):
        await ear.state("ready")
        waits = await call(line, LISTENS, recorded)
        assert isinstance(waits, NotSent)
        assert (waits.reason, waits.counts, waits.blame) == ("recording_missing", False, Blame.PERSON)
        assert waits.retry_after
        assert isinstance(await call(line, LISTENS), Completed)
        tone(pbx.base / "prompts/intro.wav", 0.2)
        assert isinstance(await call(line, LISTENS, recorded), Completed)


async def test_withdrawn_and_hostile_calls_are_never_placed(pbx: Asterisk) -> None:
    async def withdraw(part: int, taken: Mapping[int, str] | None = None) -> None:
        raise Withdrawn("cancelled")

    async with working(pbx, channels=1) as (line, ear):
        await ear.state("ready")
        before = await asyncio.to_thread(pbx.cli, "core show channels count")
        assert await line.send(message("10000001", next(serials)), withdraw) == NotSent("cancelled", counts=False)
        for number in ("", "10\r\nAction: Logoff", "10,20", "10&PJSIP/1", "${SHELL(reboot)}", "1" * 10_000):
            refused = await line.send(message(number, next(serials)), withdraw)
            assert isinstance(refused, Refused), number
        for text in ("", "\0", "x" * 10_000):
            refused = await line.send(message("10000001", next(serials), text=text), withdraw)
            assert isinstance(refused, Refused), text[:9]
        assert (await line.command("channels"))["used"] == 0
    after = await asyncio.to_thread(pbx.cli, "core show channels count")
    assert after.splitlines()[-1] == before.splitlines()[-1]  # "N calls processed"

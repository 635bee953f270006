"""A modem that restarts past Ctrl-Z never answers: it is asked whether it is still there, and a slow one goes on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from drivers.gsm.dialogue import Dialogue
from drivers.gsm.operation import Answer
from tests.unit.test_gsm_dialogue import PDU, QUICK, Wire, begin, talk

ASKING = replace(QUICK, submit_s=5.0, still_there_s=0.02, still_there_again_s=0.02)


async def submitted(dialogue: Dialogue, wire: Wire) -> asyncio.Task[Any]:
    """Past Ctrl-Z on a modem that answers no AT by itself, and asked at least once."""
    wire.deaf = True
    dialogue.echo_expected = False
    opening = begin(dialogue.open_prompt(20, "token"))
    await wire.until(b"AT+CMGS=20\r")
    wire.prompt()
    answer = begin(dialogue.commit(await opening, PDU))
    await wire.until(b"AT\r")
    return answer


async def test_a_restart_is_told_by_its_echo() -> None:
    async with talk(ASKING) as (dialogue, wire, ears):
        answer = await submitted(dialogue, wire)
        wire.deaf = False
        wire.say(raw=b"AT\r")
        assert await answer == Answer(None, reason="restarted")
        assert ears.told == ["echo"]


async def test_one_that_boots_is_asked_again() -> None:
    async with talk(ASKING) as (dialogue, wire, _ears):
        answer = await submitted(dialogue, wire)
        wire.written.clear()
        await wire.until(b"AT\r")
        wire.deaf = False
        wire.say(raw=b"AT\r")
        assert await answer == Answer(None, reason="restarted")


async def test_a_slow_answer_is_an_answer_and_what_was_asked_meanwhile_is_nobody_elses() -> None:
    async with talk(ASKING) as (dialogue, wire, ears):
        answer = await submitted(dialogue, wire)
        later = begin(dialogue.command("AT+CSQ", "+CSQ:"))
        wire.say("+CMGS: 7", "OK", "OK", "OK")
        assert await answer == Answer("7")
        wire.deaf = False
        await wire.until(b"AT+CSQ\r")
        wire.say("+CSQ: 9,99", "OK")
        assert (await later).fields("+CSQ:") == ["9", "99"]
        assert ears.told == []


async def test_an_answer_to_the_question_is_none_to_the_submission() -> None:
    async with talk(ASKING) as (dialogue, wire, _ears):
        answer = await submitted(dialogue, wire)
        wire.say("OK")
        wire.written.clear()
        await wire.until(b"AT\r")
        assert not answer.done()
        wire.deaf = False
        wire.say("+CMGS: 8", "OK")
        assert await answer == Answer("8")


async def test_silence_for_good_is_silence() -> None:
    async with talk(replace(ASKING, submit_s=0.1)) as (dialogue, wire, _ears):
        answer = await submitted(dialogue, wire)
        assert await answer == Answer(None, reason="silence")
        wire.deaf = False

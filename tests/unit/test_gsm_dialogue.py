"""The dialogue over an in-memory wire: who writes when, and whose answer a line is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from drivers.gsm import at
from drivers.gsm.dialogue import Dialogue
from drivers.gsm.errors import (
    NoPromptError,
    NotReadyError,
    PortLostError,
    PromptRefusedError,
    RestartedError,
    SilentError,
)
from drivers.gsm.operation import Answer, Phase
from drivers.gsm.timing import Timing

QUICK = Timing(
    command_s=0.05,
    prompt_s=0.05,
    submit_s=0.05,
    reference_s=0.03,
    grace_s=0.02,
    quiet_s=0.005,
    probe_s=0.05,
    probes=2,
)
PDU = "0011000B91945155550010F00000AA04C8F71D14"
HELLO, CHECK = b"ATQ0V1E0\r", b"AT+CMEE?\r"
REPORT = "0006010B91945155550010F0621122110000006211221100000000"


class Wire:
    """Keeps what was written; answers a resynchronisation as a modem does unless `deaf`."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.deaf = False
        self.dialogue: Dialogue
        self._arrived = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self._arrived.set()
        if data in (HELLO, b"AT\r") and not self.deaf:
            asyncio.get_running_loop().call_soon(self.say, "OK")
        elif data == CHECK and not self.deaf:
            asyncio.get_running_loop().call_soon(self.say, "+CMEE: 1", "OK")

    def say(self, *lines: str, raw: bytes = b"") -> None:
        self.dialogue.feed("".join(f"\r\n{line}\r\n" for line in lines).encode("latin-1") + raw)

    def prompt(self) -> None:
        self.dialogue.feed(b"\r\n> ")

    async def until(self, data: bytes) -> None:
        async with asyncio.timeout(5):
            while data not in self.written:
                self._arrived.clear()
                await self._arrived.wait()

    @property
    def last(self) -> bytes:
        return self.written[-1]


class Ears:
    def __init__(self) -> None:
        self.heard: list[at.Unsolicited] = []
        self.late: list[tuple[Any, str]] = []
        self.told: list[str] = []
        self.acknowledged: list[bool] = []
        self.told_event = asyncio.Event()

    def on_unsolicited(self, code: at.Unsolicited) -> None:
        self.heard.append(code)

    def on_late_reference(self, token: Any, reference: str) -> None:
        self.late.append((token, reference))

    def on_echo(self) -> None:
        self._tell("echo")

    def on_silent(self) -> None:
        self._tell("silent")

    def on_lost(self) -> None:
        self._tell("lost")

    def on_acknowledged(self, ok: bool) -> None:
        self.acknowledged.append(ok)

    def _tell(self, what: str) -> None:
        self.told.append(what)
        self.told_event.set()


@asynccontextmanager
async def talk(timing: Timing = QUICK) -> AsyncIterator[tuple[Dialogue, Wire, Ears]]:
    wire, ears = Wire(), Ears()
    wire.dialogue = dialogue = Dialogue(wire, ears, timing)
    try:
        yield dialogue, wire, ears
    finally:
        dialogue.close()
        await asyncio.sleep(0)


def begin(awaitable: Any) -> asyncio.Task[Any]:
    return asyncio.get_running_loop().create_task(awaitable)


async def test_a_command_and_its_answer() -> None:
    async with talk() as (dialogue, wire, ears):
        asked = begin(dialogue.command("AT+CSQ", "+CSQ:"))
        await wire.until(b"AT+CSQ\r")
        wire.say("RING", "^RSSI:17", "+CSQ: 20,99", "OK see you", "OK")
        reply = await asked
        assert reply.ok
        assert reply.fields("+CSQ:") == ["20", "99"]
        assert [code.line for code in ears.heard] == ["RING", "^RSSI:17"]


async def test_commands_take_turns_and_acknowledgements_go_first() -> None:
    async with talk() as (dialogue, wire, _ears):
        first = begin(dialogue.command("AT+ONE"))
        second = begin(dialogue.command("AT+TWO"))
        await wire.until(b"AT+ONE\r")
        dialogue.acknowledge()
        dialogue.acknowledge(received=False)
        assert wire.written == [b"AT+ONE\r"]
        wire.say("OK")
        assert wire.last == b"AT+CNMA\r"
        wire.say("OK")
        assert wire.last == b"AT+CNMA=2\r"
        wire.say("ERROR")
        assert wire.last == b"AT+TWO\r"
        wire.say("OK")
        await asyncio.gather(first, second)


async def test_nothing_is_written_between_the_prompt_and_the_answer() -> None:
    async with talk() as (dialogue, wire, _ears):
        opening = begin(dialogue.open_prompt(20, "token"))
        other = begin(dialogue.command("AT+CSQ"))
        await wire.until(b"AT+CMGS=20\r")
        wire.prompt()
        operation = await opening
        dialogue.acknowledge()
        assert wire.written == [b"AT+CMGS=20\r"]
        sending = begin(dialogue.commit(operation, PDU))
        await wire.until(PDU.encode() + b"\x1a")
        assert len(wire.written) == 2
        wire.say("+CMGS: 77", "OK")
        assert await sending == Answer("77")
        assert wire.last == b"AT+CNMA\r"
        wire.say("OK")
        wire.say("OK")
        assert (await other).ok


async def test_a_pdu_stays_with_its_header_inside_a_listing() -> None:
    async with talk() as (dialogue, wire, ears):
        listed = begin(dialogue.command("AT+CMGL=4", "+CMGL:"))
        await wire.until(b"AT+CMGL=4\r")
        wire.say("+CMGL: 1,1,,3", "+CDS: 26", "00AABBCC", REPORT, "+CMGL: 2,1,,3", "00DDEEFF", "OK")
        reply = await listed
        assert [pdu for _, pdu in reply.entries("+CMGL:")] == ["00AABBCC", "00DDEEFF"]
        assert ears.heard == [at.Unsolicited("+CDS: 26", REPORT)]


async def test_no_prompt_backs_out_before_anything_else_is_written() -> None:
    async with talk() as (dialogue, wire, _ears):
        opening = begin(dialogue.open_prompt(20, "token"))
        with pytest.raises(NoPromptError):
            await opening
        other = begin(dialogue.command("AT+CSQ"))
        await wire.until(b"AT+CSQ\r")
        assert wire.written == [b"AT+CMGS=20\r", b"\x1b", HELLO, CHECK, b"AT+CSQ\r"]
        wire.say("OK")
        await other


async def test_no_command_is_written_into_a_late_prompt() -> None:
    async with talk() as (dialogue, wire, _ears):
        with pytest.raises(NoPromptError):
            await dialogue.open_prompt(20, "token")
        await wire.until(b"\x1b")
        wire.prompt()
        await wire.until(HELLO)
        assert wire.written == [b"AT+CMGS=20\r", b"\x1b", b"\x1b", HELLO]


async def test_a_prompt_that_nobody_asked_for_is_left() -> None:
    async with talk() as (_dialogue, wire, _ears):
        wire.prompt()
        assert wire.written == [b"\x1b"]


async def test_an_error_instead_of_the_prompt() -> None:
    async with talk() as (dialogue, wire, _ears):
        opening = begin(dialogue.open_prompt(20, "token"))
        await wire.until(b"AT+CMGS=20\r")
        wire.say("+CMS ERROR: 310")
        with pytest.raises(PromptRefusedError) as refused:
            await opening
        assert refused.value.final.code == 310
        assert dialogue.phase is Phase.IDLE


async def test_a_prompt_that_the_modem_closes_takes_no_pdu() -> None:
    async with talk() as (dialogue, wire, _ears):
        opening = begin(dialogue.open_prompt(20, "token"))
        await wire.until(b"AT+CMGS=20\r")
        wire.prompt()
        operation = await opening
        wire.say("+CMS ERROR: 512")
        with pytest.raises(PromptRefusedError):
            await dialogue.commit(operation, PDU)
        assert wire.written == [b"AT+CMGS=20\r"]


async def test_an_echo_after_it_was_switched_off_means_a_restart() -> None:
    async with talk() as (dialogue, wire, ears):
        dialogue.echo_expected = False
        opening = begin(dialogue.open_prompt(20, "token"))
        await wire.until(b"AT+CMGS=20\r")
        wire.dialogue.feed(b"AT+CMGS=20\r\r\n> ")
        with pytest.raises(RestartedError):
            await opening
        assert ears.told == ["echo"]
        await wire.until(HELLO)
        assert wire.written[1] == b"\x1b"


async def test_a_submission_that_waits_does_not_begin_in_a_modem_that_must_not_send_any_more() -> None:
    async with talk() as (dialogue, wire, _ears):
        listing = begin(dialogue.command("AT+CMGL=4"))
        await wire.until(b"AT+CMGL=4\r")
        opening = begin(dialogue.open_prompt(20, "token"))
        after = begin(dialogue.command("ATE0"))
        await asyncio.sleep(0)
        dialogue.may_submit = False
        wire.say("OK")
        await listing
        with pytest.raises(NotReadyError):
            await opening
        await wire.until(b"ATE0\r")
        wire.say("OK")
        await after
        with pytest.raises(NotReadyError):
            await dialogue.open_prompt(20, "token")
        assert wire.written == [b"AT+CMGL=4\r", b"ATE0\r"]


async def test_an_expected_echo_is_stripped() -> None:
    async with talk() as (dialogue, wire, ears):
        opening = begin(dialogue.open_prompt(20, "token"))
        await wire.until(b"AT+CMGS=20\r")
        wire.dialogue.feed(b"AT+CMGS=20\r\r\n> ")
        sending = begin(dialogue.commit(await opening, PDU))
        await wire.until(PDU.encode() + b"\x1a")
        wire.dialogue.feed(PDU.encode() + b"\x1a\r\n+CMGS: 5\r\n\r\nOK\r\n")
        assert await sending == Answer("5")
        assert ears.heard == []


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        (["+CMGS: 5"], Answer("5")),
        (["OK", "+CMGS: 5"], Answer("5")),
        (["+CMGS: 5,07911326060032F0", "OK"], Answer("5")),
        (["+CMGS: 5", "ERROR"], Answer("5")),
        (["OK"], Answer(None, reason="silence")),
        (["+CMS ERROR: 38"], Answer(None, at.Final("CMS", 38))),
        ([], Answer(None, reason="silence")),
    ],
)
async def test_answers_of_a_submission(lines: list[str], answer: Answer) -> None:
    async with talk() as (dialogue, wire, _ears):
        opening = begin(dialogue.open_prompt(20, "token"))
        await wire.until(b"AT+CMGS=20\r")
        wire.prompt()
        sending = begin(dialogue.commit(await opening, PDU))
        await wire.until(PDU.encode() + b"\x1a")
        wire.say(*lines)
        assert await sending == answer


async def test_a_late_reference_is_told_and_its_ok_is_not_anothers() -> None:
    async with talk() as (dialogue, wire, ears):
        opening = begin(dialogue.open_prompt(20, "token"))
        await wire.until(b"AT+CMGS=20\r")
        wire.prompt()
        assert await dialogue.commit(await opening, PDU) == Answer(None, reason="silence")
        wire.deaf = True
        await wire.until(HELLO)
        wire.say("+CMGS: 9", "OK")
        assert ears.late == [("token", "9")]
        asked = begin(dialogue.command("AT+CSQ"))
        wire.deaf = False
        wire.say("OK")
        await wire.until(b"AT+CSQ\r")
        wire.say("ERROR")
        assert not (await asked).ok


async def test_a_command_without_an_answer_costs_a_resynchronisation_only() -> None:
    async with talk() as (dialogue, wire, ears):
        with pytest.raises(SilentError):
            await dialogue.command("AT+SLOW=1")
        asked = begin(dialogue.command("AT+CSQ"))
        await wire.until(b"AT+CSQ\r")
        assert wire.written == [b"AT+SLOW=1\r", b"\x1b", HELLO, CHECK, b"AT+CSQ\r"]
        wire.say("OK")
        await asked
        assert ears.told == []


async def test_silence_is_told_and_a_probe_ends_it() -> None:
    async with talk() as (dialogue, wire, ears):
        wire.deaf = True
        first, second = begin(dialogue.command("AT+ONE")), begin(dialogue.command("AT+TWO"))
        for each in (first, second):
            with pytest.raises(SilentError):
                await each
        await asyncio.wait_for(ears.told_event.wait(), 5)
        assert ears.told == ["silent"]
        with pytest.raises(SilentError):
            await dialogue.command("AT+THREE")
        with pytest.raises(SilentError):
            await dialogue.probe()
        wire.deaf = False
        await dialogue.probe()
        assert dialogue.phase is Phase.IDLE


async def test_a_missing_ok_after_the_pin_state_is_forgiven() -> None:
    async with talk() as (dialogue, wire, _ears):
        asked = begin(dialogue.command("AT+CPIN?", "+CPIN:", lenient=True))
        await wire.until(b"AT+CPIN?\r")
        wire.say("+CPIN: READY")
        assert (await asked).value("+CPIN:") == "READY"
        assert dialogue.phase is Phase.IDLE


async def test_ussd_texts_have_line_ends_of_their_own() -> None:
    async with talk() as (_dialogue, wire, ears):
        wire.say('+CUSD: 0,"Su saldo es', "OK", '$ 10",15', "RING")
        assert [code.line for code in ears.heard] == ['+CUSD: 0,"Su saldo es\nOK\n$ 10",15', "RING"]


async def test_a_lost_port_ends_everything() -> None:
    async with talk() as (dialogue, wire, ears):
        opening = begin(dialogue.open_prompt(20, "token"))
        waiting = begin(dialogue.command("AT+CSQ"))
        await wire.until(b"AT+CMGS=20\r")
        wire.prompt()
        operation = await opening
        dialogue.lost()
        for doomed in (dialogue.commit(operation, PDU), waiting, dialogue.command("AT"), dialogue.probe()):
            with pytest.raises(PortLostError):
                await doomed
        assert ears.told == ["lost"]
        assert wire.written == [b"AT+CMGS=20\r"]


async def test_a_port_lost_after_the_pdu_is_doubt() -> None:
    async with talk() as (dialogue, wire, _ears):
        opening = begin(dialogue.open_prompt(20, "token"))
        await wire.until(b"AT+CMGS=20\r")
        wire.prompt()
        sending = begin(dialogue.commit(await opening, PDU))
        await wire.until(PDU.encode() + b"\x1a")
        dialogue.lost()
        assert await sending == Answer(None, reason="port_lost")


async def test_a_cancelled_wait_for_the_prompt_leaves_it_by_escape() -> None:
    async with talk() as (dialogue, wire, _ears):
        opening = begin(dialogue.open_prompt(20, "token"))
        await wire.until(b"AT+CMGS=20\r")
        opening.cancel()
        wire.prompt()  # in the same turn of the loop
        with pytest.raises(asyncio.CancelledError):
            await opening
        await wire.until(b"\x1b")
        await wire.until(HELLO)


async def test_closing_leaves_an_open_prompt_by_escape() -> None:
    async with talk() as (dialogue, wire, _ears):
        opening = begin(dialogue.open_prompt(20, "token"))
        await wire.until(b"AT+CMGS=20\r")
        wire.prompt()
        await opening
        dialogue.close()
        assert wire.last == b"\x1b"

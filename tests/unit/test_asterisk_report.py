"""What the dial plan says of a call, as an event or kept in Asterisk's database: read or left out, and never long."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.asterisk.ami import MESSAGE_MAX, Connection, check_fields
from drivers.asterisk.errors import UnsafeValueError
from drivers.asterisk.report import Report, kept, report
from drivers.asterisk.timing import Timing
from drivers.base import LineError

QUICK_S = 0.05


def test_what_was_kept_is_what_an_event_says() -> None:
    value = (
        "at=1796051209 to=+5491159876543 amd=HUMAN key=9 action=opt_out played=SUCCESS script=done transfer=BUSY "
        "heard=+1796051200000-1796051202500-2000+1796051203000-1796051203400- answers=clave:123 opcion:9"
    )
    read = kept(value)
    assert read == Report(
        to="+5491159876543", heard_s=2.4, amd="HUMAN", key="9", action="opt_out", playback="SUCCESS", script="done",
        answers={"clave": "123", "opcion": "9"}, transfer="busy",
    )  # fmt: skip
    words = dict(word.split("=", 1) for word in value.partition(" answers=")[0].split())
    assert report({**words, "answers": "clave:123 opcion:9"}) == read


def test_a_message_is_heard_as_long_as_its_longest_round() -> None:
    rounds = "+1000-3000-1500+10000-10400-1500"
    assert report({"heard": rounds}).heard_s == 1.5
    assert report({"heard": rounds, "script": "done"}).heard_s == pytest.approx(1.9)
    assert report({"heard": "+5000-1000-"}).heard_s == 0  # a clock that was set back


@pytest.mark.parametrize(
    ("dialled", "told"),
    [("", ""), ("ANSWER", "answered"), ("BUSY", "busy"), ("NOANSWER", "no_answer"), ("CANCEL", "no_answer"),
     ("CHANUNAVAIL", "failed"), ("CONGESTION", "failed"), ("x", "failed")],
)  # fmt: skip
def test_a_transfer_has_four_ends(dialled: str, told: str) -> None:
    assert report({"transfer": dialled}).transfer == told


@given(st.text(), st.text(), st.text())
def test_anything_can_be_read(value: str, heard: str, answers: str) -> None:
    assert isinstance(kept(value), Report)
    assert report({"heard": heard, "answers": answers, "cause": value}).heard_s >= 0


@pytest.mark.parametrize(
    "text",
    ["+" * 10**6, "1-" * 500_000, "+1-1-" * 200_000, "9" * 10**6, "a=" * 500_000, "answers=" * 100_000, " " * 10**6],
)
def test_no_value_takes_long(text: str) -> None:
    began = time.process_time()
    kept(text)
    report({"heard": text, "cause": text, "key": text})
    assert time.process_time() - began < QUICK_S


@pytest.mark.parametrize("control", ["\r", "\n", "\r\n", "\0", "\x1b"])
async def test_what_is_posted_holds_no_line_of_its_own(control: str) -> None:
    connection = Connection(Timing())
    with pytest.raises(UnsafeValueError):
        connection.post("DBDel", [{"Family": "gatewayd", "Key": f"a{control}Action: Logoff"}])
    with pytest.raises(UnsafeValueError):
        check_fields({f"Key{control}": "a"})
    connection.close()


async def test_a_message_without_an_end_ends_the_link() -> None:
    sent = 0

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while not writer.is_closing():
                writer.write(b"Header: value\r\n" * 1000)
                sent += 15_000
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(LineError):
            await Connection.open("127.0.0.1", port, "u", "s", Timing(answer_s=10.0))
    # What was on its way beyond it is what the system keeps for a socket.
    assert sent < MESSAGE_MAX + (16 << 20)

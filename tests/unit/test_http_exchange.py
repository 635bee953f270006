"""HTTP as foreign servers speak it: packed, in other charsets, sent elsewhere, and hanging up between two requests."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from drivers.base import Blame, NotSent, Refused, Uncertain
from drivers.http.answer import Answer, Request
from drivers.http.exchange import TRUST_S, Exchange, LostError, NotWrittenError, trust_s
from drivers.http.packing import PackedError, unpacked
from drivers.http.verdict import judge
from drivers.provider.rules import Result, parse_rules
from drivers.provider.rules import judge as judge_by_rules

PATIENCE_S = 20.0


class Server:
    """Answers each request with the next of `answers`; a connection that got `most` of them is closed."""

    def __init__(self, answers: list[bytes], most: int = 1_000) -> None:
        self.answers, self.most = answers, most
        self.requests = 0
        self.connections: list[asyncio.StreamWriter] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        try:
            for _ in range(self.most):
                await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                writer.write(self.answers[min(self.requests, len(self.answers)) - 1])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def said(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def meeting(
    *answers: bytes, charset: str = "cp1252", most: int = 1_000
) -> AsyncIterator[tuple[Exchange, Server]]:
    server = Server(list(answers), most)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/send"
    exchange = Exchange(connections=4, timeout_s=5.0, ca_file=None, charset=charset)
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield exchange, server
    finally:
        await exchange.close()
        listening.close()
        for writer in server.connections:
            writer.close()


async def nothing() -> None: ...


# ------------------------------------------------------------------------------------------------- charsets and packing

TEXT = "Señor, 5 €: no válido"
RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)
DEFLATED = RAW.compress(TEXT.encode()) + RAW.flush()


@pytest.mark.parametrize(
    ("answer", "charset"),
    [
        (said("200 OK", TEXT.encode(), "Content-Type: text/plain"), "latin-1"),
        (said("200 OK", TEXT.encode("cp1252"), "Content-Type: text/plain; charset=windows-1252"), "utf-8"),
        (said("200 OK", TEXT.encode("cp1252"), "Content-Type: text/plain"), "cp1252"),
        (said("200 OK", TEXT.encode("utf-16"), "Content-Type: text/plain; charset=utf-16"), "utf-8"),
        (said("200 OK", TEXT.encode(), 'Content-Type: text/plain; charset="UTF-8"'), "latin-1"),
        (said("200 OK", TEXT.encode(), "Content-Type: text/plain; charset=none-such"), "latin-1"),
        (said("200 OK", gzip.compress(TEXT.encode()), "Content-Encoding: gzip"), "utf-8"),
        (said("200 OK", zlib.compress(TEXT.encode()), "Content-Encoding: deflate"), "utf-8"),
        (said("200 OK", DEFLATED, "Content-Encoding: deflate"), "utf-8"),
        (said("200 OK", TEXT.encode(), "Content-Encoding: identity"), "utf-8"),
    ],
)
async def test_an_answer_is_read_as_it_is_written(answer: bytes, charset: str) -> None:
    async with meeting(answer, charset=charset) as (exchange, server):
        got = await exchange(Request("GET", server.url), nothing)
        assert got.text == TEXT
        assert not got.truncated


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"estado":"señor"}'.encode(), "application/json"),
        ('{"estado":"señor"}'.encode(), "application/json; charset=iso-8859-1"),
        ('{"estado":"señor"}'.encode("latin-1"), "application/json; charset=iso-8859-1"),
        ('{"estado":"señor"}'.encode("latin-1"), "application/json"),
        ('{"estado":"señor"}'.encode("latin-1"), "application/json; charset=utf-8"),
        ('{"estado":"señor"}'.encode("utf-16"), "application/json"),
        ('{"estado":"señor"}'.encode("utf-8-sig"), "application/json"),
    ],
)
def test_json_is_understood_whatever_its_header_says(body: bytes, kind: str) -> None:
    answer = Answer(200, {"content-type": kind}, body, kind.partition("charset=")[2])
    assert answer.json == {"estado": "señor"}


def test_a_packed_answer_is_bounded_when_unpacked() -> None:
    bomb = gzip.compress(b"0" * 1_000_000)
    assert unpacked(bomb, "gzip", 65_536) == (b"0" * 65_536, True)
    for body, coding in ((b"OK", "gzip"), (gzip.compress(b"OK")[:-9], "gzip"), (b"OK", "br"), (b"OK", "gzip, gzip")):
        with pytest.raises(PackedError):
            unpacked(body, coding, 65_536)


async def test_what_cannot_be_unpacked_is_no_success() -> None:
    rules = parse_rules([{"body": ".*", "result": "accepted"}, {"result": "accepted"}])
    async with meeting(said("200 OK", b"OK", "Content-Encoding: br")) as (exchange, server):
        answer = await exchange(Request("GET", server.url), nothing)
    assert judge_by_rules(rules, answer, 0.0).result is Result.UNCERTAIN


# ------------------------------------------------------------------------------------------------------- sent elsewhere


@pytest.mark.parametrize(
    ("status", "asked", "location", "taken"),
    [
        (301, "http://h/send", "https://h/send", False),
        (308, "http://h/send?x=1", "https://h/send", False),
        (301, "http://h:80/send/", "https://H:443/send", False),
        (302, "http://h/send", "https://h/send", True),
        (303, "http://h/send", "https://h/send", True),
        (301, "http://h/send", "https://h/done", True),
        (301, "http://h/send", "https://other/send", True),
        (301, "https://h/send", "https://h/send", True),
        (301, "http://h/send", "/send", True),
        (301, "http://h/send", "https://[h/send", True),
        (301, "http://h/send", "", True),
    ],
)
def test_a_server_that_wants_https_has_taken_nothing(status: int, asked: str, location: str, taken: bool) -> None:
    """Any other redirect may be the answer to a message that was taken."""
    answer = Answer(status, {"location": location}, b"", url=asked)
    by_rules = judge_by_rules((), answer, 0.0)
    if taken:
        assert judge(answer, 0.0, "uncertain") == Uncertain(f"http_{status}")
        assert by_rules.result is Result.UNCERTAIN
    else:
        assert judge(answer, 0.0, "uncertain") == NotSent("moved_to_https", blame=Blame.LINE)
        assert by_rules.not_sent == NotSent("moved_to_https", blame=Blame.LINE)


def test_a_rule_says_what_a_limit_of_the_server_means() -> None:
    rules = parse_rules(
        [
            {"status": 503, "header": "Retry-After", "result": "retry", "reason": "busy", "blame": "line"},
            {"status": "300-399", "header": "Location", "matches": "https://.*", "result": "retry"},
        ]
    )
    busy = judge_by_rules(rules, Answer(503, {"retry-after": "7"}, b""), 0.0)
    assert busy.not_sent == NotSent("busy", 7.0, blame=Blame.LINE)
    assert judge_by_rules(rules, Answer(503, {}, b""), 0.0).result is Result.UNCERTAIN
    assert judge_by_rules(rules, Answer(302, {"location": "https://h/"}, b""), 0.0).result is Result.RETRY
    assert judge_by_rules(rules, Answer(302, {"location": "/"}, b""), 0.0).result is Result.UNCERTAIN


def test_a_text_too_long_for_one_service_may_suit_another() -> None:
    for status in (413, 414):
        wanted = Refused("too_large", Blame.PERSON, elsewhere=True)
        assert judge(Answer(status, {}, b""), 0.0, "uncertain") == wanted
        assert judge_by_rules((), Answer(status, {}, b""), 0.0).refused == wanted


# ----------------------------------------------------------------------------------------------------- kept connections


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("", TRUST_S), ("timeout=60, max=100", TRUST_S), ("timeout=1", 0.5), ("max=5, Timeout=0", 0.0), ("junk", TRUST_S)],
)
def test_a_server_says_how_long_it_keeps_a_connection(header: str, seconds: float) -> None:
    assert trust_s(header) == seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets the exchange believe that time has passed."""
    ahead = 0.0
    monotonic = time.monotonic

    def pass_by(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds

    class Time:
        @staticmethod
        def monotonic() -> float:
            return monotonic() + ahead

    monkeypatch.setattr("drivers.http.exchange.time", Time)
    return pass_by


async def test_a_connection_that_idled_gets_no_message(clock: Callable[[float], None]) -> None:
    async with meeting(said("200 OK", b"OK")) as (exchange, server):
        for idle, connections in ((0.0, 1), (TRUST_S / 2, 1), (TRUST_S * 1.5, 2), (0.0, 2)):
            clock(idle)
            assert (await exchange(Request("POST", server.url), nothing)).text == "OK"
            assert len(server.connections) == connections
        clock(TRUST_S * 1.5)
        await exchange(Request("GET", server.url))
        assert len(server.connections) == 2, "a question may use it: it can be asked again"


async def test_a_server_that_closes_idle_connections_gets_every_message_once() -> None:
    """It hangs up the moment it has answered: what would be in doubt on the old connection goes over a new one."""
    async with meeting(said("200 OK", b"OK"), most=1) as (exchange, server):
        for number in range(1, 30):
            assert (await exchange(Request("POST", server.url), nothing)).text == "OK"
            assert server.requests == number


async def test_a_connection_that_closes_while_the_intent_is_written_is_replaced() -> None:
    async with meeting(said("200 OK", b"OK", "Keep-Alive: timeout=60")) as (exchange, server):
        await exchange(Request("POST", server.url), nothing)
        asked = 0

        async def before() -> None:
            nonlocal asked
            asked += 1
            if asked == 1:
                for writer in server.connections:
                    writer.close()
                    await writer.wait_closed()
                for _ in range(20):
                    await asyncio.sleep(0)

        assert (await exchange(Request("POST", server.url), before)).text == "OK"
        assert (server.requests, asked) == (2, 2)


@pytest.mark.parametrize(
    ("url", "reason"), [("http://127.0.0.1:1/", "connect_failed"), ("http://nobody.invalid/", "host_unknown")]
)
async def test_whether_somebody_is_there_is_known_without_a_request(url: str, reason: str) -> None:
    async with meeting(said("200 OK")) as (exchange, server):
        await exchange.reach(server.url)
        with pytest.raises(NotWrittenError) as caught:
            await exchange.reach(url)
        assert caught.value.reason == reason
        assert server.requests == 0


async def test_a_new_connection_that_breaks_leaves_what_was_written_in_doubt() -> None:
    async with meeting(b"", most=1) as (exchange, server):
        with pytest.raises(LostError):
            await exchange(Request("POST", server.url), nothing)
        assert server.requests == 1

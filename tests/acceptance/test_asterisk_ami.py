"""The manager connection against a real Asterisk: every way in which the library under it was seen to fail."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from drivers.asterisk import ami
from drivers.asterisk.ami import Connection, Event
from drivers.asterisk.errors import LinkError, LoginRefusedError, PermissionMissingError, UnsafeValueError
from drivers.asterisk.timing import Timing
from tests.peers.asterisk import SECRET, USER, Asterisk
from tests.peers.asterisk_bench import SOON_S, running

EVERYTHING = "everything"
"""An account that may send events of its own."""

QUICK = Timing(answer_s=1.0, booted_s=1.0, ping_s=0.2, pong_s=0.5)
CALL = {"Channel": "Local/101@callees/n", "Context": "callees", "Exten": "102", "Priority": "1", "Async": "true"}


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    with running(tmp_path_factory.mktemp("pbx") / "asterisk", filters=False) as started:
        yield started


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Asterisk]:
    """One of its own, to be frozen and killed."""
    with running(tmp_path / "asterisk") as started:
        yield started


async def login(pbx: Asterisk, timing: Timing | None = None, user: str = USER, port: int = 0) -> Connection:
    return await Connection.open("127.0.0.1", port or pbx.port, user, SECRET, timing)


async def told(connection: Connection, name: str) -> Event:
    async with asyncio.timeout(SOON_S):
        while (event := await connection.events.get())["userevent"] != name:
            pass
    return event


async def near_halves(connection: Connection) -> list[str]:
    listed = await connection.action("CoreShowChannels", listing=True)
    return [event["channel"] for event in listed.events if event["channel"].endswith(";1")]


async def test_an_originate_without_an_answer_is_never_sent_again(mortal: Asterisk) -> None:
    """The library would write it again after its own reconnect: a second call to the same person."""
    first = await login(mortal, Timing(answer_s=0.5))
    mortal.freeze()
    with pytest.raises(LinkError):
        await first.action("Originate", CALL)
    assert first.lost.done()
    mortal.thaw()
    # The frozen one reads what was written to it: that is the one call.
    with closing(await login(mortal)) as second:
        async with asyncio.timeout(SOON_S):
            while not (calls := await near_halves(second)):
                await second.events.get()
        assert not (await second.action("Ping")).headers.get("event")
        assert len(calls) == len(await near_halves(second)) == 1


async def test_waiting_ends_with_the_link(mortal: Asterisk) -> None:
    connection = await login(mortal)
    mortal.freeze()
    asked = asyncio.create_task(connection.action("CoreShowChannels", listing=True))
    await asyncio.sleep(0)
    mortal.kill()
    began = time.monotonic()
    with pytest.raises(LinkError):
        await asked
    assert time.monotonic() - began < 5
    with pytest.raises(LinkError):
        await connection.action("Ping")
    connection.close()


async def test_an_answer_that_never_comes_ends_the_wait(mortal: Asterisk) -> None:
    connection = await login(mortal, Timing(answer_s=0.3))
    mortal.freeze()
    for listing in (False, True):
        with pytest.raises(LinkError) as caught:
            await connection.action("CoreShowChannels", listing=listing)
        assert caught.value.reason == "no_answer"
    mortal.thaw()


async def test_a_frozen_asterisk_is_noticed_by_its_pings(mortal: Asterisk) -> None:
    connection = await login(mortal, QUICK)
    mortal.freeze()
    async with asyncio.timeout(SOON_S):
        assert (await connection.lost).reason == "frozen"
    mortal.thaw()


async def test_a_clean_stop_and_a_kill_are_noticed(mortal: Asterisk) -> None:
    for end in (mortal.stop, mortal.kill):
        connection = await login(mortal)
        await asyncio.to_thread(end)
        async with asyncio.timeout(SOON_S):
            assert (await connection.lost).reason == "link_lost"
        mortal.start()


async def test_a_wrong_secret_is_tried_once(pbx: Asterisk) -> None:
    log = pbx.base / "log/messages"
    before = log.read_text().count("failed to authenticate")
    with pytest.raises(LoginRefusedError):
        await Connection.open("127.0.0.1", pbx.port, USER, "wrong")
    with pytest.raises(LoginRefusedError):
        await Connection.open("127.0.0.1", pbx.port, "nobody", SECRET)
    assert log.read_text().count("failed to authenticate") - before <= 2


async def test_an_account_that_cannot_tell_a_restart_is_refused(pbx: Asterisk) -> None:
    with pytest.raises(PermissionMissingError) as caught:
        await login(pbx, QUICK, user="deaf")
    assert caught.value.permission == "read = system"


async def test_nobody_listens(pbx: Asterisk, unused_tcp_port: int) -> None:
    with pytest.raises(LinkError) as caught:
        await login(pbx, port=unused_tcp_port)
    assert caught.value.reason == "connect_failed"


async def test_closing_leaves_nothing_behind(pbx: Asterisk) -> None:
    """The library schedules a reconnect that outlives `close()`."""
    connection = await login(pbx)
    connection.close()
    connection.close()
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    timers = [each for each in getattr(loop, "_scheduled", ()) if not each.cancelled()]
    assert [each for each in timers if "panoramisk" in repr(each) or "ami" in repr(each)] == []
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("ami")]


async def test_strange_events_do_not_end_the_link(pbx: Asterisk) -> None:
    """An exception in a callback of the library drops the connection; ours cannot raise."""
    with closing(await login(pbx, user=EVERYTHING)) as connection:
        for extra in ({"Uptime": "not a number"}, {"Uniqueid": ["1", "2"]}, {"Event": "FullyBooted"}, {"": "x"}):
            answer = await connection.action("UserEvent", {"UserEvent": "Strange", **extra})
            assert answer.success
            await told(connection, "Strange")
        assert (await connection.action("Ping")).success


async def test_characters_split_over_two_reads_are_whole(pbx: Asterisk) -> None:
    text = "ñandú€" * 30
    with closing(await login(pbx, user=EVERYTHING)) as connection:
        protocol = connection._manager.protocol
        whole = protocol.data_received

        def crumbs(data: bytes) -> None:
            for byte in data:
                whole(bytes([byte]))

        protocol.data_received = crumbs
        await connection.action("UserEvent", {"UserEvent": "Accents", "Text": text})
        assert (await told(connection, "Accents"))["text"] == text


@pytest.mark.parametrize("value", ["1\r\nAction: Originate", "1\nAction: Logoff", "1\r", "a\0b", "x" * 10_000])
async def test_no_value_becomes_a_header(pbx: Asterisk, value: str) -> None:
    with closing(await login(pbx)) as connection:
        for fields in ({"Variable": ["GW_ID=1", value]}, {"CallerID": value}, {value: "1"}):
            with pytest.raises(UnsafeValueError):
                await connection.action("Originate", {**CALL, **fields})
        with pytest.raises(UnsafeValueError):
            await Connection.open("127.0.0.1", pbx.port, USER, value)
        assert await near_halves(connection) == []


async def test_nothing_is_logged(pbx: Asterisk, caplog: pytest.LogCaptureFixture) -> None:
    """The library logs whole actions, numbers and secrets included."""
    with caplog.at_level(logging.DEBUG):
        connection = await login(pbx, user=EVERYTHING)
        await connection.action("UserEvent", {"UserEvent": "Quiet", "To": "5491159876543"})
        connection.close()
        with pytest.raises(LinkError):
            await connection.action("UserEvent", {"UserEvent": "Quiet", "To": "5491159876543"})
    said = [record for record in caplog.records if record.name.startswith(("panoramisk", "drivers"))]
    assert said == []
    assert "5491159876543" not in caplog.text


async def test_a_reader_that_stalls_gives_up_by_itself(pbx: Asterisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami, "QUEUE_MAX", 20)
    connection = await login(pbx, user=EVERYTHING)
    with pytest.raises(LinkError) as caught:  # noqa: PT012 - which of them is one too many is not ours to say
        for _ in range(40):
            await connection.action("UserEvent", {"UserEvent": "Flood"})
    assert caught.value.reason == "flooded"
    assert connection.events.qsize() <= 20

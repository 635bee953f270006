"""A phone's line against the simulated phone: each outcome, doubt resolved by id, sleep and lost Wi-Fi, receiving."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import structlog
from aiohttp import web
from pydantic import SecretStr

from drivers.android import driver
from drivers.android.errors import SignatureError
from drivers.android.options import AndroidOptions
from drivers.android.plain import PlainLine
from drivers.android.simulator import AndroidSimulator
from drivers.android.simulator.process import sign
from drivers.android.smsgate import SmsgateLine
from drivers.android.timing import Timing
from drivers.base import (
    Accepted,
    AwaitedAttempt,
    Blame,
    DeliveryReport,
    Event,
    InboundMessage,
    LateAccept,
    LineError,
    LineSetup,
    LineStatus,
    NotSent,
    OpenAttempt,
    OutboundMessage,
    Outcome,
    Refused,
    Uncertain,
    Withdrawn,
)

E = TypeVar("E", bound=Event)

ROOT = Path(__file__).resolve().parents[2]
TO = "+5491122223333"
QUICK = Timing(
    look_s=0.02,
    look_max_s=0.1,
    report_s=0.02,
    report_max_s=0.1,
    retry_s=0.01,
    retry_max_s=0.05,
    poll_s=0.05,
    health_s=0.05,
    back_s=0.02,
    back_max_s=0.05,
    refused_s=0.05,
    settle_s=0.02,
    open_s=30.0,
    margin_s=5.0,
)
"""The pauses of real phones, shortened: nothing here waits for a radio."""


class Sink:
    """Keeps what a line tells; `until` waits for it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.failures = 0
        """So many events are not taken."""
        self._more = asyncio.Event()

    async def put(self, event: Event) -> None:
        if self.failures and not isinstance(event, LineStatus):
            self.failures -= 1
            raise OSError("the disk is full")
        self.events.append(event)
        self._more.set()

    def of(self, kind: type[E]) -> list[E]:
        return [each for each in self.events if isinstance(each, kind)]

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not reached():
                self._more.clear()
                await self._more.wait()

    async def state(self, state: str) -> LineStatus:
        await self.until(lambda: self.of(LineStatus)[-1:] != [] and self.of(LineStatus)[-1].state == state)
        return self.of(LineStatus)[-1]


class Rig:
    def __init__(self, sim: AndroidSimulator, line: Any, sink: Sink) -> None:
        self.sim, self.line, self.sink = sim, line, sink
        self.passed: list[int] = []

    async def intent(self, part: int) -> None:
        self.passed.append(part)

    async def send(self, number: int = 1, text: str = "Hola", parts: int = 1, **more: Any) -> Outcome:
        message = OutboundMessage(
            attempt=attempt(number),
            to=TO,
            address=TO,
            text=text,
            parts=(text,) * parts,
            todo=tuple(range(1, parts + 1)),
            **more,
        )
        outcome: Outcome = await self.line.send(message, self.intent)
        return outcome

    @property
    def taken(self) -> list[str]:
        return [row["id"] for row in self.sim.texts()["texts"]]


def attempt(number: int) -> str:
    return f"01JD{number:022d}"


@asynccontextmanager
async def rig(
    timing: Timing = QUICK, options: dict[str, Any] | None = None, ready: bool = True, **settings: Any
) -> AsyncIterator[Rig]:
    async with AndroidSimulator(1, settings={"report_delay_s": 0.02, **settings}) as sim:
        given = {"url": sim.url, "password": "secret", **(options or {})}
        made = AndroidOptions.model_validate(given)
        line = SmsgateLine("phone", made, timing) if made.app == "smsgate" else PlainLine("phone", made, timing)
        async with running(line) as sink:
            if ready:
                await sink.state("ready")
            yield Rig(sim, line, sink)


@asynccontextmanager
async def running(line: Any) -> AsyncIterator[Sink]:
    sink = Sink()
    task = asyncio.create_task(line.run(sink))
    try:
        yield sink
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


# ------------------------------------------------------------------------------------------------------ each outcome


async def test_a_message_is_taken_and_its_report_arrives() -> None:
    async with rig(options={"sim": 2}) as phone:
        assert await phone.send() == Accepted({1: attempt(1)})
        await phone.sink.until(lambda: bool(phone.sink.of(DeliveryReport)))
        report = phone.sink.of(DeliveryReport)[0]
        assert (report.attempt, report.part, report.status) == (attempt(1), 1, "delivered")
        row = phone.sim.texts()["texts"][0]
        assert (row["id"], row["to"], row["text"], row["sim"]) == (attempt(1), TO, "Hola", 2)
        assert phone.passed == [1]


async def test_every_part_passes_its_point_and_is_reported() -> None:
    async with rig() as phone:
        assert await phone.send(parts=3) == Accepted({n: f"{attempt(1)}.{n}" for n in (1, 2, 3)})
        await phone.sink.until(lambda: len(phone.sink.of(DeliveryReport)) == 3)
        assert [each.part for each in phone.sink.of(DeliveryReport)] == [1, 2, 3]
        assert phone.passed == [1, 2, 3]
        assert len(phone.taken) == 1


async def test_a_failure_of_the_phone_is_refused_or_goes_again() -> None:
    async with rig(error="RESULT_ERROR_GENERIC_FAILURE") as phone:
        assert await phone.send(1) == Refused("generic_failure")
        phone.sim.set(error="RESULT_ERROR_NO_SERVICE")
        assert await phone.send(2) == NotSent("no_service", blame=Blame.LINE)
        assert phone.taken == []


async def test_a_phone_without_credit_rests_and_the_others_wait() -> None:
    """Long messages as well, of which some parts may have left: they are not given back, but few of them are tried."""
    timing = Timing(**{**_fields(QUICK), "fault_s": 0.5})
    async with rig(timing, error="RESULT_ERROR_GENERIC_FAILURE") as phone:
        for number in range(1, 4):
            assert await phone.send(number, parts=2) == Refused("generic_failure", Blame.PERSON)
        assert await phone.send(4) == NotSent("generic_failure", counts=False)
        await phone.sink.until(lambda: phone.sink.of(LineStatus)[-1].state == "waiting")
        assert phone.sink.of(LineStatus)[-1].reason == "generic_failure"
        phone.sim.set(error="")
        await phone.sink.until(lambda: phone.sink.of(LineStatus)[-1].state == "ready")
        assert isinstance(await phone.send(5), Accepted)
        assert len(phone.taken) == 1


async def test_a_phone_that_lost_its_radio_says_so_at_once() -> None:
    async with rig(error="RESULT_ERROR_RADIO_OFF (Failed because radio was explicitly turned off)") as phone:
        assert await phone.send(1) == NotSent("radio_off", blame=Blame.LINE)
        assert await phone.send(2) == NotSent("radio_off", counts=False)


async def test_a_failure_after_sent_is_undelivered() -> None:
    async with rig(report="failed") as phone:
        assert isinstance(await phone.send(), Accepted)
        await phone.sink.until(lambda: bool(phone.sink.of(DeliveryReport)))
        assert phone.sink.of(DeliveryReport)[0].status == "undelivered"


async def test_a_withdrawn_message_never_reaches_the_phone() -> None:
    async with rig() as phone:

        async def withdrawn(part: int) -> None:
            raise Withdrawn("paused")

        message = OutboundMessage(attempt(1), TO, TO, "Hola", ("Hola",))
        assert await phone.line.send(message, withdrawn) == NotSent("paused", counts=False)
        assert phone.sim.stats()["total"].get("posted", 0) == 0


async def test_what_the_app_refuses_is_refused() -> None:
    async with rig() as phone:
        assert isinstance(await phone.send(text=""), Refused)


async def test_the_rest_of_another_lines_message_goes_back() -> None:
    async with rig() as phone:
        message = OutboundMessage(attempt(1), TO, TO, "ab", ("a", "b"), todo=(2,))
        assert phone.line.carries(message) == "parts_unsupported"
        wanted = Refused("parts_unsupported", Blame.PERSON, elsewhere=True)
        assert await phone.line.send(message, phone.intent) == wanted
        assert phone.passed == []


async def test_the_oldest_message_is_sent_first() -> None:
    async with rig() as phone:
        assert phone.sim.phones[0].settings.order == "FIFO"


# ------------------------------------------------------------------------------------------------- doubt, by the id


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "garbage", "error"])
@pytest.mark.parametrize("taken", [True, False])
async def test_a_doubt_is_resolved_by_asking_by_id(kind: str, taken: bool) -> None:
    async with rig() as phone:
        phone.sim.set(fault={"kind": kind, "taken": taken, "count": 2})
        assert await phone.send() == Accepted({1: attempt(1)})
        assert phone.taken == [attempt(1)]


@pytest.mark.parametrize("duplicate_status", [409, 500])
async def test_an_answer_that_comes_too_late_doubles_nothing(duplicate_status: int) -> None:
    async with rig(Timing(**{**_fields(QUICK), "answer_s": 0.2}), duplicate_status=duplicate_status) as phone:
        phone.sim.set(fault={"kind": "slow", "delay_s": 1.0, "count": 1})
        assert await phone.send() == Accepted({1: attempt(1)})
        assert phone.taken == [attempt(1)]


async def test_errors_that_last_send_it_back_for_certain() -> None:
    async with rig() as phone:
        phone.sim.set(fault={"kind": "error", "count": None})
        assert await phone.send() == NotSent("phone_error", blame=Blame.LINE)
        assert phone.taken == []


async def test_a_thousand_sends_with_dropped_connections() -> None:
    async with rig(Timing(**{**_fields(QUICK), "look_s": 0.01})) as phone:
        phone.sim.set(
            faults=[
                {"kind": "drop_after", "probability": 0.3, "count": None},
                {"kind": "drop_before", "probability": 0.1, "count": None},
            ]
        )
        numbers = iter(range(1000))
        outcomes: list[Outcome] = []

        async def sender() -> None:
            while (number := next(numbers, None)) is not None:
                outcomes.append(await phone.send(number))

        await asyncio.gather(*(sender() for _ in range(phone.line.capacity)))
        assert [each for each in outcomes if not isinstance(each, Accepted)] == []
        assert sorted(phone.taken) == [attempt(number) for number in range(1000)]
        await phone.sink.until(lambda: len(phone.sink.of(DeliveryReport)) == 1000)
        assert phone.sim.stats()["total"]["fault drop_after"] > 200


async def test_a_state_that_goes_back_changes_nothing() -> None:
    async with rig(backwards=True) as phone:
        assert isinstance(await phone.send(), Accepted)
        await phone.sink.until(lambda: bool(phone.sink.of(DeliveryReport)))
        assert phone.taken == [attempt(1)]


# --------------------------------------------------------------------------------------------- stuck, asleep, Wi-Fi


async def test_a_message_that_the_phone_never_begins_is_taken_back() -> None:
    async with rig(Timing(**{**_fields(QUICK), "open_s": 0.3, "margin_s": 0.0}), stuck="Pending") as phone:
        assert await phone.send() == NotSent("phone_stuck", blame=Blame.LINE)
        phone.sim.set(stuck="")
        assert await phone.send(2) == Accepted({1: attempt(2)})
        assert phone.taken == [attempt(2)]


async def test_a_message_that_the_phone_may_be_sending_is_in_doubt() -> None:
    async with rig(Timing(**{**_fields(QUICK), "open_s": 0.3, "margin_s": 0.0}), stuck="Processed") as phone:
        assert await phone.send() == Uncertain("phone_stuck")


async def test_what_was_given_up_and_is_sent_after_all_is_told() -> None:
    async with rig(Timing(**{**_fields(QUICK), "open_s": 0.2, "margin_s": 0.0}), send_s=0.6) as phone:
        assert await phone.send() == Uncertain("phone_stuck")
        await phone.sink.until(lambda: bool(phone.sink.of(DeliveryReport)))
        assert phone.sink.of(LateAccept) == [LateAccept(attempt(1), 1, attempt(1))]


async def test_lost_wifi_is_waited_for_and_doubles_nothing() -> None:
    async with rig(send_s=0.1) as phone:
        sends = [asyncio.create_task(phone.send(number)) for number in range(3)]
        assert (await phone.sim.wait(posted=3))["reached"]
        await phone.sim.unplug()
        status = await phone.sink.state("recovering")
        assert status.reason in ("unreachable", "connection_lost")
        assert await phone.send(9) == NotSent(status.reason, counts=False)
        assert (await phone.sim.wait(taken=3))["reached"]
        await phone.sim.replug()
        await phone.sink.state("ready")
        assert all(isinstance(each, Accepted) for each in await asyncio.gather(*sends))
        assert sorted(phone.taken) == [attempt(number) for number in range(3)]


async def test_a_phone_asleep_is_recovering_until_it_wakes() -> None:
    async with rig(Timing(**{**_fields(QUICK), "answer_s": 0.1})) as phone:
        phone.sim.set(asleep=True)
        assert (await phone.sink.state("recovering")).reason == "no_answer"
        phone.sim.set(asleep=False)
        await phone.sink.state("ready")
        assert isinstance(await phone.send(), Accepted)


async def test_a_wrong_password_is_quarantined_until_it_is_right() -> None:
    async with rig(password="changed", ready=False) as phone:
        status = await phone.sink.state("quarantined")
        assert status.reason == "credentials_refused"
        assert await phone.send() == NotSent("credentials_refused", counts=False)
        phone.sim.set(password="secret")
        await phone.sink.state("ready")


async def test_health_battery_and_signal_are_told_and_a_failing_health_is_no_death() -> None:
    async with rig(health="fail", battery=17, signal=40) as phone:
        status = phone.sink.of(LineStatus)[-1]
        assert (status.state, status.signal, status.detail["battery"]) == ("ready", 40, 17)
        assert status.detail["health"] == "fail"
        phone.sim.set(battery=16)
        await phone.sink.until(lambda: phone.sink.of(LineStatus)[-1].detail["battery"] == 16)
        with pytest.raises(LineError):
            await phone.line.command("balance")


async def test_an_idle_line_asks_next_to_nothing() -> None:
    async with rig(Timing()) as phone:
        before = phone.sim.stats()["total"]["requests"]
        # What came while nobody asked, once; then a look into the inbox four times a minute.
        assert not (await phone.sim.wait(timeout=1.5, requests=before + 5))["reached"]


# --------------------------------------------------------------------------------------------------------- receiving


async def test_each_message_received_is_told_once_and_genuine_repeats_too() -> None:
    async with rig() as phone:
        phone.sim.inject(text="BAJA", sender="+5491144443333", count=2)
        await phone.sink.until(lambda: len(phone.sink.of(InboundMessage)) == 2)
        first, second = phone.sink.of(InboundMessage)
        assert (first.sender, first.text) == ("+5491144443333", "BAJA")
        assert first.key != second.key
        # Held up in the network for an hour: in the middle of the list by its time.
        phone.sim.inject(text="tarde", at=time.time() - 3600)
        await phone.sink.until(lambda: len(phone.sink.of(InboundMessage)) == 3)
        assert phone.sink.of(InboundMessage)[2].text == "tarde"


async def test_another_life_tells_the_same_keys() -> None:
    async with rig() as phone:
        phone.sim.inject(text="Hola", count=3)
        await phone.sink.until(lambda: len(phone.sink.of(InboundMessage)) == 3)
        options = AndroidOptions(url=phone.sim.url, password=SecretStr("secret"))
        async with running(SmsgateLine("phone", options, QUICK)) as sink:
            await sink.until(lambda: len(sink.of(InboundMessage)) == 3)
            assert {e.key for e in sink.of(InboundMessage)} == {e.key for e in phone.sink.of(InboundMessage)}


async def test_ten_thousand_received_are_all_told_each_once() -> None:
    async with rig() as phone:
        began = time.monotonic()
        phone.sim.inject(text="Hola", count=1000)
        for number in range(9):
            phone.sim.inject(text=f"Hola {number}", count=1000, sender=f"+54911444433{number:02d}")
        await phone.sink.until(lambda: len(phone.sink.of(InboundMessage)) >= 10_000)
        assert len({each.key for each in phone.sink.of(InboundMessage)}) == 10_000
        assert len(phone.sink.of(InboundMessage)) == 10_000
        assert time.monotonic() - began < 60


async def test_two_lines_share_a_phone_with_two_sims() -> None:
    async with rig(options={"sim": 1}) as phone:
        options = AndroidOptions(url=phone.sim.url, password=SecretStr("secret"), sim=2)
        second = SmsgateLine("second", options, QUICK)
        async with running(second) as sink:
            await sink.state("ready")
            assert isinstance(await phone.send(1), Accepted)
            assert isinstance(await Rig(phone.sim, second, sink).send(2), Accepted)
            assert [row["sim"] for row in phone.sim.texts()["texts"]] == [1, 2]
            phone.sim.inject(text="uno", sim=1)
            phone.sim.inject(text="dos", sim=2)
            await phone.sink.until(lambda: bool(phone.sink.of(InboundMessage)))
            await sink.until(lambda: bool(sink.of(InboundMessage)))
            assert [each.text for each in phone.sink.of(InboundMessage)] == ["uno"]
            assert [each.text for each in sink.of(InboundMessage)] == ["dos"]


# ---------------------------------------------------------------------------------------------------------- webhooks


async def test_a_phone_that_calls_us_is_believed_when_it_signs() -> None:
    calls: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()

    async def hook(request: web.Request) -> web.Response:
        await calls.put((dict(request.headers), await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/hooks/phone", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/phone"
    try:
        slow = Timing(**{**_fields(QUICK), "look_s": 60.0, "look_max_s": 60.0, "hooked_poll_s": 60.0})
        async with rig(slow, options={"webhook": url, "webhook_secret": "k"}) as phone:
            sending = asyncio.create_task(phone.send())
            headers, body = await calls.get()
            assert phone.line.on_hook(headers, body) == []
            assert await sending == Accepted({1: attempt(1)})
            headers, body = await calls.get()
            [report] = phone.line.on_hook(headers, body)
            assert isinstance(report, DeliveryReport)
            assert phone.line.on_hook(headers, body) == []
            phone.sim.inject(text="Hola")
            headers, body = await calls.get()
            [received] = phone.line.on_hook(headers, body)
            assert isinstance(received, InboundMessage)
            with pytest.raises(SignatureError):
                phone.line.on_hook(sign("another key", body), body)
            # What polling finds bears the same key.
            options = AndroidOptions(url=phone.sim.url, password=SecretStr("secret"))
            async with running(SmsgateLine("phone", options, QUICK)) as sink:
                await sink.until(lambda: bool(sink.of(InboundMessage)))
                assert sink.of(InboundMessage)[0].key == received.key
    finally:
        await runner.cleanup()


# -------------------------------------------------------------------------------------------- encryption and secrets


async def test_an_encrypted_message_is_read_by_the_phone_alone() -> None:
    async with rig(options={"passphrase": "geheim"}, passphrase="geheim") as phone:
        assert isinstance(await phone.send(text="Señal ñandú"), Accepted)
        stored = phone.sim.phones[0].messages[attempt(1)]
        assert "Señal" not in stored.text
        assert TO not in stored.to
        assert phone.sim.texts()["texts"][0]["text"] == "Señal ñandú"


async def test_another_passphrase_sends_nothing() -> None:
    async with rig(options={"passphrase": "geheim"}, passphrase="other") as phone:
        assert isinstance(await phone.send(), Refused)
        assert phone.taken == []


async def test_no_log_holds_a_secret_a_number_or_a_text() -> None:
    with structlog.testing.capture_logs() as logs:
        async with rig(
            options={"token": "geheim-1", "password": "geheim-2", "passphrase": "geheim-3"}, ready=False
        ) as phone:
            status = await phone.sink.state("quarantined")
            phone.sim.set(token="geheim-1", fault={"kind": "garbage", "path": "/health", "method": "GET"})
            await phone.sink.state("ready")
            await phone.sim.unplug()
            await phone.sink.state("recovering")
            told = json.dumps(
                [logs, status.reason, [str(each) for each in phone.sink.events], repr(phone.line)], default=str
            )
    assert logs != []
    for word in ("geheim", TO, TO[1:], "Hola"):
        assert word not in told


# ------------------------------------------------------------------------------------------------- kill, and resume

CHILD = """
import asyncio, os, sys
from pydantic import SecretStr
from drivers.android.options import AndroidOptions
from drivers.android.smsgate import SmsgateLine
from drivers.base import LineStatus, OutboundMessage

class Sink:
    ready = asyncio.Event()
    async def put(self, event):
        if isinstance(event, LineStatus) and event.state == "ready":
            self.ready.set()

async def main(url, attempt, point):
    line = SmsgateLine("phone", AndroidOptions(url=url, password=SecretStr("secret")))
    task = asyncio.create_task(line.run(Sink()))
    await Sink.ready.wait()
    async def intent(part):
        if point == "before":
            os.kill(os.getpid(), 9)
    await line.send(OutboundMessage(attempt, "+54911", "+54911", "Hola", ("Hola",)), intent)

asyncio.run(main(*sys.argv[1:]))
"""


def child(url: str, number: int, point: str) -> subprocess.Popen[bytes]:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, url, attempt(number), point], env={**os.environ, "PYTHONPATH": path}
    )


@pytest.fixture
def killed() -> Iterator[list[subprocess.Popen[bytes]]]:
    children: list[subprocess.Popen[bytes]] = []
    yield children
    for each in children:
        each.kill()
        each.wait()


@pytest.mark.parametrize("point", ["before", "after"])
async def test_a_kill_around_the_point_of_no_return_is_resolved(
    point: str, killed: list[subprocess.Popen[bytes]]
) -> None:
    async with rig(stuck="Pending") as phone:
        process = child(phone.sim.url, 1, point)
        killed.append(process)
        if point == "after":
            assert (await phone.sim.wait(posted=1, timeout=30))["reached"]
            process.send_signal(signal.SIGKILL)
        assert await asyncio.to_thread(process.wait) == -signal.SIGKILL
        phone.sim.set(stuck="")
        outcomes = await phone.line.resume([OpenAttempt(attempt(1), TO, TO, (1,), time.time())])
        if point == "before":
            assert outcomes == {attempt(1): NotSent("not_taken", counts=False)}
            assert phone.taken == []
        else:
            assert outcomes == {attempt(1): Accepted({1: attempt(1)})}
            assert phone.taken == [attempt(1)]


async def test_an_old_attempt_that_the_phone_no_longer_knows_stays_in_doubt() -> None:
    async with rig() as phone:
        assert await phone.line.resume([OpenAttempt(attempt(1), TO, TO, (1,), time.time() - 90_000)]) == {}


async def test_an_earlier_life_s_messages_are_asked_about_part_by_part() -> None:
    async with rig(report_delay_s=0.3) as phone:
        for number in (1, 2, 3):
            assert isinstance(await phone.send(number, parts=number), Accepted)
        options = AndroidOptions(url=phone.sim.url, password=SecretStr("secret"))
        line = SmsgateLine("phone", options, QUICK)
        now = time.time()
        async with running(line) as sink:
            await line.follow(
                [
                    AwaitedAttempt(attempt(3), TO, {}, (1, 2, 3), now),
                    AwaitedAttempt(attempt(2), TO, {1: f"{attempt(2)}.1", 2: f"{attempt(2)}.2"}, (), now),
                    AwaitedAttempt(attempt(9), TO, {}, (1,), now),
                ]
            )
            await sink.until(lambda: len(sink.of(DeliveryReport)) == 5)
        told = {(each.attempt, each.part, each.status) for each in sink.of(DeliveryReport)}
        assert told == {(attempt(n), part, "delivered") for n in (2, 3) for part in range(1, n + 1)}
        assert [each.part for each in sink.of(LateAccept) if each.attempt == attempt(3)] == [1, 2, 3]


async def test_a_report_that_could_not_be_kept_is_asked_for_again() -> None:
    async with rig(report_delay_s=0.1) as phone:
        phone.sink.failures = 1
        assert isinstance(await phone.send(1), Accepted)
        await phone.sink.until(lambda: bool(phone.sink.of(DeliveryReport)))
        assert phone.sink.failures == 0


# --------------------------------------------------------------------------------------------------------- plain apps

PLAIN = [
    {"app": "traccar", "token": "key"},
    {"app": "rest", "country_code": "54"},
    {"app": "generic", "token": "key"},
]


@pytest.mark.parametrize("options", PLAIN, ids=lambda each: str(each["app"]))
async def test_a_plain_app_takes_a_message(options: dict[str, Any]) -> None:
    async with rig(options=options) as phone:
        assert await phone.send(text="Señal & más") == Accepted({1: attempt(1)}, reported=False)
        row = phone.sim.texts()["texts"][0]
        assert (row["to"], row["text"]) == (TO, "Señal & más")


@pytest.mark.parametrize("options", PLAIN, ids=lambda each: str(each["app"]))
@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
async def test_a_plain_app_without_an_answer_is_in_doubt(options: dict[str, Any], kind: str) -> None:
    async with rig(options=options) as phone:
        phone.sim.set(fault={"kind": kind, "path": "/"})
        assert await phone.send() == Uncertain("connection_lost")
        assert phone.sim.stats()["total"]["fault " + kind] == 1
        assert len(phone.taken) == (kind == "drop_after")


@pytest.mark.parametrize("options", PLAIN, ids=lambda each: str(each["app"]))
async def test_a_plain_app_that_is_gone_has_taken_nothing(options: dict[str, Any]) -> None:
    async with rig(Timing(**{**_fields(QUICK), "health_s": 60.0}), options=options) as phone:
        await phone.sim.unplug()
        assert await phone.send() == NotSent("unreachable", counts=False)
        await phone.sink.state("recovering")
        await phone.sim.replug()
        await phone.sink.state("ready")


async def test_the_rest_app_tells_operator_and_battery() -> None:
    async with rig(options=PLAIN[1]) as phone:
        status = phone.sink.of(LineStatus)[-1]
        assert (status.operator, status.detail["battery"], status.detail["sim"]) == ("Claro", 80, "ready")
        assert await phone.line.resume([OpenAttempt(attempt(1), TO, TO, (1,), time.time())]) == {}


async def test_the_rest_app_tells_what_the_phone_received_each_once() -> None:
    async with rig(options=PLAIN[1]) as phone:
        assert isinstance(await phone.send(), Accepted)
        phone.sim.inject(text="Hola", count=120)
        await phone.sink.until(lambda: len(phone.sink.of(InboundMessage)) == 120)
        phone.sim.inject(text="más", sender=TO)
        await phone.sink.until(lambda: len(phone.sink.of(InboundMessage)) > 120)
        last = phone.sink.of(InboundMessage)[-1]
        assert (last.sender, last.text) == (TO, "más")
        assert len({each.key for each in phone.sink.of(InboundMessage)}) == 121


async def test_a_number_without_a_country_gets_the_lines() -> None:
    async with rig(options=PLAIN[1]) as phone:
        message = OutboundMessage(attempt(1), TO, "01159876543", "Hola", ("Hola",))
        assert isinstance(await phone.line.send(message, phone.intent), Accepted)
        assert phone.sim.texts()["texts"][0]["to"] == "+541159876543"


async def test_credentials_that_only_a_send_shows_to_be_wrong_do_not_spin() -> None:
    slow = Timing(**{**_fields(QUICK), "health_s": 60.0, "refused_s": 60.0})
    async with rig(slow, options=PLAIN[0]) as phone:
        phone.sim.set(token="changed")
        assert await phone.send() == NotSent("credentials_refused", counts=False)
        assert await phone.send() == NotSent("credentials_refused", counts=False)
        await phone.sink.state("quarantined")
        assert phone.sim.stats()["total"]["POST /"] == 1


async def test_a_form_that_says_no_is_refused() -> None:
    async with rig(options={"app": "generic", "token": "wrong"}) as phone:
        assert await phone.send() == Refused("refused_by_phone")
        assert phone.taken == []


async def test_a_wrong_key_of_traccar_is_quarantined() -> None:
    async with rig(options={"app": "traccar", "token": "wrong"}, ready=False) as phone:
        await phone.sink.state("quarantined")


def _fields(timing: Timing) -> dict[str, Any]:
    return {name: getattr(timing, name) for name in Timing.__dataclass_fields__}


def test_the_driver_is_found_by_its_name() -> None:
    setup = LineSetup("p", AndroidOptions(url="10.0.0.2"))
    assert [finding.key for finding in driver.check(setup)] == ["password"]
    assert logging.getLogger("drivers.android").handlers == []

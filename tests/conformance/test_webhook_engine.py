"""The engine of webhooks against real receivers, good and bad, over both stores."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gatewayd.store.webhooks import endpoints, progress, questions
from gatewayd.values.clock import now_ms
from gatewayd.values.views import LineView
from gatewayd.webhooks.engine.watch import Watch
from gatewayd.webhooks.schedule import Schedule
from tests.conformance.bureau import FAST, Bureau, bureau, filed
from tests.peers.receiver import OK, Got, Receiver, in_order, repeated, status


@pytest.fixture
async def desk(url: str, tmp_path: Path) -> AsyncIterator[Bureau]:
    async with bureau(url, tmp_path, "norte", "sur") as made:
        yield made


def refs(got: list[Got]) -> list[str]:
    return [each.event["data"]["ref"] for each in got]


async def until(wanted: Any, timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not await wanted():
            await asyncio.sleep(0.02)


async def test_each_receipt_is_posted_once_signed_and_its_row_goes(desk: Bureau) -> None:
    async with Receiver() as receiver, desk.posting(filed(receiver.url)) as engine:
        await until(lambda: known(desk))
        await desk.job(250)
        await receiver.until(lambda: len(receiver.acknowledged) >= 250)
        assert sorted(refs(receiver.got)) == sorted(f"C{n}" for n in range(1, 251))
        assert repeated(receiver.got) == {}
        assert {each.event["type"] for each in receiver.got} == {"receipt"}
        assert {each.event["rank"] for each in receiver.got} == {3}
        assert receiver.connections <= 8
        await until(lambda: empty(desk, "receipt"))
        assert (await desk.endpoint()).acknowledged == 250
        engine.due()


async def known(desk: Bureau) -> bool:
    return bool(await desk.rows("webhook"))


async def empty(desk: Bureau, table: str) -> bool:
    return not await desk.rows(table)


async def test_what_was_recorded_while_the_engine_was_away_comes_and_nothing_from_before_it_was_made(
    desk: Bureau,
) -> None:
    await desk.job(3)
    async with Receiver() as receiver:
        async with desk.posting(filed(receiver.url)):
            await until(lambda: known(desk))
        await desk.job(5)
        async with desk.posting(filed(receiver.url)):
            await receiver.until(lambda: len(receiver.got) == 5)
        assert {each.event["data"]["job"] for each in receiver.got} == {"j2"}


async def test_a_receiver_that_is_down_gets_all_of_it_in_order_once_it_is_back(desk: Bureau) -> None:
    receiver = Receiver()
    await receiver.listen()
    async with desk.posting(filed(receiver.url)):
        await until(lambda: known(desk))
        await receiver.close()
        begun = time.monotonic()
        for _ in range(4):
            await desk.withdrawn(60)
        await asyncio.sleep(1.5)
        waiting = await desk.ask(partial(questions.waiting, number=1, limit=1000))
        assert len(waiting) <= 40, "an outage is rows of the log, not failures"
        assert await desk.rows("receipt") == 240
        await receiver.listen()
        await receiver.until(lambda: len({each.id for each in receiver.acknowledged}) == 240)
        assert time.monotonic() - begun < 15
        in_order(receiver.acknowledged)
        assert repeated(receiver.acknowledged) == {}
        await until(lambda: empty(desk, "webhook_failure"))
        await until(lambda: empty(desk, "receipt"))
        assert (await desk.endpoint()).enabled
    await receiver.close()


async def test_a_poisoned_event_holds_up_nobody_and_its_own_message_waits_for_it(desk: Bureau) -> None:
    def answer(event: dict[str, Any]) -> bytes:
        return status(500) if event["data"]["ref"] == "C7" else OK

    brief = Schedule(lambda: 0.0, pauses_s=(0.05, 0.05), probes_s=(0.1,))
    async with Receiver(answer=answer) as receiver, desk.posting(filed(receiver.url), schedule=brief):
        await until(lambda: known(desk))
        await desk.job(50)
        await receiver.until(lambda: len(receiver.acknowledged) == 49)
        await receiver.until(lambda: len(receiver.got) - 49 >= 3)

        async def failed() -> bool:
            found = await desk.ask(partial(questions.failures, number=1, before=None, limit=10))
            return bool(found) and not found[0].waiting

        await until(failed)
        (kept,) = await desk.ask(partial(questions.failures, number=1, before=None, limit=10))
        assert (kept.tries, kept.fault, kept.status) == (3, "http_500", 500)
        found = await desk.endpoint()
        assert found.enabled, "the receiver took others meanwhile"
        # A person has it posted again, once the receiver is put right.
        receiver.answer = lambda event: OK
        await desk.change(partial(progress.replay_failures, number=1, since=0, until=now_ms() + 1, now=now_ms()))
        assert desk.engine is not None
        desk.engine.changed(1)
        await receiver.until(lambda: len(receiver.acknowledged) == 50)
        assert await desk.rows("webhook_failure") in (0, 1)
        await until(lambda: empty(desk, "webhook_failure"))


async def test_tries_used_up_disable_the_endpoint_say_so_and_lose_nothing(desk: Bureau) -> None:
    brief = Schedule(lambda: 0.0, pauses_s=(0.05,) * 9, probes_s=(0.05,))
    async with (
        Receiver(answer=lambda event: status(503)) as receiver,
        desk.posting(filed(receiver.url), schedule=brief),
    ):
        await until(lambda: known(desk))
        await desk.job(5)

        async def disabled() -> bool:
            return not (await desk.endpoint()).enabled

        await until(disabled)
        assert (await desk.endpoint()).reason == "tries_used_up"
        assert desk.happened == [("norte 1", "disabled", "tries_used_up")]
        tries = max(sum(each.id == name for each in receiver.got) for name in {each.id for each in receiver.got})
        assert tries == 10
        count = len(receiver.got)
        await desk.job(2)
        await asyncio.sleep(0.4)
        assert len(receiver.got) == count
        receiver.answer = lambda event: OK
        await desk.change(partial(endpoints.enable, number=1, now=now_ms()))
        assert desk.engine is not None
        desk.engine.changed(1)
        await receiver.until(lambda: len({each.id for each in receiver.acknowledged}) == 7)
        await until(lambda: empty(desk, "webhook_failure"))


async def test_gone_disables_at_once(desk: Bureau) -> None:
    async with Receiver(answer=lambda event: status(410)) as receiver, desk.posting(filed(receiver.url)):
        await until(lambda: known(desk))
        await desk.job(40)

        async def disabled() -> bool:
            return not (await desk.endpoint()).enabled

        await until(disabled)
        assert (await desk.endpoint()).reason == "endpoint_gone"
        assert len(receiver.got) <= 4


async def test_retry_after_is_honoured(desk: Bureau) -> None:
    calls = 0

    def answer(event: dict[str, Any]) -> bytes:
        nonlocal calls
        calls += 1
        return status(429, "Retry-After: 1") if calls == 1 else OK

    async with Receiver(answer=answer) as receiver, desk.posting(filed(receiver.url)):
        await until(lambda: known(desk))
        await desk.job(1)
        await receiver.until(lambda: len(receiver.got) == 1)
        await desk.job(1)
        await receiver.until(lambda: len(receiver.acknowledged) == 2)
        assert receiver.got[1].at - receiver.got[0].at >= 0.95


async def test_one_slow_receiver_holds_up_nobody(desk: Bureau) -> None:
    async def silent(_writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with (
        Receiver(answer=lambda event: silent) as slow,
        Receiver() as fast,
        Receiver() as other,
        desk.posting(filed(slow.url), filed(fast.url), filed(other.url, account="sur")),
    ):
        await until(lambda: known(desk))
        begun = time.monotonic()
        await desk.job(200)
        await desk.job(200, account="sur")
        await fast.until(lambda: len(fast.acknowledged) == 200)
        await other.until(lambda: len(other.acknowledged) == 200)
        assert time.monotonic() - begun < 8
        assert len(slow.got) <= 4


@pytest.mark.parametrize("kind", ["garbage", "endless", "trickle", "headers", "length"])
async def test_a_liar_acknowledges_by_its_status_alone(desk: Bureau, kind: str) -> None:
    async def lie(writer: asyncio.StreamWriter) -> None:
        head = b"HTTP/1.1 200 OK\r\n"
        match kind:
            case "garbage":
                writer.write(head + b"Transfer-Encoding: chunked\r\n\r\nzzz\r\n\0\xff garbage")
            case "endless":
                writer.write(head + b"Content-Type: text/plain\r\n\r\n")
                for _ in range(10_000):
                    writer.write(b"x" * 65_536)
                    await writer.drain()
            case "trickle":
                writer.write(head + b"Content-Length: 5000\r\n\r\n")
                for _ in range(100):
                    writer.write(b"x")
                    await asyncio.sleep(0.2)
            case "length":
                writer.write(head + b"Content-Length: 999999999999\r\n\r\nx")
                await asyncio.sleep(30)
            case "headers":
                writer.write(head)
                for number in range(100_000):
                    writer.write(f"X-{number}: {'y' * 1000}\r\n".encode())
                    await writer.drain()
        await writer.drain()

    brief = Schedule(lambda: 0.0, pauses_s=(60.0,), probes_s=(60.0,))
    async with Receiver(answer=lambda event: lie) as receiver, desk.posting(filed(receiver.url), schedule=brief):
        await until(lambda: known(desk))
        await desk.job(2)

        async def settled() -> bool:
            found = await desk.endpoint()
            return found.acknowledged + (2 if found.failed_at else 0) >= 2

        begun = time.monotonic()
        await until(settled)
        assert time.monotonic() - begun < 5
        found = await desk.endpoint()
        if kind == "headers":
            assert found.fault == "answer_unreadable"
        else:
            assert (found.acknowledged, found.fault) == (2, None)


async def test_a_redirect_is_not_followed(desk: Bureau) -> None:
    async with (
        Receiver() as private,
        Receiver(answer=lambda event: status(307, f"Location: {private.url}")) as receiver,
        desk.posting(filed(receiver.url)),
    ):
        await until(lambda: known(desk))
        await desk.job(1)

        async def failed() -> bool:
            return (await desk.endpoint()).fault is not None

        await until(failed)
        assert (await desk.endpoint()).fault == "redirected"
        assert private.got == []
        assert private.connections == 0


async def test_a_kill_in_the_middle_repeats_under_the_same_ids_and_loses_nothing(desk: Bureau) -> None:
    """The engine is cut off at any instant, again and again; what was posted and not recorded comes again."""

    async def late(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.01)
        writer.write(OK)
        await writer.drain()

    async with Receiver(answer=lambda event: late) as receiver:
        async with desk.posting(filed(receiver.url)):
            await until(lambda: known(desk))
        for turn in range(6):
            await desk.job(30)
            async with desk.posting(filed(receiver.url)):
                await asyncio.sleep(0.03 * turn)
        async with desk.posting(filed(receiver.url)):
            await receiver.until(lambda: len({each.id for each in receiver.got}) == 180)
            await until(lambda: empty(desk, "receipt"))
        bodies: dict[str, Any] = {}
        for each in receiver.got:
            assert bodies.setdefault(each.id, each.event) == each.event


async def test_after_a_restore_it_stands_still_until_it_is_released(desk: Bureau) -> None:
    from gatewayd.store.commands import Change
    from gatewayd.store.sending import restoration

    async with Receiver() as receiver, desk.posting(filed(receiver.url)) as engine:
        await until(lambda: known(desk))
        await desk.writer.do(Change(partial(restoration.stand_still, now=now_ms())))
        engine.changed()

        async def still() -> bool:
            return engine.standing_still

        await until(still)
        await desk.job(3)
        await asyncio.sleep(0.3)
        assert receiver.got == []
        assert await desk.writer.do(Change(restoration.release))
        engine.changed()
        await receiver.until(lambda: len(receiver.acknowledged) == 3)


async def test_a_replay_of_what_left_the_store_is_read_from_the_spool_under_the_same_ids(desk: Bureau) -> None:
    begun = now_ms()
    async with Receiver() as receiver, desk.posting(filed(receiver.url)) as engine:
        await until(lambda: known(desk))
        await desk.job(150)
        await receiver.until(lambda: len(receiver.acknowledged) == 150)
        await until(lambda: empty(desk, "receipt"))
        first = {each.id: each.event for each in receiver.got}
        count = await desk.change(partial(progress.replay_all, number=1, since=begun, until=now_ms() + 1, now=now_ms()))
        assert count == 1
        engine.changed(1)
        await receiver.until(lambda: len(receiver.acknowledged) == 300)
        assert {each.id: each.event for each in receiver.got[150:]} == first

        async def over() -> bool:
            return (await desk.endpoint()).replay is None

        await until(over)


async def test_secrets_of_administrators_are_sealed_and_both_sign_while_one_replaces_the_other(desk: Bureau) -> None:
    import json

    from gatewayd.webhooks import signature

    old, new = signature.new_secret(), signature.new_secret()
    both = signature.rotated((signature.Secret(old),), new, now=now_ms(), overlap_ms=60_000)
    sealed = desk.vault.seal(json.dumps(signature.written(both)), signature.sealed_for("norte"))
    assert new not in sealed
    async with Receiver(secrets=(old, new)) as receiver:
        # Made by an administrator, it may not lead to a private address: nothing is even connected to.
        add = partial(endpoints.add, owner="norte", url=receiver.url, events=("receipt",), secrets=sealed, now=now_ms())
        await desk.change(add)
        async with desk.posting():
            await desk.job(1)

            async def failed() -> bool:
                return (await desk.endpoint()).fault is not None

            await until(failed)
            assert (await desk.endpoint()).fault == "address_forbidden"
            assert receiver.connections == 0


def test_the_schedule_of_the_tests_is_shaped_like_the_real_one() -> None:
    assert FAST.tries == Schedule(lambda: 0.0).tries == 10


# ---------------------------------------------------------------------------------------------- what nobody records


def line(state: str, reason: str | None = None, *, name: str = "claro-1", enabled: bool = True) -> LineView:
    return LineView(name, "gsm", "sms", enabled, state, reason, since=0)


async def test_a_line_that_stops_and_works_again_is_said_once_each(desk: Bureau) -> None:
    lines = [line("ready")]
    async with Receiver() as receiver, desk.posting(filed(receiver.url, events=("line",))) as engine:
        await until(lambda: known(desk))
        watch = Watch(
            execute=desk.writer.do,
            ask=desk.ask,
            now=now_ms,
            low=lambda: None,
            lines=lambda: lines,
            logged=engine.post,
            look_s=0.02,
        )
        task = asyncio.create_task(watch.run())
        for state, reason in (
            ("busy", None),
            ("waiting", "quota_day"),
            ("recovering", "modem_silent"),
            ("recovering", "modem_silent"),
            ("quarantined", "pin_wrong"),
            ("starting", None),
            ("ready", None),
            ("waiting", "no_credit"),
        ):
            lines[0] = line(state, reason)
            watch.stirred()
            await asyncio.sleep(0.1)
        lines[0] = line("ready", enabled=False)
        watch.stirred()
        await receiver.until(lambda: len(receiver.got) == 4)
        said = [(each.event["data"]["state"], each.event["data"]["reason"]) for each in receiver.got]
        assert said == [("trouble", "modem_silent"), ("working", None), ("trouble", "no_credit"), ("disabled", None)]
        seqs = [each.event["seq"] for each in receiver.got]
        assert seqs == sorted(set(seqs))
        # Another life of the daemon has nothing new to say.
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        again = asyncio.create_task(watch.run())
        watch.stirred()
        await asyncio.sleep(0.2)
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)
        assert len(receiver.got) == 4


async def test_a_line_that_is_away_for_a_moment_is_no_news(desk: Bureau) -> None:
    lines = [LineView("claro-1", "gsm", "sms", True, "recovering", "port_lost", since=now_ms())]
    async with Receiver() as receiver, desk.posting(filed(receiver.url, events=("line",))) as engine:
        await until(lambda: known(desk))
        watch = Watch(
            execute=desk.writer.do,
            ask=desk.ask,
            now=now_ms,
            low=lambda: None,
            lines=lambda: lines,
            logged=engine.post,
            look_s=0.02,
            settle_ms=400,
        )
        task = asyncio.create_task(watch.run())
        await asyncio.sleep(0.2)
        assert receiver.got == []
        await receiver.until(lambda: len(receiver.got) == 1)  # it has lasted by then, and nothing stirred
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_credit_that_runs_low_is_said_once_until_it_is_enough_again(desk: Bureau) -> None:
    from gatewayd.store.commands import Credit

    async with Receiver() as receiver, desk.posting(filed(receiver.url, events=("credit_low",))) as engine:
        await until(lambda: known(desk))
        watch = Watch(
            execute=desk.writer.do,
            ask=desk.ask,
            now=now_ms,
            low=lambda: 1_000_000,
            lines=list,
            logged=engine.post,
            look_s=0.02,
        )
        await desk.writer.do(Credit("norte", 5_000_000, now_ms()))
        await desk.job(1)
        task = asyncio.create_task(watch.run())
        for amount in (-4_500_000, -100_000, 9_000_000, -9_000_000):
            await asyncio.sleep(0.1)
            await desk.writer.do(Credit("norte", amount, now_ms()))
            watch.stirred()
        await receiver.until(lambda: len(receiver.got) == 2)
        await asyncio.sleep(0.2)
        assert [each.event["data"] for each in receiver.got] == [
            {"account": "norte", "balance": "0.50"},
            {"account": "norte", "balance": "0.40"},
        ]
        assert len({each.id for each in receiver.got}) == 2
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_receipts_that_a_put_back_store_never_had_are_posted_from_the_spool_once_it_is_released(
    pattern: Path, tmp_path: Path
) -> None:
    """The copy was made before the job ended, and the receiver was away meanwhile: nothing of it was posted."""
    from gatewayd.restoration import Restoration
    from gatewayd.store.commands import Change
    from gatewayd.store.sending import restoration

    store, copy = tmp_path / "gatewayd.db", tmp_path / "copy.db"
    shutil.copy(pattern, store)
    async with Receiver() as receiver:
        hook = filed(receiver.url)
        async with bureau(f"sqlite:///{store}", tmp_path) as desk:
            async with desk.posting(hook):
                await until(lambda: known(desk))
            before = Restoration(desk.writer.do, desk.spool, node="pop", salt=desk.writer.salt)
            assert await before.examine() is None
            name = await desk.waiting(20)
            with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
            assert await before.examine() is None  # the spool's mark goes on
            await desk.cancel(name)
        for leftover in tmp_path.glob("gatewayd.db*"):
            leftover.unlink()
        shutil.copy(copy, store)
        async with bureau(f"sqlite:///{store}", tmp_path, made=True) as desk:
            found = await Restoration(desk.writer.do, desk.spool, node="pop", salt=desk.writer.salt).examine()
            assert found is not None
            async with desk.posting(hook) as engine:
                await asyncio.sleep(0.3)
                assert receiver.got == []
                await desk.writer.do(Change(restoration.release))
                engine.changed()
                await receiver.until(lambda: len(receiver.acknowledged) == 20)
        assert {each.event["data"]["state"] for each in receiver.got} == {"cancelled"}
        assert repeated(receiver.got) == {}

"""Webhooks of a real daemon: a campaign's receipts reach their receiver whatever becomes of daemon and receiver."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.peers.receiver import OK, SECRET, Receiver, in_order, status
from tests.rig import processes
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

WEBHOOK = """
[[webhook]]
account = "norte"
url = "{url}"
secret = "{secret}"
events = ["receipt", "inbound"]
allow_private = true
"""


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as made:
        yield made


def started(stack: ExitStack, folder: Path, *urls: str) -> tuple[Gateway, Simulator]:
    simulator = stack.enter_context(Simulator(folder, 2))
    hooks = "".join(WEBHOOK.format(url=url, secret=SECRET) for url in urls)
    gateway = stack.enter_context(Gateway(folder, simulator.ports, extra=hooks))
    gateway.start()
    gateway.account()
    return gateway, simulator


async def test_kills_of_the_daemon_lose_no_event_and_mix_up_none(
    tmp_path: Path, stack: ExitStack, receiver: Receiver
) -> None:
    """The daemon is killed in the middle of sending and of posting; beside it a receiver that never answers."""

    async def silent(_writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)

    async with Receiver(answer=lambda event: silent) as dead:
        gateway, _simulator = await asyncio.to_thread(started, stack, tmp_path, receiver.url, dead.url)
        for turn in range(4):
            gateway.campaign(60, f"c{turn}")
            await asyncio.sleep(0.4 + 0.35 * turn)
            await asyncio.to_thread(gateway.kill)
            await asyncio.to_thread(gateway.start)

        def settled(summary: dict[str, Any]) -> bool:
            counts = summary["counts"]
            return bool(counts.get("delivered", 0) + counts.get("uncertain", 0) == 60)

        for turn in range(4):
            await asyncio.to_thread(gateway.wait_job, f"c{turn}", settled)
        told = {(line["message"], line["seq"]): line for turn in range(4) for line in gateway.receipts(f"c{turn}")}
        assert len(told) >= 400

        def came() -> bool:
            return {(each.event["data"]["message"], each.event["seq"]) for each in receiver.acknowledged} >= told.keys()

        await receiver.until(came, 60)
        bodies = {(each.event["data"]["message"], each.event["seq"]): each.event["data"] for each in receiver.got}
        assert bodies == told
        by_id: dict[str, dict[str, Any]] = {}
        for each in receiver.got:
            assert by_id.setdefault(each.id, each.event) == each.event, "one id, one event"
        assert len(by_id) == len(told), "one event, one id"
        # Repeats come after a kill, and begin again where the place was recorded; what is new is never out of order.
        fresh = {each.id: each for each in reversed(receiver.got)}
        in_order(sorted(fresh.values(), key=lambda each: each.at))
        assert len(dead.got) <= 4 * 5


async def test_a_reply_comes_as_its_inbox_file_has_it(tmp_path: Path, stack: ExitStack, receiver: Receiver) -> None:
    gateway, simulator = await asyncio.to_thread(started, stack, tmp_path, receiver.url)
    gateway.campaign(1)
    await asyncio.to_thread(gateway.wait_job, "c1")
    simulator.ask("inject", sender="+5491150000000", text="Ya pagué, ñandú")
    await receiver.until(lambda: any(each.event["type"] == "inbound" for each in receiver.got))
    (event,) = [each.event for each in receiver.got if each.event["type"] == "inbound"]
    assert [event["data"]] == gateway.inbox()
    states = [each.event["data"]["state"] for each in receiver.got if each.event["type"] == "receipt"]
    assert states == ["submitted", "delivered"]


def run(gateway: Gateway, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return processes.run(["--config", str(gateway.config), *arguments], given=text or "")


async def test_what_an_administrator_does_at_the_command_line(
    tmp_path: Path, stack: ExitStack, receiver: Receiver
) -> None:
    gateway, _simulator = await asyncio.to_thread(started, stack, tmp_path, receiver.url)

    async def ask(*arguments: str, text: str | None = None) -> Any:
        done = await asyncio.to_thread(run, gateway, "webhook", *arguments, "--json", text=text)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    (filed,) = (await ask("list"))["items"]
    assert (filed["id"], filed["origin"], filed["allow_private"], filed["state"]) == (1, "file", True, "ready")
    assert SECRET not in json.dumps(filed)
    assert await ask("test", "1") == {"ok": True, "status": 204, "reason": None}
    assert receiver.got[-1].event["type"] == "test"
    made = await ask("add", "https://billing.invalid/hook", "--event", "receipt")
    assert (made["account"], made["events"], made["origin"]) == ("norte", ["receipt"], "store")
    assert made["secret"].startswith("whsec_")
    stored = (tmp_path / "gatewayd.db").read_bytes() + (tmp_path / "gatewayd.db-wal").read_bytes()
    assert made["secret"].encode() not in stored
    rotated = await ask("set", "2", "--rotate", "--event", "receipt", "--event", "inbound")
    assert rotated["secret"] != made["secret"]
    assert "secret" not in await ask("show", "2")
    failed = await asyncio.to_thread(run, gateway, "webhook", "test", "2", "--json")
    assert failed.returncode == 1
    assert json.loads(failed.stdout) == {"ok": False, "status": None, "reason": "host_unknown"}
    assert (await ask("disable", "2"))["reason"] == "by_person"
    assert (await ask("enable", "2"))["enabled"]
    assert (await ask("failures", "2")) == {"items": [], "next": None}
    for wrong, said in (
        (("add", "https://user:pass@billing.example/"), "url"),
        (("add", "https://billing.invalid/hook"), "2"),
        (("set", "1", "--event", "receipt"), "file"),
        (("show", "99"), "99"),
        (("replay", "1", "--since", "yesterday"), "yesterday"),
        (("add", "https://a.example/", "--account", "nobody"), "nobody"),
    ):
        refused = await asyncio.to_thread(run, gateway, "webhook", *wrong)
        assert refused.returncode in (1, 2)
        assert said in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    bad = await asyncio.to_thread(run, gateway, "webhook", "set", "2", "--secret-stdin", text="whsec_c2hvcnQ=\n")
    assert bad.returncode == 2
    assert "whsec_" in bad.stderr
    assert "c2hvcnQ" not in bad.stderr
    await ask("remove", "2")
    # Without a daemon all but the test goes on.
    await asyncio.to_thread(gateway.stop)
    assert [each["id"] for each in (await ask("list"))["items"]] == [1]
    alone = await asyncio.to_thread(run, gateway, "webhook", "secret")
    assert alone.stdout.startswith("whsec_")


async def test_a_receiver_that_wants_no_more_is_said_in_status_and_check(
    tmp_path: Path, stack: ExitStack, receiver: Receiver
) -> None:
    receiver.answer = lambda event: status(410)
    gateway, _simulator = await asyncio.to_thread(started, stack, tmp_path, receiver.url)
    gateway.campaign(3)
    await asyncio.to_thread(gateway.wait_job, "c1")
    await receiver.until(lambda: bool(receiver.got))

    def needs() -> list[dict[str, Any]]:
        return [each for each in gateway.call("status")["needs"] if each["kind"] == "webhook"]

    async with asyncio.timeout(20):
        while not (found := await asyncio.to_thread(needs)):
            await asyncio.sleep(0.05)
    assert [(each["subject"], each["reason"]) for each in found] == [("norte 1", "endpoint_gone")]
    checked = gateway.call("check")
    assert [each["key"] for each in checked["findings"] if "webhook" in each["key"]] == ["webhook 1"]
    receiver.answer = lambda event: OK
    gateway.call("webhook.enable", webhook=1)
    await receiver.until(lambda: len({each.id for each in receiver.acknowledged}) == 6)
    assert not await asyncio.to_thread(needs)

"""The store has committed and its answer is lost: what should have followed from it follows all the same."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gatewayd import upkeep
from gatewayd.answers.engine import service as answers
from gatewayd.config import startup
from gatewayd.control import ControlClient
from gatewayd.daemon import aftermath
from gatewayd.daemon.daemon import gateway as daemon
from gatewayd.dispatch import ownerless
from gatewayd.intake import reception, record
from gatewayd.store.commands import (
    BeginJob,
    Change,
    Command,
    Credit,
    Inbound,
    Post,
    PublishJob,
    SetJobState,
    SetLineEnabled,
    Sweep,
    bare,
)
from gatewayd.store.session import Session
from gatewayd.store.transactions import Transactions
from gatewayd.values.errors import UnavailableError
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator
from tests.rig.trial import job, one

NEVER_S = 3600.0


class Losing:
    """Loses the answer to the next transaction that has a command of `kind`."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.kind: type[Command[Any]] | None = None
        self.wanted: Callable[[Any], bool] = lambda _command: True
        self.lost = 0
        self._losing = False
        apply, commit = Transactions.apply, Session.commit

        def applied(transactions: Transactions, batch: Any, *more: Any) -> Any:
            kind = self.kind
            if kind is not None and any(isinstance(bare(each), kind) and self.wanted(bare(each)) for each in batch):
                self.kind, self._losing = None, True
            return apply(transactions, batch, *more)

        def committed(session: Session) -> None:
            commit(session)
            if self._losing:
                self._losing = False
                self.lost += 1
                error = sqlite3.OperationalError("the server went away")
                error.sqlite_errorcode = sqlite3.SQLITE_IOERR
                raise error

        patch.setattr(Transactions, "apply", applied)
        patch.setattr(Session, "commit", committed)

    def next(self, kind: type[Command[Any]], wanted: Callable[[Any], bool] = lambda _command: True) -> None:
        self.wanted, self.kind = wanted, kind


@contextmanager
def alive(house: Gateway) -> Iterator[None]:
    """The daemon, in a thread of this process."""
    loop = asyncio.new_event_loop()
    stop, ready = asyncio.Event(), threading.Event()

    async def live() -> None:
        async with daemon(startup.load(house.config)):
            ready.set()
            await stop.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(live())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(30)
        house._client = ControlClient.connect([house.folder / "control.sock"])
        yield
    finally:
        if house._client is not None:
            house._client.close()
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)
        thread.join(30)


@pytest.fixture
def losing(monkeypatch: pytest.MonkeyPatch) -> Losing:
    monkeypatch.setattr(aftermath, "GRACE_S", 0.05)
    monkeypatch.setattr(ownerless, "GRACE_S", 0.1)
    monkeypatch.setattr(ownerless, "EVERY_S", NEVER_S)
    monkeypatch.setattr(reception, "TROUBLE_S", 0.2)
    monkeypatch.setattr(upkeep, "LONGEST_S", NEVER_S)
    monkeypatch.setattr(upkeep, "TROUBLE_S", 0.1)
    monkeypatch.setattr(answers, "LOOK_S", NEVER_S)
    return Losing(monkeypatch)


@pytest.fixture
def modem(tmp_path: Path) -> Iterator[Simulator]:
    simulator = Simulator(tmp_path, 1)
    yield simulator
    simulator.close()


@pytest.fixture
def house(tmp_path: Path, losing: Losing, modem: Simulator) -> Iterator[Gateway]:
    built = Gateway(tmp_path, modem.ports)
    with alive(built):
        built.account(credit="100")
        built.wait_line("m0", "ready")
        yield built


@pytest.mark.parametrize("kind", [BeginJob, PublishJob])
@pytest.mark.parametrize("asked_again", [True, False])
def test_a_job_of_which_nobody_heard_that_it_is_recorded_goes_out(
    house: Gateway, losing: Losing, monkeypatch: pytest.MonkeyPatch, kind: type[Command[Any]], asked_again: bool
) -> None:
    if not asked_again:
        monkeypatch.setattr(record, "ASK_AGAIN_S", ())
    losing.next(kind)
    house.drop(job("uno", 3))
    assert house.wait_job("uno", timeout_s=30)["counts"]["delivered"] == 3
    assert losing.lost == 1
    assert (house.spool.folder("accepted", "norte") / "uno" / "uno.json").exists()


def test_a_message_that_was_posted_goes_out(house: Gateway, losing: Losing, modem: Simulator) -> None:
    losing.next(Post)
    message = {"to": one(1)["to"], "text": "hola", "channel": "sms"}
    with pytest.raises(UnavailableError):
        house.call("message.post", account="norte", posts=[{"messages": [message]}])
    assert modem.wait_taken(1, timeout_s=20)["taken"] == 1


def test_what_waits_for_credit_goes_on_with_a_top_up_of_which_nobody_heard(house: Gateway, losing: Losing) -> None:
    house.call("account.credit", account="norte", amount="-99.15")
    house.drop(job("uno", 3))
    house.wait_job("uno", lambda summary: summary["counts"].get("held") == 2, timeout_s=30)
    losing.next(Credit)
    with pytest.raises(UnavailableError):
        house.call("account.credit", account="norte", amount="50")
    assert house.wait_job("uno", timeout_s=30)["counts"]["delivered"] == 3


def test_a_job_goes_on_that_was_resumed(house: Gateway, losing: Losing) -> None:
    house.call("line.disable", line="m0")
    house.drop(job("uno", 3))
    house.wait_job("uno", lambda summary: summary["state"] == "running")
    house.call("job.pause", job="uno")
    house.call("line.enable", line="m0")
    house.wait_line("m0", "ready")
    losing.next(SetJobState)
    with pytest.raises(UnavailableError):
        house.call("job.resume", job="uno")
    assert house.wait_job("uno", timeout_s=30)["counts"]["delivered"] == 3


def test_a_line_works_that_was_enabled(house: Gateway, losing: Losing) -> None:
    house.call("line.disable", line="m0")
    house.drop(job("uno"))
    house.wait_job("uno", lambda summary: summary["state"] == "running")
    losing.next(SetLineEnabled)
    with pytest.raises(UnavailableError):
        house.call("line.enable", line="m0")
    assert house.wait_job("uno", timeout_s=30)["counts"]["delivered"] == 1


def test_receipts_come_of_what_has_expired(house: Gateway, losing: Losing) -> None:
    house.call("line.disable", line="m0")
    over = (int(time.time()) + 3) * 1000
    until = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(over / 1000))
    house.drop(job("uno", not_after=until))
    house.wait_job("uno", lambda summary: summary["state"] == "running")
    losing.next(Sweep, lambda command: command.now >= over)
    house.wait_job("uno", timeout_s=30)
    assert losing.lost == 1
    assert [receipt["state"] for receipt in house.receipts("uno") if receipt["message"]] == ["expired"]


def test_a_line_that_was_added_works(house: Gateway, losing: Losing, modem: Simulator, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    second = Simulator(tmp_path / "more", 1)
    try:
        losing.next(SetLineEnabled)
        with pytest.raises(UnavailableError):
            house.call("line.add", line="m9", driver="gsm", keys={"port": second.ports[0]})
        house.wait_line("m9", "ready")
    finally:
        house.call("line.remove", line="m9")
        second.close()


def test_what_came_in_comes_into_the_inbox(house: Gateway, losing: Losing, modem: Simulator) -> None:
    losing.next(Inbound)
    modem.ask("inject", modem=0, **{"from": "+5491150000001", "text": "hola"})
    house.wait_inbox(1)
    assert losing.lost == 1


def test_an_export_that_was_asked_for_is_written(house: Gateway, losing: Losing) -> None:
    losing.next(Change, lambda command: not command.aside and not command.bulk and command.by != "gatewayd")
    with pytest.raises(UnavailableError):
        house.call("export.create", account="norte", format="csv")
    until = time.monotonic() + 20
    while True:
        found = house.call("task.list")["items"]
        if found and found[0]["state"] == "done":
            break
        assert time.monotonic() < until, json.dumps(found)
        time.sleep(0.1)

"""Payments against messages on their way: none passes its point of no return once its payment is acknowledged, and what
had passed it before has an outcome by then, or is named."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from gatewayd.control import ControlClient
from gatewayd.values.errors import GatewayError
from tests.rig import campaigns as rig
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

SEED: Final = int(os.environ.get("GATEWAYD_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
AT_ONCE: Final = 200
"""Customers that are written in one request."""
PAYERS: Final = 4
RATE: Final = 15
"""Messages a second of each line: a campaign goes on for as long as people pay."""


@dataclass(slots=True)
class Paid:
    """Payments that were acknowledged, by customer."""

    at: dict[str, int] = field(default_factory=dict)
    """When the answer came (Unix ms)."""
    named: dict[str, Sequence[str]] = field(default_factory=dict)


class Trial:
    """Customers who owe something, campaigns that say so, and payments at any moment."""

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        self.gateway = Gateway(folder, simulator.ports, rate=f"{RATE}/s")
        self.simulator = simulator
        self.people = 0
        self.paid = Paid()
        self.numbers: dict[str, str] = {}
        """By number, the customer."""

    def owing(self, count: int) -> list[str]:
        """Brings customers who owe; returns their external ids."""
        first, self.people = self.people, self.people + count
        names = [f"R{n}" for n in range(first, first + count)]
        for start in range(0, count, AT_ONCE):
            some = [
                {
                    "external_id": f"R{n}",
                    "name": f"Ana {n}",
                    "contacts": [{"channel": "phone", "address": rig.number_of(n)}],
                    "debt": {"balance": "100.50", "currency": "ARS", "due": "2026-01-10"},
                }
                for n in range(first + start, min(first + start + AT_ONCE, first + count))
            ]
            self.gateway.call("customer.put_many", account=rig.ACCOUNT, customers=some)
        self.numbers |= {rig.number_of(n): f"R{n}" for n in range(first, first + count)}
        return names

    def campaign(self, names: Sequence[str], **document: Any) -> int:
        """Saves a campaign to customers; returns its number."""
        words = {"channel": "sms", "content": {"text": "%nombre%, debe $ %deuda%"}} if "ladder" not in document else {}
        said = {**words, "audience": {"customers": list(names)}, **document}
        made: int = self.gateway.call("campaign.save", account=rig.ACCOUNT, title="Cobro", document=said)["campaign"]
        rig.wait(self.gateway, made, lambda found: (found["list"] or {"state": "ready"})["state"] != "loading")
        return made

    def pay(self, names: Sequence[str], within_s: float, chance: random.Random) -> None:
        """Has them pay, each at a moment of its own within so many seconds, over several connections. What a death of
        the daemon cuts off is not acknowledged."""
        left = sorted((chance.random() * within_s, name) for name in names)
        lock, began = threading.Lock(), time.monotonic()

        def payer() -> None:
            client = ControlClient.connect([self.gateway.folder / "control.sock"])
            try:
                while client is not None:
                    with lock:
                        if not left:
                            return
                        moment, name = left.pop(0)
                    time.sleep(max(0.0, began + moment - time.monotonic()))
                    self._pay(client, name)
            finally:
                if client is not None:
                    client.close()

        with ThreadPoolExecutor(PAYERS) as threads:
            for done in [threads.submit(payer) for _ in range(PAYERS)]:
                with suppress(GatewayError, OSError, ValueError):
                    done.result()

    def _pay(self, client: ControlClient, name: str) -> None:
        payment = {"customer": name, "amount": "100.50", "currency": "ARS"}
        arguments = {"account": rig.ACCOUNT, "external_id": f"P-{name}-{time.time_ns()}", "payment": payment}
        answer = client.call("payment.put", arguments)
        self.paid.named[name] = answer["open"]
        self.paid.at[name] = int(time.time() * 1000)

    def judge(self) -> tuple[int, int]:
        """Holds every point of no return against the acknowledgements; returns how many people were told something,
        and how many messages the payments have stopped."""
        with sqlite3.connect(f"file:{self.gateway.store}?mode=ro", uri=True) as store:
            rows = store.execute(
                'SELECT m."to", m.state, m.reason, min(p.at), a.ended_at, j.created_at FROM message m'
                " JOIN job j ON j.id = m.job_id LEFT JOIN attempt a ON a.message_id = m.id"
                " LEFT JOIN part p ON p.attempt_id = a.id GROUP BY m.id, a.id"
            ).fetchall()
        told = stopped = 0
        for number, state, reason, passed, ended, recorded in rows:
            name = self.numbers[number]
            acknowledged = self.paid.at.get(name)
            told += passed is not None
            stopped += (state, reason) == ("cancelled", "paid")
            if acknowledged is None or recorded is None or passed is None:
                continue
            assert passed <= acknowledged, f"{name} was told of its debt {passed - acknowledged} ms after it paid it"
            if ended is None or ended > acknowledged:
                assert self.paid.named[name], f"{name}: what had left has no outcome, and nobody names it"
        return told, stopped


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with Simulator(tmp_path, modems=2) as simulator:
        made = Trial(tmp_path, simulator)
        with made.gateway:
            made.gateway.start()
            made.gateway.account()
            rig.allow(made.gateway)
            yield made


def over(trial: Trial, campaign: int) -> Any:
    return rig.wait(trial.gateway, campaign, lambda found: found["state"] == "finished", 180)


def by_campaign(trial: Trial, count: int, chance: random.Random) -> None:
    names = trial.owing(count)
    campaign = trial.campaign(names)
    rig.launch(trial.gateway, campaign)
    trial.pay(names, count / (2 * RATE), chance)
    over(trial, campaign)


def by_rung(trial: Trial, count: int, chance: random.Random) -> None:
    """Nobody has what the first text asks for, so that its job is refused and all go on to the next one."""
    names = trial.owing(count)
    rungs = [
        {"channel": "sms", "content": {"text": "Su saldo es %saldo%"}, "wait": "1s"},
        {"channel": "sms", "content": {"text": "%nombre%, debe $ %deuda%"}},
    ]
    campaign = trial.campaign(names, ladder=rungs)
    rig.launch(trial.gateway, campaign)
    trial.pay(names, 1.5 + count / (2 * RATE), chance)
    over(trial, campaign)


def by_resend(trial: Trial, count: int, chance: random.Random) -> None:
    names = trial.owing(count)
    campaign = trial.campaign(names)
    rig.launch(trial.gateway, campaign)
    over(trial, campaign)
    again = trial.gateway.call("campaign.resend", campaign=campaign, states=["submitted", "delivered"])["campaign"]
    rig.wait(trial.gateway, again, lambda found: found["list"]["state"] == "ready")
    rig.launch(trial.gateway, again)
    trial.pay(names, count / (2 * RATE), chance)
    over(trial, again)


def by_claim(trial: Trial, count: int, chance: random.Random) -> None:
    """A rule is saved by which all are due, and they pay while its run writes to them."""
    names, call = trial.owing(count), trial.gateway.call
    rule = {"levels": [{"id": "uno", "days": 1, "channels": ["sms"], "templates": {"sms": "reclamo"}}], "hour": "00:00"}
    content = {"text": "%nombre%, debe $ %deuda%"}
    call("template.save", account=rig.ACCOUNT, template="reclamo", channel="sms", content=content)
    call("policy.save", account=rig.ACCOUNT, policy="empresa", standard=True, document={"nothing": True})
    for name in names:
        bill = {"customer": name, "due": "2026-01-10", "balance": "100.50", "currency": "ARS"}
        call("invoice.put", account=rig.ACCOUNT, external_id=f"F-{name}", invoice=bill)
    call("policy.save", account=rig.ACCOUNT, policy="empresa", standard=True, document=rule)
    end = time.monotonic() + 60
    while not call("message.list", limit=1)["items"]:
        assert time.monotonic() < end, "nobody is claimed"
        time.sleep(0.02)
    trial.pay(names, count / (2 * RATE), chance)
    # What became of each message is read, and no step waits for ever.
    while found := trial.gateway.sql("SELECT id, customer_id, batch_id, place, at FROM step WHERE state = 'planned'"):
        assert time.monotonic() < end + 180, found
        time.sleep(0.2)


def by_reminder(trial: Trial, count: int, chance: random.Random) -> None:
    """Reminders go out, every other one by a person and the rest by themselves, while those who get them pay."""
    names, call = trial.owing(count), trial.gateway.call
    waiting = []
    for name in names:
        bill = {"customer": name, "due": "2026-01-10", "balance": "100.50", "currency": "ARS"}
        call("invoice.put", account=rig.ACCOUNT, external_id=f"F-{name}", invoice=bill)
        said = {"customer": name, "invoice": f"F-{name}", "currency": "ARS", "text": "%nombre%, debe $ %monto%"}
        waiting.append(call("reminder.add", account=rig.ACCOUNT, **said))
    with ThreadPoolExecutor(1) as paying:
        paid = paying.submit(trial.pay, names, count / (2 * RATE), chance)
        for place, one in enumerate(waiting):
            how: dict[str, Any] = {"first": "2026-01-10", "hour": "00:00", "version": one["version"]}
            with suppress(GatewayError):  # who has paid already is not to be reminded, and the person is told so
                if place % 2:
                    call("reminder.repeat", reminder=one["reminder"], **how)
                else:
                    call("reminder.send", reminder=one["reminder"])
        paid.result()
    end = time.monotonic() + 180
    under_way = (
        "SELECT 1 FROM reminder_event WHERE state = 'waiting'"
        " UNION ALL SELECT 1 FROM message WHERE state IN ('queued', 'sending')"
    )
    while trial.gateway.sql(under_way):
        assert time.monotonic() < end, "what was sent stays on its way"
        time.sleep(0.2)


WAYS: Final[dict[str, Callable[[Trial, int, random.Random], None]]] = {
    "campaign": by_campaign,
    "rung": by_rung,
    "resend": by_resend,
    "claim": by_claim,
    "reminder": by_reminder,
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", ["campaign", "rung", "claim", "reminder"])
def test_forty_payments_race_messages_on_their_way(trial: Trial, way: str) -> None:
    WAYS[way](trial, 20, random.Random(SEED))
    _told, stopped = trial.judge()
    assert len(trial.paid.at) == 20, f"seed {SEED}"
    assert stopped, f"no payment was in time for anything (seed {SEED})"


@pytest.mark.fault
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("way", sorted(WAYS))
def test_a_thousand_payments_race_messages_on_their_way(trial: Trial, way: str) -> None:
    chance = random.Random(SEED)
    for _ in range(4):
        WAYS[way](trial, 100, chance)
    told, stopped = trial.judge()
    print(f"{way}: {len(trial.paid.at)} payments, {told} messages left, {stopped} were stopped; seed {SEED}")
    assert stopped


def killed(trial: Trial, rounds: int, chance: random.Random) -> None:
    """Kills the daemon while people pay and messages leave; who was answered is told nothing afterwards."""
    for _ in range(rounds):
        names = trial.owing(30)
        campaign = trial.campaign(names)
        rig.launch(trial.gateway, campaign)
        with ThreadPoolExecutor(1) as paying:
            done = paying.submit(trial.pay, names, 1.0, chance)
            time.sleep(chance.random())
            trial.gateway.kill()
            done.result()
        trial.gateway.start()
        over(trial, campaign)
        trial.judge()


@pytest.mark.timeout(120)
def test_a_kill_among_payments_forgets_none_that_was_acknowledged(trial: Trial) -> None:
    killed(trial, 1, random.Random(SEED))


@pytest.mark.fault
@pytest.mark.timeout(3600)
def test_thirty_kills_among_payments(trial: Trial) -> None:
    killed(trial, 30, random.Random(SEED))

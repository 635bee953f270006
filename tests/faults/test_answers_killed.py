"""SIGKILL at every named place of answers, and at random: each text at most one answer, each complaint one ticket."""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from gatewayd.process.failpoints import VARIABLE
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

SEED: Final = int(os.environ.get("GATEWAYD_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
"""Another one each time; a failing test prints it."""
DONE_S: Final = 60.0
PLACES: Final[Mapping[str, str]] = {
    "answer.recorded": "SALDO",
    "ticket.carried": "RECLAMO no anda",
    "notice.recorded": "",
}
"""Each place with the text that makes it be passed; none: a ticket is closed."""


class Trial:
    """People nobody else hears from, over one store and one network, through all crashes."""

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        self.gateway = Gateway(folder, simulator.ports, extra='[inbox]\ndefault = "norte"\n')
        self.simulator = simulator
        self.people = 0
        self.asked: Counter[str] = Counter()
        self.tickets = 0

    def person(self) -> str:
        """Returns the number of a customer who has not written yet."""
        number = f"+54911{40_000_000 + self.people:08d}"
        known = {"name": "Ana", "contacts": [{"channel": "phone", "address": number, "state": "confirmed"}]}
        self.gateway.call("customer.put", account="norte", external_id=f"C{self.people}", customer=known)
        self.people += 1
        return number

    def say(self, number: str, text: str) -> None:
        self.asked[number] += 1
        self.tickets += text.startswith("RECLAMO")
        self.simulator.ask("inject", **{"modem": self.people % 2, "from": number, "text": text})

    def armed(self, setting: str) -> None:
        """Starts a life that ends at that place."""
        self.gateway.stop()
        self.gateway.start({VARIABLE: setting})
        for name in ("m0", "m1"):
            self.gateway.wait_line(name, "ready")

    def again(self) -> None:
        """Waits for the death, and starts anew."""
        self.gateway.died()
        self.gateway.start()
        for name in ("m0", "m1"):
            self.gateway.wait_line(name, "ready")

    def settle(self) -> None:
        """Waits until everybody who asked is answered, or in doubt."""
        until = time.monotonic() + DONE_S
        while self._waits() and time.monotonic() < until:
            time.sleep(0.1)

    def _waits(self) -> bool:
        told = Counter(str(one["to"]) for one in self.simulator.texts())
        return any(told[number] < count and number not in self._doubted() for number, count in self.asked.items())

    def _doubted(self) -> set[str]:
        rows = self.gateway.sql("SELECT \"to\" FROM message WHERE state = 'uncertain'")
        return {str(row[0]) for row in rows}

    def judge(self) -> None:
        self.settle()
        time.sleep(1.0)
        told = Counter(str(one["to"]) for one in self.simulator.texts())
        twice = {number for number, count in told.items() if count > self.asked[number]}
        assert not twice, sorted(twice)[:5]
        missed = {number for number, count in self.asked.items() if told[number] < count} - self._doubted()
        assert not missed, sorted(missed)[:5]
        assert self.gateway.sql("SELECT COUNT(*) FROM ticket") == [(self.tickets,)]
        until = time.monotonic() + DONE_S
        while self.gateway.sql("SELECT 1 FROM ticket_event WHERE NOT written") and time.monotonic() < until:
            time.sleep(0.1)
        folder = self.gateway.folder / "spool" / "inbox" / "norte" / "tickets"
        files = [json.loads(file.read_text()) for file in folder.glob("*.json")]
        assert len({one["id"] for one in files}) == len(files)
        assert len(files) == self.gateway.sql("SELECT COUNT(*) FROM ticket_event")[0][0]


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with Simulator(tmp_path, modems=2) as simulator:
        made = Trial(tmp_path, simulator)
        with made.gateway:
            made.gateway.start()
            made.gateway.account()
            switches: dict[str, Any] = {"debt": {"on": True}, "ticket": {"on": True, "tell": True}}
            made.gateway.call("answers.set", account="norte", **switches)
            yield made


@pytest.mark.timeout(240)
def test_a_daemon_killed_at_every_place_of_answers_answers_each_text_once(trial: Trial) -> None:
    for place, text in PLACES.items():
        number = trial.person()
        if not text:
            trial.say(number, "RECLAMO no anda")
            trial.settle()
            ticket = trial.gateway.call("ticket.list", account="norte")["items"][0]["ticket"]
        trial.armed(f"{place}:1")
        if text:
            trial.say(number, text)
        else:
            trial.asked[number] += 1
            trial.gateway.call("ticket.set", account="norte", ticket=ticket, state="closed")
        trial.again()
    trial.judge()


@pytest.mark.fault
@pytest.mark.timeout(600)
def test_a_daemon_killed_at_random_answers_each_text_once(trial: Trial) -> None:
    chance = random.Random(SEED)
    print(f"GATEWAYD_FAULT_SEED={SEED}")
    for _round in range(12):
        people = [trial.person() for _ in range(10)]
        for number in people:
            trial.say(number, chance.choice(["SALDO", "RECLAMO no anda"]))
        time.sleep(chance.random() * 0.6)
        trial.gateway.kill()
        trial.gateway.start()
        for name in ("m0", "m1"):
            trial.gateway.wait_line(name, "ready")
    trial.judge()

"""What happens to rules and store while a run of claims goes on: rules saved again and again, copies put back."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from tests.faults.test_claims_killed import ACCOUNT, LEVELS, known, number_of, owe, rule, until
from tests.faults.test_restored_backup import by_hand
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

SEED: Final = int(os.environ.get("GATEWAYD_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
PEOPLE: Final = 40
UNDER_WAY: Final = (
    "SELECT 1 FROM step WHERE state = 'planned' UNION ALL SELECT 1 FROM dunning_run WHERE ended_at IS NULL"
    " UNION ALL SELECT 1 FROM message WHERE state IN ('queued', 'sending')"
)


def everybody_owes(gateway: Gateway, people: int = PEOPLE) -> None:
    words = {"text": "%nombre%, debe %deuda%"}
    gateway.call("template.save", account=ACCOUNT, template="reclamo", channel="sms", content=words)
    rule(gateway, "00:00", nothing=True)
    for person in range(people):
        known(gateway, person)
        owe(gateway, person)
    until(gateway, people - 1, "nothing")


def settled(gateway: Gateway, claimed: int) -> None:
    """Waits until so many steps are taken, and none is on its way."""
    end = time.monotonic() + 90
    while gateway.sql(UNDER_WAY) or gateway.sql("SELECT count(*) FROM step") != [(claimed,)]:
        assert time.monotonic() < end, (
            gateway.sql("SELECT state, count(*) FROM step GROUP BY 1"),
            gateway.sql(UNDER_WAY),
        )
        time.sleep(0.1)


def told(simulator: Simulator) -> Counter[str]:
    return Counter(str(one["to"]) for one in simulator.texts())


@pytest.mark.timeout(240)
def test_a_rule_that_is_saved_a_hundred_times_while_its_run_goes_on_claims_nobody_twice(tmp_path: Path) -> None:
    with Simulator(tmp_path, modems=1) as simulator, Gateway(tmp_path, simulator.ports, rate="20/s") as gateway:
        gateway.start()
        gateway.account()
        everybody_owes(gateway)
        second = {**LEVELS[0], "id": "dos"}
        for place in range(100):
            first = {**LEVELS[0], "days": 1 + place % 7}
            # The second level is above the first one, below it, or not there.
            levels = ([first, {**second, "days": 30}], [{**second, "days": -9}, first], [first])[place % 3]
            rule(gateway, f"00:0{place % 10}", levels=levels)
            time.sleep(0.02)
        rule(gateway, "00:00", levels=[{**LEVELS[0], "days": 1}])
        settled(gateway, PEOPLE)
        shown = gateway.call("policy.show", account=ACCOUNT, policy="empresa")
        assert shown["version"] == 102
        assert told(simulator) == {number_of(person): 1 for person in range(PEOPLE)}


def copied(gateway: Gateway, count: int, chance: random.Random) -> list[Path]:
    """Begins a run, and copies the store at so many points of it; returns the copies once everybody is claimed."""
    copies: list[Path] = []
    over = threading.Event()

    def copy() -> None:
        while len(copies) < count and not over.is_set():
            path = gateway.folder / f"copy-{len(copies)}.db"
            with closing(sqlite3.connect(gateway.store)) as source, closing(sqlite3.connect(path)) as target:
                source.backup(target)
            copies.append(path)
            time.sleep(chance.random() * 4 / count)

    copying = threading.Thread(target=copy)
    copying.start()
    try:
        rule(gateway, "00:01")
        settled(gateway, PEOPLE)
    finally:
        copying.join(60)
        over.set()
    assert len(copies) == count
    return copies


def points(copies: list[Path]) -> Counter[Any]:
    """Returns how far the run was in each copy: whether it had begun, its steps, its jobs, what had left."""
    found: Counter[Any] = Counter()
    for path in copies:
        with closing(sqlite3.connect(path)) as store:
            found[
                tuple(
                    store.execute(f"SELECT count(*) FROM {what}").fetchone()[0]
                    for what in ("dunning_run WHERE counts != '{}'", "step", "job", "attempt WHERE state = 'closed'")
                )
            ] += 1
    return found


def put_back(tmp_path: Path, count: int) -> None:
    """Puts back copies of a run in any order: the engine stands still until it is released, and then claims those
    alone whom no life has claimed."""
    chance = random.Random(SEED)
    print(f"GATEWAYD_FAULT_SEED={SEED}")
    with Simulator(tmp_path, modems=1) as simulator, Gateway(tmp_path, simulator.ports, rate="20/s") as gateway:
        gateway.start()
        gateway.account()
        everybody_owes(gateway)
        copies = copied(gateway, count, chance)
        print(points(copies))
        chance.shuffle(copies)
        for place, copy in enumerate(copies):
            gateway.stop()
            by_hand(gateway, copy)
            gateway.start()
            rule(gateway, "00:01")
            newcomers = range(PEOPLE, PEOPLE + place + 1)
            for person in newcomers:
                known(gateway, person)
                owe(gateway, person)
            assert not told(simulator)[number_of(newcomers[-1])], "claimed before a person has released it"
            gateway.call("engine.release")
            for person in (0, PEOPLE - 1, *newcomers):
                until(gateway, person, "ended")
            # Nobody twice, and none is forgotten.
            wanted = {number_of(person): 1 for person in range(newcomers.stop)}
            assert told(simulator) == wanted, place


@pytest.mark.timeout(240)
def test_copies_of_two_points_of_a_run_are_put_back_and_claim_nobody_twice(tmp_path: Path) -> None:
    put_back(tmp_path, 2)


@pytest.mark.fault
@pytest.mark.timeout(1800)
def test_copies_of_twenty_points_of_a_run_are_put_back_and_claim_nobody_twice(tmp_path: Path) -> None:
    put_back(tmp_path, 20)

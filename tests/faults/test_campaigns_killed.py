"""SIGKILL at every named place of campaigns, and at random: each person once, nobody skipped, each run once."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any, Final

import pytest

from gatewayd.process.failpoints import VARIABLE
from gatewayd.values.errors import ConflictError, GatewayError
from tests.faults.test_kill_imports import ROWS, bring
from tests.rig import campaigns as rig
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

SEED: Final = int(os.environ.get("GATEWAYD_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
"""Another one each time; a failing test prints it."""

PEOPLE: Final = 40
MANY: Final = 530
"""A first job of 500, and a second one."""

PLACES: Final[Mapping[str, str]] = {
    "campaign.list_begun": "save",
    "campaign.list_chunk": "save",
    "campaign.list_read": "save",
    "campaign.launched": "launch",
    "campaign.approved": "approve",
    "campaign.frozen": "launch",
    "campaign.all_frozen": "launch",
    "campaign.laid": "launch",
    "campaign.recorded": "launch",
    "campaign.noted": "launch",
    "campaign.finished": "launch",
    "campaign.scheduled": "schedule",
    "campaign.climbed": "climb",
    "campaign.turned": "pause",
    "campaign.resent": "resend",
}
"""Each place with what passes it."""


class Trial:
    """Campaigns to people nobody else writes to, over one store and one network, through all crashes."""

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        self.gateway = Gateway(folder, simulator.ports)
        self.simulator = simulator
        self.people = 0
        self.expected: Counter[str] = Counter()
        """How often each number is to be told something."""

    def sheet(self, count: int = PEOPLE) -> bytes:
        """Returns a sheet of people who have not been on one yet."""
        first, self.people = self.people, self.people + count
        self.expected.update(rig.number_of(n) for n in range(first, first + count))
        return rig.people(count, first)

    def ask(self, operation: str, **arguments: Any) -> Any:
        """Asks an operation that the daemon may die of: None where it does."""
        try:
            return self.gateway.call(operation, **arguments)
        except (GatewayError, OSError, ValueError):
            return None

    def draft(self, count: int = PEOPLE, **document: Any) -> int:
        """Saves a campaign, whose list is read by a life that nobody kills."""
        return rig.draft(self.gateway, self.sheet(count), **document)

    def asked(self, campaign: int) -> None:
        """Stops the daemon, and has somebody ask for a campaign's approval: whoever is at the machine needs none."""
        self.gateway.stop()
        with closing(sqlite3.connect(self.gateway.store)) as store:
            store.execute("UPDATE campaign SET state = 'awaiting_approval' WHERE id = ?", (campaign,))
            store.execute(
                "INSERT INTO approval (campaign_id, version, people, asked_at, asked_by) VALUES (?, 1, ?, 1, 'luz')",
                (campaign, PEOPLE),
            )
            store.commit()

    def again(self) -> None:
        """Waits for the death, and starts anew."""
        self.gateway.died()
        self.gateway.start()

    def armed(self, setting: str) -> None:
        """Starts a life that ends at that place."""
        self.gateway.stop()
        self.gateway.start({VARIABLE: setting})

    def over(self, campaign: int) -> Any:
        """Returns the campaign once it is finished."""
        return rig.wait(self.gateway, campaign, lambda found: found["state"] == "finished", 90)

    def judge(self) -> None:
        """Holds the network against what was to be told, and the store against itself."""
        told = Counter(str(one["to"]) for one in self.simulator.texts())
        doubted = self._doubted()
        twice = {number for number, count in told.items() if count > self.expected[number]}
        assert not twice, sorted(twice)[:5]
        missed = {number for number, count in self.expected.items() if told[number] < count} - doubted
        assert not missed, sorted(missed)[:5]
        with sqlite3.connect(f"file:{self.gateway.store}?mode=ro", uri=True) as store:
            assert not store.execute(
                "SELECT campaign_id, planned FROM campaign_run GROUP BY 1, 2 HAVING count(*) > 1"
            ).fetchall()
            people = store.execute("SELECT sum(people) FROM campaign_slice WHERE rung = 0").fetchone()[0]
            frozen = store.execute("SELECT count(*) FROM campaign_person").fetchone()[0]
            messages = store.execute("SELECT count(*) FROM message").fetchone()[0]
        assert people == frozen == messages

    def _doubted(self) -> set[str]:
        """Returns whom a crash has left in doubt: they may have been told."""
        with sqlite3.connect(f"file:{self.gateway.store}?mode=ro", uri=True) as store:
            rows = store.execute("SELECT \"to\" FROM message WHERE state = 'uncertain'").fetchall()
        return {str(row[0]) for row in rows}


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with Simulator(tmp_path, modems=4) as simulator:
        made = Trial(tmp_path, simulator)
        with made.gateway:
            made.gateway.start()
            made.gateway.account()
            rig.allow(made.gateway)
            yield made


def at_place(trial: Trial, place: str, act: str, count: int) -> None:
    """Does what passes a place, dies there, and sees it through in another life."""
    gateway, setting = trial.gateway, f"{place}:{count}"
    if act == "save":
        data = trial.sheet()
        trial.armed(setting)
        said = {
            "channel": "sms",
            "content": {"text": "Hola %nombre%"},
            "audience": {"upload": rig.upload(gateway, data)},
        }
        trial.ask("campaign.save", account=rig.ACCOUNT, title="Agosto", document=said)
        trial.again()
        campaign = gateway.call("campaign.list", account=rig.ACCOUNT)["items"][0]["campaign"]
        rig.wait(gateway, campaign, lambda found: found["list"]["state"] == "ready")
        rig.launch(gateway, campaign)
    elif act == "launch":
        campaign = trial.draft(MANY if place == "campaign.noted" else PEOPLE)
        trial.armed(setting)
        trial.ask("campaign.launch", campaign=campaign, password=rig.PASSWORD)
        trial.again()
    elif act == "approve":
        campaign = trial.draft()
        trial.asked(campaign)
        gateway.start({VARIABLE: setting})
        trial.ask("campaign.approve", campaign=campaign, password=rig.PASSWORD)
        trial.again()
        with pytest.raises(ConflictError):
            gateway.call("campaign.approve", campaign=campaign, password=rig.PASSWORD)
    elif act == "schedule":
        # Of this very minute: its time has come when it is launched.
        at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M}"
        campaign = trial.draft(schedule={"kind": "at", "at": at, "zone": "UTC", "missed": "late"})
        trial.armed(setting)
        trial.ask("campaign.launch", campaign=campaign, password=rig.PASSWORD)
        trial.again()
    elif act == "climb":
        # Nobody has what the first text asks for, so that its job is refused and all go on.
        rungs = [
            {"channel": "sms", "content": {"text": "Su saldo es %saldo%"}, "wait": "1s"},
            {"channel": "sms", "content": {"text": "Hola %nombre%"}},
        ]
        campaign = trial.draft(ladder=rungs)
        trial.armed(setting)
        trial.ask("campaign.launch", campaign=campaign, password=rig.PASSWORD)
        trial.again()
    elif act == "pause":
        campaign = trial.draft()
        trial.armed(setting)
        rig.launch(gateway, campaign)
        trial.ask("campaign.pause", campaign=campaign)
        trial.again()
        found = gateway.call("campaign.show", campaign=campaign)
        assert found["state"] == "paused"
        sent = len(trial.simulator.texts())
        time.sleep(0.5)
        assert len(trial.simulator.texts()) <= sent + 4, "a paused campaign goes on"
        gateway.call("campaign.resume", campaign=campaign)
    else:
        first = trial.draft()
        rig.launch(gateway, first)
        trial.over(first)
        trial.armed(setting)
        trial.ask("campaign.resend", campaign=first, states=["delivered", "submitted"])
        trial.again()
        campaign = gateway.call("campaign.list", account=rig.ACCOUNT)["items"][0]["campaign"]
        assert campaign != first
        found = rig.wait(gateway, campaign, lambda found: found["list"]["state"] == "ready")
        assert found["list"]["members"] == PEOPLE
        trial.expected.update(rig.number_of(n) for n in range(trial.people - PEOPLE, trial.people))
        rig.launch(gateway, campaign)
    trial.over(campaign)


@pytest.mark.timeout(300)
def test_a_daemon_killed_at_every_place_of_campaigns_reaches_each_person_once(trial: Trial) -> None:
    for place, act in PLACES.items():
        at_place(trial, place, act, 1)
    trial.judge()


ACTS: Final = ("launch", "schedule", "approve", "pause", "pace", "import", "resend")


def killed_at_random(trial: Trial, times: int) -> None:
    """Kills the daemon at any instant of what people do with campaigns and sheets of customers."""
    chance = random.Random(SEED)
    print(f"GATEWAYD_FAULT_SEED={SEED}")
    gateway = trial.gateway
    for turn in range(times):
        act = ACTS[turn % len(ACTS)]
        at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M}"
        said: dict[str, Any] = (
            {"schedule": {"kind": "at", "at": at, "zone": "UTC", "missed": "late"}} if act == "schedule" else {}
        )
        campaign = trial.draft(**said)
        approving: Thread | None = None
        number = bring(gateway) if act == "import" and turn < len(ACTS) else 0
        if act == "approve":
            trial.asked(campaign)
            gateway.start()
            said_so = {"campaign": campaign, "password": rig.PASSWORD}
            approving = Thread(target=trial.ask, args=("campaign.approve",), kwargs=said_so)
            approving.start()
        else:
            rig.launch(gateway, campaign)
        if act == "resend":
            trial.over(campaign)
            trial.ask("campaign.resend", campaign=campaign, states=["delivered", "submitted"])
        if number:
            trial.ask("import.run", import_id=number)
        time.sleep(chance.random() * 1.5)
        if act == "pause":
            trial.ask("campaign.pause", campaign=campaign)
        if act == "pace":
            trial.ask("campaign.pace", campaign=campaign, segments=3_000)
        gateway.kill()
        if approving is not None:
            approving.join()
        gateway.start()
        found = gateway.call("campaign.show", campaign=campaign)
        if found["state"] == "awaiting_approval":
            gateway.call("campaign.approve", campaign=campaign, password=rig.PASSWORD)
        if found["state"] == "paused":
            gateway.call("campaign.resume", campaign=campaign)
        trial.over(campaign)
        if act == "resend":
            again(trial, campaign)
        if number:
            imported(gateway, number)
    trial.judge()


def again(trial: Trial, first: int) -> None:
    """Launches what a resend has made, and expects those whom it means."""
    gateway = trial.gateway
    made = gateway.call("campaign.list", account=rig.ACCOUNT)["items"][0]["campaign"]
    if made == first:
        return  # it died before
    found = rig.wait(gateway, made, lambda found: found["list"]["state"] == "ready")
    members = gateway.call("list.members", list=found["list"]["list"], limit=200)["items"]
    trial.expected.update(one["address"] for one in members)
    if members:
        rig.launch(gateway, made)
        trial.over(made)


def imported(gateway: Gateway, number: int) -> None:
    """Sees an import through: everybody of its sheet is there once."""
    since = time.monotonic()
    while (found := gateway.call("import.show", import_id=number, limit=0))["state"] == "running":
        assert time.monotonic() - since < 60
        time.sleep(0.1)
    if found["state"] == "done":
        assert found["counts"]["new"] == ROWS
        with sqlite3.connect(f"file:{gateway.store}?mode=ro", uri=True) as store:
            assert store.execute("SELECT count(*), count(DISTINCT external_id) FROM customer").fetchone() == (
                ROWS,
                ROWS,
            )


@pytest.mark.timeout(120)
def test_random_kills_of_campaigns(trial: Trial) -> None:
    killed_at_random(trial, 3)


@pytest.mark.fault
@pytest.mark.timeout(1800)
def test_fifty_random_kills_of_campaigns(trial: Trial) -> None:
    killed_at_random(trial, 50)


@pytest.mark.fault
@pytest.mark.timeout(1800)
def test_places_again_and_again(trial: Trial) -> None:
    for place in ("campaign.frozen", "campaign.laid", "campaign.recorded", "campaign.noted"):
        at_place(trial, place, PLACES[place], 1)
    trial.judge()

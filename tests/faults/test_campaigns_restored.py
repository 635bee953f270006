"""Backups made at several points of campaigns and put back in turn: engines stand still until a person releases them,
nobody is told twice without a person's word, and texts that speak of a debt do not outlive the payment."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gatewayd.values.errors import ConflictError
from tests.faults.test_claims_killed import known, number_of, owe, pay
from tests.faults.test_restored_backup import by_command, command
from tests.rig import campaigns as rig
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator
from tests.rig.trial import Trial, trial

__all__ = ["trial"]

PEOPLE = 12


def told(simulator: Simulator) -> Counter[str]:
    return Counter(str(one["to"]) for one in simulator.texts())


def over(gateway: Gateway, campaign: int) -> Any:
    return rig.wait(gateway, campaign, lambda found: found["state"] == "finished", 60)


def copied(gateway: Gateway, copies: dict[str, Path], name: str) -> None:
    copies[name] = gateway.folder / f"{name}.db"
    command(gateway, "db", "backup", str(copies[name]))


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("put_back", "timed_in"),
    [
        pytest.param(("drafts", "running"), timedelta(days=1), id="short"),
        pytest.param(
            ("drafts", "asked", "running", "resent"), timedelta(minutes=1), id="whole", marks=pytest.mark.fault
        ),
    ],
)
def test_copies_of_every_point_of_a_campaign_reach_nobody_twice(
    trial: Trial, put_back: tuple[str, ...], timed_in: timedelta
) -> None:
    gateway, simulator = trial(1, options=("--latency", "0.05"))
    rig.allow(gateway)
    gateway.wait_line("m0", "ready")
    copies: dict[str, Path] = {}
    waits = rig.draft(gateway, rig.people(PEOPLE))
    at = (datetime.now(UTC) + timed_in).replace(second=0)
    goes = timed_in < timedelta(hours=1)
    timed = rig.draft(
        gateway,
        rig.people(PEOPLE - 1, 100),
        schedule={"kind": "at", "at": f"{at:%Y-%m-%dT%H:%M}", "zone": "UTC", "missed": "late"},
    )
    copied(gateway, copies, "drafts")
    assert rig.launch(gateway, timed)["state"] == "scheduled"
    copied(gateway, copies, "asked")
    with closing(sqlite3.connect(copies["asked"])) as store:
        # As a person of the account would have left it: whoever is at the machine needs nobody's approval.
        store.execute("UPDATE campaign SET state = 'awaiting_approval' WHERE id = ?", (waits,))
        store.commit()
    rig.launch(gateway, waits)
    simulator.wait_taken(3)
    copied(gateway, copies, "running")
    over(gateway, waits)
    again = gateway.call("campaign.resend", campaign=waits, states=["delivered", "submitted"])["campaign"]
    rig.wait(gateway, again, lambda found: found["list"]["state"] == "ready")
    copied(gateway, copies, "resent")
    rig.launch(gateway, again)
    over(gateway, again)
    if goes:
        over(gateway, timed)
    gateway.stop()
    before = told(simulator)
    assert before == Counter({rig.number_of(n): 2 for n in range(PEOPLE)}) + Counter(
        {rig.number_of(n): 1 for n in range(100, 100 + PEOPLE - 1) if goes}
    )
    for name in put_back:
        copy = copies[name]
        by_command(gateway, copy)
        gateway.start()
        gateway.wait_line("m0", "ready")
        for campaign, sent in ((waits, "drafts asked"), (again, "resent")):
            if name in sent.split():
                found = gateway.call("campaign.show", campaign=campaign)
                assert found["state"] == "finished", (name, found)
                with pytest.raises(ConflictError):
                    rig.launch(gateway, campaign)
                kinds = [one["kind"] for one in gateway.call("campaign.events", campaign=campaign)["items"]]
                assert "sent_later" in kinds
        if name == "running":
            assert gateway.call("campaign.show", campaign=waits)["state"] == "paused"
        gateway.call("engine.release")
        if name == "running":
            gateway.call("campaign.resume", campaign=waits)
            over(gateway, waits)
        if goes and name != "drafts":
            # Its time has come long since; its job is known, and waits for somebody to settle what left.
            rig.wait(gateway, timed, lambda found: found["state"] in {"running", "finished"})
        gateway.stop()
        assert told(simulator) == before, name


def test_texts_of_a_debt_that_are_read_again_do_not_go(trial: Trial) -> None:
    gateway, simulator = trial(1, options=("--latency", "0.05"))
    rig.allow(gateway)
    gateway.wait_line("m0", "ready")
    for person in range(3):
        known(gateway, person)
    for person in range(2):
        owe(gateway, person)
    copy = gateway.folder / "copy.db"
    command(gateway, "db", "backup", str(copy))
    gateway.call("line.disable", line="m0")
    said = {
        "channel": "sms",
        "content": {"text": "Hola %nombre%, debe %deuda%"},
        "audience": {"filter": {"owing": True}},
    }
    campaign = gateway.call("campaign.save", account=rig.ACCOUNT, title="Deudas", document=said)["campaign"]
    rig.launch(gateway, campaign)
    rig.wait(gateway, campaign, lambda found: found["messages"] == 2)
    (job,) = (one["job"] for one in gateway.call("job.list")["items"] if one["job"].startswith("c-"))
    gateway.stop()
    by_command(gateway, copy)
    gateway.start()
    gateway.wait_job(job, lambda summary: summary["state"] == "paused")
    pay(gateway, 0)  # while it waits for a person
    gateway.call("line.enable", line="m0")
    gateway.call("job.resume", job=job)
    done = gateway.wait_job(job)
    assert done["counts"]["cancelled"] == 2, done
    assert number_of(0) not in told(simulator)
    assert not simulator.texts()

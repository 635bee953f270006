"""A backup that is put back after a day's claims: who was claimed is not claimed again once a person lets it go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.test_claims_killed import ACCOUNT, known, number_of, owe, rule, until
from tests.faults.test_restored_backup import by_command, by_hand, command
from tests.rig.gateway import Gateway
from tests.rig.trial import Trial, trial

__all__ = ["trial"]


@pytest.mark.parametrize("put_back", [by_command, by_hand])
def test_who_was_claimed_after_the_copy_is_not_claimed_again(
    trial: Trial, put_back: Callable[[Gateway, Path], None]
) -> None:
    gateway, simulator = trial(1)
    gateway.wait_line("m0", "ready")
    words = {"text": "%nombre%, debe %deuda%"}
    gateway.call("template.save", account=ACCOUNT, template="reclamo", channel="sms", content=words)
    rule(gateway, "00:00", nothing=True)
    for person in range(2):
        known(gateway, person)
        owe(gateway, person)
    copy = gateway.folder / "copy.db"
    command(gateway, "db", "backup", str(copy))
    rule(gateway, "00:01")
    known(gateway, 2)  # the copy has never heard of this one
    owe(gateway, 2)
    for person in range(3):
        until(gateway, person, "ended")
    simulator.wait_taken(3)
    gateway.stop()
    put_back(gateway, copy)
    gateway.start()
    rule(gateway, "00:01")
    for person in range(2, 4):
        known(gateway, person)
        owe(gateway, person)
    gateway.call("engine.release")
    for person in range(4):
        until(gateway, person, "ended")
    told = sorted(str(one["to"]) for one in simulator.texts())
    # Nobody twice; the one that is new is claimed all the same.
    assert told == [number_of(person) for person in range(4)]
    assert not gateway.call("message.list", state="uncertain")["items"]

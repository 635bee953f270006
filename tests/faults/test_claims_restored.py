"""A backup that is put back after a day's claims: who was claimed is not claimed again once a person lets it go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gatewayd.values.errors import GatewayError
from tests.faults.test_claims_killed import (
    ACCOUNT,
    cut_off,
    events,
    known,
    number_of,
    owe,
    pay,
    rule,
    until,
    until_events,
)
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
    cut_off(gateway, nothing=True)
    for person in (20, 21):
        known(gateway, person)
        owe(gateway, person, policy="corte")
    known(gateway, 9)
    said = {"customer": "C9", "currency": "ARS", "amount": "1500.50", "text": "Hola %nombre%"}
    reminder = gateway.call("reminder.add", account=ACCOUNT, **said)["reminder"]
    copy = gateway.folder / "copy.db"
    command(gateway, "db", "backup", str(copy))
    rule(gateway, "00:01")
    known(gateway, 2)  # the copy has never heard of this one
    owe(gateway, 2)
    gateway.call("reminder.send", reminder=reminder)
    for person in range(3):
        until(gateway, person, "ended")
    cut_off(gateway)
    until_events(gateway, ("C20", "suspension_due"), ("C21", "suspension_due"))
    pay(gateway, 21)
    outside = [("C20", "suspension_due"), ("C21", "reconnection"), ("C21", "suspension_due")]
    until_events(gateway, *outside)
    simulator.wait_taken(4)
    gateway.stop()
    put_back(gateway, copy)
    gateway.start()
    rule(gateway, "00:01")
    for person in range(2, 4):
        known(gateway, person)
        owe(gateway, person)
    cut_off(gateway)
    pay(gateway, 21)
    gateway.call("engine.release")
    for person in range(4):
        until(gateway, person, "ended")
    # Other systems were told of two, and that one of them has paid; this is the first that is told in this life.
    known(gateway, 22)
    owe(gateway, 22, policy="corte")
    until_events(gateway, ("C22", "suspension_due"))
    assert events(gateway) == sorted([*outside, ("C22", "suspension_due")])
    shown = gateway.call("reminder.show", reminder=reminder)
    assert (shown["sends"], [one["kind"] for one in shown["history"]]) == (1, ["sent", "created"])
    with pytest.raises(GatewayError, match="today"):
        gateway.call("reminder.send", reminder=reminder)
    told = sorted(str(one["to"]) for one in simulator.texts())
    # Nobody twice; the one that is new is claimed all the same.
    assert told == [number_of(person) for person in (0, 1, 2, 3, 9)]
    assert not gateway.call("message.list", state="uncertain")["items"]

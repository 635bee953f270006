"""A SIM whose network refuses everybody: its people go over another line, or wait for it, and nobody fails."""

from __future__ import annotations

import pytest

from tests.rig import judge
from tests.rig.trial import Trial, job, trial

__all__ = ["trial"]

PEOPLE = 200
TOUCHED = 5


@pytest.mark.parametrize("cause", [38, 28])
def test_another_line_takes_its_people(trial: Trial, cause: int) -> None:
    gateway, simulator = trial(2)
    for name in ("m0", "m1"):
        gateway.wait_line(name, "ready")
    refusing = {"kind": "submit_error", "text": f"+CMS ERROR: {cause}", "count": None}
    simulator.ask("set", modem=0, fault=refusing)
    gateway.drop(job("r", PEOPLE))
    summary = gateway.wait_job("r")
    assert summary["counts"]["delivered"] == PEOPLE
    assert not [each for each in gateway.receipts("r") if each["state"] == "failed"]
    rests = gateway.wait_line("m0", "waiting")
    assert rests["reason"]
    ((touched,),) = gateway.sql("SELECT COUNT(DISTINCT message_id) FROM attempt WHERE line = 'm0'")
    assert touched <= TOUCHED
    # A person tries the line: what fails is told, and does not go when the line works again.
    tested = gateway.call("line.test", line="m0", number="1159876543", text="prueba")
    assert tested["state"] == "cancelled"
    simulator.ask("set", modem=0, clear_faults=True)
    worked = gateway.call("line.test", line="m0", number="1159876544", text="anda")
    assert worked["state"] in {"submitted", "delivered"}
    gateway.wait_job(worked["job"])
    gateway.wait_line("m0", "ready", "busy")
    assert [each["text"] for each in simulator.texts()][PEOPLE:] == ["anda"]
    assert not judge(gateway, simulator).faults


def test_a_line_alone_reaches_all_of_them_once_it_works(trial: Trial) -> None:
    gateway, simulator = trial(1)
    gateway.wait_line("m0", "ready")
    simulator.ask("set", modem=0, fault={"kind": "submit_error", "text": "+CMS ERROR: 38", "count": None})
    gateway.drop(job("r", PEOPLE))
    assert gateway.wait_line("m0", "waiting")["reason"]
    # It is given up neither by a restart.
    gateway.kill()
    gateway.start()
    assert gateway.wait_line("m0", "waiting")["reason"]
    simulator.ask("set", modem=0, clear_faults=True)
    summary = gateway.wait_job("r")
    assert summary["counts"]["delivered"] == PEOPLE
    assert not judge(gateway, simulator).faults

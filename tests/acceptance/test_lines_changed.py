"""The configuration of lines changes under a daemon at work, and after a crash: nothing is left hanging."""

from __future__ import annotations

import pytest

from tests.rig import judge
from tests.rig.gateway import Gateway
from tests.rig.trial import Trial, job, trial

__all__ = ["trial"]


def _without_lines(gateway: Gateway) -> str:
    return gateway.config.read_text().partition("[[line]]")[0]


def _reloaded(gateway: Gateway) -> None:
    gateway.hup()
    gateway.wait_overview(lambda now: any(each["state"] == "reloaded" for each in now["events"]))


def test_what_a_line_that_is_gone_alone_could_send_is_held_and_says_so(trial: Trial) -> None:
    gateway, simulator = trial(1, rate="1/s")
    gateway.drop(job("h", 6))
    simulator.wait_taken(1)
    sound = gateway.config.read_text()
    gateway.config.write_text(_without_lines(gateway))
    _reloaded(gateway)
    summary = gateway.wait_job("h", lambda now: bool(now["held"]), timeout_s=30)
    assert summary["held"] == {"no_line": summary["counts"]["held"]}
    assert summary["counts"]["held"] >= 4
    gateway.config.write_text(sound)
    gateway.hup()
    assert gateway.wait_job("h")["counts"]["delivered"] == 6
    assert not judge(gateway, simulator).faults


@pytest.mark.parametrize("gone", [False, True])
def test_what_a_crash_left_open_ends_though_its_line_is_changed_before_it_is_asked(trial: Trial, gone: bool) -> None:
    gateway, simulator = trial(1, options=("--latency", "5"))
    gateway.wait_line("m0", "ready")
    gateway.drop(job("c", 1))
    simulator.ask("wait", submits=1, timeout=30)
    gateway.kill()
    simulator.ask("unplug", modem=0)
    gateway.start()
    assert gateway.sql("SELECT state FROM message") == [("sending",)]
    sound = gateway.config.read_text()
    gateway.config.write_text(_without_lines(gateway) if gone else sound.replace("100000/s", "50000/s"))
    _reloaded(gateway)
    simulator.ask("replug", modem=0)
    # In doubt until its report, which the modem may bring as soon as it is back.
    ended = ("uncertain", "delivered")
    gateway.wait_job("c", lambda now: sum(now["counts"][state] for state in ended) == 1)
    # Killed between the record of the job and the move of its file, it moves it after the start, once there is time.
    gateway.wait_gone(gateway.spool.path / "incoming" / "norte")
    assert not judge(gateway, simulator).faults


def test_a_line_that_is_switched_on_again_before_it_is_off_has_not_crashed(trial: Trial) -> None:
    gateway, simulator = trial(1, options=("--latency", "2"))
    gateway.wait_line("m0", "ready")
    gateway.drop(job("s", 3))
    simulator.ask("wait", submits=1, timeout=30)
    gateway.call("line.disable", line="m0")
    gateway.call("line.enable", line="m0")
    assert gateway.wait_job("s")["counts"]["delivered"] == 3
    assert "crashed" not in gateway.log.read_text()
    assert not judge(gateway, simulator).faults

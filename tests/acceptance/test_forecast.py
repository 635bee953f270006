"""A forecast of the running daemon, and what then happened over its simulated modems."""

from __future__ import annotations

from datetime import datetime

from tests.rig.trial import Trial, job, trial

__all__ = ["trial"]

PEOPLE = 32


def test_the_pace_of_two_modems_is_foretold(trial: Trial) -> None:
    gateway, _simulator = trial(2, rate="120/min", options=("--latency", "0.2"))
    gateway.drop(job("antes", 12))
    gateway.wait_job("antes")
    found = gateway.call("forecast.show", people=PEOPLE)
    assert (found["cause"], found["live"], found["left"]) == ("pace", True, 0)
    asked = datetime.fromisoformat(found["at"])
    gateway.drop(job("lote", PEOPLE, text="Aviso"))
    summary = gateway.wait_job("lote")
    began = datetime.fromisoformat(summary["first_at"])
    # Forecast and drop are a moment apart, which on a busy machine may be a second: it is no part of the forecast.
    late = began - asked
    sent = gateway.sql("SELECT max(ended_at) FROM attempt")[0][0] / 1000
    low, high = (datetime.fromisoformat(found[name]) for name in ("low", "high"))
    assert low <= datetime.fromtimestamp(sent, low.tzinfo) - late <= high, (found, summary)
    paused = gateway.call("line.disable", line="m1")
    assert not paused["enabled"]
    alone = gateway.call("forecast.show", people=PEOPLE)
    span = datetime.fromisoformat(alone["end"]) - datetime.fromisoformat(alone["at"])
    assert span > 1.7 * (datetime.fromisoformat(found["end"]) - asked), "one of two is left"

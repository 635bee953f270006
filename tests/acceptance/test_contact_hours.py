"""Hours of contact through a real daemon and a simulated modem: a job waits, says until when, and goes by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.rig.trial import Trial, job, trial
from tests.rig.warm_children import AHEAD

__all__ = ["trial"]


def test_a_job_outside_its_hours_waits_with_its_instant_and_goes_by_itself(trial: Trial) -> None:
    gateway, simulator = trial(1)
    now = datetime.now(UTC)
    # Somewhere it is about noon: no test of ours runs over midnight there.
    east = 12 - now.hour
    zone = f"Etc/GMT{-east:+d}" if east else "Etc/GMT"
    gateway.call("account.set", account="norte", zone=zone)
    closed = {"mon-sun": "03:00-04:00", "holiday": None}
    gateway.call("contact.set", account="norte", contact={"hours": {"collections": closed}})
    gateway.drop(job("tarde", 3))
    waits = gateway.wait_job("tarde", lambda each: each["held"] == {"window": 3})
    until = datetime.fromisoformat(waits["held_until"])
    assert (until + timedelta(hours=east)).time() == datetime.min.time().replace(hour=3)
    (told,) = gateway.receipts("tarde")
    assert (told["state"], told["reason"], told["class"]) == ("held", "window", "collections")
    assert datetime.fromisoformat(told["detail"]["until"]) == until
    assert gateway.call("job.messages", job="norte/tarde")["items"][0]["reason"] == "window"
    # What a person asked for does not wait.
    assert gateway.call("line.test", line=gateway.call("line.list")["items"][0]["name"], number="1150009999")

    # Hours begin with a minute: the next life's clock is so far ahead that one is about to.
    gateway.stop()
    ahead = timedelta(seconds=(48 - datetime.now(UTC).second) % 60)
    gateway.start({AHEAD: f"{ahead.seconds}"})
    opens = (datetime.now(UTC) + ahead + timedelta(seconds=4)).replace(second=0, microsecond=0) + timedelta(minutes=1)
    local = opens + timedelta(hours=east)
    gateway.call(
        "contact.set",
        account="norte",
        contact={"hours": {"collections": {"mon-sun": f"{local:%H:%M}-24:00", "holiday": None}}},
    )
    waits = gateway.wait_job("tarde", lambda each: each["held_until"] not in {None, waits["held_until"]})
    assert datetime.fromisoformat(waits["held_until"]) == opens
    assert len(simulator.texts()) == 1
    gateway.wait_job("tarde", lambda each: each["counts"]["delivered"] == 3, timeout_s=90)
    assert datetime.now(UTC) + ahead >= opens
    first = min(row[0] for row in gateway.sql("SELECT at FROM evidence WHERE verdict = 'go' AND rule = 'hours'"))
    assert opens.timestamp() <= first / 1000 < opens.timestamp() + 10
    assert {row[0] for row in gateway.sql("SELECT verdict FROM evidence")} == {"go", "window"}

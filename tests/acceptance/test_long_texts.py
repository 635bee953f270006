"""Long texts to many people: bounded, and in nobody else's way."""

from __future__ import annotations

import json
import time

from tests.rig.trial import Trial, job, one, trial

__all__ = ["trial"]

LONG = "Estimado cliente, le recordamos que su factura esta vencida. " * 25
"""Ten segments."""


def test_a_long_text_to_many_people_does_not_hold_up_another_accounts_urgent_message(trial: Trial) -> None:
    gateway, simulator = trial(2, rate="400/s", credit="1000000")
    gateway.account("sur", credit="1000")
    people = [one(number) for number in range(1500)]
    gateway.drop({"job": "masa", "channel": "sms", "priority": "bulk", "text": LONG, "recipients": people})
    simulator.wait_taken(40)
    for turn in range(3):
        begun = time.monotonic()
        gateway.drop(job(f"ya-{turn}", priority="urgent"), account="sur")
        gateway.wait_job(f"ya-{turn}", lambda now: now["counts"]["delivered"] == 1, account="sur")
        assert time.monotonic() - begun < 2
    assert gateway.summary("masa")["counts"]["queued"] > 0  # type: ignore[index]
    gateway.call("job.cancel", job="norte/masa")


def test_a_text_of_a_hundred_segments_is_refused_at_once(trial: Trial) -> None:
    gateway, _ = trial(1)
    people = [one(number) for number in range(300)]
    gateway.drop({"job": "libro", "channel": "sms", "text": "palabra " * 2400, "recipients": people})
    folder = gateway.spool.folder("rejected", "norte")
    gateway.wait_files(folder, 2)
    fault = json.loads((folder / "libro.json.error.json").read_text())
    assert fault["code"] == "no_valid_recipient"
    assert "too_long" in fault["message"]

"""Rules of contact around a running daemon: what waits, what goes once an account opens its hours, and the proof."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gatewayd.contact.rules import DAYS
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator


def waiting(gateway: Gateway, reason: str) -> Any:
    """Waits until something is kept back for that reason, and returns it."""
    for _try in range(300):
        found = gateway.call("contact.waiting")["items"]
        if found and found[0]["reason"] == reason:
            return found[0]
        time.sleep(0.1)
    raise AssertionError(found)


def test_what_is_kept_back_goes_once_the_hours_are_open_and_leaves_its_proof(tmp_path: Path) -> None:
    day = DAYS[(datetime.now(UTC) + timedelta(days=3)).weekday()]
    closed = f'[contact.hours.collections]\n{day} = "10:00-12:00"\n'
    simulator = Simulator(tmp_path, 1)
    try:
        with Gateway(tmp_path, simulator.ports, extra=closed) as gateway:
            gateway.start()
            gateway.account()
            gateway.campaign(3)
            kept = waiting(gateway, "window")
            assert (kept["class"], kept["channel"], kept["reason"], kept["messages"]) == (
                "collections",
                "sms",
                "window",
                3,
            )
            assert kept["until"] is not None
            assert not simulator.texts()
            always = {"hours": {"collections": "always"}, "caps": {"week": {"most": 1, "days": 7}}}
            gateway.call("contact.set", account="norte", contact=always)
            gateway.wait_job("c1")
            assert len(simulator.texts()) == 3
            assert gateway.call("contact.waiting")["items"] == []
            to = gateway.call("message.list")["items"][0]["to"]
            proof = gateway.call("evidence.list", account="norte", number=to)["items"]
            assert [one["verdict"] for one in proof if one["to"] is not None] == ["go"]
            assert "window" in {one["verdict"] for one in proof}
            why = gateway.call("contact.why", account="norte", number=to)
            assert (why["go"], why["rule"]) == (False, "cap.week")
            # A second one is kept back by person.
            gateway.campaign(3, "c2")
            waiting(gateway, "cap")
            rows = gateway.call("evidence.export", account="norte", number=to)["csv"].splitlines()
            assert "cap.week" in rows[1]
    finally:
        simulator.close()

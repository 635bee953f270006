"""SIGKILL at every step of an opt-out that comes in: it is kept once, and what waits for its sender never leaves."""

from __future__ import annotations

import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gatewayd.process.failpoints import VARIABLE
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator
from tests.rig.trial import job

PERSON = "+5491150000000"
DIES_S = 4.0
PLACES = (
    "gsm.stored:1",
    "store.before_commit:4",
    "store.after_commit:4",
    "gsm.stored_durable:1",
    "gsm.stored_deleted:1",
    "spool.aside:1",
    "spool.published:1",
    "inbox.written:1",
)


def test_an_opt_out_survives_every_crash(tmp_path: Path) -> None:
    simulator = Simulator(tmp_path, 1)
    try:
        gateway = Gateway(tmp_path, simulator.ports)
        gateway.start()
        gateway.account()
        later = datetime.now(UTC) + timedelta(hours=1)
        gateway.drop(job("luego", not_before=later.isoformat()))
        gateway.wait_job("luego", lambda now: now["counts"]["scheduled"] == 1)
        assert gateway.stop() == 0
        # On the SIM when the daemon comes.
        simulator.ask("reboot", modem="all")
        simulator.ask("inject", modem=0, sender=PERSON, text="Baja por favor.\nJuan")
        died = 0
        for place in PLACES:
            gateway.launch({VARIABLE: place})
            try:
                died += gateway.died(DIES_S) == -signal.SIGKILL
            except subprocess.TimeoutExpired:
                # What the crash before had left over was not of this step any more.
                gateway.kill()
        gateway.start()
        gateway.wait_inbox(1)
        gateway.wait_job("luego", lambda now: now["counts"]["cancelled"] == 1)
        assert [(document["from"], document["opt_out"]) for document in gateway.inbox()] == [(PERSON, True)]
        assert [each["to"] for each in gateway.call("blocklist.list")["items"]] == [PERSON]
        assert gateway.stop() == 0
        assert simulator.texts() == []
        assert died >= 6
    finally:
        simulator.close()

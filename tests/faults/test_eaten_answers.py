"""PostgreSQL commits and its answers are eaten, again and again, under load: nothing hangs, nothing goes twice."""

from __future__ import annotations

import random
import tempfile
import threading
from collections import Counter
from pathlib import Path

import pytest

from tests.rig.databases import postgresql
from tests.rig.dropped_answers import DroppedAnswers
from tests.rig.gateway import Gateway
from tests.rig.simulator import Simulator

JOBS, PEOPLE, EATEN = 6, 40, 12


@pytest.mark.fault
@pytest.mark.timeout(300)
def test_nothing_hangs_and_nothing_goes_twice_where_answers_are_eaten(tmp_path: Path) -> None:
    chance = random.Random(7)
    with (
        postgresql() as server,
        tempfile.TemporaryDirectory(prefix="gatewayd-eaten-") as folder,
        Simulator(tmp_path, 2, options=("--latency", "0.05")) as simulator,
    ):
        between = DroppedAnswers(server / ".s.PGSQL.5432", Path(folder))
        gateway = Gateway(tmp_path, simulator.ports)
        text = gateway.config.read_text()
        url = f"postgresql://gatewayd@/postgres?host={folder}"
        gateway.config.write_text(text.replace(f"sqlite:///{tmp_path}/gatewayd.db", url))
        over = threading.Event()

        def eat() -> None:
            while between.dropped < EATEN and not over.wait(chance.uniform(0.5, 2.0)):
                between.drop = 1

        with gateway:
            gateway.start()
            gateway.account(credit="1000")
            eater = threading.Thread(target=eat)
            eater.start()
            try:
                for number in range(JOBS):
                    rows = "".join(f"11{50_000_000 + number * 1000 + n:08d};{n}\n" for n in range(PEOPLE))
                    job = {"job": f"j{number}", "channel": "sms", "text": "Hola", "recipients_file": f"j{number}.csv"}
                    gateway.drop(job, {f"j{number}.csv": f"telefono;ref\n{rows}".encode()})
                done = [gateway.wait_job(f"j{number}", timeout_s=150) for number in range(JOBS)]
            finally:
                over.set()
                eater.join()
                between.drop = 0
            account = gateway.call("account.show", account="norte")
        log = gateway.log.read_text()
        between.close()
        sent = Counter(text["to"] for text in simulator.texts())
    assert between.dropped >= EATEN
    assert "Traceback" not in log
    assert all(summary["messages"] == PEOPLE for summary in done)
    in_doubt = sum(summary["counts"].get("uncertain", 0) for summary in done)
    ended = sum(
        summary["counts"].get(state, 0) for summary in done for state in ("delivered", "submitted", "uncertain")
    )
    assert ended == JOBS * PEOPLE
    assert set(sent.values()) == {1}
    assert JOBS * PEOPLE - in_doubt <= len(sent) <= JOBS * PEOPLE
    assert in_doubt or account["held"] == "0.00"

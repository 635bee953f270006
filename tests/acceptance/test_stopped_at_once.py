"""A daemon that is stopped as soon as it has begun, with very many jobs before it: it ends well each time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.gateway import Gateway

JOBS = 200


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    made = Gateway(tmp_path, [])
    yield made
    if made.process is not None:
        made.kill()


def test_it_ends_with_0_and_loses_nothing(gateway: Gateway) -> None:
    gateway.start()
    gateway.account()
    assert gateway.stop() == 0
    incoming = gateway.spool.folder("incoming", "norte")
    for number in range(JOBS):
        recipients = [{"to": f"11{40_000_000 + number}"}]
        (incoming / f"j{number}.json").write_text(json.dumps({"channel": "sms", "text": "x", "recipients": recipients}))
    for moment in (0.0, 0.3):
        gateway.start()
        time.sleep(moment)
        assert gateway.stop() == 0, gateway.log.read_text()[-4000:]
    gateway.start()
    receipts = gateway.spool.folder("receipts", "norte")
    until = time.monotonic() + 120
    while len(list(receipts.glob("*/summary.json"))) < JOBS:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert gateway.stop() == 0
    assert not [path for path in incoming.iterdir() if path.suffix == ".json"]
    assert gateway.sql("SELECT count(*), count(DISTINCT name) FROM job") == [(JOBS, JOBS)]
    said = gateway.log.read_text()
    for wrong in ("Traceback", "intake failed", "[error"):
        assert wrong not in said, said[-4000:]

"""From what a device says became of a message to the receipt's file: the way that every report takes."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.figure import Figure
from tests.benchmarks.provider import pair
from tests.benchmarks.scale import Scale
from tests.benchmarks.trial import ACCOUNT
from tests.rig.ports import free_port

TARGET_S: Final = 1.5
RATE: Final = 50.0
"""Reports a second, one after the other: a campaign's worth of a fast line."""
SECRET: Final = "clave-de-aviso"
MORE: Final = f"""hook_secret = "{SECRET}"
report = {{ reference = "$.id", state = "$.status", states = {{ sent = "delivered" }} }}
"""


def measure(base: Path, scale: Scale) -> Iterator[Figure]:
    """Each report is a call of the provider to us, so that no polling is in the way."""
    count = scale.reports
    port = free_port()
    with pair(base, MORE, listen=f"127.0.0.1:{port}") as running:
        running.campaign("told", count, 0)
        running.ended("told", count)
        sent = {row["to"]: row["reference"] for row in running.texts(0)}
        told = _tell(port, sent)
        running.gateway.wait_job("told")
        written = _written(running.gateway.spool.folder("receipts", ACCOUNT, "told"))
    delays = sorted(written[to] - at for to, at in told.items())
    yield Figure(f"a report to its receipt's file, p50 of {count:,}", delays[count // 2], "s")
    yield Figure(f"a report to its receipt's file, p99 of {count:,}", delays[int(count * 0.99)], "s", TARGET_S, "<=")
    yield Figure("the slowest report", delays[-1], "s")


def _tell(port: int, sent: Mapping[str, str]) -> dict[str, float]:
    """Reports each as delivered, by its reference; when each was told, Unix s."""
    told = {}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    begin = time.monotonic()
    for number, (to, reference) in enumerate(sent.items()):
        time.sleep(max(0.0, begin + number / RATE - time.monotonic()))
        body = json.dumps({"id": reference, "status": "sent"}).encode()
        proof = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        told[to] = time.time()
        connection.request("POST", "/hooks/p0", body, {"X-Signature": proof, "Content-Type": "application/json"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()
    connection.close()
    return told


def _written(folder: Path) -> dict[str, float]:
    """By recipient, when the file that tells it delivered came to its name, Unix s: linking is its last change."""
    found: dict[str, float] = {}
    for file in sorted(folder.glob("*.jsonl")):
        at = file.stat().st_ctime
        receipts: list[dict[str, Any]] = [json.loads(line) for line in file.read_text().splitlines()]
        found |= {receipt["to"]: at for receipt in receipts if receipt["state"] == "delivered"}
    return found

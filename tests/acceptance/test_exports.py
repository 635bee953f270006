"""Exports at the terminal, and what becomes of one whose daemon or worker dies: it is made again, whole."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks import longlog
from tests.rig import Gateway
from tests.rig.processes import gatewayd

DONE_S = 60.0
SIZE = longlog.Size(20_000, 4_000)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose store has a year of traffic."""
    folder = tmp_path_factory.mktemp("year")
    longlog.build(folder / "gatewayd.db", SIZE, int(time.time() * 1000) - 1000)
    with Gateway(folder, []) as gateway:
        gateway.start()
        yield gateway


def ended(gateway: Gateway, task: int) -> dict[str, Any]:
    """Waits for a task; returns it."""
    until = time.monotonic() + DONE_S
    while (found := gateway.call("task.show", task=task))["state"] in {"waiting", "running"}:
        assert time.monotonic() < until, found
        time.sleep(0.05)
    return dict(found)


def command(gateway: Gateway, *arguments: str) -> str:
    process = gatewayd(["--config", str(gateway.config), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, error = process.communicate(timeout=DONE_S)
    assert process.returncode == 0, error.decode()
    return out.decode()


def worker(gateway: Gateway) -> int | None:
    """Returns the pid of the process that writes an export now."""
    children = Path(f"/proc/{gateway.pid}/task/{gateway.pid}/children").read_text().split()
    for child in children:
        try:
            if b"gatewayd.workers.export" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
        except OSError:
            continue
    return None


def begun(gateway: Gateway) -> int:
    until = time.monotonic() + DONE_S
    while (pid := worker(gateway)) is None:
        assert time.monotonic() < until
        time.sleep(0.002)
    return pid


def test_the_terminal_lists_and_exports(year: Gateway, tmp_path: Path) -> None:
    listed = json.loads(command(year, "interaction", "list", "--json", "--state", "failed", "--limit", "5"))
    assert [one["state"] in {"failed", "undelivered"} for one in listed["items"]] == [True] * 5
    file = tmp_path / "fallidas.csv"
    done = json.loads(
        command(year, "interaction", "export", str(file), "--state", "failed", "--columns", "id,state,party", "--json")
    )
    with file.open(encoding="utf-8-sig", newline="") as lines:
        head, *rows = csv.reader(lines)
    assert len(head) == 3
    ((expected,),) = year.sql("SELECT count(*) FROM message WHERE state IN ('failed', 'undelivered')")
    assert done["rows"] == len(rows) == expected
    assert len({row[0] for row in rows}) == expected
    assert not list(tmp_path.glob(".*"))


def test_a_worker_that_is_killed_fails_its_export_alone(year: Gateway) -> None:
    task = year.call("export.create", format="xlsx")["task"]
    os.kill(begun(year), signal.SIGKILL)
    found = ended(year, task)
    assert found["state"] == "failed"
    again = ended(year, year.call("export.create", format="csv")["task"])
    assert (again["state"], again["rows"]) == ("done", SIZE.messages + SIZE.inbound)
    assert not list((year.folder / "exports").glob("*.part"))


def test_a_cancelled_export_leaves_nothing(year: Gateway) -> None:
    task = year.call("export.create", format="xlsx")["task"]
    begun(year)
    assert year.call("task.cancel", task=task)["state"] == "cancelled"
    until = time.monotonic() + DONE_S
    while worker(year) is not None:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert ended(year, task)["state"] == "cancelled"
    assert not (year.folder / "exports" / f"{task}.xlsx").exists()


def test_an_export_outlives_its_daemon(year: Gateway) -> None:
    task = year.call("export.create", format="csv")["task"]
    pid = begun(year)
    year.kill()
    until = time.monotonic() + DONE_S
    while Path(f"/proc/{pid}/stat").exists() and ") Z " not in Path(f"/proc/{pid}/stat").read_text():
        assert time.monotonic() < until, "the worker outlives its daemon"
        time.sleep(0.02)
    year.start()
    found = ended(year, task)
    assert (found["state"], found["rows"]) == ("done", SIZE.messages + SIZE.inbound)
    assert not list((year.folder / "exports").glob("*.part"))


def test_one_for_the_night_waits(year: Gateway) -> None:
    task = year.call("export.create", format="csv", night=True)
    assert task["state"] == "waiting"
    assert task["due"] > task["created_at"]
    assert year.call("task.cancel", task=task["task"])["state"] == "cancelled"


def test_after_a_restore_nothing_is_exported_until_somebody_says_so(year: Gateway) -> None:
    year.stop()
    with sqlite3.connect(year.store) as store:
        store.execute("INSERT INTO setting VALUES ('standing_still', '1')")
    year.start()
    task = year.call("export.create", format="csv")["task"]
    time.sleep(1)
    assert year.call("task.show", task=task)["state"] == "waiting"
    year.call("engine.release")
    assert ended(year, task)["state"] == "done"

"""A hostile account does everything it can to its own folders while another's urgent message goes out."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.rig.gateway import Gateway
from tests.rig.processes import gatewayd
from tests.rig.simulator import Simulator
from tests.rig.trial import Trial, job, trial

__all__ = ["trial"]

URGENT_S = 2.0
"""From a file's arrival to the receipt of its message, whatever another account does."""
LIFE_S = 5.0
"""A start, and a stop."""
SLACK = 3.0
"""What a machine that runs other tests beside may take of that."""


class Malo:
    """Whatever the user of one account can do in its folders."""

    def __init__(self, gateway: Gateway) -> None:
        self.spool = gateway.spool
        self.incoming = self.spool.folder("incoming", "malo")
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, name: str, data: bytes) -> None:
        aside = self.incoming / f".{name}.tmp"
        aside.write_bytes(data)
        aside.rename(self.incoming / name)

    def flood(self, jobs: int, junk: int, strays: int) -> None:
        for number in range(jobs):
            self.put(f"f{number}.json", json.dumps(job(f"f{number}")).encode())
        for number in range(junk):
            self.put(f"x{number}.json", b"{")
        for number in range(strays):
            self.put(f"s{number}.txt", b"x")

    def names(self) -> None:
        """Folders, pipes, links and strangers' files where the daemon writes, reads, and looks at its start."""
        for kind in ("incoming", "accepted", "rejected", "receipts", "inbox"):
            (self.spool.folder(kind, "malo") / ".probe.tmp").mkdir(exist_ok=True)
        for number in range(4):
            folder = self.spool.folder("receipts", "malo", f"f{number}")
            folder.mkdir(exist_ok=True)
            (folder / ".summary.json.tmp").mkdir(exist_ok=True)
        with suppress(FileExistsError, IsADirectoryError):
            (self.spool.folder("receipts", "malo", "f0") / "summary.json").mkdir()
            os.mkfifo(self.spool.folder("receipts", "malo", "f1") / "0000000001.jsonl")
            (self.spool.folder("receipts", "malo", "f2") / "0000000001.jsonl").write_bytes(b"ajeno\n")
        with suppress(FileExistsError):
            (self.spool.folder("receipts", "malo") / "f5").write_text("no folder")
            (self.spool.folder("receipts", "malo") / "f6").symlink_to("/")
        for name, make in (("pipe.json", os.mkfifo), ("zero.json", lambda path: path.symlink_to("/dev/zero"))):
            with suppress(FileExistsError):
                make(self.incoming / name)
        self.put("\x1b[2Jtitulo\x07.json", b"[" * 50_000)
        self.put("hondo.json", b'{"a":' * 20_000)

    def exchange(self) -> None:
        """Names change hands while the daemon takes their files, until `rest`."""
        self._thread = threading.Thread(target=self._exchange, daemon=True)
        self._thread.start()

    def _exchange(self) -> None:
        number = 0
        while not self._stop.wait(0.005):
            number += 1
            with suppress(OSError):
                self.put("trueque.json", json.dumps(job(f"t{number}")).encode())
                if number % 2:
                    (self.incoming / "trueque.json").rename(self.incoming / "otro.json")
                    (self.incoming / "trueque.json").mkdir()
                else:
                    (self.incoming / "trueque.json").rmdir()
                    (self.incoming / "otro.json").unlink()

    def rest(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()


@pytest.fixture
def malo(trial: Trial) -> Iterator[tuple[Gateway, Simulator, Malo]]:
    gateway, simulator = trial(1)
    gateway.account("malo")
    hostile = Malo(gateway)
    yield gateway, simulator, hostile
    hostile.rest()


def urgent(gateway: Gateway, name: str) -> float:
    """Seconds from the file's arrival to the first receipt that says that its message went."""

    def gone(summary: dict[str, Any]) -> bool:
        return bool(summary["counts"].get("submitted") or summary["counts"].get("delivered"))

    began = time.monotonic()
    gateway.drop(job(name, priority="urgent"))
    gateway.wait_job(name, gone)
    return time.monotonic() - began


def ordeal(gateway: Gateway, hostile: Malo, *, jobs: int, junk: int, strays: int) -> dict[str, float]:
    took = {"idle": urgent(gateway, "calma")}
    hostile.names()
    hostile.exchange()
    hostile.flood(jobs, junk, strays)
    took["flooded"] = urgent(gateway, "u1")
    took["flooded again"] = urgent(gateway, "u2")
    hostile.rest()
    began = time.monotonic()
    assert gateway.stop() == 0
    took["stop"], began = time.monotonic() - began, time.monotonic()
    gateway.start()
    took["start"] = time.monotonic() - began
    gateway.wait_line("m0", "ready", "busy")
    took["after"] = urgent(gateway, "u3")
    return took


def judged(took: dict[str, float]) -> list[str]:
    return [
        f"{what}: {seconds:.1f} s"
        for what, seconds in took.items()
        if seconds > SLACK * (LIFE_S if what in {"start", "stop"} else URGENT_S)
    ]


def test_what_one_account_does_to_its_folders_is_its_own(malo: tuple[Gateway, Simulator, Malo]) -> None:
    gateway, _, hostile = malo
    took = ordeal(gateway, hostile, jobs=300, junk=500, strays=1_000)
    assert not judged(took), took
    checked = gatewayd(["--config", str(gateway.config), "check"], stderr=subprocess.PIPE)
    assert b"account malo: its receipts cannot be served" in checked.communicate()[1]
    stalled = gateway.call("overview")["stalled"]
    assert {each["account"] for each in stalled} <= {"malo"}
    assert {each["service"] for each in stalled} >= {"receipts"}
    assert {path.name for path in gateway.spool.folder("receipts", "malo", "f2").iterdir()} >= {
        "0000000001.jsonl",
        "0000000001.2.jsonl",
    }


@pytest.mark.fault
def test_floods_of_thousands_hold_up_nobody_else(malo: tuple[Gateway, Simulator, Malo], tmp_path: Path) -> None:
    gateway, _, hostile = malo
    gateway.account("peor")
    for number, account in enumerate(("malo", "peor")):
        rows = "telefono;nombre\n" + "".join(f"11{50_000_000 + row};Ana{row}\n" for row in range(300_000))
        gateway.drop(
            {"job": f"lista{number}", "channel": "sms", "text": "Hola %nombre%", "recipients_file": "l.csv"},
            {"l.csv": rows.encode()},
            account=account,
        )
    took = ordeal(gateway, hostile, jobs=5_000, junk=10_000, strays=20_000)
    (tmp_path / "took.json").write_text(json.dumps(took))
    assert not judged(took), took

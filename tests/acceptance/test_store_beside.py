"""The store as the web process's user reads it: beside the daemon, after its end, after a crash, and never for long."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewayd.store.reader import Reader
from gatewayd.values.errors import UnavailableError
from tests.rig import other_user
from tests.rig.gateway import Gateway

READ = """
import json, sys
from gatewayd.config.publication import read
from gatewayd.store.reader import Reader
config = read(__import__("pathlib").Path(sys.argv[1]))
reader = Reader(config.store.url, beside=True)
for line in sys.stdin if len(sys.argv) > 2 else [""]:
    print(json.dumps(sorted(one.name for one in reader.accounts())), flush=True)
reader.close()
"""

WEB = f"""
[web]
listen = "127.0.0.1:0"
start = false
user = "{other_user.USER}"
"""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    other_user.require()
    with other_user.open_folder() as folder, Gateway(folder, [], extra=WEB) as made:
        yield made.start()


def accounts(gateway: Gateway) -> list[str]:
    found: list[str] = json.loads(other_user.said(READ, str(gateway.folder / "web.json")))
    return found


def test_another_user_reads_with_the_daemon_and_without(gateway: Gateway) -> None:
    gateway.account("norte")
    assert accounts(gateway) == ["norte"]
    gateway.kill()
    assert accounts(gateway) == ["norte"]
    assert (gateway.folder / "gatewayd.db-wal").exists()
    gateway.start()
    gateway.account("sur")
    assert accounts(gateway) == ["norte", "sur"]
    gateway.stop()
    assert not (gateway.folder / "gatewayd.db-wal").exists()
    assert accounts(gateway) == ["norte", "sur"]


def test_one_that_stays_sees_each_daemon_that_comes(gateway: Gateway) -> None:
    """One process of that user over stops, crashes and starts: never an old answer, and nothing in the daemon's way."""
    import subprocess

    gateway.account("a0")
    reading = other_user.start(
        ["-c", READ, str(gateway.folder / "web.json"), "on"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert reading.stdin is not None
    assert reading.stdout is not None

    def seen() -> list[str]:
        assert reading.stdin is not None
        assert reading.stdout is not None
        reading.stdin.write(b"\n")
        reading.stdin.flush()
        found: list[str] = json.loads(reading.stdout.readline())
        return found

    expected = ["a0"]
    assert seen() == expected
    for number, end in enumerate((gateway.stop, gateway.kill, gateway.stop, gateway.stop), start=1):
        end()
        assert seen() == expected
        gateway.start()
        assert seen() == expected
        gateway.account(f"a{number}")
        expected.append(f"a{number}")
        assert seen() == expected
    with reading.stdout, reading.stdin:
        reading.stdin.close()
        assert reading.wait(10) == 0


def test_the_daemon_starts_while_it_is_read_as_a_file_that_does_not_change(gateway: Gateway) -> None:
    gateway.account("norte")
    gateway.stop()
    reader = Reader(f"sqlite:///{gateway.store}", beside=True)
    assert [one.name for one in reader.accounts()] == ["norte"]
    gateway.start()
    gateway.account("sur")
    assert [one.name for one in reader.accounts()] == ["norte", "sur"]
    reader.close()


def test_a_snapshot_that_takes_too_long_is_ended(gateway: Gateway) -> None:
    gateway.account("norte")
    reader = Reader(f"sqlite:///{gateway.store}", beside=True)
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="too long"):
        reader.ask(
            lambda connection: connection.exec_driver_sql(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
            ).all()
        )
    assert 4.0 < time.monotonic() - began < 12.0
    assert [one.name for one in reader.accounts()] == ["norte"]
    reader.close()


def test_the_other_user_can_change_nothing(gateway: Gateway) -> None:
    gateway.account("norte")
    program = """
import os, sqlite3, sys
folder = sys.argv[1]
for name in ("gatewayd.db", "gatewayd.db-wal", "gatewayd.db-shm", "web.json"):
    try:
        os.open(f"{folder}/{name}", os.O_RDWR)
    except PermissionError:
        print("closed", name)
    os.close(os.open(f"{folder}/{name}", os.O_RDONLY))
try:
    sqlite3.connect(f"{folder}/gatewayd.db").execute("UPDATE account SET balance = 0")
except sqlite3.OperationalError as error:
    print(error)
"""
    told = other_user.said(program, str(gateway.folder))
    assert told.count("closed") == 4
    assert "readonly" in told
    with sqlite3.connect(gateway.store) as connection:
        assert connection.execute("SELECT balance FROM account").fetchone() != (0,)
    connection.close()
    assert Path(gateway.folder / "web.json").stat().st_mode & 0o007 == 0

"""SIGKILL at each place of reading a feed: what the database says is in the store, each thing once, without waiting."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from gatewayd.process.failpoints import VARIABLE
from gatewayd.values.errors import GatewayError
from tests.rig.gateway import Gateway

PLACES: Final = ("feed.begun", "feed.applied", "feed.finished", "feed.closed", "feed.noted")
COUNT: Final = 700
"""More than a portion."""
FEED: Final = """
[[feed]]
account = "norte"
url_file = "billing.url"
every = "1h"
invoices = "SELECT id AS external_id, cliente AS customer, saldo AS balance FROM facturas"
"""


def test_a_daemon_killed_at_every_place_of_a_feed_has_what_the_database_says(tmp_path: Path) -> None:
    path = tmp_path / "billing.db"
    (tmp_path / "billing.url").write_text(f"sqlite:///{path}")
    billing = sqlite3.connect(path, isolation_level=None)
    billing.execute("CREATE TABLE facturas (id INTEGER PRIMARY KEY, cliente, saldo)")
    billing.executemany("INSERT INTO facturas VALUES (?, ?, 10)", [(n, f"C-{n}") for n in range(COUNT)])
    gateway = Gateway(tmp_path, [], extra=FEED)

    def until_read(since: str | None) -> str:
        end = time.monotonic() + 60
        while True:
            found = gateway.call("feed.list")["items"]
            if found and found[0]["read_at"] not in {None, since} and not found[0]["running"]:
                return str(found[0]["read_at"])
            assert time.monotonic() < end, gateway.log.read_text()[-2000:]
            time.sleep(0.05)

    with gateway.start():
        gateway.account()
        read = until_read(None)
        for turn, place in enumerate(PLACES):
            gateway.stop()
            billing.execute("DELETE FROM facturas WHERE id IN (?, ?)", (turn * 2, turn * 2 + 1))
            billing.execute("UPDATE facturas SET saldo = ? WHERE id = 600", (20 + turn,))
            gateway.start({VARIABLE: f"{place}:1"})
            with suppress(GatewayError, OSError, ValueError):
                gateway.call("feed.run")
            gateway.died()
            gateway.start()
            if place != "feed.noted":  # that one was over
                read = until_read(read)
            said = sorted(billing.execute("SELECT CAST(id AS TEXT), saldo * 1000000 FROM facturas").fetchall())
            assert sorted(gateway.sql("SELECT external_id, balance FROM invoice WHERE state = 'open'")) == said, place
            read = until_read(None)
        assert gateway.sql("SELECT count(*), count(DISTINCT external_id) FROM invoice") == [(COUNT, COUNT)]
        assert not gateway.stop()
    billing.close()

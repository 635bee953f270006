"""A store of an older version gives its messages their account, their channel and their place in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatewayd.store import migrations
from gatewayd.store.connection import open_store


def test_messages_of_an_older_store_find_their_place(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    with pytest.MonkeyPatch.context() as older:
        older.setattr(migrations, "HEAD", "0010")
        store = open_store(url)
    run = store.connection.exec_driver_sql
    for number, name in ((1, "norte"), (2, "sur")):
        run("INSERT INTO account (id, name, currency, created_at) VALUES (?, ?, 'ARS', 1)", (number, name))
    for number, account, channel in ((1, 1, "sms"), (2, 2, "email")):
        run(
            "INSERT INTO job (id, account_id, name, channel, priority, state, content_hash, unit_price, currency,"
            " content, node, created_at) VALUES (?, ?, 'j', ?, 'normal', 'running', 'h', 0, 'ARS', '{}', 'n', ?)",
            (number, account, channel, number * 1000),
        )
        run("INSERT INTO queue (id, job_id, prefix) VALUES (?, ?, '')", (number, number))
    for number, job, attempt in ((1, 1, 7), (2, 1, None), (3, 2, None)):
        run(
            'INSERT INTO message (id, job_id, queue_id, "row", encoding, segments, state, final, due, updated_at,'
            " attempt_id) VALUES (?, ?, ?, 1, '', 1, 'queued', 0, 0, 9999, ?)",
            (number, job, job, attempt),
        )
    run(
        "INSERT INTO attempt (id, message_id, number, line, node, epoch, state, started_at)"
        " VALUES (7, 1, 1, 'claro-1', 'n', 1, 'closed', 5000)"
    )
    store.close()
    store = open_store(url)
    try:
        found = store.connection.exec_driver_sql("SELECT id, account_id, channel, at FROM message ORDER BY id")
        assert [tuple(row) for row in found] == [(1, 1, "sms", 5000), (2, 1, "sms", 1000), (3, 2, "email", 2000)]
    finally:
        store.close()

"""What a message tells its line alone, and what everybody may see of it: two columns, over both stores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatewayd.operations import shapes
from gatewayd.store import migrations
from gatewayd.store.commands import Amend, NewMessage, PartEnd, Work
from gatewayd.store.connection import open_store
from gatewayd.store.reader import Reader
from gatewayd.values.model import PartState, State
from tests.conformance.house import House

SCRIPT = '{"texts":{"message[0]":"Hola Ana"}}'
BUSY = '{"texts":{"message[0]":"Hola Ana"},"retried":{"busy":1}}'
RAW = '{"raw":"011-4321-0000"}'
OLD = (
    "INSERT INTO account (id, name, currency, created_at) VALUES (1, 'norte', 'ARS', 1)",
    """INSERT INTO job (id, account_id, name, channel, priority, state, content_hash, unit_price, currency, content,
    node, created_at) VALUES (1, 1, 'j', 'call', 'normal', 'running', '', 0, 'ARS', '{}', 'pop', 1)""",
    "INSERT INTO queue (id, job_id, prefix) VALUES (1, 1, '')",
)
ENDED = {1: PartEnd(PartState.UNDELIVERED)}


def calls(house: House, *options: str | None, detail: str | None = RAW) -> Any:
    rows = [
        NewMessage(n, f"C{n}", f"+54114321{n:04}", "", "", 1, "", None, detail, each)
        for n, each in enumerate(options, 1)
    ]
    return house.job_of(rows, channel="call")


def amend(house: House, work: Work, options: str | None) -> None:
    state, reason, due = State.QUEUED, "busy", house.now
    house.do(
        Amend(work.message_id, work.attempt_id, state, reason, False, due, 0, work.detail, (), house.now, options)
    )  # fmt: skip


def test_a_line_gets_them_at_each_try_as_the_last_one_left_them(house: House) -> None:
    queue = calls(house, SCRIPT, None)
    first, plain = house.claim(queue).work
    assert [(each.detail, each.options) for each in (first, plain)] == [(RAW, SCRIPT), (RAW, None)]
    shown = '{"raw":"011-4321-0000","disposition":"busy","tries":1}'
    for work, kept in ((first, BUSY), (plain, None)):
        house.pnr(work)
        house.finish(work, State.QUEUED, reason="busy", due=house.now, parts=ENDED, detail=shown, options=kept)
    again = house.claim(queue).work
    assert [(each.detail, each.options) for each in again] == [(shown, BUSY), (shown, None)]
    house.pnr(again[0])
    assert [each.work.options for each in house.restart().open] == [BUSY]


def test_a_later_verdict_leaves_them_or_puts_them_back(house: House) -> None:
    queue = calls(house, SCRIPT)
    for verdict, left in ((None, BUSY), (SCRIPT, SCRIPT), ("{}", "{}")):
        (work,) = house.claim(queue).work
        house.pnr(work)
        house.finish(work, State.QUEUED, reason="busy", due=house.now, parts=ENDED, options=BUSY)
        amend(house, work, verdict)
        assert house.rows("SELECT options FROM message") == [(left,)]


def test_a_finish_and_the_claim_of_one_batch_agree(house: House) -> None:
    queue = calls(house, SCRIPT)
    (work,) = house.claim(queue).work
    house.pnr(work)
    kept = house.finishing(work, State.QUEUED, reason="busy", due=house.now, parts=ENDED, options=BUSY)
    again = house.claiming(queue)
    _, claimed = house.transactions.apply([kept, again])
    assert [each.options for each in claimed.work] == [BUSY]


def test_receipt_and_show_are_one_text_and_know_nothing_of_them(house: House) -> None:
    queue = calls(house, SCRIPT)
    (work,) = house.claim(queue).work
    house.pnr(work)
    shown = '{"raw":"a \\"b\\"","disposition":"busy","tries":1}'
    house.finish(work, State.FAILED, reason="busy", parts=ENDED, detail=shown, options=BUSY)
    (receipt,) = house.receipts()
    reader = Reader(house.url)
    try:
        found = reader.message(receipt["message"], house.now)
        listed = reader.messages("j", house.now).items
    finally:
        reader.close()
    assert receipt["detail"] == json.loads(shown)
    for view, whole in ((found, True), (listed[0], False)):
        shape = shapes.message(view, whole=whole)
        assert "Hola Ana" not in json.dumps(shape)
        assert "retried" not in json.dumps(shape)
        assert {key: shape[key] for key in receipt} == receipt | {"seq": None}
        assert shape["account"] == "norte"


def test_a_store_of_before_is_taken_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the revision before kept it: in one column, under `options`, whatever became of the message."""
    mixed = [
        ('{"raw":"1","options":{"subject":"Hola «Ana»","html":"<p>\\"x\\"</p>"}}', ('{"raw":"1"}',
         '{"texts":{"subject":"Hola «Ana»","html":"<p>\\"x\\"</p>"}}')),
        ('{"options":{"message[0]":"Hola","retried":{"busy":1},"undecided":2}}',
         (None, '{"texts":{"message[0]":"Hola"},"retried":{"busy":1},"undecided":2}')),
        ('{"disposition":"busy","tries":1,"options":{"retried":{}}}',
         ('{"disposition":"busy","tries":1}', '{"retried":{}}')),
        ('{"raw":"say \\"options\\": now"}', ('{"raw":"say \\"options\\": now"}', None)),
        (None, (None, None)),
    ]  # fmt: skip
    with monkeypatch.context() as before:
        before.setattr(migrations, "HEAD", "0005")
        old = open_store(f"sqlite:///{tmp_path}/gatewayd.db")
        for statement in OLD:
            old.connection.exec_driver_sql(statement)
        for number, (detail, _) in enumerate(mixed, 1):
            old.connection.exec_driver_sql(
                'INSERT INTO message (job_id, queue_id, "row", state, final, due, updated_at, encoding, segments,'
                " detail) VALUES (1, 1, ?, 'queued', 0, 1, 1, '', 1, ?)",
                (number, detail),
            )
        old.close()
    store = open_store(f"sqlite:///{tmp_path}/gatewayd.db")
    found = store.connection.exec_driver_sql('SELECT detail, options FROM message ORDER BY "row"').all()
    assert [tuple(row) for row in found] == [after for _, after in mixed]
    store.close()

"""Exports over both stores: every row once and in time's order, whatever leaves while they are read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest

from gatewayd.operations.log_query import picked_of
from gatewayd.store.insight import export_rows
from gatewayd.store.insight.export_rows import ExportRows
from gatewayd.store.insight.filters import InteractionFilter
from gatewayd.store.reader import Reader
from gatewayd.values.actor import Scope
from gatewayd.values.errors import UsageError
from gatewayd.values.model import State, ulid
from gatewayd.workers.cells import Cells, Words
from tests.conformance.house import HOUR, House
from tests.conformance.test_interactions import busy, receive

__all__ = ["busy"]

COLUMNS = ["text", "state", "answered", "job", "cost", "account", "reason", "direction"]


@pytest.fixture
def reader(house: House) -> Iterator[Reader]:
    opened = Reader(house.url)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading takes many steps over few rows."""
    monkeypatch.setattr(export_rows, "PORTION", 2)


def words() -> Words:
    states = {str(state): str(state).upper() for state in State} | {"received": "RECEIVED", "unread": "UNREAD"}
    return Words(states, {"sms": "SMS"}, "out", "in", "yes")


def portions(house: House, reader: Reader, scope: Scope | None = None, **wanted: Any) -> Iterator[list[Any]]:
    source = ExportRows(
        reader.ask,
        scope=scope or Scope.all(),
        wanted=InteractionFilter(**wanted),
        now=house.now,
        answered=True,
    )
    cells = Cells(COLUMNS, words(), UTC, salt=reader.salt(), now=house.now)
    for portion in source.portions():
        yield cells.rows(portion)


def texts(house: House, reader: Reader, scope: Scope | None = None, **wanted: Any) -> list[str]:
    return [row[0] for rows in portions(house, reader, scope, **wanted) for row in rows]


def test_all_rows_come_oldest_first(busy: House, reader: Reader) -> None:
    assert texts(busy, reader) == ["cinco", "dos", "uno", "tres", "cuatro", "Ya pagué", "ajeno"]
    assert texts(busy, reader, Scope.of("norte")) == ["cinco", "dos", "uno", "tres", "cuatro", "Ya pagué"]
    assert texts(busy, reader, Scope.of("sur")) == ["ajeno"]


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ({"states": ("failed", "uncertain")}, ["tres", "cuatro"]),
        ({"states": ("queued",)}, ["cinco", "ajeno"]),
        ({"direction": "in"}, ["Ya pagué"]),
        ({"numbers": ("+5491100000002",)}, ["dos", "Ya pagué"]),
        ({"job": "norte/a"}, ["cinco", "dos", "uno", "tres", "cuatro"]),
        ({"channels": ("email",)}, []),
        ({"words": "ua"}, ["cuatro"]),
    ],
)
def test_filters_hold_in_exports_too(busy: House, reader: Reader, wanted: dict[str, Any], meant: list[str]) -> None:
    assert texts(busy, reader, **wanted) == meant


def test_single_rows_are_exported_alone(busy: House, reader: Reader) -> None:
    cells = Cells(["id", "text", "direction"], words(), UTC, salt=reader.salt(), now=busy.now)
    source = ExportRows(reader.ask, scope=Scope.all(), wanted=InteractionFilter(), now=busy.now, answered=False)
    keys = {text: f"{way}-{public}" for some in source.portions() for public, text, way in cells.rows(some)}
    picked = picked_of([keys["cuatro"], keys["uno"], keys["Ya pagué"], keys["ajeno"]])
    wanted: dict[str, Any] = {"since": picked.since, "rows": picked.rows}
    assert texts(busy, reader, **wanted) == ["uno", "cuatro", "Ya pagué", "ajeno"]
    # What is another account's is not there, whoever names it.
    assert texts(busy, reader, Scope.of("norte"), **wanted) == ["uno", "cuatro", "Ya pagué"]
    with pytest.raises(UsageError):
        picked_of(["out-" + "8" * 26, "out-UUUUUUUUUUUUUUUUUUUUUUUUUU"])


def test_cells_say_what_the_table_says(busy: House, reader: Reader) -> None:
    rows = {row[0]: row[1:] for some in portions(busy, reader) for row in some}
    assert rows["uno"] == ("DELIVERED", "", "a", "0.85", "norte", "", "out")
    assert rows["dos"] == ("SUBMITTED", "yes", "a", "0.85", "norte", "", "out")
    assert rows["tres"][:1] == ("FAILED",)
    assert rows["tres"][5] != ""
    assert rows["cinco"] == ("QUEUED", "", "a", "0.00", "norte", "", "out")
    assert rows["Ya pagué"] == ("RECEIVED", "", "a", "", "norte", "", "in")


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_what_leaves_meanwhile_is_there_once(busy: House, reader: Reader, after: int) -> None:
    """A message that waits moves to the newest end when it leaves: read before or after that, it is one row."""
    queue = busy.job(*[f"nuevo {number}" for number in range(6)], name="b")
    everything = {"cinco", "dos", "uno", "tres", "cuatro", "Ya pagué", "ajeno"} | {f"nuevo {n}" for n in range(6)}
    found: list[str] = []
    for index, rows in enumerate(portions(busy, reader)):
        found += [row[0] for row in rows]
        if index == after:
            busy.now += HOUR
            for work in busy.claim(queue, limit=4).work:
                busy.send(work, first=work.attempt_id + 100)
            receive(busy, "+5491100000003", "llegó después")
    assert sorted(found) == sorted(everything)


def test_times_are_those_of_the_zone_and_ids_those_of_the_store(busy: House, reader: Reader) -> None:
    cells = Cells(["id", "at"], words(), UTC, salt=reader.salt(), now=busy.now)
    source = ExportRows(reader.ask, scope=Scope.of("sur"), wanted=InteractionFilter(), now=busy.now, answered=False)
    ((public, at),) = [row for portion in source.portions() for row in cells.rows(portion)]
    ((number, created, placed),) = busy.rows(
        "SELECT message.id, job.created_at, message.at FROM message JOIN job ON job.id = message.job_id"
        " WHERE message.text = 'ajeno'"
    )
    assert public == ulid(created, reader.salt(), number)
    from datetime import datetime

    assert at == datetime.fromtimestamp(placed // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")

"""What waits for the disk: every commit that is told of, and no portion of a job that nobody sees yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gatewayd.store.commands import AddMessages, BeginJob, Command, CreateAccount, Credit, NewMessage, PublishJob
from gatewayd.store.connection import open_store
from gatewayd.store.transactions import Transactions
from gatewayd.values.model import Priority


@pytest.fixture
def transactions(tmp_path: Path) -> Iterator[Transactions]:
    with closing(open_store(f"sqlite:///{tmp_path}/gatewayd.db")) as store:
        opened = Transactions(store.connection)
        opened.do(CreateAccount("norte", "ARS", 1))
        yield opened


def waits(transactions: Transactions, *batch: Command[Any]) -> bool:
    """Applies them; whether their commit waited for the disk."""
    said: list[str] = []
    raw = transactions.session.connection.connection.driver_connection
    assert raw is not None
    raw.set_trace_callback(said.append)
    results: Sequence[Any] = transactions.apply(batch)
    raw.set_trace_callback(None)
    assert not any(isinstance(result, Exception) for result in results)
    levels = [word for word in said if word == "COMMIT" or word.startswith("PRAGMA synchronous")]
    assert transactions.session.plain("PRAGMA synchronous") == [(2,)]
    return levels[: levels.index("COMMIT")] == []


def test_rows_of_a_job_that_is_being_recorded_wait_for_the_commit_that_shows_it(transactions: Transactions) -> None:
    begin = BeginJob(
        "norte", "j", "sms", Priority.NORMAL, "h", None, None, False, 1, "ARS", '{"lines": []}', "n", 1
    )  # fmt: skip
    assert waits(transactions, begin)
    job = transactions.session.plain("SELECT id FROM job")[0][0]
    rows = [NewMessage(row, None, f"+54911{row:08d}", "x", "gsm7", 1, "", None, None) for row in range(1, 4)]
    assert not waits(transactions, AddMessages(job, rows, 1))
    assert waits(transactions, AddMessages(job, rows, 1), Credit("norte", 5, 1))
    assert waits(transactions, PublishJob(job, 1))

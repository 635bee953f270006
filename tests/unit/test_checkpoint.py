"""When SQLite's log is brought home: looked at now and then, and cut before it is large."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatewayd.store.checkpoint import LOG_MAX, LOOKED_AFTER, Checkpointer


class Connection:
    """Counts changes as the store's session does, and keeps which checkpoints were asked for."""

    Error = OSError

    def __init__(self, log: Path) -> None:
        self.changes = 0
        self.asked: list[str] = []
        self._log = log

    def plain(self, sql: str) -> list[tuple[Any, ...]]:
        if "wal_checkpoint" in sql:
            self.asked.append(sql)
            if "TRUNCATE" in sql:
                self._log.write_bytes(b"")
                return [(0, 0, 0)]
            return [(0, 100, 100)]
        return []


def grown(log: Path, size: int) -> None:
    with log.open("ab") as file:
        file.truncate(size)


def test_a_log_that_has_grown_is_cut_within_a_few_commits(tmp_path: Path) -> None:
    log = tmp_path / "wal"
    grown(log, LOG_MAX)
    session = Connection(log)
    checkpointer = Checkpointer(session, log=log)  # type: ignore[arg-type]
    commits = 0
    while not session.asked:
        session.changes += 20
        commits += 1
        checkpointer.after_commit()
        assert commits * 20 <= LOOKED_AFTER
    assert "TRUNCATE" in session.asked[0]
    # It grows again, and is cut again.
    grown(log, LOG_MAX + 1)
    session.changes += LOOKED_AFTER
    assert checkpointer.after_commit()
    assert len(session.asked) == 2


def test_a_short_log_is_brought_home_by_the_number_of_changes(tmp_path: Path) -> None:
    log = tmp_path / "wal"
    grown(log, 4096)
    session = Connection(log)
    checkpointer = Checkpointer(session, log=log)  # type: ignore[arg-type]
    assert not checkpointer.after_commit()
    session.changes += 4_000
    assert checkpointer.after_commit()
    assert "PASSIVE" in session.asked[0]

"""Checkpoints of SQLite's log by the writer itself, when nobody waits for it."""

from __future__ import annotations

from typing import Final

from gatewayd.failpoints import hit
from gatewayd.store.connection import BUSY_S
from gatewayd.store.reserve import Reserve
from gatewayd.store.session import Session

PAGES: Final = 2000
"""About so many pages of log (8 MB) between checkpoints: few enough to be quick, many enough to be rare."""

IDLE_S: Final = 2.0
"""After so long without work, what is left in the log is brought home, and its file cut."""

_FIRST: Final = 4000
_LEAST: Final = 500


class Checkpointer:
    """Knows how much was changed since the last checkpoint, and learns how many pages of log that makes."""

    idle_s: float | None = IDLE_S

    def __init__(self, session: Session, reserve: Reserve | None = None) -> None:
        self._session = session
        self._reserve = reserve
        self._grows = False
        self._done = session.changes
        self._threshold = _FIRST
        self._clean = False

    def after_commit(self) -> bool:
        """Brings the log home if it has grown; whether it did."""
        self._clean = False
        changed = self._session.changes - self._done
        if changed < self._threshold:
            return False
        self._grows = True
        pages = self._checkpoint("PASSIVE")
        if pages > 0:
            self._threshold = min(max(changed * PAGES // pages, _LEAST), 20 * _FIRST)
        return True

    def idle(self) -> None:
        if not self._clean:
            # A reader in the middle of a snapshot is not waited for: next time.
            self._checkpoint("TRUNCATE")
            self._clean = True
            if self._grows and self._reserve is not None:
                self._reserve.keep()

    def relieve(self) -> None:
        """Cuts the log's file: the disk is full. Where the database has to grow for it, the reserve makes room."""
        self._clean = self._checkpoint("TRUNCATE") == 0
        if not self._clean and self._reserve is not None and self._reserve.give():
            self._clean = self._checkpoint("TRUNCATE") == 0

    def finish(self) -> None:
        self._grows = False
        self.idle()
        if self._reserve is not None:
            self._reserve.give()

    def _checkpoint(self, mode: str) -> int:
        """Pages that the log had, -1 when it could not be told."""
        session = self._session
        self._done = session.changes
        try:
            session.plain("PRAGMA busy_timeout = 0")
            rows = session.plain(f"PRAGMA wal_checkpoint({mode})")
            hit("store.checkpointed")
        except session.Error:
            return -1
        finally:
            session.plain(f"PRAGMA busy_timeout = {int(BUSY_S * 1000)}")
        return int(rows[0][1]) if rows else -1

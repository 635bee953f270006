"""Checkpoints of SQLite's log by the writer itself, when nobody waits for it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gatewayd.process.failpoints import hit
from gatewayd.store.connection import BUSY_S, CACHE_KIB
from gatewayd.store.reserve import Reserve
from gatewayd.store.session import Session

PAGES: Final = 4000
"""About so many pages of log (8 MB) between checkpoints: few enough to be quick, many enough to be rare."""

IDLE_S: Final = 2.0
"""After so long without work, what is left in the log is brought home, and its file cut."""

LOG_MAX: Final = 16 << 20
"""Bytes of the log's file that it is cut at. How many pages so many changes make is only learnt: what is right for a
million rows in a few commits is a hundred times too much for sends that commit one by one."""
LOG_BULK: Final = 64 << 20
"""The same while nobody but an engine writes, in bulk: one page is changed by many of its portions, and is brought home
once for all of them."""
LOG_STEP: Final = 8 << 20
"""How much more it grows before it is tried again, where a reader kept it from being cut."""

LOOKED_AFTER: Final = 200
"""Changes of rows after which the log's file is looked at: each touches a few pages, so that these are far below what
it is cut at, and a commit of one message makes some twenty."""

_FIRST: Final = 4000
_LEAST: Final = 500


class Checkpointer:
    """Knows how much was changed since the last checkpoint, and learns how many pages of log that makes."""

    idle_s: float | None = IDLE_S

    def __init__(self, session: Session, *, log: Path | None = None, reserve: Reserve | None = None) -> None:
        """`log` is the log's file, to be kept short; `reserve` the room to bring it home on a full disk."""
        self._session = session
        self._log = log
        self._cut_at = LOG_MAX
        self._reserve = reserve
        self._grows = False
        self._done = self._looked = session.changes
        self._threshold = _FIRST
        self._clean = False

    def after_commit(self, *, bulk: bool = False) -> bool:
        """Brings the log home if it has grown; whether it did. `bulk`: an engine wrote a portion, and nobody else."""
        self._clean = False
        if bulk and self._log is not None and _size(self._log) < max(LOG_BULK, self._cut_at):
            return False
        changes = self._session.changes
        if self._log is not None and changes - self._looked >= LOOKED_AFTER:
            self._looked = changes
            if (size := _size(self._log)) >= self._cut_at:
                self._cut(size)
                return True
        changed = changes - self._done
        if changed < self._threshold:
            return False
        self._grows = True
        pages = self._checkpoint("PASSIVE")
        if pages > 0:
            self._threshold = min(max(changed * PAGES // pages, _LEAST), 20 * _FIRST)
        return True

    def _cut(self, size: int) -> None:
        self._grows = True
        if self._checkpoint("TRUNCATE") == 0:
            self._cut_at = LOG_MAX
            self._keep_reserve()
        else:
            self._cut_at = size + LOG_STEP

    def idle(self) -> None:
        if not self._clean:
            # A reader in the middle of a snapshot is not waited for: next time.
            self._checkpoint("TRUNCATE")
            self._clean = True
            self._keep_reserve()
            self._session.plain(f"PRAGMA cache_size = -{CACHE_KIB}")

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

    def _keep_reserve(self) -> None:
        if self._grows and self._reserve is not None:
            self._reserve.keep()

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


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0

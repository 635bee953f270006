"""Watching `incoming`: job files are told as soon as they are complete, by inotify, with a rescan behind it.

    async with Watcher(spool) as watcher:
        async for arrival in watcher:
            try:
                …                                       # take it; the work may go on in another task
            finally:
                watcher.done(arrival)                   # or postpone(arrival, file) for one missing or unsettled

An arrival is told once until `done` or `postpone` is called for it; a file that is still in `incoming` after `done`
(the store was away, the disk full) is told again by the next rescan. A file renamed into place is told at once; one
written in place when it has been unchanged for `SETTLE_S`. Everything but the listing of folders, which a thread does,
runs on the event loop.
"""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from asyncinotify import Event, Inotify, Mask, Watch

from spool.errors import operating_system
from spool.folders import INCOMING, Spool, is_name

SETTLE_S: Final = 2.0
"""A file written in place counts as complete when it has been unchanged for so long."""
RESCAN_S: Final = 60.0
"""Behind inotify: network file systems tell nothing of what other machines write, and a failed job is tried again."""
DATA_WAIT_S: Final = 60.0
"""How long a job waits for a file that it names."""

_FILES: Final = Mask.CREATE | Mask.CLOSE_WRITE | Mask.MOVED_TO | Mask.ONLYDIR | Mask.DONT_FOLLOW
_ACCOUNTS: Final = Mask.CREATE | Mask.MOVED_FROM | Mask.MOVED_TO | Mask.ONLYDIR
_BURST: Final = 256
"""Events handled in one go; the loop's other work gets its turn in between."""

Key = tuple[str, str]
"""Account and file name."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A job file that is complete. `last`: what it names has had its time to come; refuse it if it is missing now."""

    account: str
    name: str
    last: bool = False

    @property
    def key(self) -> Key:
        return self.account, self.name


@dataclass(slots=True)
class _Settling:
    """A file being written in place: how it looked, and the timer that looks again."""

    look: tuple[int, int] | None
    timer: asyncio.TimerHandle


@dataclass(slots=True)
class _Waiting:
    """A job that waits for a file it names."""

    file: str
    timer: asyncio.TimerHandle


@dataclass(frozen=True, slots=True)
class _Found:
    """A file of a listing; `old` when it has been unchanged for long enough."""

    key: Key
    old: bool


class Watcher:
    """One watch over one spool; used once. See the module."""

    def __init__(
        self,
        spool: Spool,
        *,
        settle_s: float = SETTLE_S,
        rescan_s: float = RESCAN_S,
        data_wait_s: float = DATA_WAIT_S,
        seen: Callable[[str, str | None], None] | None = None,
    ) -> None:
        """`seen` is told of each account at each look why its folder cannot be read, or None when it can."""
        self._spool = spool
        self._settle_s = settle_s
        self._rescan_s = rescan_s
        self._data_wait_s = data_wait_s
        self._account_seen = seen
        self._ready: asyncio.Queue[Arrival] = asyncio.Queue()
        self._busy: dict[Key, bool] = {}
        """Told and not done; True when it came again meanwhile."""
        self._settling: dict[Key, _Settling] = {}
        self._waiting: dict[Key, _Waiting] = {}
        self._wanted: dict[Key, set[Key]] = {}
        """The jobs that wait for a file."""
        self._rescan = asyncio.Event()
        self._inotify: Inotify | None = None
        self._top: Watch | None = None
        self._watched: dict[str, Watch] = {}
        """By account."""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to watch; what is there already is told first."""
        try:
            with operating_system(f"watching {self._spool.path / INCOMING}"):
                # Never blocks: the loop says when there is something to read.
                self._inotify = Inotify(sync_timeout=0, cache_size=64)
                self._top = self._inotify.add_watch(self._spool.path / INCOMING, _ACCOUNTS)
                asyncio.get_running_loop().add_reader(self._inotify.fd, self._drain)
                await self._scan()
        except BaseException:
            await self.close()
            raise
        self._task = asyncio.create_task(self._rescans(), name="spool rescans")

    async def close(self) -> None:
        """Stops; may be called twice, or before `start`."""
        if self._inotify is not None:
            asyncio.get_running_loop().remove_reader(self._inotify.fd)
            self._inotify.close()
            self._inotify = None
        for timer in [*(s.timer for s in self._settling.values()), *(w.timer for w in self._waiting.values())]:
            timer.cancel()
        self._settling.clear()
        self._waiting.clear()
        self._wanted.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Arrival:
        return await self._ready.get()

    # ------------------------------------------------------------------------------------------- what the caller tells

    def done(self, arrival: Arrival) -> None:
        """The arrival has been dealt with, one way or another."""
        if self._busy.pop(arrival.key, False):
            self._offer(arrival.key)

    def postpone(self, arrival: Arrival, file: str) -> None:
        """The arrival is told again when `file`, itself or one that it names, has come and is quiet.

        For a file that is missing, or was seen to change while it was read. After `DATA_WAIT_S` the arrival is told
        all the same, as the `last` time.
        """
        key, data = arrival.key, (arrival.account, file)
        if self._busy.pop(key, False):
            self._offer(key)
        elif file == arrival.name:
            self._settle(key)
        else:
            timer = asyncio.get_running_loop().call_later(self._data_wait_s, self._give_up, key)
            self._waiting[key] = _Waiting(file, timer)
            self._wanted.setdefault(data, set()).add(key)
            # It is there when it came between the caller's look and now, or is being written over.
            if data not in self._settling and _look(self._path(data)) is not None:
                self._settle(data)

    def look_again(self) -> None:
        """Lists every folder now."""
        self._rescan.set()

    def settled(self, account: str, name: str) -> bool:
        """Whether nobody is seen writing this file. May be asked from any thread."""
        return (account, name) not in self._settling

    # ------------------------------------------------------------------------------------------------- what is observed

    def _drain(self) -> None:
        """Reads the events there are; called by the loop."""
        for _ in range(_BURST):
            if self._inotify is None or (event := self._inotify.sync_get()) is None:
                return
            self._observe(event)
        # The library may have read more than it has given out, of which the descriptor says nothing.
        asyncio.get_running_loop().call_soon(self._drain)

    def _observe(self, event: Event) -> None:
        mask, watch, name = int(event.mask), event.watch, str(event.name or "")
        if mask & Mask.Q_OVERFLOW:
            self._rescan.set()
        elif watch is None:
            return  # of an account that is gone
        elif watch is self._top:
            if mask & Mask.ISDIR and is_name(name):
                if mask & Mask.MOVED_FROM and name in self._watched and self._inotify is not None:
                    self._inotify.rm_watch(self._watched.pop(name))
                self._rescan.set()
        elif mask & Mask.IGNORED:
            if self._watched.get(watch.path.name) is watch:
                del self._watched[watch.path.name]
        elif name and not mask & Mask.ISDIR:
            self._seen((watch.path.name, name), renamed=bool(mask & Mask.MOVED_TO))

    def _seen(self, key: Key, *, renamed: bool) -> None:
        if _is_hidden(key[1]):
            return
        if renamed:
            self._complete(key)
        else:
            self._settle(key)

    def _settle(self, key: Key) -> None:
        """(Re)starts the wait for a file to be quiet."""
        self._unsettle(key)
        timer = asyncio.get_running_loop().call_later(self._settle_s, self._look_again, key)
        self._settling[key] = _Settling(_look(self._path(key)), timer)

    def _unsettle(self, key: Key) -> None:
        if settling := self._settling.pop(key, None):
            settling.timer.cancel()

    def _look_again(self, key: Key) -> None:
        settling = self._settling.pop(key)
        look = _look(self._path(key))
        if look is None:
            return  # gone
        if look == settling.look:
            self._complete(key)
        else:
            self._settle(key)

    def _complete(self, key: Key) -> None:
        """A file is whole: a job is told, and so is every job that waits for this file."""
        self._unsettle(key)
        if _is_job(key[1]):
            self._offer(key)
            return
        for job in sorted(self._wanted.get(key, ())):
            self._offer(job)

    def _offer(self, key: Key, *, last: bool = False) -> None:
        if key in self._busy:
            self._busy[key] = True
            return
        self._stop_waiting(key)
        self._busy[key] = False
        self._ready.put_nowait(Arrival(*key, last=last))

    def _stop_waiting(self, key: Key) -> None:
        if waiting := self._waiting.pop(key, None):
            waiting.timer.cancel()
            data = (key[0], waiting.file)
            self._wanted[data].discard(key)
            if not self._wanted[data]:
                del self._wanted[data]

    def _give_up(self, key: Key) -> None:
        self._offer(key, last=True)

    # ---------------------------------------------------------------------------------------------------------- listing

    async def _rescans(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._rescan_s):
                    await self._rescan.wait()
            # Should `incoming` not be listed now (unmounted, no handles left), the next round tries again.
            with suppress(OSError):
                await self._scan()

    async def _scan(self) -> None:
        """Watches accounts that are not watched yet, then lists them all."""
        self._rescan.clear()
        folder = self._spool.path / INCOMING
        troubles: dict[str, str | None] = {}
        for account in await asyncio.to_thread(_accounts, folder):
            troubles[account] = None
            if account not in self._watched and self._inotify is not None:
                try:
                    self._watched[account] = self._inotify.add_watch(folder / account, _FILES)
                except FileNotFoundError:
                    continue  # removed since
                except OSError as error:  # this one's alone
                    troubles[account] = error.strerror or str(error)
        # Listed after the watches stand, so that nothing falls between.
        listed, unlisted = await asyncio.to_thread(_listing, folder, list(self._watched), self._settle_s)
        for account, trouble in (troubles | unlisted).items():
            if self._account_seen is not None:
                self._account_seen(account, trouble)
        for number, found in enumerate(listed, 1):
            if number % _BURST == 0:
                await asyncio.sleep(0)
            key = found.key
            if key in self._busy or key in self._settling or key in self._waiting:
                continue
            if not found.old:
                self._settle(key)
            else:
                self._complete(key)

    def _path(self, key: Key) -> Path:
        return self._spool.path / INCOMING / key[0] / key[1]


def _is_hidden(name: str) -> bool:
    """Names under which writers write."""
    return name.startswith(".") or name.endswith((".tmp", ".part"))


def _is_job(name: str) -> bool:
    return name.endswith(".json")


def _look(path: Path) -> tuple[int, int] | None:
    """Size and time of change (ns) of what is there; None for nothing, or a folder."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return None if stat.S_ISDIR(status.st_mode) else (status.st_size, status.st_mtime_ns)


def _accounts(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(e.name for e in entries if is_name(e.name) and e.is_dir(follow_symlinks=False))


def _listing(folder: Path, accounts: list[str], settle_s: float) -> tuple[list[_Found], dict[str, str]]:
    """Every file of every account, the oldest first; and by account, why one cannot be listed."""
    troubles: dict[str, str] = {}
    found = sorted(_walk(folder, accounts, settle_s, troubles), key=lambda pair: pair[0])
    return [one for _, one in found], troubles


def _walk(folder: Path, accounts: list[str], settle_s: float, troubles: dict[str, str]) -> Iterator[tuple[int, _Found]]:
    now = time.time()
    for account in accounts:
        try:
            entries = list(os.scandir(folder / account))
        except FileNotFoundError:
            continue
        except OSError as error:
            troubles[account] = error.strerror or str(error)
            continue
        for entry in entries:
            if _is_hidden(entry.name):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if not stat.S_ISDIR(status.st_mode):
                # A time in the future tells nothing: the timer decides.
                old = 0 <= now - status.st_mtime >= settle_s
                yield status.st_mtime_ns, _Found((account, entry.name), old)

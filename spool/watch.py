"""Watching `incoming`: job files are told as soon as they are complete, by inotify, with a rescan behind it.

    async with Watcher(spool) as watcher:
        async for arrival in watcher:
            try:
                …                                       # take it; the work may go on in another task
            finally:
                watcher.done(arrival)                   # or postpone(arrival, file) for one missing or unsettled

An arrival is told once until `done` or `postpone` is called for it; a file that is still in `incoming` after `done`
(the store was away, the disk full) is told again by the next rescan. A file renamed into place is told at once; one
written in place when it has been unchanged for `SETTLE_S` and nobody holds it open for writing. Everything but the
listing of folders, which a thread does, runs on the event loop.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from asyncinotify import Mask, Watch

from spool.ears import TURN_S, Ears
from spool.errors import operating_system
from spool.folders import INCOMING, Spool, is_name
from spool.listing import Found, Key, ends_within_a_line, is_held, is_hidden, is_job, listing, look, same_name

SETTLE_S: Final = 2.0
"""A file written in place counts as complete when it has been unchanged for so long."""
RESCAN_S: Final = 60.0
"""Behind inotify: network file systems tell nothing of what other machines write, and a failed job is tried again."""
DATA_WAIT_S: Final = 60.0
"""How long a job waits for a file that it names."""

_FILES: Final = Mask.CREATE | Mask.OPEN | Mask.CLOSE_WRITE | Mask.MOVED_TO | Mask.ONLYDIR | Mask.DONT_FOLLOW
_ACCOUNTS: Final = Mask.CREATE | Mask.MOVED_FROM | Mask.MOVED_TO | Mask.ONLYDIR
# Plain numbers: an enumeration's `&` costs a call for each event of a flood.
_OVERFLOW, _FOLDER, _ENDED = int(Mask.Q_OVERFLOW), int(Mask.ISDIR), int(Mask.IGNORED)
_OPENED, _MADE, _HERE, _AWAY = int(Mask.OPEN), int(Mask.CREATE), int(Mask.MOVED_TO), int(Mask.MOVED_FROM)


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
    patient: bool = False
    """It was quiet once, and has been waited for once more."""


@dataclass(slots=True)
class _Waiting:
    """A job that waits for a file it names."""

    file: str
    timer: asyncio.TimerHandle


class Watcher:
    """One watch over one spool; used once. See the module."""

    def __init__(
        self,
        spool: Spool,
        *,
        settle_s: float = SETTLE_S,
        rescan_s: float = RESCAN_S,
        data_wait_s: float = DATA_WAIT_S,
        stray: Callable[[Key, str], None] | None = None,
        seen: Callable[[str, str | None], None] | None = None,
    ) -> None:
        """`stray` is called once for each file that lies there for minutes, is no job, and that no job names. `seen` is
        told of each account at each look why its folder cannot be read, or None when it can."""
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
        self._created: set[Key] = set()
        """Just made; an opening that follows is its writer's."""
        self._held: set[Key] = set()
        """Made here and not closed since, where the system does not say who holds a file open."""
        self._stray = stray
        self._strays: set[Key] = set()
        """Those that have been named."""
        self._rescan = asyncio.Event()
        self._ears = Ears(self._observe)
        self._top: Watch | None = None
        self._watched: dict[str, Watch] = {}
        """By account."""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to watch; what is there already is told first."""
        try:
            with operating_system(f"watching {self._spool.path / INCOMING}"):
                self._top = self._ears.watch(self._spool.path / INCOMING, _ACCOUNTS)
                await self._scan()
        except BaseException:
            await self.close()
            raise
        self._task = asyncio.create_task(self._rescans(), name="spool rescans")

    async def close(self) -> None:
        """Stops; may be called twice, or before `start`."""
        self._ears.close()
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
        """Takes note that the arrival has been dealt with; offers it again if it has changed meanwhile."""
        if self._busy.pop(arrival.key, False):
            self._offer(arrival.key)

    def postpone(self, arrival: Arrival, file: str) -> None:
        """Announces the arrival again when `file`, itself or one that it names, has come and is quiet.

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
            self._wanted.setdefault(_same(data), set()).add(key)
            # It is there when it came between the caller's look and now, or is being written over.
            if data not in self._settling and look(self._path(data)) is not None:
                self._settle(data)

    def look_again(self) -> None:
        """Lists every folder now."""
        self._rescan.set()

    def settled(self, account: str, name: str) -> bool:
        """Returns whether nobody is seen writing this file. May be asked from any thread."""
        key = account, name
        return key not in self._settling and not is_held(self._path(key))

    # ------------------------------------------------------------------------------------------------- what is observed

    def _observe(self, watch: Watch | None, mask: int, name: str) -> None:
        if mask & _OVERFLOW:
            self._held.clear()  # who has closed his file since, nobody knows
            self._rescan.set()
        elif watch is None:
            return  # of an account that is gone
        elif watch is self._top:
            if mask & _FOLDER and is_name(name):
                if mask & _AWAY and name in self._watched:
                    self._ears.leave(self._watched.pop(name))
                self._rescan.set()
        elif mask & _ENDED:
            self._ears.forget(watch)
            if self._watched.get(watch.path.name) is watch:
                del self._watched[watch.path.name]
        elif name and not mask & _FOLDER:
            self._seen((watch.path.name, name), mask)

    def _seen(self, key: Key, mask: int) -> None:
        if is_hidden(key[1]):
            return
        if mask & _OPENED:
            if key in self._created:
                self._held.add(key)
            return
        if mask & _MADE:
            self._created.add(key)
        else:
            self._created.discard(key)
            self._held.discard(key)
        if mask & _HERE and (not (is_job(key[1]) or _same(key) in self._wanted) or not is_held(self._path(key))):
            self._complete(key)
        else:
            self._settle(key)

    def _settle(self, key: Key, *, patient: bool = False) -> None:
        """(Re)starts the wait for a file to be quiet."""
        self._unsettle(key)
        timer = asyncio.get_running_loop().call_later(self._settle_s, self._look_again, key)
        self._settling[key] = _Settling(look(self._path(key)), timer, patient)

    def _unsettle(self, key: Key) -> None:
        if settling := self._settling.pop(key, None):
            settling.timer.cancel()

    def _look_again(self, key: Key) -> None:
        settling = self._settling.pop(key)
        path = self._path(key)
        self._created.discard(key)
        now = look(path)
        if now is None:
            self._held.discard(key)  # gone
        elif now != settling.look or self._is_held(key, path):
            self._settle(key)
        elif not settling.patient and ends_within_a_line(path):
            self._settle(key, patient=True)
        else:
            self._complete(key)

    def _is_held(self, key: Key, path: Path) -> bool:
        """Whether its writer still has the file open: as the system says, else as its events tell."""
        held = is_held(path)
        return key in self._held if held is None else held

    def _complete(self, key: Key) -> None:
        """Announces a job whose file is whole, and every job that waits for this file."""
        self._unsettle(key)
        if is_job(key[1]):
            self._offer(key)
            return
        for job in sorted(self._wanted.get(_same(key), ())):
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
            data = _same((key[0], waiting.file))
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
            if account not in self._watched:
                try:
                    self._watched[account] = self._ears.watch(folder / account, _FILES)
                except FileNotFoundError:
                    continue  # removed since
                except OSError as error:  # this one's alone
                    troubles[account] = error.strerror or str(error)
        # Listed after the watches stand, so that nothing falls between.
        listed, unlisted = await asyncio.to_thread(listing, folder, list(self._watched), self._settle_s)
        for account, trouble in (troubles | unlisted).items():
            if self._account_seen is not None:
                self._account_seen(account, trouble)
        until = time.monotonic() + TURN_S
        for found in listed:
            self._find(found)
            if time.monotonic() > until:
                await asyncio.sleep(0)
                until = time.monotonic() + TURN_S

    def _find(self, found: Found) -> None:
        key = found.key
        if found.stray:
            self._name_stray(key)
        if key in self._busy or key in self._settling or key in self._waiting:
            return
        if found.old and not is_job(key[1]) and _same(key) not in self._wanted:
            return  # a list that no job has asked for, or a stray
        if not found.old or is_held(self._path(key)):
            self._settle(key)
        else:
            self._complete(key)

    def _name_stray(self, key: Key) -> None:
        """Says of a file once why it lies there for minutes: its writer has it open, or it is nobody's."""
        held = key in self._settling
        if key in self._strays or self._stray is None or (is_job(key[1]) and not held):
            return
        if held or _same(key) not in self._wanted:
            self._strays.add(key)
            self._stray(key, "held_open" if held else "stray")

    def _path(self, key: Key) -> Path:
        return self._spool.path / INCOMING / key[0] / key[1]


def _accounts(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(e.name for e in entries if is_name(e.name) and e.is_dir(follow_symlinks=False))


def _same(key: Key) -> Key:
    return key[0], same_name(key[1])

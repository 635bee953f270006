"""What lies in `incoming`: which names are jobs, which nobody looks at, which files are quiet, and strays."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

Key = tuple[str, str]
"""Account and file name."""

STRAY_S: Final = 300.0
"""A file that no job names, and that is no job, is a stray once it has lain there for so long."""

_TEXTS: Final = frozenset({"", ".csv", ".txt", ".tsv", ".tab", ".prn", ".lst", ".dat"})
"""Suffixes of lists as text."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file of a listing; `old` when it has been unchanged for long enough, `stray` when for minutes."""

    key: Key
    old: bool
    stray: bool = False


def is_hidden(name: str) -> bool:
    """Returns whether writers write under such names."""
    return name.startswith(".") or name.lower().endswith((".tmp", ".part"))


def is_job(name: str) -> bool:
    """Returns whether a file of this name is a job; programs of DOS write capitals."""
    return name.lower().endswith(".json")


def same_name(name: str) -> str:
    """Returns the form in which names are compared: a Mac writes accents as letters of their own."""
    return unicodedata.normalize("NFC", name)


def look(path: Path) -> tuple[int, int] | None:
    """Returns size and time of change (ns) of what is there; None for nothing, or a folder."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return None if stat.S_ISDIR(status.st_mode) else (status.st_size, status.st_mtime_ns)


def is_held(path: Path) -> bool | None:
    """Returns whether somebody has the file open for writing; None where the system does not say.

    A lease for reading is granted only where there is no writer (fcntl(2)). It takes the file's owner or CAP_LEASE, and
    a local file system.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # A writer that comes just now breaks the lease with a signal: one that is ignored, not SIGIO, which kills.
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None
    else:
        with suppress(OSError):
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return False
    finally:
        os.close(fd)


def ends_within_a_line(path: Path) -> bool:
    """Returns whether a list as text ends without a line break: its writer may not have come to the end."""
    if path.suffix.lower() not in _TEXTS:
        return False
    try:
        # Neither followed nor waited for: a pipe, or a lease of its owner's, would keep us.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or not status.st_size:
            return False
        return os.pread(fd, 1, status.st_size - 1) not in {b"\n", b"\r", b"\x1a", b"\0"}
    except OSError:
        return False
    finally:
        os.close(fd)


def listing(folder: Path, names: list[str], settle_s: float) -> tuple[list[Found], dict[str, str]]:
    """Returns every file of these accounts, the oldest of each first, one of each in turn; and by account, why one
    cannot be listed."""
    troubles: dict[str, str] = {}
    found = sorted(_walk(folder, names, settle_s, troubles), key=lambda pair: pair[0])
    places: Counter[str] = Counter()
    ranked: list[tuple[int, Found]] = []
    for _, one in found:
        ranked.append((places[one.key[0]], one))
        places[one.key[0]] += 1
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])], troubles


def _walk(folder: Path, names: list[str], settle_s: float, troubles: dict[str, str]) -> Iterator[tuple[int, Found]]:
    now = time.time()
    for account in names:
        try:
            entries = list(os.scandir(folder / account))
        except FileNotFoundError:
            continue
        except OSError as error:
            troubles[account] = error.strerror or str(error)
            continue
        for entry in entries:
            if is_hidden(entry.name):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if not stat.S_ISDIR(status.st_mode):
                # A time in the future tells nothing: the timer decides.
                age = now - status.st_mtime
                # Changed long ago elsewhere and moved here just now, it is new here.
                stray = min(age, now - status.st_ctime) >= STRAY_S
                yield status.st_mtime_ns, Found((account, entry.name), age >= 0 and age >= settle_s, stray)


def nearest(names: list[str], wanted: str) -> str | None:
    """Returns the name that differs from the wanted one by what people do not see: case, blanks, accents."""
    form = _shape(wanted)
    return next((name for name in sorted(names) if _shape(name) == form and not is_hidden(name)), None)


def _shape(name: str) -> str:
    """A name without case, blanks, a folder before it, and all that is no plain letter, digit or dot."""
    try:
        name.encode()
    except UnicodeEncodeError:  # of a system that writes names in one byte a letter
        name = os.fsencode(name).decode("cp1252", "replace")
    plain = unicodedata.normalize("NFKD", name.replace("\\", "/").rpartition("/")[2]).casefold()
    ascii_only = "".join(letter for letter in plain if letter.isascii() and not letter.isspace())
    return ascii_only.removesuffix(".txt") or plain

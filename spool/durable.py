"""Files that survive a power cut: written aside, fsynced, given their name, then the folder fsynced.

Everything works on directory handles, so that a folder swapped for a link in the middle leads nowhere else.
"""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

FOLDER_MODE: Final = 0o2770
"""Folders of an account: its group reads and writes, new files inherit the group, others see nothing."""

FILE_MODE: Final = 0o660

FAILPOINT: Final = "gatewayd.failpoint"
"""The audit event at each place where the fault harness may end the process; unheard, it does nothing."""

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK: Final = 1 << 20

_UNOPENED: Final = frozenset({errno.ENOENT, errno.ELOOP, errno.EACCES, errno.EPERM, errno.ENXIO, errno.ENOTDIR})
"""How a link, a socket, or a file that is kept from us answers being opened."""

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_RENAME_NOREPLACE: Final = 1

_SETTLED: Final[set[tuple[int, int]]] = set()
"""Folders (device, inode) whose own names are known to be durable; forgotten when they are many."""
_SETTLED_MAX: Final = 4096


@contextmanager
def open_folder(root: Path, *parts: str, create: bool = False) -> Iterator[int]:
    """A handle of `root/parts…`, no part of which may be a link; with `create`, missing parts are made durably."""
    # The root alone may be reached through links: the configuration names it, not a stranger.
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            try:
                inner = os.open(part, _DIRECTORY, dir_fd=fd)
            except FileNotFoundError:
                if not create:
                    raise
                made = make_folder(fd, part)
                inner = os.open(part, _DIRECTORY, dir_fd=fd)
            else:
                made = False
            above, fd = fd, inner
            try:
                if create:
                    _settle(above, inner, synced=made)
            finally:
                os.close(above)
        yield fd
    finally:
        os.close(fd)


def _settle(parent: int, folder: int, *, synced: bool) -> None:
    """Syncs `parent` unless the name of `folder` in it is known to be durable: a crash, or somebody else, may have made
    it and not synced it, and what is written below would go with it."""
    status = os.fstat(folder)
    key = status.st_dev, status.st_ino
    if key not in _SETTLED:
        if not synced:
            os.fsync(parent)
        if len(_SETTLED) >= _SETTLED_MAX:
            _SETTLED.clear()
        _SETTLED.add(key)


def make_folder(parent: int, name: str, mode: int = FOLDER_MODE) -> bool:
    """Makes folder `name` in the folder open as `parent`, durably; False when it was there."""
    try:
        os.mkdir(name, mode & 0o777, dir_fd=parent)
    except FileExistsError:
        return False
    # mkdir obeys the process's umask and drops setgid; the spool's rule is its own.
    fd = os.open(name, _DIRECTORY, dir_fd=parent)
    try:
        give(fd, os.fstat(parent).st_gid)
        os.fchmod(fd, mode)
    finally:
        os.close(fd)
    os.fsync(parent)
    return True


def give(fd: int, gid: int) -> None:
    """Makes what is open as `fd` the group's. Where this process may not, it stays as it is: `findings` says so."""
    status = os.fstat(fd)
    if status.st_gid == gid:
        return
    try:
        os.fchown(fd, -1, gid)
    except PermissionError:
        return
    # A change of group clears setgid.
    os.fchmod(fd, stat.S_IMODE(status.st_mode))


def entries(folder: int) -> list[str]:
    """Returns the names in a folder, sorted."""
    return sorted(os.listdir(folder))


def write_all(fd: int, data: bytes) -> None:
    """Writes every byte; os.write may stop short on a full disk before it says so."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def create_file(folder: int, name: str) -> int:
    """Returns a new file open for writing, with the spool's mode; one of that name left by a crash is removed first."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        fd = os.open(name, flags, FILE_MODE, dir_fd=folder)
    except FileExistsError:
        os.unlink(name, dir_fd=folder)
        fd = os.open(name, flags, FILE_MODE, dir_fd=folder)
    try:
        give(fd, os.fstat(folder).st_gid)
        os.fchmod(fd, FILE_MODE)
    except OSError:
        os.close(fd)
        os.unlink(name, dir_fd=folder)
        raise
    return fd


@contextmanager
def _written_aside(folder: int, name: str, chunks: Iterable[bytes]) -> Iterator[str]:
    """The name of a hidden file in `folder` that holds `chunks` and is fsynced; removed at the end, however it ends."""
    aside = f".{name}.tmp"
    try:
        fd = create_file(folder, aside)
    except (IsADirectoryError, PermissionError):
        # Somebody's folder, or a file that cannot be removed, has the name: it keeps it.
        aside = f".{secrets.token_hex(8)}.tmp"
        fd = create_file(folder, aside)
    try:
        try:
            for chunk in chunks:
                write_all(fd, chunk)
            os.fsync(fd)
        finally:
            os.close(fd)
        sys.audit(FAILPOINT, "spool.aside")
        yield aside
    finally:
        with suppress(OSError):
            os.unlink(aside, dir_fd=folder)


def replace(folder: int, name: str, chunks: Iterable[bytes]) -> None:
    """Gives `name` in `folder` new content at once; readers see the old or the new file, whole.

    A folder that has the name is moved beside it.
    """
    with _written_aside(folder, name, chunks) as aside:
        try:
            os.rename(aside, name, src_dir_fd=folder, dst_dir_fd=folder)
        except IsADirectoryError:
            os.rename(name, f"{name}~{secrets.token_hex(4)}", src_dir_fd=folder, dst_dir_fd=folder)
            os.rename(aside, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)


def rename_new(name: str, target: str, source_folder: int, target_folder: int) -> None:
    """Renames to a name that nothing has; FileExistsError otherwise (renameat2(2), RENAME_NOREPLACE)."""
    arguments = source_folder, os.fsencode(name), target_folder, os.fsencode(target), _RENAME_NOREPLACE
    if _LIBC.renameat2(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def publish(folder: int, name: str, chunks: Iterable[bytes]) -> bool:
    """Makes the immutable file `name` in `folder`; False when it is there with the same bytes.

    FileExistsError when it is there with other bytes.
    """
    with _written_aside(folder, name, chunks) as aside:
        try:
            os.link(aside, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
            new = True
        except FileExistsError:
            if not same_bytes(folder, aside, folder, name):
                raise
            new = False
        sys.audit(FAILPOINT, "spool.published")
    # Also for a file that was there: a crash may have come before the folder was synced.
    os.fsync(folder)
    return new


def open_file(folder: int, name: str) -> int:
    """Opens an existing file for reading without following links and without ever blocking (FIFOs)."""
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=folder)


def read_file(folder: int, name: str, limit: int) -> bytes:
    """Returns what a regular file holds; OSError (EFBIG) for more than `limit` bytes, OSError (EINVAL) for what is no
    regular file. Never blocks, never follows a link."""
    fd = open_file(folder, name)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), name)
        chunks: list[bytes] = []
        left = limit + 1
        while left and (chunk := os.read(fd, min(left, _CHUNK))):
            chunks.append(chunk)
            left -= len(chunk)
    finally:
        os.close(fd)
    if not left:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), name)
    return b"".join(chunks)


def same_bytes(folder: int, name: str, other_folder: int, other_name: str) -> bool:
    """Returns whether two files are regular and hold the same bytes; False when either cannot be opened as such."""
    try:
        one = open_file(folder, name)
    except OSError as error:
        if error.errno in _UNOPENED:
            return False
        raise
    try:
        try:
            two = open_file(other_folder, other_name)
        except OSError as error:
            if error.errno in _UNOPENED:
                return False
            raise
        try:
            return _same_content(one, two)
        finally:
            os.close(two)
    finally:
        os.close(one)


def _same_content(one: int, two: int) -> bool:
    first, second = os.fstat(one), os.fstat(two)
    if not (stat.S_ISREG(first.st_mode) and stat.S_ISREG(second.st_mode)) or first.st_size != second.st_size:
        return False
    while True:
        # Regular files: a read is short at the end only, so equal files read equal chunks.
        chunk = os.read(one, _CHUNK)
        if chunk != os.read(two, _CHUNK):
            return False
        if not chunk:
            return True


def sync_file(folder: int, name: str) -> None:
    fd = open_file(folder, name)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

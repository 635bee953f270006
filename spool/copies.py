"""Copies of the files that writers leave in `incoming`: what may be copied, and what tells a file from a newer one."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from spool import durable
from spool.errors import SpoolGoneError, SpoolUnsettledError
from spool.folders import INTAKE, Spool

_CHUNK: Final = 1 << 20
_ZEROS: Final = memoryview(bytes(_CHUNK))


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a file from a newer one of the same name."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Copy:
    """One file's copy in the private folder; `sha256` in hex."""

    name: str
    """As the job writes it."""
    identity: Identity
    sha256: str
    lies_as: str | None = None
    """Name of the original in `incoming`, where it is written otherwise."""


def look(folder: int, name: str) -> os.stat_result:
    """Returns what is there under `name`, without following links; SpoolGoneError for nothing."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        raise SpoolGoneError(name) from None


def obstacle_of(status: os.stat_result, limit: int, too_large: str) -> str | None:
    """Returns the kind of the error that keeps a file from being copied (`too_large`: that for its size), or None."""
    if not stat.S_ISREG(status.st_mode):
        return "file_not_regular"
    if status.st_nlink != 1:
        return "file_linked"
    if status.st_size > limit:
        return too_large
    return None


def copy_file(
    source: int, name: str, target: int, limit: int, too_large: str, *, under: str | None = None
) -> Copy | str:
    """Copies `name` between two folders, there as `under`; answers the kind of an error when the file may not be taken.

    Not synced: until the store has the job the copy is worth nothing, and `commit` syncs before anything is removed.
    """
    try:
        fd = durable.open_file(source, name)
    except FileNotFoundError:
        raise SpoolGoneError(name) from None
    except PermissionError:
        return "file_denied"
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:
            return "file_not_regular"  # swapped for a link or a socket since we looked
        raise
    try:
        status = os.fstat(fd)
        if obstacle := obstacle_of(status, limit, too_large):
            return obstacle
        digest = _pour(fd, target, under or name, status.st_size)
        if digest is None or Identity.of(os.fstat(fd)) != Identity.of(status):
            raise SpoolUnsettledError(name)
        return Copy(under or name, Identity.of(status), digest, name if under not in {None, name} else None)
    finally:
        os.close(fd)


def _pour(source: int, folder: int, name: str, size: int) -> str | None:
    """Copies `size` bytes, holes as holes, and answers their SHA-256; None when there are more or fewer."""
    digest, at = hashlib.sha256(), 0
    target = durable.create_file(folder, name)
    try:
        while at < size:
            begin = _data_from(source, at, size)
            _hash_zeros(digest, begin - at)
            at = begin
            until = min(os.lseek(source, at, os.SEEK_HOLE), size) if at < size else size
            while at < until:
                chunk = os.pread(source, min(_CHUNK, until - at), at)
                if not chunk:
                    return None
                digest.update(chunk)
                os.lseek(target, at, os.SEEK_SET)
                durable.write_all(target, chunk)
                at += len(chunk)
        os.ftruncate(target, size)
    finally:
        os.close(target)
    # One byte more than the size is asked for, so that a file that grew meanwhile shows.
    return None if os.pread(source, 1, size) else digest.hexdigest()


def _data_from(fd: int, at: int, size: int) -> int:
    """Where the next bytes begin that are no hole; `size` when only a hole is left."""
    try:
        return min(os.lseek(fd, at, os.SEEK_DATA), size)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return size
        raise


def _hash_zeros(digest: hashlib._Hash, count: int) -> None:
    while count > 0:
        digest.update(_ZEROS[:count])
        count -= _CHUNK


def clear(spool: Spool, account: str, folder: str) -> None:
    """Removes a private folder and the copies in it; one that is gone already is fine."""
    with durable.open_folder(spool.path, INTAKE, account) as intake, suppress(FileNotFoundError):
        with durable.open_folder(spool.path, INTAKE, account, folder) as private:
            for name in durable.entries(private):
                os.unlink(name, dir_fd=private)
        os.rmdir(folder, dir_fd=intake)


def give(spool: Spool, account: str, folder: str, names: Iterable[str], gid: int) -> None:
    """Makes a private folder and the copies in it the group's, and durable: they are about to be the account's."""
    with durable.open_folder(spool.path, INTAKE, account, folder) as private:
        for name in names:
            fd = durable.open_file(private, name)
            try:
                durable.give(fd, gid)
                os.fsync(fd)
            finally:
                os.close(fd)
        durable.give(private, gid)
        os.fsync(private)

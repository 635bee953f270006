"""The folders of the spool: their names, their rights, the daemon's lock, and what is wrong with them."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from spool import durable
from spool.durable import FOLDER_MODE, make_folder, open_folder
from spool.errors import SpoolError, SpoolLockedError, SpoolMisconfiguredError, operating_system
from spool.listing import is_job, listing
from spool.messages import text

INCOMING: Final = "incoming"
ACCEPTED: Final = "accepted"
REJECTED: Final = "rejected"
RECEIPTS: Final = "receipts"
INBOX: Final = "inbox"
INTAKE: Final = ".intake"
LOCK: Final = ".lock"
GLANCES: Final = 10
"""Tries for the lock, 20 ms apart: whoever looks whether it is held has it for a moment."""
UNMATCHED: Final = "_unmatched"

FOLDERS: Final = (INCOMING, ACCEPTED, REJECTED, RECEIPTS, INBOX)

_TOP_MODE: Final = 0o2751
"""Others may pass through to an account's folder whose group they are in, but not list what there is."""

_PRIVATE_MODE: Final = 0o700
_STRAYS_SHOWN: Final = 10
"""Names in one finding."""
_PROBE: Final = ".probe.tmp"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def is_name(name: str) -> bool:
    """Returns whether `name` may be an account's or a job's."""
    return _NAME.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the folders: where, what, and what to do about it."""

    path: Path
    message: str
    remedy: str


class SpoolLock:
    """The daemon's exclusive hold on a spool; the kernel lets go of it when the process ends, however it ends."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Spool:
    """A spool by its path. Holds no handle, so it travels to worker processes."""

    path: Path

    def folder(self, kind: str, account: str | None = None, job: str | None = None) -> Path:
        """Returns the path of one of the folders; ValueError for names that may not be."""
        path = self.path / kind
        if account is not None:
            if not is_name(account) and not (kind == INBOX and account == UNMATCHED):
                raise ValueError(f"not an account's name: {account!r}")
            path /= account
        if job is not None:
            if not is_name(job):
                raise ValueError(f"not a job's name: {job!r}")
            path /= job
        return path

    def open(
        self, kind: str, account: str | None = None, job: str | None = None, *, create: bool = False
    ) -> AbstractContextManager[int]:
        """Returns a handle of one of the folders, reached without following links."""
        path = self.folder(kind, account, job)
        return open_folder(self.path, *path.relative_to(self.path).parts, create=create)

    def create(self) -> None:
        """Makes the folders that are missing; those that are there stay as they are."""
        with operating_system(str(self.path)):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open_folder(self.path.parent) as parent:
                make_folder(parent, self.path.name, _TOP_MODE)
            with open_folder(self.path) as root:
                for name in FOLDERS:
                    make_folder(root, name, _TOP_MODE)
                make_folder(root, INTAKE, _PRIVATE_MODE)
            with open_folder(self.path, INBOX) as inbox:
                make_folder(inbox, UNMATCHED)

    def create_account(self, name: str, gid: int | None = None) -> None:
        """Makes an account's folders; with `gid`, that group owns them. ValueError for a name that may not be."""
        if not is_name(name):
            raise ValueError(f"not an account's name: {name!r}")
        self.create()
        with operating_system(str(self.path)):
            # `incoming` last: once it appears the account exists and the watcher looks into it.
            for kind in (ACCEPTED, REJECTED, RECEIPTS, INBOX, INCOMING):
                with open_folder(self.path, kind) as parent:
                    make_folder(parent, name)
                    if gid is not None:
                        os.chown(name, -1, gid, dir_fd=parent, follow_symlinks=False)
                        # A change of group clears setgid.
                        os.chmod(name, FOLDER_MODE, dir_fd=parent)

    def accounts(self) -> list[str]:
        """Returns the accounts that have a folder in `incoming`, sorted."""
        with operating_system(str(self.path)), os.scandir(self.path / INCOMING) as entries:
            return sorted(e.name for e in entries if is_name(e.name) and e.is_dir(follow_symlinks=False))

    def is_held(self) -> bool | None:
        """Returns whether a daemon holds the spool, one that is starting as well; None where this user may not know."""
        try:
            lock = os.open(self.path / LOCK, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(lock)
        return False

    def lock(self) -> SpoolLock:
        """Takes the spool for this process; SpoolLockedError when another has it."""
        path = self.path / LOCK
        with operating_system(str(path)):
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            _lock(fd)
        except BlockingIOError:
            holder = os.read(fd, 32).decode("ascii", "replace").strip()
            os.close(fd)
            raise SpoolLockedError(f"{path}: held by another daemon (process {holder or '?'})") from None
        except OSError as error:
            os.close(fd)
            raise SpoolMisconfiguredError(f"{path}: cannot be locked: {error.strerror}") from error
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        return SpoolLock(fd)

    def verify(self) -> dict[str, str]:
        """Tries whether files can be moved into every folder; returns what is wrong with those of accounts, by
        "kind/account". SpoolMisconfiguredError where a folder lies on another file system.

        Moves a probe through them: two mounts of one file system have one device number, yet refuse a rename. Only
        under the lock.
        """
        troubles: dict[str, str] = {}
        with self.open(INTAKE) as intake:
            for kind, account in self._account_folders():
                try:
                    with self.open(kind, account) as folder:
                        _move_through(intake, folder)
                except OSError as error:
                    if error.errno == errno.EXDEV:
                        message = f"{kind}/{account}: files cannot be moved here: {error.strerror}"
                        raise SpoolMisconfiguredError(message) from error
                    troubles[f"{kind}/{account}"] = error.strerror or str(error)
        return troubles

    def _account_folders(self) -> Iterator[tuple[str, str]]:
        for kind in FOLDERS:
            with os.scandir(self.path / kind) as entries:
                names = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
            yield from ((kind, n) for n in names if is_name(n) or (kind == INBOX and n == UNMATCHED))

    def findings(self, locale: str = "es") -> list[Finding]:
        """Yields everything wrong with permissions and folders, as the calling user sees it; changes nothing."""
        return list(_inspect(self, locale))


def _move_through(intake: int, folder: int) -> None:
    """Moves an empty file into `folder` and removes it. What has the probe's name already stays."""
    # Of one name where possible, so that what a crash leaves of it goes with the next look.
    for probe in (_PROBE, f".probe-{secrets.token_hex(8)}.tmp"):
        with operating_system(f"{INTAKE}/{probe}"):
            os.close(durable.create_file(intake, probe))
        try:
            os.rename(probe, probe, src_dir_fd=intake, dst_dir_fd=folder)
        except IsADirectoryError:
            continue
        finally:
            for place in (intake, folder):
                with suppress(OSError):
                    os.unlink(probe, dir_fd=place)
        return


def _inspect(spool: Spool, locale: str) -> Iterator[Finding]:
    root = _Look(spool.path, locale)
    yield from root.faults(needs=os.R_OK | os.X_OK)
    if root.status is None:
        return
    for name in (*FOLDERS, INTAKE):
        top = _Look(spool.path / name, locale)
        yield from top.faults(needs=os.R_OK | os.W_OK | os.X_OK, device=root.status.st_dev)
        if top.status is None or name == INTAKE:
            continue
        try:
            names = sorted(os.listdir(top.path))  # noqa: PTH208 - names, not paths
        except OSError:
            continue  # told above
        for inner in names:
            path = top.path / inner
            if not is_name(inner) and not (name == INBOX and inner == UNMATCHED):
                yield Finding(path, text("check_name", locale, {}), text("check_name_remedy", locale, {}))
                continue
            yield from _Look(path, locale).faults(
                needs=os.R_OK | os.W_OK | os.X_OK, device=root.status.st_dev, account=True
            )
    for account in _listed(spool):
        missing = [kind for kind in (ACCEPTED, REJECTED, RECEIPTS, INBOX) if not (spool.path / kind / account).exists()]
        if missing:
            values = {"folders": ", ".join(f"{kind}/{account}" for kind in missing), "account": account}
            yield Finding(
                spool.path / INCOMING / account,
                text("check_missing_account", locale, values),
                text("check_account_remedy", locale, values),
            )

    yield from _strays(spool, locale)


def _strays(spool: Spool, locale: str) -> Iterator[Finding]:
    """Files in `incoming` that nothing will ever take: told together, for each account."""
    for account in _listed(spool):
        try:
            found, _ = listing(spool.path / INCOMING, [account], 0)
        except OSError:
            continue  # told above
        if any(is_job(each.key[1]) for each in found):
            continue  # which of them it names is known once it has been read
        names = [each.key[1].encode("utf-8", "backslashreplace").decode() for each in found if each.stray]
        if names:
            shown = ", ".join(names[:_STRAYS_SHOWN]) + (" …" if len(names) > _STRAYS_SHOWN else "")
            yield Finding(
                spool.path / INCOMING / account,
                text("check_stray", locale, {"names": shown}),
                text("check_stray_remedy", locale, {}),
            )


def _lock(fd: int) -> None:
    """BlockingIOError: another process has it, and not for a glance."""
    for _ in range(GLANCES):
        with suppress(BlockingIOError):
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(0.02)
    return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _listed(spool: Spool) -> list[str]:
    try:
        return spool.accounts()
    except SpoolError:
        return []  # told above


class _Look:
    """One folder, looked at without following links (the root's own path may hold some)."""

    def __init__(self, path: Path, locale: str) -> None:
        self.path = path
        self.locale = locale
        self.status: os.stat_result | None = None

    def faults(self, *, needs: int, device: int | None = None, account: bool = False) -> Iterator[Finding]:
        try:
            status = self.path.stat() if device is None else self.path.lstat()
        except FileNotFoundError:
            yield self._finding("missing")
            return
        except OSError as error:
            yield self._finding("unreachable", reason=error.strerror or str(error))
            return
        if not stat.S_ISDIR(status.st_mode):
            yield self._finding("not_folder")
            return
        self.status = status
        if device is not None and status.st_dev != device:
            yield self._finding("device")
        if not os.access(self.path, needs, effective_ids=True):
            yield self._finding("access")
        if status.st_mode & stat.S_IWOTH:
            yield self._finding("world")
        if account and (status.st_mode & FOLDER_MODE) != FOLDER_MODE:
            yield self._finding("mode", mode=f"{status.st_mode & 0o7777:04o}")

    def _finding(self, kind: str, **values: str) -> Finding:
        values["path"] = str(self.path)
        return Finding(
            self.path,
            text(f"check_{kind}", self.locale, values),
            text(f"check_{kind}_remedy", self.locale, values),
        )

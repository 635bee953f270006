"""Copies of a SQLite store, made while the daemon works, and put back. Synchronous; for commands.

A copy says of itself that it is one: the daemon that starts with it compares it with the spool before it sends anything
(`gatewayd.restoration`).
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import make_url

from gatewayd.store.admin import check, recognise
from gatewayd.store.connection import held
from gatewayd.store.faults import damaged, translated
from gatewayd.values.clock import now_ms
from gatewayd.values.errors import ConflictError, StoreError, UnavailableError
from gatewayd.words.translation import gettext as _


def backup(url: str, target: Path) -> int:
    """Copies a SQLite store, as it is at one instant, to the new file `target`; answers its size in bytes.

    The daemon goes on meanwhile. ConflictError when `target` is there; UnavailableError for a store on a server, whose
    own tools do this better.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database is None:
        raise UnavailableError(_("a store on PostgreSQL is backed up with pg_dump"))
    if target.exists():
        raise ConflictError(_("{path} already exists").format(path=target))
    aside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with (
            closing(sqlite3.connect(f"file:{parsed.database}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(aside)) as copied,
        ):
            aside.chmod(0o600)
            # In one step: one snapshot, however much the daemon writes meanwhile.
            source.backup(copied, pages=-1)
            # A copy says so of itself: a daemon that starts with it knows that the world has gone on.
            copied.execute("INSERT OR REPLACE INTO setting VALUES ('copied', ?)", (str(now_ms()),))
            copied.commit()
            # The copy is one file, to be moved about without a log beside it.
            copied.execute("PRAGMA journal_mode = DELETE")
            # Pages are copied unread: a copy of a damaged store would take the place of a good one.
            ((found,),) = copied.execute("PRAGMA quick_check(1)")
            if found != "ok":
                raise damaged(url, found)
        _sync(aside)
        os.link(aside, target)
        _sync(target.parent)
    except FileExistsError:
        raise ConflictError(_("{path} already exists").format(path=target)) from None
    except sqlite3.Error as error:
        raise translated(error, url, StoreError, _("the store cannot be copied: {error}")) from error
    finally:
        with suppress(FileNotFoundError):
            aside.unlink()
    return target.stat().st_size


def prove(source: Path) -> None:
    """Raises StoreError for a file that is damaged or no store of ours, SchemaError for one of a newer program."""
    if not source.is_file():
        raise StoreError(_("{path} is not a file").format(path=source))
    url = f"sqlite:///{source.absolute()}"
    try:
        ours = recognise(url)
    except StoreError as error:
        raise StoreError(_("{path} is not a store of gatewayd: {error}").format(path=source, error=error)) from error
    if not ours:
        raise StoreError(_("{path} is not a store of gatewayd").format(path=source))
    if faults := check(url):
        raise StoreError(_("{path} is damaged: {fault}").format(path=source, fault=faults[0]))


def restore(url: str, source: Path) -> Path | None:
    """Puts the copy `source` in the place of a SQLite store; answers where the old store is kept, None if none was.

    Wants the store to itself; the file should have been proven (`prove`). Where this raises, nothing has changed. A
    file without the mark of `backup` gets it: the next start compares it with the spool.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database is None:
        raise UnavailableError(_("a store on PostgreSQL is restored with pg_restore"))
    path = Path(parsed.database)
    with held(path):
        aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            _take_copy(source, aside)
            _own_as(aside, path if path.exists() else path.parent)
            kept = _put_by(path)
            aside.rename(path)
            _sync(path.parent)
        finally:
            with suppress(FileNotFoundError):
                aside.unlink()
    return kept


def _take_copy(source: Path, target: Path) -> None:
    """Copies a store that has proven whole, marked as a copy."""
    try:
        with (
            closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True)) as given,
            closing(sqlite3.connect(target)) as copied,
        ):
            given.backup(copied, pages=-1)
            copied.execute("INSERT OR REPLACE INTO setting VALUES ('copied', ?)", (str(now_ms()),))
            copied.commit()
            copied.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise StoreError(_("{path} is not a store of gatewayd: {error}").format(path=source, error=error)) from error
    _sync(target)


def _own_as(path: Path, model: Path) -> None:
    """Gives the file to the one whose store it becomes; a root's file would be closed to the service."""
    found = model.stat()
    path.chmod(0o660)
    if os.geteuid() == 0:
        os.chown(path, found.st_uid, found.st_gid)


def _put_by(path: Path) -> Path | None:
    """Moves the present store aside, its log with it: what it alone knows must not be lost."""
    if not path.exists() or not path.stat().st_size:
        return None
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    kept = path.with_name(f"{path.name}.before-restore-{stamp}")
    for suffix in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(kept.with_name(kept.name + suffix))
    return kept


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

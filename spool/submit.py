"""Putting a job into `incoming` the safe way: what it names first, under names nobody looks at, the job file last."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from spool import durable
from spool.document import JOB_FILE_LIMIT, JobDocument, parse
from spool.errors import JobFileError, SpoolConflictError, operating_system
from spool.fields import is_file_name
from spool.folders import INCOMING, Spool, is_name

_CHUNK: Final = 1 << 20


def submit(spool: Spool, file: Path, account: str) -> str:
    """Puts a job file and the files it names (from the folder it is in) into the spool; answers the job's id.

    The document is checked before anything is put: JobFileError. SpoolConflictError when a file of one of the names
    waits in `incoming` already, with other bytes.
    """
    with operating_system(str(file)):
        if file.stat().st_size > JOB_FILE_LIMIT:
            raise JobFileError("too_large", "job_too_large", file=file.name, limit=f"{JOB_FILE_LIMIT >> 20} MiB")
        data = file.read_bytes()
    document = parse(data, file.name)
    deposit(spool, account, document, data, {name: file.parent / name for name in document.files})
    return document.job


def deposit(spool: Spool, account: str, document: JobDocument, data: bytes, files: Mapping[str, Path | bytes]) -> None:
    """Puts the job `document`, as the bytes `data`, and its `files` into the spool. Durable when it returns."""
    if not is_name(account):
        raise ValueError(f"not an account's name: {account!r}")
    with operating_system(f"{INCOMING}/{account}"), spool.open(INCOMING, account) as incoming:
        for name in document.files:
            source = files[name]
            if not is_file_name(name) or (isinstance(source, Path) and not source.is_file()):
                raise JobFileError("recipients_missing", file=name)
            _put(incoming, name, [source] if isinstance(source, bytes) else _chunks(source))
        _put(incoming, f"{document.job}.json", [data])


def _put(incoming: int, name: str, chunks: Iterator[bytes] | list[bytes]) -> None:
    aside = f".{name}.{os.getpid()}.tmp"
    fd = durable.create_file(incoming, aside)
    try:
        try:
            for chunk in chunks:
                durable.write_all(fd, chunk)
            os.fsync(fd)
        finally:
            os.close(fd)
        _rename_new(incoming, aside, name)
    except BaseException:
        os.unlink(aside, dir_fd=incoming)
        raise
    os.fsync(incoming)


def _rename_new(incoming: int, aside: str, name: str) -> None:
    """Renames, unless a different file has the name. The one renamed is a single link, and is taken at once."""
    try:
        os.stat(name, dir_fd=incoming, follow_symlinks=False)
    except FileNotFoundError:
        pass
    else:
        if not durable.same_bytes(incoming, aside, incoming, name):
            raise SpoolConflictError(f"{INCOMING}: {name} is there already, with other content")
    os.rename(aside, name, src_dir_fd=incoming, dst_dir_fd=incoming)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk

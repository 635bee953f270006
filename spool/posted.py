"""Jobs that programs post: laid down in the private folder, where nobody but the daemon writes.

    taken = lay(spool, account, document, data, lists)   # copies, as `spool.intake.take` makes them of files
    …                                                    # the store records it
    commit(spool, taken, document.job)                   # `spool.intake`; or discard(spool, taken)

The private folder's name says which job it holds: where a crash came between the store's commit and the last step,
`finish` completes it at the next start; what the store does not know is cleared, and nobody was answered.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from spool import durable
from spool.copies import Copy, Identity, clear, give
from spool.document import JobDocument
from spool.errors import JobFileError, operating_system
from spool.folders import ACCEPTED, INTAKE, Spool, is_name
from spool.intake import Taken

_MARK: Final = "~"
"""Between what is random of a private folder's name and the job it holds: no job's name has it."""
_CHUNK: Final = 1 << 20


def lay(spool: Spool, account: str, document: JobDocument, data: bytes, files: Mapping[str, Path | bytes]) -> Taken:
    """Lays a job and the files it names into a private folder; JobFileError `recipients_missing` for one that is not
    in `files`."""
    folder = f"{secrets.token_hex(16)}{_MARK}{document.job}"
    file = f"{document.job}.json"
    path = spool.folder(INTAKE, account) / folder
    with (
        operating_system(str(path)),
        durable.open_folder(spool.path, INTAKE, account, folder, create=True) as private,
    ):
        try:
            job = _put(private, file, [data])
            copies = [_put(private, name, _chunks(_source(document, name, files))) for name in document.files]
        except BaseException:
            clear(spool, account, folder)
            raise
    return Taken(account, file, job.identity, folder, path, job, files=tuple(copies))


def _source(document: JobDocument, name: str, files: Mapping[str, Path | bytes]) -> Path | bytes:
    if name in files and name != f"{document.job}.json":
        return files[name]
    field = "recipients_file" if name == document.recipients_file else "attachments"
    raise JobFileError("recipients_missing", file=name, field=field)


def _put(folder: int, name: str, chunks: Iterator[bytes] | list[bytes]) -> Copy:
    digest = hashlib.sha256()
    fd = durable.create_file(folder, name)
    try:
        for chunk in chunks:
            digest.update(chunk)
            durable.write_all(fd, chunk)
        return Copy(name, Identity.of(os.fstat(fd)), digest.hexdigest())
    finally:
        os.close(fd)


def _chunks(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def unfinished(spool: Spool) -> list[tuple[str, str, str]]:
    """Returns account, job and private folder of what was posted and not yet accepted. Only under the lock."""
    found = []
    with operating_system(str(spool.path / INTAKE)), spool.open(INTAKE) as intake:
        for account in filter(is_name, durable.entries(intake)):
            try:
                with spool.open(INTAKE, account) as private:
                    names = durable.entries(private)
            except OSError:
                continue  # `spool.recovery` says so
            marked = (name.partition(_MARK) for name in names)
            found += [(account, job, f"{head}{_MARK}{job}") for head, mark, job in marked if mark and is_name(job)]
    return found


def finish(spool: Spool, account: str, job: str, folder: str) -> None:
    """Makes `accepted/<account>/<job>` of a private folder whose job the store has; one that is there already stays."""
    with (
        operating_system(f"{ACCEPTED}/{account}/{job}"),
        spool.open(ACCEPTED, account, create=True) as accepted,
        spool.open(INTAKE, account) as intake,
    ):
        if job in durable.entries(accepted):
            return
        with durable.open_folder(spool.path, INTAKE, account, folder) as private:
            names = durable.entries(private)
        give(spool, account, folder, names, os.fstat(accepted).st_gid)
        os.rename(folder, job, src_dir_fd=intake, dst_dir_fd=accepted)
        os.fsync(accepted)
        os.fsync(intake)


def drop(spool: Spool, taken: Taken) -> None:
    """Removes what was laid for a job that is not recorded; one that has gone to `accepted` already is fine."""
    with operating_system(str(taken.path)):
        clear(spool, taken.account, taken.folder)

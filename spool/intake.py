"""How a job leaves `incoming`: copied to a private folder, then accepted or refused, its originals removed last.

    taken = take(spool, account, name)              # the job file's copy
    document = read(taken)                          # JobFileError
    taken = take_files(spool, taken, document)      # copies of what it names; JobFileError `recipients_missing`
    verify(taken, document)                         # JobFileError `recipients_mismatch`
    …                                               # the store records it
    commit(spool, taken, document.job)              # or reject(spool, taken, error), or discard(spool, taken)

Until the store has committed, the originals in `incoming` are the job and the copies are nothing: a crash leaves
rubbish in the private folder, which `spool.recovery` clears, and the files are read again. After that commit the job is
in the store, and `commit` is repeated for a job found known with the same content until the originals are gone.
Everything here blocks; the records are plain values that travel between processes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final

from spool import durable, originals
from spool.copies import Copy, Identity, clear, copy_file, give, look, obstacle_of
from spool.customers import CustomersDocument
from spool.document import JOB_FILE_LIMIT, JobDocument, parse
from spool.errors import JobFileError, SpoolConflictError, SpoolGoneError, SpoolUnsettledError, operating_system
from spool.fields import NAME_LIMIT
from spool.folders import ACCEPTED, INCOMING, INTAKE, REJECTED, Spool, is_name
from spool.listing import nearest, same_name

DATA_FILE_LIMIT: Final = 1 << 30
"""Bytes of a file that a job names: a million rows of a kilobyte."""

ATTACHMENTS_LIMIT: Final = 25 << 20
"""Bytes of all files that a job attaches: they grow by a third on their way, and few servers take more than 35 MB."""

_C1: Final = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}
"""Controls that JSON lets stand as themselves, and that a terminal obeys."""

_LIST: Final = "recipients_file"

_VERSIONS: Final = 10_000
"""Files of one name kept side by side in `rejected`, before the oldest name is used again."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A job file that has been copied, or could not be; `obstacle` is then the kind of its error."""

    account: str
    name: str
    identity: Identity
    folder: str
    """Name of the private folder below `.intake/<account>`; empty when there is no copy."""
    path: Path
    """The same as a path."""
    job: Copy | None = None
    obstacle: str | None = None
    files: tuple[Copy, ...] = ()

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 (hex) by name of the files the job names, for `JobDocument.content_hash`."""
        return {copy.name: copy.sha256 for copy in self.files}


def take(spool: Spool, account: str, name: str) -> Taken:
    """Copies a job file to a private folder. What cannot be copied is told by `obstacle`, for `read` to raise.

    SpoolGoneError when there is no such file, SpoolUnsettledError when it changed meanwhile, another
    SpoolUnavailableError when the system fails.
    """
    with operating_system(f"{INCOMING}/{account}/{name}"), spool.open(INCOMING, account) as incoming:
        status = look(incoming, name)
        bare = Taken(account, name, Identity.of(status), "", spool.path)
        if obstacle := obstacle_of(status, JOB_FILE_LIMIT, "job_too_large"):
            return replace(bare, obstacle=obstacle)
        folder = secrets.token_hex(16)
        with spool.open(INTAKE, account, folder, create=True) as private:
            try:
                copy = copy_file(incoming, name, private, JOB_FILE_LIMIT, "job_too_large")
            except BaseException:
                clear(spool, account, folder)
                raise
        if isinstance(copy, str):
            clear(spool, account, folder)
            return replace(bare, obstacle=copy)
        path = spool.folder(INTAKE, account, folder)
        return Taken(account, name, copy.identity, folder, path, copy)


def read(taken: Taken) -> JobDocument:
    """Returns the copy as a document; JobFileError when the file is no job."""
    if taken.obstacle is not None:
        code = "too_large" if taken.obstacle == "job_too_large" else "json_invalid"
        raise JobFileError(code, taken.obstacle, file=taken.name, limit=f"{JOB_FILE_LIMIT >> 20} MiB")
    with operating_system(str(taken.path)):
        data = (taken.path / taken.name).read_bytes()
    return parse(data, taken.name)


def octets(spool: Spool, taken: Taken, document: JobDocument) -> int:
    """Returns how large the files that the job names are now; those that are missing count nothing."""
    total = 0
    with operating_system(f"{INCOMING}/{taken.account}"), spool.open(INCOMING, taken.account) as incoming:
        for name in document.files:
            with suppress(SpoolGoneError, JobFileError):
                total += look(incoming, _as_it_lies(incoming, name, _LIST)).st_size
    return total


def take_files(
    spool: Spool,
    taken: Taken,
    document: JobDocument | CustomersDocument,
    settled: Callable[[str, str], bool] | None = None,
    kept: Mapping[str, bytes] = MappingProxyType({}),
) -> Taken:
    """Copies the files that the job names. `kept` are those that come with its template: what lies beside the job under
    such a name is taken for them only where it holds the same.

    JobFileError `recipients_missing` (its `file` says which) when one is not there: it may still come.
    SpoolUnsettledError when one is being written, as `settled(account, name)` (the watcher's) or a change under our
    hands tells.
    """
    copies: list[Copy] = []
    with (
        operating_system(f"{INCOMING}/{taken.account}"),
        spool.open(INCOMING, taken.account) as incoming,
        spool.open(INTAKE, taken.account, taken.folder) as private,
    ):
        room = ATTACHMENTS_LIMIT
        for name in document.files:
            field = _field(document, name)
            if name in kept:
                copies.append(_kept(incoming, private, name, kept[name]))
                continue
            limit, kind = (DATA_FILE_LIMIT, "too_many_bytes") if field == _LIST else (room, "attachment_large")
            there = _as_it_lies(incoming, name, field)
            status = look(incoming, there)
            if settled is not None and not settled(taken.account, there):
                raise SpoolUnsettledError(there)
            copy: Copy | str
            copy = obstacle_of(status, limit, kind) or copy_file(incoming, there, private, limit, kind, under=name)
            if isinstance(copy, str):
                code = "too_large" if copy == kind else "recipients_unreadable"
                shown = DATA_FILE_LIMIT if field == _LIST else ATTACHMENTS_LIMIT
                raise JobFileError(code, copy, file=name, field=field, limit=f"{shown >> 20} MiB")
            if field != _LIST:
                room -= copy.identity.size
            copies.append(copy)
    return replace(taken, files=tuple(copies))


def _kept(incoming: int, private: int, name: str, data: bytes) -> Copy:
    """Lays a file of a template into the private folder; the same file beside the job goes with it (one that is read
    again after a restore)."""
    with suppress(SpoolGoneError, OSError):
        copy = copy_file(incoming, name, private, len(data), "attachment_large")
        if isinstance(copy, Copy) and copy.sha256 == hashlib.sha256(data).hexdigest():
            return copy
    fd = durable.create_file(private, name)
    try:
        durable.write_all(fd, data)
        return Copy(name, Identity.of(os.fstat(fd)), hashlib.sha256(data).hexdigest())
    finally:
        os.close(fd)


def _as_it_lies(incoming: int, name: str, field: str) -> str:
    """The name of a file as the folder has it: accents may be written in two ways. JobFileError where it is not there,
    which names the one that looks like it."""
    with suppress(SpoolGoneError):
        look(incoming, name)
        return name
    names = durable.entries(incoming)
    if same := next((each for each in sorted(names) if same_name(each) == same_name(name)), None):
        return same
    near = nearest(names, name)
    if near is None:
        raise JobFileError("recipients_missing", file=name, field=field)
    raise JobFileError("recipients_missing", "recipients_near", file=name, field=field, near=near)


def verify(taken: Taken, document: JobDocument | CustomersDocument) -> None:
    """Raises JobFileError `recipients_mismatch` when the list taken is not the one that the job expects."""
    wanted, listed = document.recipients_sha256, document.recipients_file
    if wanted and listed and taken.hashes[listed] != wanted:
        raise JobFileError("recipients_mismatch", "mismatch_sha256", file=listed, field="recipients_sha256")


def _field(document: JobDocument | CustomersDocument, name: str) -> str:
    return _LIST if name == document.recipients_file else "attachments"


def commit(spool: Spool, taken: Taken, job: str) -> Path:
    """Makes `accepted/<account>/<job>/` of the copies and removes the originals. Call it when the store has the job.

    Call it again for the same job, known with the same content: then it completes what a crash cut short. Answers the
    folder; should that name hold other files (of a store that was reset), `<job>~2` and so on, which is no job's name.
    """
    account = taken.account
    if not is_name(job) or taken.job is None:
        raise ValueError(f"not a job that was taken: {job!r}")
    with (
        operating_system(f"{ACCEPTED}/{account}/{job}"),
        spool.open(ACCEPTED, account, create=True) as accepted,
        spool.open(INTAKE, account) as intake,
    ):
        names = [copy.name for copy in (taken.job, *taken.files)]
        give(spool, account, taken.folder, names, os.fstat(accepted).st_gid)
        sys.audit(durable.FAILPOINT, "spool.accepting")
        name = _accept(spool, taken, job, intake, accepted)
        sys.audit(durable.FAILPOINT, "spool.accepted")
        os.fsync(accepted)
        os.fsync(intake)
        originals.remove(spool, account, taken.folder, (taken.job, *taken.files))
    return spool.folder(ACCEPTED, account) / name


def _accept(spool: Spool, taken: Taken, job: str, intake: int, accepted: int) -> str:
    for version in range(1, _VERSIONS):
        name = job if version == 1 else f"{job}~{version}"
        try:
            os.rename(taken.folder, name, src_dir_fd=intake, dst_dir_fd=accepted)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
                raise
            if _holds_the_same(taken, intake, name, accepted):
                clear(spool, taken.account, taken.folder)
                return name
        else:
            return name
    raise SpoolConflictError(f"{ACCEPTED}/{taken.account}/{job}: too many folders of that name")


def _holds_the_same(taken: Taken, intake: int, name: str, accepted: int) -> bool:
    assert taken.job is not None
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        there = os.open(name, flags, dir_fd=accepted)
    except OSError:
        return False  # something that is no folder
    try:
        ours = os.open(taken.folder, flags, dir_fd=intake)
        try:
            if len(durable.entries(there)) != 1 + len(taken.files):
                return False
            # The job file may have come under another name this time; what it says is what counts.
            names = set(durable.entries(there)) - {copy.name for copy in taken.files}
            if len(names) != 1 or not durable.same_bytes(ours, taken.job.name, there, names.pop()):
                return False
            return all(durable.same_bytes(ours, copy.name, there, copy.name) for copy in taken.files)
        finally:
            os.close(ours)
    finally:
        os.close(there)


def reject(spool: Spool, taken: Taken, error: JobFileError, locale: str = "es") -> Path:
    """Moves the job, with the files taken for it, to `rejected/<account>` with `<file>.error.json` beside it.

    Answers the job file's path there. A name in use gets a number: `job.2.json`, `job.2.json.error.json`.
    """
    account = taken.account
    with operating_system(f"{REJECTED}/{account}/{taken.name}"), spool.open(REJECTED, account, create=True) as rejected:
        text = json.dumps(_printable(error.document(locale)), ensure_ascii=False, indent=2).translate(_C1) + "\n"
        if taken.job is None:
            name = _free_name(rejected, taken.name, None)
            durable.replace(rejected, f"{name}.error.json", [text.encode()])
            _move_entry(spool, taken, name, rejected)
        else:
            names = [copy.name for copy in (taken.job, *taken.files)]
            give(spool, account, taken.folder, names, os.fstat(rejected).st_gid)
            with spool.open(INTAKE, account, taken.folder) as private:
                name = _free_name(rejected, taken.name, private)
                # The reason is there before the file is: no refused file without one.
                durable.replace(rejected, f"{name}.error.json", [text.encode()])
                sys.audit(durable.FAILPOINT, "spool.refusing")
                os.rename(taken.job.name, name, src_dir_fd=private, dst_dir_fd=rejected)
                for copy in taken.files:
                    target = _free_name(rejected, copy.name, private)
                    os.rename(copy.name, target, src_dir_fd=private, dst_dir_fd=rejected)
                os.fsync(rejected)
            sys.audit(durable.FAILPOINT, "spool.refused")
            originals.remove(spool, account, taken.folder, (taken.job, *taken.files))
            clear(spool, account, taken.folder)
    return spool.folder(REJECTED, account) / name


def _printable(document: dict[str, object]) -> dict[str, object]:
    """Returns a file name, which is bytes to the kernel, as text: what is not UTF-8 becomes escapes."""
    return {
        key: value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
        for key, value in document.items()
    }


def _free_name(folder: int, name: str, source: int | None) -> str:
    """Returns a name for `name` in `folder`: itself, or with a number when that one is in use by something else.

    A file with the same bytes as `name` in `source` is a move that a crash cut short: its name is used again.
    """
    while len(os.fsencode(name)) > NAME_LIMIT:
        name = name[1:]
    path = PurePosixPath(name)
    for version in range(1, _VERSIONS):
        candidate = name if version == 1 else f"{path.stem}.{version}{path.suffix}"
        try:
            os.stat(candidate, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return candidate
        if source is not None and durable.same_bytes(source, name, folder, candidate):
            return candidate
    return name


def _move_entry(spool: Spool, taken: Taken, name: str, rejected: int) -> None:
    """Moves what could not be copied (a link, a pipe, a giant) as it is, unless another has taken its name since."""
    with spool.open(INCOMING, taken.account) as incoming:
        try:
            status = os.stat(taken.name, dir_fd=incoming, follow_symlinks=False)
        except FileNotFoundError:
            return
        if Identity.of(status) != taken.identity:
            return
        os.rename(taken.name, name, src_dir_fd=incoming, dst_dir_fd=rejected)
        os.fsync(rejected)
        os.fsync(incoming)


def withdraw(spool: Spool, taken: Taken) -> None:
    """Removes a job of the gateway's own without a trace; the caller that waits for it learns why it was refused."""
    with operating_system(f"{INCOMING}/{taken.account}/{taken.name}"):
        if taken.job is not None:
            originals.remove(spool, taken.account, taken.folder, (taken.job, *taken.files))
            clear(spool, taken.account, taken.folder)


def discard(spool: Spool, taken: Taken) -> None:
    """Forgets the copies; the originals stay and will be read again."""
    if taken.folder:
        with operating_system(str(taken.path)):
            clear(spool, taken.account, taken.folder)

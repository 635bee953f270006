"""A job that is to be read again: its files, kept in `accepted`, come back into `incoming`."""

from __future__ import annotations

import json
import os
import stat
from typing import Final

from spool import durable
from spool.document import JOB_FILE_LIMIT, parse
from spool.errors import JobFileError, operating_system
from spool.folders import ACCEPTED, INCOMING, RECEIPTS, Spool
from spool.receipts import SUMMARY

_ENDED: Final = frozenset({"done", "cancelled"})
_CHUNK: Final = 1 << 20
_SUMMARY_BYTES_MAX: Final = 1 << 20


def readmit(spool: Spool, account: str, job: str) -> bool:
    """Copies the files of an accepted job back into `incoming`, the job file last; the kept ones stay.

    False for a job that has ended, as its summary says, and where no job file of that name is kept. A file of the same
    name that waits in `incoming` is newer, and stays.
    """
    if _ended(spool, account, job):
        return False
    where = f"{ACCEPTED}/{account}/{job}"
    with (
        operating_system(where),
        spool.open(ACCEPTED, account, job) as kept,
        spool.open(INCOMING, account) as incoming,
    ):
        names = [name for name in durable.entries(kept) if _regular(kept, name)]
        order = next((name for name in names if _is_job(kept, name, job)), None)
        if order is None:
            return False
        waiting = set(durable.entries(incoming))
        for name in [*(name for name in names if name != order), order]:
            if name not in waiting:
                _copy(kept, name, incoming)
        os.fsync(incoming)
    return True


def _regular(folder: int, name: str) -> bool:
    return stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def _is_job(folder: int, name: str, job: str) -> bool:
    if not name.lower().endswith(".json"):
        return False
    try:
        return parse(durable.read_file(folder, name, JOB_FILE_LIMIT), name).job == job
    except JobFileError:
        return False


def _copy(source: int, name: str, target: int) -> None:
    aside = f".{name}.tmp"
    out = durable.create_file(target, aside)
    try:
        fd = durable.open_file(source, name)
        try:
            while chunk := os.read(fd, _CHUNK):
                durable.write_all(out, chunk)
        finally:
            os.close(fd)
        os.fsync(out)
    finally:
        os.close(out)
    os.rename(aside, name, src_dir_fd=target, dst_dir_fd=target)


def _ended(spool: Spool, account: str, job: str) -> bool:
    try:
        with spool.open(RECEIPTS, account, job) as folder:
            return json.loads(durable.read_file(folder, SUMMARY, _SUMMARY_BYTES_MAX)).get("state") in _ENDED
    except (OSError, ValueError, AttributeError):
        return False

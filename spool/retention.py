"""Removes what the spool need not keep: the receipts of jobs that ended long ago, and the files they came from."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from typing import Final

from spool import durable
from spool.errors import operating_system
from spool.folders import ACCEPTED, RECEIPTS, Spool, is_name

SUMMARY: Final = "summary.json"
SUMMARY_BYTES: Final = 64 << 10
"""Ours are a tenth of it; what is longer is somebody else's."""
_ENDED: Final = frozenset({"done", "cancelled"})


@dataclass(frozen=True, slots=True)
class Forgotten:
    jobs: int
    trouble: str | None = None
    """Why one that is old could not be removed; the others were."""


def forget_jobs(spool: Spool, account: str, before: float, limit: int = 200) -> Forgotten:
    """Removes receipts and accepted files of at most `limit` jobs whose last word was before `before` (Unix time, s).

    A job that has not ended keeps everything, whatever its age; so does a folder that holds no summary, which is not
    known to have ended. SpoolUnavailableError when the account's folder cannot be read.
    """
    forgotten, trouble = 0, None
    with operating_system(f"{RECEIPTS}/{account}"):
        try:
            with spool.open(RECEIPTS, account) as folder:
                jobs = durable.entries(folder)
        except FileNotFoundError:
            return Forgotten(0)
    for job in filter(is_name, jobs):
        if forgotten == limit:
            break
        try:
            if _ended_before(spool, account, job, before):
                _forget(spool, account, job)
                forgotten += 1
        except OSError as error:
            trouble = f"{account}/{job}: {error.strerror or error}"
    return Forgotten(forgotten, trouble)


def _ended_before(spool: Spool, account: str, job: str, before: float) -> bool:
    """Members of the account's group may write there: what is no small regular file is not even read."""
    try:
        with spool.open(RECEIPTS, account, job) as folder:
            summary = durable.open_file(folder, SUMMARY)
    except OSError:
        return False
    with os.fdopen(summary, "rb") as file:
        status = os.fstat(summary)
        if not stat.S_ISREG(status.st_mode) or status.st_mtime >= before or status.st_size > SUMMARY_BYTES:
            return False
        try:
            return json.loads(file.read(SUMMARY_BYTES)).get("state") in _ENDED
        except (ValueError, AttributeError, TypeError, RecursionError):
            return False


def _forget(spool: Spool, account: str, job: str) -> None:
    """The summary goes last, so that a crash in the middle leaves a folder that is found again."""
    _remove(spool, ACCEPTED, account, job)
    _remove(spool, RECEIPTS, account, job)


def _remove(spool: Spool, kind: str, account: str, job: str) -> None:
    try:
        with spool.open(kind, account, job) as folder:
            for name in sorted(durable.entries(folder), key=lambda name: name == SUMMARY):
                os.unlink(name, dir_fd=folder)
        with spool.open(kind, account) as parent:
            os.rmdir(job, dir_fd=parent)
    except (FileNotFoundError, NotADirectoryError):
        return

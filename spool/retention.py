"""What the spool need not keep for ever: the receipts of jobs that ended long ago, and the files they came from."""

from __future__ import annotations

import json
import os
from typing import Final

from spool import durable
from spool.errors import operating_system
from spool.folders import ACCEPTED, RECEIPTS, Spool, is_name

SUMMARY: Final = "summary.json"
_ENDED: Final = frozenset({"done", "cancelled"})


def forget_jobs(spool: Spool, before: float, limit: int = 200) -> int:
    """Removes receipts and accepted files of at most `limit` jobs whose last word was before `before` (Unix time, s).

    A job that has not ended keeps everything, whatever its age; so does a folder that holds no summary, which is not
    known to have ended. Answers how many jobs were forgotten.
    """
    forgotten = 0
    with operating_system(str(spool.path)):
        for account in spool.accounts():
            try:
                jobs = sorted(path.name for path in spool.folder(RECEIPTS, account).iterdir())
            except FileNotFoundError:
                continue
            for job in filter(is_name, jobs):
                if forgotten == limit:
                    return forgotten
                if _ended_before(spool, account, job, before):
                    _forget(spool, account, job)
                    forgotten += 1
    return forgotten


def _ended_before(spool: Spool, account: str, job: str, before: float) -> bool:
    summary = spool.folder(RECEIPTS, account, job) / SUMMARY
    try:
        if summary.stat(follow_symlinks=False).st_mtime >= before:
            return False
        return json.loads(summary.read_bytes()).get("state") in _ENDED
    except (FileNotFoundError, NotADirectoryError, ValueError, AttributeError):
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

"""Receipt files out: immutable segments of JSON lines, and the summary that is replaced as a job goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from spool import durable
from spool.errors import SpoolConflictError, operating_system
from spool.folders import RECEIPTS, Spool, is_name

SUMMARY: Final = "summary.json"

_OVER: Final = frozenset({"done", "cancelled"})
"""States in which a job has no more news to come."""


def json_line(document: Mapping[str, Any]) -> bytes:
    """A document as one line of JSON; the same document is the same bytes."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def segment_name(first_seq: int) -> str:
    return f"{first_seq:010d}.jsonl"


def write_segment(spool: Spool, account: str, job: str, first_seq: int, lines: Iterable[bytes]) -> Path:
    """Writes `receipts/<account>/<job>/<first_seq>.jsonl` for good; each of `lines` ends in a newline.

    Durable when it returns. The same segment again is fine; SpoolConflictError if other bytes are there under its
    name; SpoolUnavailableError (full, broken) leaves nothing behind: call again with the same lines.
    """
    name = segment_name(first_seq)
    where = f"{RECEIPTS}/{account}/{job}/{name}"
    with operating_system(where), spool.open(RECEIPTS, account, job, create=True) as folder:
        try:
            durable.publish(folder, name, [b"".join(lines)])
        except FileExistsError as error:
            raise SpoolConflictError(f"{where}: another segment is there") from error
    return spool.folder(RECEIPTS, account, job) / name


def write_summary(spool: Spool, account: str, job: str, summary: Mapping[str, Any]) -> Path:
    """Replaces `receipts/<account>/<job>/summary.json` at once."""
    text = json.dumps(summary, ensure_ascii=False, indent=2) + "\n"
    where = f"{RECEIPTS}/{account}/{job}/{SUMMARY}"
    with operating_system(where), spool.open(RECEIPTS, account, job, create=True) as folder:
        durable.replace(folder, SUMMARY, [text.encode()])
    return spool.folder(RECEIPTS, account, job) / SUMMARY


def prune(spool: Spool, before: float) -> int:
    """Removes the receipts of jobs that are over and have had no news since `before` (Unix time, s); how many jobs."""
    with operating_system(RECEIPTS):
        with spool.open(RECEIPTS) as top:
            accounts = [name for name in durable.entries(top) if is_name(name)]
        count = 0
        for account in accounts:
            with spool.open(RECEIPTS, account) as folder:
                jobs = [name for name in durable.entries(folder) if is_name(name)]
                count += sum(_prune_job(spool, account, job, folder, before) for job in jobs)
    return count


def _prune_job(spool: Spool, account: str, job: str, parent: int, before: float) -> bool:
    try:
        with spool.open(RECEIPTS, account, job) as folder:
            names = durable.entries(folder)
            if any(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime >= before for name in names):
                return False
            if SUMMARY not in names or not _is_over(folder):
                return False
            # The summary last: should we end in the middle, the next round still knows that the job is over.
            for name in sorted(names, key=SUMMARY.__eq__):
                os.unlink(name, dir_fd=folder)
        os.rmdir(job, dir_fd=parent)
    except (NotADirectoryError, IsADirectoryError):
        return False  # somebody put something of his own there; it stays
    return True


def _is_over(folder: int) -> bool:
    with os.fdopen(durable.open_file(folder, SUMMARY), "rb") as file:
        try:
            return json.load(file).get("state") in _OVER
        except (ValueError, AttributeError, TypeError):
            return False

"""What receipts and inbox files say, read back: for a store that is older than its spool."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from spool import durable
from spool.document import JOB_FILE_LIMIT
from spool.errors import operating_system
from spool.folders import ACCEPTED, INBOX, RECEIPTS, UNMATCHED, Spool, is_name
from spool.inbox import EVENTS

SEGMENT_BYTES_MAX: Final = 64 << 20
"""A segment has at most 10,000 lines; what is larger was not written by us."""

INBOX_BYTES_MAX: Final = 1 << 20
"""A text of 255 parts and its frame take far less."""

_SEGMENT: Final = re.compile(r"([0-9]{10})\.jsonl", re.ASCII)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The last that the receipts say of one row of a job."""

    row: int
    state: str
    reason: str | None
    line: str | None


@dataclass(frozen=True, slots=True)
class Receipts:
    """The receipts of a job beyond a certain one: the last `seq`, and the last word on each row."""

    last_seq: int
    rows: dict[int, Evidence]


def read_receipts(spool: Spool, account: str, job: str, after: int) -> Receipts:
    """Reads the segments of a job for what stands behind the receipt `after`.

    Files that are no segments of ours (other names, links, too large, lines that are no receipts) say nothing.
    """
    last, rows = 0, dict[int, Evidence]()
    with operating_system(f"{RECEIPTS}/{account}/{job}"):
        try:
            with spool.open(RECEIPTS, account, job) as folder:
                firsts = sorted(int(match[1]) for match in map(_SEGMENT.fullmatch, durable.entries(folder)) if match)
                for place, first in enumerate(firsts):
                    if place + 1 < len(firsts) and firsts[place + 1] <= after + 1:
                        continue  # all of it is known
                    for seq, said in _lines(folder, f"{first:010d}.jsonl"):
                        last = max(last, seq)
                        if said is not None and seq > after:
                            rows[said.row] = said
        except (FileNotFoundError, NotADirectoryError):
            pass
    return Receipts(last, rows)


def _lines(folder: int, name: str) -> Iterator[tuple[int, Evidence | None]]:
    try:
        data = durable.read_file(folder, name, SEGMENT_BYTES_MAX)
    except OSError:
        return
    for line in data.splitlines():
        try:
            said = json.loads(line)
            seq, row = int(said["seq"]), said["row"]
            known = None if row is None else Evidence(int(row), str(said["state"]), said["reason"], said["line"])
        except (ValueError, KeyError, TypeError):
            continue
        yield seq, known


def segments_after(spool: Spool, account: str, job: str, after: int, last: int) -> tuple[tuple[int, int], ...]:
    """Returns the segments of a job that begin behind the receipt `after`: (first, last) of each; the last of all ends
    with `last`."""
    with operating_system(f"{RECEIPTS}/{account}/{job}"):
        try:
            with spool.open(RECEIPTS, account, job) as folder:
                firsts = sorted(int(match[1]) for match in map(_SEGMENT.fullmatch, durable.entries(folder)) if match)
        except (FileNotFoundError, NotADirectoryError):
            return ()
    firsts = [first for first in firsts if after < first <= last]
    return tuple(zip(firsts, [*(first - 1 for first in firsts[1:]), last], strict=True)) if firsts else ()


def read_segment(spool: Spool, account: str, job: str, first: int) -> tuple[tuple[int, str], ...]:
    """Returns the receipts of the segment that begins with the receipt `first`: (seq, line). Empty where there is none.

    Only a file of the spool's owner counts: an account's people may write into its folder.
    """
    owner = spool.path.stat().st_uid
    with operating_system(f"{RECEIPTS}/{account}/{job}"):
        try:
            with spool.open(RECEIPTS, account, job) as folder:
                for name in (f"{first:010d}.jsonl", *(f"{first:010d}.{beside}.jsonl" for beside in range(2, 11))):
                    if lines := _owned_lines(folder, name, owner, first):
                        return lines
        except (FileNotFoundError, NotADirectoryError):
            pass
    return ()


def _owned_lines(folder: int, name: str, owner: int, first: int) -> tuple[tuple[int, str], ...]:
    try:
        there = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if there.st_uid != owner or not stat.S_ISREG(there.st_mode):
            return ()
        text = durable.read_file(folder, name, SEGMENT_BYTES_MAX).decode()
        lines = [line for line in text.split("\n") if line]
        found = tuple((int(json.loads(line)["seq"]), line) for line in lines)
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return found if found and found[0][0] == first else ()


def accepted_jobs(spool: Spool, account: str) -> list[str]:
    """Returns the names of the jobs whose files are kept in `accepted/<account>`."""
    with operating_system(f"{ACCEPTED}/{account}"):
        try:
            with spool.open(ACCEPTED, account) as folder:
                return [name for name in durable.entries(folder) if is_name(name)]
        except (FileNotFoundError, NotADirectoryError):
            return []


def read_accepted(spool: Spool, account: str, job: str) -> Mapping[str, Any]:
    """Returns the file of an accepted job of the daemon's own as it stands. Empty where it is kept no longer, is no
    object, or is not the spool's owner's."""
    name = f"{job}.json"
    with operating_system(f"{ACCEPTED}/{account}/{job}"):
        try:
            with spool.open(ACCEPTED, account, job) as folder:
                there = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if there.st_uid != spool.path.stat().st_uid or not stat.S_ISREG(there.st_mode):
                    return {}
                said = json.loads(durable.read_file(folder, name, JOB_FILE_LIMIT))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return {}
    return said if isinstance(said, dict) else {}


def accepted_at(spool: Spool, account: str, job: str) -> int | None:
    """Returns when the file of an accepted job of the daemon's own was written (Unix ms); None where it is kept no
    longer, or is not the spool's owner's."""
    with operating_system(f"{ACCEPTED}/{account}/{job}"):
        try:
            with spool.open(ACCEPTED, account, job) as folder:
                there = os.stat(f"{job}.json", dir_fd=folder, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
    return there.st_mtime_ns // 1_000_000 if there.st_uid == spool.path.stat().st_uid else None


def read_opt_outs(spool: Spool, wanted: Callable[[str], bool]) -> dict[str | None, tuple[str, ...]]:
    """Returns who has opted out by an inbox file whose id is `wanted`, oldest first, by account; None: of no account.

    Only files of the spool's owner count: an account's people may write into its folder, and must block nobody.
    """
    by_account: dict[str | None, tuple[str, ...]] = {}
    owner = spool.path.stat().st_uid
    for account in (*spool.accounts(), UNMATCHED):
        found: dict[str, str] = {}
        with operating_system(f"{INBOX}/{account}"):
            try:
                with spool.open(INBOX, account) as folder:
                    for name in durable.entries(folder):
                        message_id = name.partition(".")[0]
                        if wanted(message_id) and (sender := _opted_out(folder, name, owner)) is not None:
                            found[message_id] = sender
            except (FileNotFoundError, NotADirectoryError):
                pass
        if found:
            senders = tuple(dict.fromkeys(found[message_id] for message_id in sorted(found)))
            by_account[None if account == UNMATCHED else account] = senders
    return by_account


def read_events(spool: Spool, account: str) -> list[Mapping[str, Any]]:
    """Returns what other systems were told of an account's customers, as its files stand, in no order. Only files of
    the spool's owner count."""
    owner = spool.path.stat().st_uid
    with operating_system(f"{INBOX}/{account}/{EVENTS}"):
        try:
            with spool.open(INBOX, account, EVENTS) as folder:
                said = [_own(folder, name, owner) for name in durable.entries(folder) if name.endswith(".json")]
        except (FileNotFoundError, NotADirectoryError):
            return []
    return [one for one in said if one is not None]


def _own(folder: int, name: str, owner: int) -> Mapping[str, Any] | None:
    try:
        there = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if there.st_uid != owner or not stat.S_ISREG(there.st_mode):
            return None
        said = json.loads(durable.read_file(folder, name, INBOX_BYTES_MAX))
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None


def _opted_out(folder: int, name: str, owner: int) -> str | None:
    try:
        there = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if there.st_uid != owner or not stat.S_ISREG(there.st_mode):
            return None
        said = json.loads(durable.read_file(folder, name, INBOX_BYTES_MAX))
        return str(said["from"]) if said["opt_out"] is True and said["from"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None

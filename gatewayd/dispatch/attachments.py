"""The files that jobs attach to their mails, where intake has put them."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

KEPT: Final = 1_000
"""Jobs whose files are known; the one used longest ago is looked for again."""
LARGEST: Final = 64 << 20
"""Octets; intake takes less than half of it."""
COPIES: Final = 100
"""Folders of one job's name that are looked into: `spool.intake.commit` makes another where a store was reset."""


class MissingFilesError(Exception):
    """What a job attaches is not there, or not there yet: a mail must not leave without its invoice."""


class Attachments:
    """Finds them below `accepted`. A file is the one that was recorded if it holds the same."""

    def __init__(self, accepted: Path) -> None:
        self._accepted = accepted
        self._found: OrderedDict[tuple[object, ...], Mapping[str, str]] = OrderedDict()

    async def find(self, account: str, job: str, wanted: Mapping[str, str]) -> Mapping[str, str]:
        """Paths by name of the files that the job attaches; `wanted` has their SHA-256 (hex). MissingFilesError."""
        # A name may be used again, with other files, once retention has forgotten the job.
        key = (account, job, *sorted(wanted.items()))
        found = self._found.get(key)
        if found is None:
            found = await asyncio.to_thread(self._look, account, job, wanted)
            self._found[key] = found
            if len(self._found) > KEPT:
                self._found.popitem(last=False)
        self._found.move_to_end(key)
        return found

    async def contents(self, account: str, job: str, wanted: Mapping[str, str]) -> Mapping[str, bytes] | None:
        """Returns what the files hold, by name; None where one of them is gone."""
        try:
            paths = await self.find(account, job, wanted)
            return {name: await asyncio.to_thread(Path(path).read_bytes) for name, path in paths.items()}
        except (MissingFilesError, OSError):
            return None

    def _look(self, account: str, job: str, wanted: Mapping[str, str]) -> Mapping[str, str]:
        for version in range(1, COPIES):
            folder = self._accepted / account / (job if version == 1 else f"{job}~{version}")
            if not folder.is_dir():
                break
            if all(_holds(folder / name, sha256) for name, sha256 in wanted.items()):
                return {name: str(folder / name) for name in wanted}
        raise MissingFilesError


def _holds(path: Path, sha256: str) -> bool:
    """Whether it is a regular file with this content. Never waits: a pipe opened otherwise would wait for a writer."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            return False
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256

"""What a crash left in the private folder: copies that are cleared, removals that are finished, files under suspicion.

    mark(taken)                     # the daemon's own process reads the file: a crash leaves the mark
    unmark(taken)
    recovered = recover(spool)      # at the next start
    recovered.suspicion(taken)      # whether, and how much like it, the daemon died over this very file

What cannot be cleared for one account stays where it is, is named, and keeps neither another account nor the start.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import Final

from spool import durable, originals
from spool.copies import clear
from spool.errors import SpoolError, operating_system
from spool.folders import INTAKE, Spool, is_name
from spool.intake import Taken

HUNG: Final = 4
HUNG_S: Final = 25.0
"""Between the mark and the next start: a watchdog of 30 s has ended it. What the daemon reads takes milliseconds."""

_MARK: Final = ".reading"
"""In a private folder: whose file is read by the daemon itself just now."""
_SUSPECTS: Final = ".suspects"
"""In the spool's own folder, beside its lock: the suspicion against each file."""
_SUSPECTS_MAX: Final = 1000
_SUSPECTS_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Recovered:
    jobs: int = 0
    """That will be read again."""
    troubles: Mapping[str, str] = field(default_factory=dict)
    """By account, why something could not be cleared."""
    suspects: Mapping[str, int] = field(default_factory=dict)

    def suspicion(self, taken: Taken) -> int:
        """How much speaks against a file: `HUNG` for each time that the daemon was ended after it had been at it for
        long, as a watchdog does, 1 for each other death, which is a coincidence most likely."""
        return self.suspects.get(_key(taken), 0)


def _key(taken: Taken) -> str:
    """Returns the key of one file as it is: corrected, or written again, it has another."""
    known = [taken.account, taken.name, *astuple(taken.identity)]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:32]


def mark(taken: Taken) -> None:
    """Marks the file as being read by this process. A mark outlives the process, though not the machine."""
    if taken.folder:
        with operating_system(str(taken.path)):
            (taken.path / _MARK).write_text(_key(taken))


def unmark(taken: Taken) -> None:
    """Removes the mark: the file has been read. One that was not marked is fine."""
    with operating_system(str(taken.path)):
        (taken.path / _MARK).unlink(missing_ok=True)


def recover(spool: Spool) -> Recovered:
    """Clears what a crash left. Only under the lock."""
    troubles: dict[str, str] = {}
    marks: list[tuple[str, int]] = []
    jobs = 0
    with (
        operating_system(str(spool.path / INTAKE)),
        durable.open_folder(spool.path) as root,
        spool.open(INTAKE) as intake,
    ):
        suspects = _suspects(root)
        for account in filter(is_name, durable.entries(intake)):
            try:
                with spool.open(INTAKE, account) as private:
                    folders = durable.entries(private)
                    marks += (mark for folder in folders if (mark := _marked(private, folder)))
                for name in folders:
                    try:
                        jobs += _settle(spool, account, name)
                    except (OSError, SpoolError, ValueError, TypeError) as error:
                        troubles[account] = str(error)
            except OSError as error:
                troubles[account] = str(error)
        if marks:
            for key, weight in marks:
                suspects[key] = suspects.pop(key, 0) + weight  # the newest last
            newest = dict(list(suspects.items())[-_SUSPECTS_MAX:])
            durable.replace(root, _SUSPECTS, [json.dumps(newest).encode()])
    return Recovered(jobs, troubles, suspects)


def _settle(spool: Spool, account: str, name: str) -> int:
    """Clears one entry; answers whether a job will be read again for it."""
    if originals.is_rest(name):
        originals.complete(spool, account, name)
        return 0
    clear(spool, account, name)
    return 1


def _marked(private: int, folder: str) -> tuple[str, int] | None:
    try:
        fd = durable.open_file(private, f"{folder}/{_MARK}")
    except OSError:
        return None
    with os.fdopen(fd, "rb") as mark:
        weight = HUNG if time.time() - os.fstat(fd).st_mtime >= HUNG_S else 1
        return mark.read(64).decode("ascii", "replace"), weight


def _suspects(root: int) -> dict[str, int]:
    try:
        fd = durable.open_file(root, _SUSPECTS)
    except OSError:
        return {}
    with os.fdopen(fd, "rb") as file:
        try:
            return {str(key): int(count) for key, count in json.loads(file.read(_SUSPECTS_BYTES)).items()}
        except (ValueError, AttributeError, TypeError, RecursionError):
            return {}

"""Segments of receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gatewayd.store.commands.base import Command

LINES_AT_ONCE: Final = 80_000
"""What a cut may take of memory."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A cut of a job's receipts, ready to be written: `lines` are the JSON bodies in order of seq."""

    account: str
    job: str
    job_id: int
    first_seq: int
    last_seq: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CutSegments(Command["tuple[Segment, ...]"]):
    """Cuts what visible jobs of this node have gathered: at most `segments` segments of at most `lines` lines, and no
    further one once `most` lines are in hand. Segments cut before and not yet marked as written come first, with the
    very same bounds."""

    node: str
    now: int
    jobs: Sequence[int] | None = None
    """Only these jobs; None: any."""
    lines: int = 10_000
    segments: int = 8
    most: int = LINES_AT_ONCE


@dataclass(frozen=True, slots=True)
class SegmentsWritten(Command[None]):
    """Their files are durable: the rows leave the store."""

    segments: Sequence[tuple[int, int, int]]
    """(job_id, first_seq, last_seq)."""

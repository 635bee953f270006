"""What a kind of line brings into the demo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Table = Mapping[str, Any]
"""One `[[line]]` of the configuration."""


@dataclass(frozen=True, slots=True)
class Play:
    """What was asked for."""

    folder: Path
    modems: int
    messages: int
    """Recipients of the campaign."""
    latency_s: float
    """What a modem takes for a message."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A job as upstream drops it."""

    job: str
    """Its name, which is its file's too."""
    document: bytes
    files: Mapping[str, bytes]
    """What it names, by their bare names."""


class Kind(Protocol):
    """A module of this package."""

    def lines(self, play: Play) -> AbstractContextManager[Sequence[Table]]:
        """The tables of its lines, whose devices run until the end of the context; `UnavailableError`."""

    def campaigns(self, play: Play) -> Sequence[Campaign]:
        """Jobs of its own, if the lines of its channel share in no other."""

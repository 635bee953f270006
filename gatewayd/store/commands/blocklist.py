"""The do-not-contact list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatewayd.store.commands.base import Command


@dataclass(frozen=True, slots=True)
class Block(Command["Blocked"]):
    """Puts numbers on the list; their waiting messages become `cancelled`, reason `blocked`, with receipts."""

    numbers: Sequence[str]
    source: str
    note: str | None
    now: int


@dataclass(frozen=True, slots=True)
class Blocked:
    added: int
    cancelled: int
    jobs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unblock(Command[bool]):
    number: str

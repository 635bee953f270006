"""The do-not-contact list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatewayd.store.commands.base import Command


@dataclass(frozen=True, slots=True)
class Block(Command["Blocked"]):
    """Puts numbers on the list; their waiting messages become `cancelled`, reason `blocked`, with receipts, but for
    those of class `reply`. NotFoundError without the account."""

    numbers: Sequence[str]
    source: str
    note: str | None
    now: int
    account: str | None = None
    """Whose list it is; None: everybody's."""
    register: str = ""
    """The legal register that names the numbers; empty: none."""
    channel: str = ""
    """The one channel that the block is about; empty: all."""
    answered: bool = False
    """The account is the one that wrote to the first of the numbers last; where none did, the list is everybody's."""


@dataclass(frozen=True, slots=True)
class Blocked:
    added: int
    cancelled: int
    jobs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unblock(Command[bool]):
    """Takes a number off a list; answers whether it was on it. What a register says stays. NotFoundError without the
    account."""

    number: str
    account: str | None = None
    """Whose list it is; None: everybody's."""

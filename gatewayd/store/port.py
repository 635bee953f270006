"""The store's writer as the rooms above it need it: commands in, their answers out."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol, TypeVar

from gatewayd.store.commands import Command

R = TypeVar("R")


class Writer(Protocol):
    """The store's writer, as dispatch needs it."""

    def do(self, command: Command[R], *, patient: bool = False) -> Awaitable[R]:
        """Answers when the command is committed; a `patient` one may wait a moment for others to be committed with."""

    def post(self, command: Command[R]) -> None:
        """Rides with the next commit."""

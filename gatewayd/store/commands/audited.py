"""A command with its row of the audit trail, both in one commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from gatewayd.store.commands.base import Command

R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What the audit trail says of one act, but how it ended."""

    at: int
    kind: str
    """operator, person, token, engine, nobody."""
    actor: str
    actor_id: int | None
    address: str
    account: str | None
    operation: str
    subject: str
    before: str | None
    """JSON, without secrets; None: unknown, or nothing."""
    after: str | None


@dataclass(frozen=True, slots=True)
class Audited(Command[R_co]):
    """Applies `command` as if it came alone, and writes how it ended into the audit trail of the same transaction."""

    command: Command[R_co]
    entry: AuditEntry

    @property
    def weight(self) -> int:
        return self.command.weight


def bare(command: Command[Any]) -> Command[Any]:
    """Returns the command itself, without its row of the audit trail."""
    return command.command if isinstance(command, Audited) else command

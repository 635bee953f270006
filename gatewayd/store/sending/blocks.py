"""Blocks as sending obeys them: what waits for a blocked number is withdrawn in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select, text

from gatewayd.model import State
from gatewayd.store.commands import Block, Blocked, Unblock
from gatewayd.store.contacts import blocklist
from gatewayd.store.sending.sweeps import withdraw
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Statement, among
from gatewayd.store.tables import message

_WAITING: Final = Statement(
    select(message.c.id).where(text("message.state IN ('queued', 'scheduled')"), among(message.c.to))
)


def block(unit: Unit, commands: list[Block]) -> list[Blocked | Exception]:
    return [put(unit, command.numbers, command.source, command.note, command.now) for command in commands]


def put(unit: Unit, numbers: Sequence[str], source: str, note: str | None, now: int) -> Blocked:
    """Puts numbers on the list and withdraws what waits for them."""
    wanted = list(dict.fromkeys(numbers))
    fresh = blocklist.add(unit.session, wanted, source, note, now)
    unit.flush_messages()
    rows = unit.load(row[0] for row in unit.session.among(_WAITING, wanted))
    withdraw(unit, list(rows.values()), State.CANCELLED, "blocked", now)
    return Blocked(fresh, len(rows), tuple(sorted({row.job_id for row in rows.values()})))


def unblock(unit: Unit, commands: list[Unblock]) -> list[bool | Exception]:
    return [blocklist.drop(unit.session, command.number) for command in commands]

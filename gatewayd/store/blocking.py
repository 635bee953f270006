"""The do-not-contact list: who is on it gets nothing that has not left yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, select, text

from gatewayd.model import State
from gatewayd.store.commands import Block, Blocked, Unblock
from gatewayd.store.schema import blocklist, message
from gatewayd.store.session import Statement, adding, among, given
from gatewayd.store.sweeping import withdraw
from gatewayd.store.unit import Unit

_KNOWN: Final = Statement(select(blocklist.c.to).where(among(blocklist.c.to)))
_ADD: Final = adding(blocklist, "to at source note")
_DROP: Final = Statement(delete(blocklist).where(blocklist.c.to == given(blocklist.c.to)), "p_to")
_WAITING: Final = Statement(
    select(message.c.id).where(text("message.state IN ('queued', 'scheduled')"), among(message.c.to))
)


def block(unit: Unit, commands: list[Block]) -> list[Blocked | Exception]:
    return [put(unit, command.numbers, command.source, command.note, command.now) for command in commands]


def put(unit: Unit, numbers: Sequence[str], source: str, note: str | None, now: int) -> Blocked:
    """Puts numbers on the list and withdraws what waits for them."""
    wanted = list(dict.fromkeys(numbers))
    known = {row[0] for row in unit.session.among(_KNOWN, wanted)}
    fresh = [number for number in wanted if number not in known]
    unit.session.many(_ADD, [(number, now, source, note) for number in fresh])
    unit.flush_messages()
    rows = unit.load(row[0] for row in unit.session.among(_WAITING, wanted))
    withdraw(unit, list(rows.values()), State.CANCELLED, "blocked", now)
    return Blocked(len(fresh), len(rows), tuple(sorted({row.job_id for row in rows.values()})))


def unblock(unit: Unit, commands: list[Unblock]) -> list[bool | Exception]:
    return [unit.session.run(_DROP, command.number) > 0 for command in commands]

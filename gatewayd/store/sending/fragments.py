"""Parts of long texts that came in: joined once all are there, given out as they are where one never comes.

A sender's references come round within 256 messages: what belongs together was sent within minutes. Sets that are over
are kept for a while, under the negative of their total, so that a part handed over again is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import Integer, delete, func, literal_column, select, update

from gatewayd.store.commands import Inbound
from gatewayd.store.session import Row, Session, Statement, adding, given
from gatewayd.store.tables import inbound_part

JOIN_MS: Final = 10 * 60_000
"""Between the moments at which the parts of one text were sent."""
MISSING: Final = " […] "
"""Stands for a part that never came."""

Group = tuple[str, str, int, int]
"""Line, sender, reference, total."""

_SAME_SET: Final = (
    inbound_part.c.line == given(inbound_part.c.line),
    inbound_part.c.sender == given(inbound_part.c.sender),
    inbound_part.c.reference == given(inbound_part.c.reference),
    inbound_part.c.total == given(inbound_part.c.total),
)
_PARTS: Final = Statement(
    select(inbound_part.c.number, inbound_part.c.key, inbound_part.c.text, inbound_part.c.at, inbound_part.c.to)
    .where(*_SAME_SET)
    .order_by(inbound_part.c.number),
    "p_line p_sender p_reference p_total",
)
_DROP_SET: Final = Statement(delete(inbound_part).where(*_SAME_SET), "p_line p_sender p_reference p_total")
_DROP_PART: Final = Statement(
    delete(inbound_part).where(*_SAME_SET, inbound_part.c.number == given(inbound_part.c.number)),
    "p_line p_sender p_reference p_total p_number",
)
_END_SET: Final = Statement(
    update(inbound_part).where(*_SAME_SET).values(total=-inbound_part.c.total), "p_line p_sender p_reference p_total"
)
_ADD_PART: Final = adding(inbound_part, "line sender reference total number key to text at received_at")
_OVERDUE: Final = Statement(
    select(inbound_part.c.line, inbound_part.c.sender, inbound_part.c.reference, inbound_part.c.total)
    .where(inbound_part.c.total > literal_column("0", Integer))
    .group_by(inbound_part.c.line, inbound_part.c.sender, inbound_part.c.reference, inbound_part.c.total)
    .having(func.max(inbound_part.c.received_at) < given(inbound_part.c.received_at))
    .order_by(func.max(inbound_part.c.received_at))
    .limit(given(inbound_part.c.number, "p_limit")),
    "p_received_at p_limit",
)


class Whole(NamedTuple):
    """A text to keep: all of its parts, or those that came."""

    text: str
    key: str
    to: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Added:
    """What a part has brought about."""

    repeat: bool = False
    whole: Whole | None = None
    """The text that it completes."""
    left: Whole | None = None
    """An older text that had the same reference, and will never be complete."""


def add(session: Session, command: Inbound) -> Added:
    """Keeps a part; tells what it completes, and what it ends."""
    assert command.concat is not None
    reference, total, number = command.concat
    group: Group = (command.line, command.sender, reference, total)
    over: Group = (command.line, command.sender, reference, -total)
    known, left = session.all(_PARTS, *group), None
    if any(row[0] == number and row[1] == command.key for row in (*known, *session.all(_PARTS, *over))):
        return Added(repeat=True)
    if known and _is_another(known, command, number):
        left = _whole(known, total)
        _end(session, group)
        known = []
    elif any(row[0] == number for row in known):
        session.run(_DROP_PART, *group, number)
        known = [row for row in known if row[0] != number]
    session.run(_ADD_PART, *group, number, command.key, command.to, command.text, command.at, command.now)
    known = sorted([*known, (number, command.key, command.text, command.at, command.to)])
    if len(known) < total:
        return Added(left=left)
    _end(session, group)
    return Added(whole=_whole(known, total), left=left)


def overdue(session: Session, before: int, limit: int) -> list[tuple[Group, Whole]]:
    """Ends the texts of which nothing has come since `before`, and returns what there is of them."""
    ended: list[tuple[Group, Whole]] = []
    for line, sender, reference, total in session.all(_OVERDUE, before, limit):
        group = (line, sender, reference, total)
        ended.append((group, _whole(session.all(_PARTS, *group), total)))
        _end(session, group)
    return ended


def _is_another(known: list[Row], command: Inbound, number: int) -> bool:
    """Whether the part is of another text than the parts that are waiting."""
    if any(abs(row[3] - command.at) > JOIN_MS for row in known):
        return True
    return any(row[0] == number and row[2] != command.text for row in known)


def _end(session: Session, group: Group) -> None:
    line, sender, reference, total = group
    session.run(_DROP_SET, line, sender, reference, -total)
    session.run(_END_SET, *group)


def _whole(rows: list[Row], total: int) -> Whole:
    texts = {row[0]: row[2] for row in rows}
    text = ""
    for number in range(1, total + 1):
        if number in texts:
            text += texts[number]
        elif not text.endswith(MISSING):
            text = text.rstrip(" ") + MISSING
    first = rows[0]
    return Whole(text if len(texts) == total else text.strip(" "), first[1], first[4], min(row[3] for row in rows))

"""Lines: a person's word, pace and quotas, as they survive a restart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select

from gatewayd.store.commands import LineUse, LoadLine, Pnr, SetLineEnabled
from gatewayd.store.sending.unit import Unit
from gatewayd.store.session import Session, Statement, given, merging
from gatewayd.store.tables import attempt, line, line_count, line_recipient, part

_COUNT: Final = merging(line_count, "line day segments messages", "line day", add="segments messages")
_RECIPIENT: Final = merging(line_recipient, "line month to", "line month to")
_PACE: Final = merging(line, "name tat", "name", replace="tat")
_ENABLE: Final = merging(line, "name enabled", "name", replace="enabled")

_LINE: Final = Statement(select(line.c.enabled, line.c.tat).where(line.c.name == given(line.c.name)), "p_name")
_SEGMENTS: Final = Statement(
    select(func.coalesce(func.sum(line_count.c.segments), 0)).where(
        line_count.c.line == given(line_count.c.line),
        line_count.c.day >= given(line_count.c.day, "p_first"),
        line_count.c.day <= given(line_count.c.day, "p_last"),
    ),
    "p_line p_first p_last",
)
_RECIPIENTS: Final = Statement(
    select(line_recipient.c.to).where(
        line_recipient.c.line == given(line_recipient.c.line), line_recipient.c.month == given(line_recipient.c.month)
    ),
    "p_line p_month",
)
_LAST_ATTEMPT: Final = Statement(select(func.max(attempt.c.id)))
_ATTEMPT_FROM: Final = Statement(
    select(attempt.c.id, attempt.c.started_at)
    .where(attempt.c.id >= given(attempt.c.id))
    .order_by(attempt.c.id)
    .limit(1),
    "p_id",
)
_RECENT: Final = Statement(
    select(part.c.at)
    .where(
        part.c.attempt_id >= given(part.c.attempt_id), part.c.line == given(part.c.line), part.c.at >= given(part.c.at)
    )
    .order_by(part.c.at),
    "p_attempt_id p_line p_at",
)


class LineCounters:
    """What the points of no return of one batch count, a row a line."""

    __slots__ = ("_counts", "_paces", "_recipients")

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], list[int]] = {}
        self._recipients: set[tuple[str, str, str]] = set()
        self._paces: dict[str, float] = {}

    def count(self, command: Pnr, *, message: bool) -> None:
        counts = self._counts.setdefault((command.line, command.day), [0, 0])
        counts[0] += 1
        counts[1] += message
        self._recipients.add((command.line, command.month, command.to))
        self._paces[command.line] = max(command.tat, self._paces.get(command.line, command.tat))

    def flush(self, session: Session) -> None:
        session.many(_COUNT, [(*key, *counts) for key, counts in sorted(self._counts.items())])
        session.many(_RECIPIENT, sorted(self._recipients))
        session.many(_PACE, sorted(self._paces.items()))


def enable(unit: Unit, commands: list[SetLineEnabled]) -> list[Exception | None]:
    unit.session.many(_ENABLE, [(command.line, command.enabled) for command in commands])
    return [None] * len(commands)


def load(unit: Unit, commands: list[LoadLine]) -> list[LineUse | Exception]:
    return [_load(unit.session, command) for command in commands]


def _load(session: Session, command: LoadLine) -> LineUse:
    found = session.one(_LINE, command.line)
    enabled, tat = found if found is not None else (None, 0.0)
    return LineUse(
        name=command.line,
        enabled=None if enabled is None else bool(enabled),
        tat=float(tat),
        day_segments=_number(session.one(_SEGMENTS, command.line, command.day, command.day)),
        month_segments=_number(session.one(_SEGMENTS, command.line, f"{command.month}-01", f"{command.month}-31")),
        month_recipients=frozenset(row[0] for row in session.all(_RECIPIENTS, command.line, command.month)),
        recent=tuple(
            row[0] for row in session.all(_RECENT, _attempt_at(session, command.since), command.line, command.since)
        ),
    )


def _number(row: Sequence[int] | None) -> int:
    return int(row[0]) if row is not None else 0


def _attempt_at(session: Session, time: int) -> int:
    """A number below which no attempt is that began since `time`: they are numbered in order of time, so that no index
    on times is needed. An attempt lasts two hours at most."""
    time -= 7_200_000
    last = session.one(_LAST_ATTEMPT)
    low, high = 1, (last[0] if last is not None and last[0] else 0) + 1
    while low < high:
        middle = (low + high) // 2
        found = session.one(_ATTEMPT_FROM, middle)
        if found is None or found[1] >= time:
            high = middle
        else:
            low = found[0] + 1
    return low

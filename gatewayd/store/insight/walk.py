"""Walks back in time over rows, for so long as a page may take, and says how far it has looked.

An index gives the order; whether a row is meant is judged in windows that grow, so that a page which is soon full looks
at few rows, and one that is not ends in time: it tells where it stopped, and the next one goes on there. Several ways
are walked abreast: what is newest of all is known once every way has been looked at down to there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, or_, select

from gatewayd.store.insight.position import NEWEST, Position

FIRST_WINDOW: Final = 1_000
LAST_WINDOW: Final = 8_000
"""Rows; judging so many takes some 10 ms."""
GROWTH: Final = 4


@dataclass(frozen=True, slots=True)
class Budget:
    """How long may be looked: until the monotonic clock says `until`."""

    until: float

    @classmethod
    def of(cls, seconds: float) -> Budget:
        return cls(time.monotonic() + seconds)

    @property
    def spent(self) -> bool:
        return time.monotonic() >= self.until


@dataclass(frozen=True, slots=True)
class Way:
    """Rows of one kind as an index has them in time, and which of them are meant."""

    table: Table
    rank: int
    at: Any
    """The column by which they lie."""
    within: Sequence[ColumnElement[bool]]
    """Conditions that an index answers which has them in this order: account, channel and time."""
    source: Any
    """What the judging conditions need: the table, joined to others."""
    judged: Sequence[ColumnElement[bool]]
    """Empty: every row is meant."""


@dataclass(slots=True)
class _Walker:
    """One way, and how far it has been looked at."""

    way: Way
    reached: Position
    over: bool = False
    window: int = field(default_factory=lambda: FIRST_WINDOW)
    places: list[Position] = field(default_factory=list)

    def step(self, connection: Connection, limit: int) -> None:
        """Looks at the next window; finds at most `limit` rows."""
        way = self.way
        if not way.judged:
            rows = connection.execute(_window(way, self.reached, limit)).all()
            self._take(rows, limit, None if len(rows) < limit else Position(rows[-1][0], way.rank, rows[-1][1]))
            return
        edge = _edge(connection, way, self.reached, self.window)
        inner = _window(way, self.reached, self.window).subquery("looked")
        statement = (
            select(inner.c.at, inner.c.id)
            .select_from(inner.join(way.source, inner.c.id == way.table.c.id))
            .where(*way.judged)
            .order_by(inner.c.at.desc(), inner.c.id.desc())
            .limit(limit)
        )
        self._take(connection.execute(statement).all(), limit, edge)
        self.window = min(self.window * GROWTH, LAST_WINDOW)

    def count(self, connection: Connection, most: int) -> int:
        """Looks at the next window; returns how many of its rows are meant, up to `most`."""
        way = self.way
        size = self.window if way.judged else most
        inner = _window(way, self.reached, size).subquery("looked")
        rows = select(inner.c.id)
        if way.judged:
            rows = rows.select_from(inner.join(way.source, inner.c.id == way.table.c.id)).where(*way.judged)
        meant = rows.limit(most).subquery("meant")
        found = int(connection.scalar(select(func.count()).select_from(meant)) or 0)
        edge = _edge(connection, way, self.reached, size)
        if edge is None:
            self.over = True
        else:
            self.reached = edge
        self.window = min(self.window * GROWTH, LAST_WINDOW)
        return found

    def _take(self, rows: Sequence[Any], limit: int, edge: Position | None) -> None:
        found = [Position(at, self.way.rank, number) for at, number in rows]
        self.places += found
        if len(found) >= limit:
            edge = found[-1]
        if edge is None:
            self.over = True
        else:
            self.reached = edge


@dataclass(frozen=True, slots=True)
class Walk:
    """How far was looked, and what was found."""

    places: list[Position]
    """What is meant, newest first; nothing that is meant lies between them."""
    edge: Position | None
    """Where it stopped; None: nowhere, there is no more."""
    _walkers: Sequence[_Walker]

    def count(self, connection: Connection, most: int, budget: Budget) -> tuple[int, bool]:
        """Returns how many rows are meant, up to `most` + 1, and whether all were looked at.

        It goes on from where the page was full, so that no row is judged twice; each way is looked at once more at
        least, then for as long as the time lasts.
        """
        total = sum(len(walker.places) for walker in self._walkers)
        for walker in self._walkers:
            while not walker.over and total <= most:
                if budget.spent:
                    walker.window = FIRST_WINDOW
                total += walker.count(connection, most + 1 - total)
                if budget.spent:
                    break
        return min(total, most + 1), total <= most and all(walker.over for walker in self._walkers)


def unbegun(ways: Sequence[Way]) -> Walk:
    """Returns a walk from the newest on that has not looked at anything yet."""
    return Walk([], NEWEST, [_Walker(way, NEWEST) for way in ways])


def walk(connection: Connection, ways: Sequence[Way], start: Position, limit: int, budget: Budget) -> Walk:
    """Looks for the newest places that are meant, from `start` (itself left out) back in time.

    They are at least `limit`, unless there are no more (it stopped nowhere: None) or the time is over.
    """
    walkers = [_Walker(way, start) for way in ways]
    while True:
        open_ones = [walker for walker in walkers if not walker.over]
        # What lies behind the nearest end of a walk may not be all there is.
        edge = max((walker.reached for walker in open_ones), default=None)
        known = [place for walker in walkers for place in walker.places if edge is None or place >= edge]
        begun = not open_ones or edge != start
        if edge is None or len(known) >= limit or (begun and budget.spent):
            return Walk(sorted(known, reverse=True), edge, walkers)
        nearest = max(open_ones, key=lambda walker: walker.reached)
        nearest.step(connection, limit)


def _window(way: Way, last: Position, size: int) -> Select[Any]:
    """The next `size` rows behind a place, by the index alone."""
    at, number = last.before(way.rank)
    key = way.table.c.id
    behind = or_(way.at < at, and_(way.at == at, key < number))
    return (
        select(way.at.label("at"), key)
        # The first condition bounds the range of the index; the second cuts the instant that the page ended in.
        .where(*way.within, way.at <= at, behind)
        .order_by(way.at.desc(), key.desc())
        .limit(size)
    )


def _edge(connection: Connection, way: Way, last: Position, size: int) -> Position | None:
    """The last place of a full window; None where fewer rows are left."""
    # The offset is bounded by the window, and counted off on the index alone.
    row = connection.execute(_window(way, last, 1).offset(size - 1)).one_or_none()
    return None if row is None else Position(row[0], way.rank, row[1])

"""Batches that are still open: a run puts the people of one level and channel into few jobs, not into one a portion."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from gatewayd.claims.moment import Moment
from gatewayd.claims.slices import Way
from gatewayd.store.dunning import approving, batches
from gatewayd.store.dunning.batches import Batch, NewBatch
from gatewayd.store.session import Session

MOST: Final = 200
"""People of a batch to which more are added. What became of a step is looked up among the messages of its job: few are
quick to look through."""


class Gathering:
    """The batches to which more people may be added, by the kind of their messages."""

    def __init__(self, *, open_: bool) -> None:
        """`open_`: batches stay open until `release`; else each is whole at once."""
        self.numbers: set[int] = set()
        """Batches that wait for `release`."""
        self._open_ = open_
        self._known: dict[Way, tuple[int, int]] = {}

    def forget(self) -> None:
        """Begins new batches: a transaction was undone, and numbers that it gave out may be given again."""
        self._known.clear()

    def room(self, session: Session, moment: Moment, way: Way, count: int) -> tuple[int, int]:
        """Makes room for some people; returns the batch's number and how many are before them."""
        number, people = self._known.get(way, (0, 0))
        if not number or people + count > MOST or not batches.grow(session, number, people, count):
            new = NewBatch(
                *(moment.rules.account_id, way.policy, way.version, way.level, way.channel, way.template),
                *(moment.today.isoformat(), way.approval),
            )
            number, people = batches.add(session, new, count, moment.now, gathering=self._open_), 0
            if way.approval and not self._open_:
                _ask(session, moment, [(number, way.level, count)])
        if self._open_:
            self.numbers.add(number)
            self._known[way] = (number, people + count)
        return number, people

    def release(self, session: Session, moment: Moment) -> None:
        """Lets go of what was gathered: it becomes jobs, or waits for a person's word."""
        release(session, moment, self.numbers)


def release(session: Session, moment: Moment, numbers: Collection[int] | None = None) -> None:
    """Lets go of batches of a moment's account, of all where none are named."""
    waiting: Sequence[Batch] = batches.release(session, moment.rules.account_id, numbers)
    _ask(session, moment, [(one.id, one.level, one.people) for one in waiting])


def _ask(session: Session, moment: Moment, found: Sequence[tuple[int, str, int]]) -> None:
    """Writes for each batch that a person is to approve it."""
    approving.ask(session, moment.rules.account_id, moment.today, found, moment.now)

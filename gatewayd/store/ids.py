"""Numbers given out by the writer itself: row ids before the row is written, and concatenation references."""

from __future__ import annotations

from collections import OrderedDict
from random import SystemRandom
from typing import Final

from sqlalchemy import Table, func, select

from gatewayd.store.session import Session, Statement, given, merging
from gatewayd.store.tables import (
    attempt,
    customer,
    early_report,
    import_range,
    import_row,
    invoice,
    message,
    payment,
    setting,
    transfer,
)

_BLOCK: Final = 64
"""Ids taken from a PostgreSQL sequence at once; what is left over at the end is a gap, no more."""

# Transfers outlive the attempts they belong to: an attempt's number is never used again.
_LAST: Final = {
    message: (Statement(select(func.max(message.c.id))),),
    attempt: (Statement(select(func.max(attempt.c.id))), Statement(select(func.max(transfer.c.attempt_id)))),
    early_report: (Statement(select(func.max(early_report.c.id))),),
    invoice: (Statement(select(func.max(invoice.c.id))),),
    payment: (Statement(select(func.max(payment.c.id))),),
    # A list may still name one that the undoing of an import removed.
    customer: (
        Statement(select(func.max(customer.c.id))),
        Statement(select(func.max(import_row.c.customer_id))),
        Statement(select(func.max(import_range.c.first_id + import_range.c.customers))),
    ),
}

_FLOOR_KEY: Final = "ids_floor"
_FLOOR: Final = Statement(select(setting.c.value).where(setting.c.key == given(setting.c.key)), "p_key")
_SET_FLOOR: Final = merging(setting, "key value", "key", replace="value")


class Ids:
    """Row numbers of the tables whose rows are written many at once. On SQLite this is the only writer."""

    def __init__(self) -> None:
        self._next: dict[Table, int] = {}
        self._end: dict[Table, int] = {}

    def take(self, session: Session, table: Table, count: int) -> int:
        """Returns the first of `count` numbers in a row that nobody else gets."""
        first = self._next.get(table, 0)
        if session.sqlite:
            if not first:
                found = (session.one(last) for last in _LAST[table])
                floor = session.one(_FLOOR, _FLOOR_KEY)
                first = 1 + max((row[0] or 0) for row in found if row is not None)
                first = first if floor is None else max(first, int(floor[0]))
            self._next[table] = first + count
            return first
        if first + count > self._end.get(table, 0):
            first = self._reserve(session, table, max(count, _BLOCK))
        self._next[table] = first + count
        return first

    def skip(self, session: Session, count: int) -> None:
        """Leaves out the next `count` numbers of every table: another life of this store has given them out."""
        if session.sqlite:
            floor = max(self.take(session, table, 0) for table in _LAST) + count
            session.run(_SET_FLOOR, _FLOOR_KEY, str(floor))
            self._next.clear()
            return
        for table in _LAST:
            self._reserve(session, table, count)
        self._next.clear()
        self._end.clear()

    def _reserve(self, session: Session, table: Table, count: int) -> int:
        # The sequence is moved on in one step under an advisory lock, so that the numbers follow each other.
        session.plain(f"SELECT pg_advisory_xact_lock(hashtext('gatewayd.ids.{table.name}'))")
        sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
        last = int(session.plain(f"SELECT setval({sequence}, nextval({sequence}) + {count - 1})")[0][0])
        self._end[table] = last + 1
        return last - count + 1


_REMEMBERED: Final = 10_000


class ConcatReferences:
    """8-bit references of multipart messages: a counter a line and destination, from a random start.

    A phone joins parts by sender and reference; the counter keeps two texts to one phone apart, the random start those
    before and after a restart (23.040 §9.2.3.24.1).
    """

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._random = SystemRandom()

    def next(self, line: str, to: str) -> int:
        key = (line, to)
        last = self._last.pop(key, None)
        reference = self._random.randrange(256) if last is None else (last + 1) % 256
        self._last[key] = reference
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)
        return reference

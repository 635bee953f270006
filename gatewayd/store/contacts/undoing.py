"""Takes an import back, row by row: what it brought goes, what it changed is as it was, but for who was written to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, null, select, update

from gatewayd.customers.words import ASSIGNED, PORTFOLIO, PORTFOLIO_NAME, TAG, mark, named
from gatewayd.store import tables
from gatewayd.store.contacts import persons
from gatewayd.store.contacts.imported import ABSENT, CHANGED, NEW, thawed
from gatewayd.store.contacts.persons import Edit
from gatewayd.store.session import Row, Session, Statement, among, given, setting

UNDONE: Final = "undone"
NAMED_MAX: Final = 20
"""Customers that a refusal names."""

_ROW: Final = tables.import_row.c
_RANGE: Final = tables.import_range.c
_CUSTOMER: Final = tables.customer.c
_POINT: Final = tables.contact_point.c
_MESSAGE: Final = tables.message.c
_ROWS: Final = Statement(
    select(_ROW.row, _ROW.kind, _ROW.customer_id, _ROW.detail)
    .where(_ROW.import_id == given(_ROW.import_id), _ROW.row > given(_ROW.row), _ROW.kind.in_((NEW, CHANGED, ABSENT)))
    .order_by(_ROW.row)
    .limit(given(_ROW.customer_id, "p_limit")),
    "p_import_id p_row p_limit",
)
_BROUGHT: Final = Statement(
    select(_RANGE.first_id, _RANGE.customers)
    .where(_RANGE.import_id == given(_RANGE.import_id), ~_RANGE.undone)
    .order_by(_RANGE.first_id)
    .limit(1),
    "p_import_id",
)
_BROUGHT_BACK: Final = setting(tables.import_range, "undone", "import_id first_id")
_TAKEN_BACK: Final = Statement(
    update(tables.import_row)
    .where(
        _ROW.import_id == given(_ROW.import_id),
        _ROW.row >= given(_ROW.row, "k_first"),
        _ROW.row <= given(_ROW.row, "k_last"),
        _ROW.kind.in_((NEW, CHANGED, ABSENT)),
    )
    .values(kind=UNDONE, detail=null()),
    "p_import_id k_first k_last",
)
_FOUND_BY: Final = Statement(
    select(
        *(_CUSTOMER[name] for name in ("id", "version", "name_key", "tags", "portfolio_type", "portfolio_name")),
        _CUSTOMER.assigned_id,
    ).where(_CUSTOMER.account_id == given(_CUSTOMER.account_id), among(_CUSTOMER.id)),
    "p_account_id",
)
_SENT: Final = Statement(
    select(_POINT.customer_id)
    .select_from(
        tables.contact_point.join(
            tables.message, and_(_MESSAGE.to == _POINT.address, _MESSAGE.account_id == _POINT.account_id)
        )
    )
    .where(_MESSAGE.at >= given(_MESSAGE.at), _MESSAGE.attempt_id.is_not(None), among(_POINT.customer_id))
    .distinct(),
    "p_at",
)
_ANY_SENT: Final = Statement(
    select(_MESSAGE.id)
    .where(_MESSAGE.at >= given(_MESSAGE.at), _MESSAGE.account_id == given(_MESSAGE.account_id))
    .limit(1),
    "p_at p_account_id",
)


_DONE: Final = tuple(
    Statement(select(table.c.customer_id).where(among(table.c.customer_id)).distinct())
    for table in (
        *(tables.step, tables.promise, tables.pause, tables.novelty, tables.customer_policy),
        *(tables.reminder, tables.ticket),
    )
)
"""What was done with customers: whoever did it finds them."""
_DROP_DECISIONS: Final = Statement(delete(tables.decision).where(among(tables.decision.c.customer_id)))


@dataclass(slots=True)
class TakenBack:
    """What became of a portion that was taken back."""

    last: int
    """The last row; who goes on begins behind it."""
    removed: int = 0
    restored: int = 0
    kept: int = 0
    """Changed again since, written to, or claimed from: they stay as they are."""
    gone: Sequence[int] = ()
    """Customers that were removed."""
    as_before: Sequence[int] = ()
    """Customers that are as they were, what they owe included."""


def sent_to(connection: Connection, *, account_id: int, number: int, since: int) -> list[str]:
    """Returns external ids of customers of an import to whom something was sent since a time (Unix ms), a few."""
    session = Session(connection)
    if session.one(_ANY_SENT, since, account_id) is None:
        return []
    found: set[str] = set()
    for table, its_own, written in (
        (
            tables.import_row,
            _CUSTOMER.id == _ROW.customer_id,
            (_ROW.import_id == number, _ROW.kind.in_((NEW, CHANGED))),
        ),
        (
            tables.import_range,
            and_(_CUSTOMER.id >= _RANGE.first_id, _CUSTOMER.id < _RANGE.first_id + _RANGE.customers),
            (_RANGE.import_id == number, ~_RANGE.undone),
        ),
    ):
        statement = (
            select(_CUSTOMER.external_id)
            .select_from(
                table.join(tables.customer, its_own)
                .join(tables.contact_point, _POINT.customer_id == _CUSTOMER.id)
                .join(tables.message, and_(_MESSAGE.to == _POINT.address, _MESSAGE.account_id == account_id))
            )
            .where(*written, _MESSAGE.at >= since, _MESSAGE.attempt_id.is_not(None))
            .distinct()
            .limit(NAMED_MAX + 1)
        )
        found.update(connection.scalars(statement))
    return sorted(found)[: NAMED_MAX + 1]


@dataclass(frozen=True, slots=True)
class Undo:
    """An import that is taken back."""

    account_id: int
    number: int
    since: int
    """When it began, Unix ms: who was written to since stays."""
    now: int


def take_back(unit: Any, undo: Undo, after: int, limit: int) -> TakenBack | None:
    """Takes back a portion of those whom an import brought, or, where none is left, at most `limit` rows behind row
    `after`; None where there are none."""
    session: Session = unit.session
    brought = session.one(_BROUGHT, undo.number)
    if brought is not None:
        first, count = brought
        numbers = range(first, first + count)
        written_to = _sent(session, undo.account_id, undo.since, numbers)
        gone = [number for number in numbers if number not in written_to] if written_to else numbers
        removed = _remove(session, undo.account_id, gone)
        session.run(_BROUGHT_BACK, True, undo.number, first)
        return TakenBack(after, removed=len(removed), kept=count - len(removed), gone=removed)
    rows = session.all(_ROWS, undo.number, after, limit)
    if not rows:
        return None
    done = TakenBack(rows[-1][0])
    written_to = _sent(session, undo.account_id, undo.since, [row[2] for row in rows])
    fresh = [row for row in rows if row[1] == NEW and row[2] not in written_to]
    others = [row for row in rows if row[1] != NEW and row[2] not in written_to]
    done.gone = _remove(session, undo.account_id, [row[2] for row in fresh])
    done.as_before = _restore(session, undo.account_id, others, undo.now)
    done.removed, done.restored = len(done.gone), len(done.as_before)
    done.kept = len(rows) - done.removed - done.restored
    session.run(_TAKEN_BACK, undo.number, rows[0][0], rows[-1][0])
    return done


def _sent(session: Session, account_id: int, since: int, ids: Sequence[int]) -> set[int]:
    if session.one(_ANY_SENT, since, account_id) is None:
        return set()
    return {row[0] for row in session.among(_SENT, ids, since)}


def _remove(session: Session, account_id: int, ids: Sequence[int]) -> Sequence[int]:
    """Removes customers whom nobody has changed since they were brought, and of whom nothing was done; returns them."""
    busy = {row[0] for statement in _DONE for row in session.among(statement, ids)}
    found = [row for row in session.among(_FOUND_BY, ids, account_id) if row[1] == 1 and row[0] not in busy]
    session.among(_DROP_DECISIONS, [row[0] for row in found])
    persons.remove(
        session,
        [row[0] for row in found],
        sorted(word for row in found for word in _words(account_id, row)),
    )
    return [row[0] for row in found]


def _words(account_id: int, row: Row) -> Iterable[Row]:
    number, _version, key, tags, kind, name, assigned = row
    words = named(key)
    if tags:
        words = words + [mark(TAG, tag) for tag in persons.tags_of(tags)]
    if kind:
        words = [*words, mark(PORTFOLIO, kind)]
    if name:
        words = [*words, mark(PORTFOLIO_NAME, name)]
    if assigned is not None:
        words = [*words, mark(ASSIGNED, assigned)]
    return ((account_id, word, number) for word in words)


def _restore(session: Session, account_id: int, rows: Sequence[Row], now: int) -> Sequence[int]:
    """Puts customers back as they were, where nobody has changed them since; returns them."""
    whole = persons.stored(session, account_id, [row[2] for row in rows])
    edits: list[Edit] = []
    for _row, kind, number, detail in rows:
        was = whole.get(number)
        if was is None or was.head.forgotten_at is not None:
            continue
        if kind == ABSENT:
            edits.append(Edit(was, was.customer, digest=was.head.digest))
            continue
        before, absent_at, digest, version = thawed(detail)
        if was.head.version == version + 1:
            edits.append(Edit(was, before, digest=digest, absent_at=absent_at))
    persons.edit(session, account_id, edits, now)
    return [one.was.head.id for one in edits]

"""Imports of sheets: what was brought, how it is read, how far it is, and what of it was not taken."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, select, text, update

from gatewayd.store import tables
from gatewayd.store.accounts import account_number
from gatewayd.store.session import Session, Statement, adding, given, merging, setting
from gatewayd.store.snapshots import Page
from gatewayd.store.tables.customers import IMPORT_ISSUE
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError, NotFoundError
from gatewayd.words.translation import gettext as _

CREATED, CHECKING, CHECKED = "created", "checking", "checked"
RUNNING, DONE, FAILED = "running", "done", "failed"
UNDOING, UNDONE = "undoing", "undone"
CUSTOMERS: Final = "customers"
BUSY: Final = frozenset({CHECKING, RUNNING, UNDOING})
ISSUES_KEPT: Final = 1_000
"""Rows that were not taken, as the store keeps them; the sheet of refused rows has all."""
LATEST: Final = 20
NOTED_FROM: Final = 1 << 40
"""Added to a row that was taken and is noted: its own number says what the import did to the customer."""
ISSUE_KINDS: Final = ("refused", "repeated", "noted")

_IMPORT: Final = tables.sheet_import.c
_ROW: Final = tables.import_row.c
_MAPPING: Final = tables.import_mapping.c
_ADD: Final = adding(
    tables.sheet_import,
    "account_id user_id actor node origin name file sha256 octets kind state reading judgement mapping header_key"
    " complete as_of reason created_at updated_at",
)
_LATEST: Final = Statement(
    select(_IMPORT.id).where(_IMPORT.account_id == given(_IMPORT.account_id)).order_by(_IMPORT.id.desc()).limit(1),
    "p_account_id",
)
_NAMED: Final = Statement(
    select(_IMPORT.id, _IMPORT.sha256).where(
        _IMPORT.account_id == given(_IMPORT.account_id), _IMPORT.name == given(_IMPORT.name)
    ),
    "p_account_id p_name",
)
_FORGET: Final = Statement(
    update(tables.sheet_import).where(_IMPORT.id == given(_IMPORT.id, "k_id")).values(name=None), "k_id"
)
_REMEMBER: Final = merging(
    tables.import_mapping, "account_id header_key mapping used_at", "account_id header_key", replace="mapping used_at"
)
_ADD_ISSUE: Final = merging(
    tables.import_row, "import_id row kind customer_id detail", "import_id row", replace="kind detail"
)
_DROP_ISSUES: Final = Statement(
    delete(tables.import_row).where(_ROW.import_id == given(_ROW.import_id), text(IMPORT_ISSUE)), "p_import_id"
)
_AT: Final = Statement(select(_IMPORT.applied, _IMPORT.counts).where(_IMPORT.id == given(_IMPORT.id)), "p_id")
_PROGRESS: Final = setting(tables.sheet_import, "applied counts updated_at", "id")


@dataclass(frozen=True, slots=True)
class Import:
    """A sheet that was brought. Times are Unix ms."""

    id: int
    account: str
    account_id: int
    user: int | None
    actor: str
    node: str
    origin: str
    name: str | None
    file: str
    sha256: str
    octets: int
    kind: str
    """What its rows are: customers, invoices, payments, credit_notes."""
    state: str
    reading: Mapping[str, Any]
    judgement: Mapping[str, Any] | None
    mapping: Mapping[str, Any] | None
    header_key: str | None
    complete: bool
    as_of: int
    counts: Mapping[str, Any]
    applied: int
    process: int | None
    reason: str | None
    created_at: int
    updated_at: int
    version: int


@dataclass(frozen=True, slots=True)
class NewImport:
    account: str
    user: int | None
    actor: str
    node: str
    origin: str
    name: str | None
    """By which it is known if it comes again."""
    file: str
    sha256: str
    octets: int
    reading: Mapping[str, Any]
    judgement: Mapping[str, Any] | None
    mapping: Mapping[str, Any] | None
    header_key: str | None
    complete: bool
    as_of: int
    reason: str | None
    now: int
    kind: str = CUSTOMERS


_IMPORTS: Final = select(tables.sheet_import, tables.account.c.name.label("account")).select_from(
    tables.sheet_import.join(tables.account, tables.account.c.id == _IMPORT.account_id)
)


def _loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _dumped(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _view(row: Any) -> Import:
    return Import(
        *(row.id, row.account, row.account_id, row.user_id, row.actor, row.node, row.origin, row.name, row.file),
        *(
            row.sha256,
            row.octets,
            row.kind,
            row.state,
            _loaded(row.reading) or {},
            _loaded(row.judgement),
            _loaded(row.mapping),
        ),
        *(row.header_key, bool(row.complete), row.as_of, _loaded(row.counts) or {}, row.applied, row.process_id),
        *(row.reason, row.created_at, row.updated_at, row.version),
    )


def one(connection: Connection, *, scope: Scope, number: int) -> Import:
    """Returns one import within a scope. NotFoundError."""
    statement = _IMPORTS.where(_IMPORT.id == number)
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise NotFoundError(_("no import {number}").format(number=number))
    return _view(row)


def imports(connection: Connection, *, scope: Scope, before: int | None, limit: int) -> Page[Import]:
    """Returns the imports within a scope, newest first."""
    statement = _IMPORTS.order_by(_IMPORT.id.desc()).limit(limit + 1)
    if scope.account is not None:
        statement = statement.where(tables.account.c.name == scope.account)
    if before is not None:
        statement = statement.where(_IMPORT.id < before)
    rows = connection.execute(statement).all()
    following = str(rows[limit - 1].id) if len(rows) > limit else None
    return Page(tuple(_view(row) for row in rows[:limit]), following)


def known(connection: Connection, *, account: str, name: str) -> tuple[int, str] | None:
    """Returns number and SHA-256 of the import of that name; None where there is none."""
    row = connection.execute(
        select(_IMPORT.id, _IMPORT.sha256).where(
            _IMPORT.account_id == account_number(connection, account), _IMPORT.name == name
        )
    ).one_or_none()
    return None if row is None else (int(row[0]), str(row[1]))


def latest(connection: Connection, *, node: str, origin: str) -> Sequence[Import]:
    """Returns a node's latest imports of an origin, newest first."""
    statement = _IMPORTS.where(_IMPORT.node == node, _IMPORT.origin == origin).order_by(_IMPORT.id.desc())
    return [_view(row) for row in connection.execute(statement.limit(LATEST))]


def remembered(connection: Connection, *, scope: Scope, header_key: str) -> Mapping[str, Any] | None:
    """Returns what was said of sheets with that header; None where nothing was."""
    if scope.account is None:
        return None
    account = account_number(connection, scope.account)
    found = connection.scalar(
        select(_MAPPING.mapping).where(_MAPPING.account_id == account, _MAPPING.header_key == header_key)
    )
    mapping: Mapping[str, Any] | None = _loaded(found)
    return mapping


def issues(connection: Connection, number: int, *, kind: str | None, after: int, limit: int) -> Page[dict[str, Any]]:
    """Returns rows of an import that were not taken as they stand, as the sheet orders them."""
    if not limit:
        return Page((), None)
    statement = select(_ROW.row, _ROW.kind, _ROW.detail).where(
        _ROW.import_id == number, _ROW.row > after, text(IMPORT_ISSUE)
    )
    if kind is not None:
        statement = statement.where(_ROW.kind == kind)
    rows = connection.execute(statement.order_by(_ROW.row).limit(limit + 1)).all()
    found = tuple(
        {"row": row.row % NOTED_FROM, "kind": row.kind, **(_loaded(row.detail) or {})} for row in rows[:limit]
    )
    return Page(found, str(rows[limit - 1].row) if len(rows) > limit else None)


# ------------------------------------------------------------------------------------------------------------- changes


def create(session: Session, new: NewImport) -> int:
    """Enters a sheet that was brought; returns its number. ConflictError where the name is another sheet's."""
    account_id = account_number(session.connection, new.account)
    if new.name is not None:
        before = session.one(_NAMED, account_id, new.name)
        if before is not None and before[1] == new.sha256:
            return int(before[0])
        if before is not None:
            raise ConflictError(_("{name} is the name of another import already").format(name=new.name))
    session.run(
        _ADD,
        *(account_id, new.user, new.actor, new.node, new.origin, new.name, new.file, new.sha256, new.octets),
        *(new.kind, CREATED),
        *(_dumped(new.reading), _dumped(new.judgement), _dumped(new.mapping), new.header_key, new.complete, new.as_of),
        *(new.reason, new.now, new.now),
    )
    made = session.one(_LATEST, account_id)
    assert made is not None
    return int(made[0])


def change(session: Session, number: int, states: Sequence[str], now: int, version: int | None, **values: Any) -> None:
    """Sets columns of an import that is in one of some states, JSON as objects. ConflictError where it is not, or where
    another version than `version` is there."""
    texts = {name: _dumped(value) if name in _JSON else value for name, value in values.items()}
    statement = (
        update(tables.sheet_import)
        .where(_IMPORT.id == number, _IMPORT.state.in_(states))
        .values(**texts, updated_at=now, version=_IMPORT.version + 1)
    )
    if version is not None:
        statement = statement.where(_IMPORT.version == version)
    if not session.connection.execute(statement).rowcount:
        raise ConflictError(_("this import is at work, over, or was changed meanwhile; look at it again"))


_JSON: Final = frozenset({"reading", "judgement", "mapping", "counts"})


def cancelled(session: Session, process: int, now: int) -> None:
    """Notes that the step which a task does is not wanted any more; what it has written stays, and can be undone."""
    for state, to in ((CHECKING, CREATED), (RUNNING, FAILED), (UNDOING, FAILED)):
        session.connection.execute(
            update(tables.sheet_import)
            .where(_IMPORT.process_id == process, _IMPORT.state == state)
            .values(state=to, reason="cancelled", updated_at=now, version=_IMPORT.version + 1)
        )


def remember(session: Session, account_id: int, header_key: str, mapping: Mapping[str, Any], now: int) -> None:
    """Keeps what was said of sheets with that header."""
    session.run(_REMEMBER, account_id, header_key, _dumped(mapping), now)


def progress(session: Session, number: int, applied: int, counts: Mapping[str, Any], now: int) -> None:
    """Notes how far an import is, in the transaction that brought it there."""
    session.run(_PROGRESS, applied, _dumped(counts), now, number)


def at(session: Session, number: int, behind: int | None = None) -> dict[str, Any]:
    """Returns the counts of an import as they are in this transaction. ConflictError where row `behind` is not the last
    that was written: what comes next would leave out what came before it."""
    row = session.one(_AT, number)
    if row is None or (behind is not None and row[0] != behind):
        raise ConflictError(_("this import is at work, over, or was changed meanwhile; look at it again"))
    return _loaded(row[1]) or {}


def drop_issues(session: Session, number: int) -> None:
    """Forgets what an earlier look at the sheet found."""
    session.run(_DROP_ISSUES, number)


def add_issues(session: Session, number: int, found: Sequence[tuple[int, str, Mapping[str, Any]]]) -> None:
    """Keeps rows that were not taken: row, kind and what is wrong. Of a row with an issue already the later holds."""
    rows = [(row + NOTED_FROM if kind == "noted" else row, kind, detail) for row, kind, detail in found]
    session.many(_ADD_ISSUE, [(number, row, kind, None, _dumped(detail)) for row, kind, detail in rows])

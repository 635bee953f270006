"""An INSERT that answers the number of its row, and nothing where a unique key forbids it."""

from __future__ import annotations

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable

from gatewayd.store.session import Session, Statement, given


def numbering(table: Table, columns: str) -> Statement:
    """Returns an INSERT of these columns that any unique key of the table may forbid."""
    names = columns.split()

    def clause(dialect: str) -> Executable:
        values = {name: given(table.c[name]) for name in names}
        insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
        return insert(table).inline().values(values).on_conflict_do_nothing().returning(table.c.id)

    return Statement(clause, " ".join(f"p_{name}" for name in names))


def number_of(session: Session, statement: Statement, *values: object) -> int | None:
    """Runs it; returns the new row's number, None where there was one of its key."""
    row = session.one(statement, *values)
    return None if row is None else int(row[0])

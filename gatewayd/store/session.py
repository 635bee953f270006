"""Statements of SQLAlchemy Core, compiled once a dialect and run on the database driver's own cursor.

SQLAlchemy writes the SQL, so that one definition serves SQLite and PostgreSQL; running a compiled string with a
positional tuple costs a tenth of what a Core execution does, and the writer runs a dozen statements a batch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from itertools import chain
from operator import itemgetter
from typing import Any, Final, cast

from sqlalchemy import Column, Connection, Dialect, Table, bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import visitors
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.expression import BindParameter, ClauseElement, insert, literal_column, update

Row = tuple[Any, ...]

AMONG: Final = 256
"""Most values of one `IN (…)`: few shapes of a statement to prepare, far below either database's limit of binds."""

TOGETHER: Final = (64, 8)
"""Rows of one INSERT, largest first. By eights a row is a quarter less work than alone; of narrow rows, of which there
are thousands, another quarter by 64s."""


class Statement:
    """One statement; `names` are its parameters in the order in which values are given.

    A parameter made by `among()` stands for a list and is the last one in the text. Where the dialects need different
    constructs, the clause is made for the dialect's name.
    """

    __slots__ = ("adds", "clause", "names")

    def __init__(
        self, clause: Executable | Callable[[str], Executable], names: str = "", *, adds: bool = False
    ) -> None:
        self.clause = clause
        self.names = tuple(names.split())
        self.adds = adds
        """It is an INSERT that ends with its one row of parameters."""


def among(column: Column[Any]) -> Any:
    """Returns `column IN (…)` for `Session.among`."""
    return column.in_(bindparam("among", expanding=True, type_=column.type))


def given(column: Column[Any], name: str | None = None) -> Any:
    """Returns a parameter of the column's type, named as the column unless told otherwise."""
    return bindparam(name or f"p_{column.name}", type_=column.type)


def adding(table: Table, columns: str) -> Statement:
    """Returns an INSERT of these columns."""
    names = columns.split()
    values = {name: bindparam(f"p_{name}", type_=table.c[name].type) for name in names}
    return Statement(insert(table).inline().values(values), " ".join(f"p_{name}" for name in names), adds=True)


def setting(table: Table, columns: str, keys: str) -> Statement:
    """Returns an UPDATE of these columns where the keys match; values first, then keys."""
    values = {table.c[name]: given(table.c[name]) for name in columns.split()}
    clause = update(table).values(values)
    for key in keys.split():
        clause = clause.where(table.c[key] == given(table.c[key], f"k_{key}"))
    names = [f"p_{name}" for name in columns.split()] + [f"k_{key}" for key in keys.split()]
    return Statement(clause, " ".join(names))


def merging(table: Table, columns: str, keys: str, *, add: str = "", replace: str = "") -> Statement:
    """INSERT, or where the keys exist already: add to some columns, replace others, leave the rest as it is. Without
    keys: where any key of the table exists already, nothing."""
    names = columns.split()

    def clause(dialect: str) -> Executable:
        insert = sqlite.insert if dialect == "sqlite" else _postgresql_insert()
        fresh = insert(table).inline().values({name: given(table.c[name]) for name in names})
        changes: dict[str, Any] = {name: table.c[name] + fresh.excluded[name] for name in add.split()}
        changes |= {name: fresh.excluded[name] for name in replace.split()}
        if changes:
            return fresh.on_conflict_do_update(index_elements=keys.split(), set_=changes)
        return fresh.on_conflict_do_nothing(index_elements=keys.split() or None)

    return Statement(clause, " ".join(f"p_{name}" for name in names))


def _postgresql_insert() -> Any:
    # Half a hundred modules that a store in SQLite need not have.
    from sqlalchemy.dialects.postgresql import insert

    return insert


def _constant(element: Any, **_: Any) -> Any:
    """Constants stand in the text as themselves: SQLite takes a partial index only where it can read its condition."""
    if not isinstance(element, BindParameter) or element.required:
        return None
    if element.expanding:
        return literal_column(f"({', '.join(map(_literal, element.value or ()))})")
    return literal_column(_literal(element.value))


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    assert type(value) is int, value
    return str(value)


def _picker(names: list[str], order: list[str], added: Row) -> Callable[[Row], Row]:
    indexes = [names.index(name) for name in order]
    if len(indexes) == 1:
        index = indexes[0]
        return lambda row: ((*row, *added)[index],)
    picked = itemgetter(*indexes)
    return (lambda row: picked((*row, *added))) if added else picked


def _by_place(dialect: Dialect) -> Dialect:
    """Returns the dialect with parameters by their place, as values are given here. A reader of PostgreSQL has them by
    name: there one that stands in a statement twice has to be one and the same (GROUP BY)."""
    if dialect.positional:
        return dialect
    placed = copy(dialect)
    placed.paramstyle, placed.positional = "format", True
    return placed


class _Compiled:
    __slots__ = ("_mark", "_sized", "_text", "alone", "pick", "sql", "together")

    def __init__(self, statement: Statement, connection: Connection) -> None:
        clause = (
            statement.clause if isinstance(statement.clause, Executable) else statement.clause(connection.dialect.name)
        )
        plain: Any = visitors.replacement_traverse(cast("ClauseElement", clause), {}, _constant)
        compiled = plain.compile(dialect=_by_place(connection.dialect))
        order: list[str] = list(compiled.positiontup or ())
        self._mark = "?" if connection.dialect.name == "sqlite" else "%s"
        self._text = str(compiled)
        self._sized: dict[int, str] = {}
        self.sql = self._text
        if "among" in order:
            if order[-1] != "among":
                raise AssertionError(f"the list is not last: {self._text}")
            order.pop()
        self.alone = self.sized(1)
        """The text for a list of one value."""
        self.together = self._together(compiled.dialect.name) if statement.adds else ()
        """Counts of rows at once, and the text for so many."""
        # None where the values come in the order of the text already
        self.pick: Callable[[Row], Row] | None = None
        names = statement.names
        if tuple(order) != names:
            # What the compiler added by itself (SQLite's OFFSET 0) has a value already.
            added = {name: compiled.params[name] for name in order if name not in names}
            if not set(names) <= set(order) or None in added.values():
                raise AssertionError(f"parameters {order} are not {names}: {self._text}")
            self.pick = _picker([*names, *added], order, tuple(added.values()))

    def _together(self, dialect: str) -> tuple[tuple[int, str], ...]:
        head, values, row = self._text.rpartition(" VALUES ")
        if not values or not row.startswith("(") or not row.endswith(")") or not head.startswith("INSERT INTO "):
            raise AssertionError(f"no row of parameters at the end: {self._text}")
        if dialect == "sqlite":
            # Else SQLite copies each page that one of the rows is the first to change, to undo those before a row that
            # is refused: half of what rows cost whose trees are not in their order. Here the transaction goes with it.
            head = f"INSERT OR FAIL{head.removeprefix('INSERT')}"
        return tuple((count, head + values + ", ".join([row] * count)) for count in TOGETHER)

    def sized(self, count: int) -> str:
        """Returns the text for a list of `count` values."""
        sql = self._sized.get(count)
        if sql is None:
            marks = ", ".join([self._mark] * count)
            sql = self._sized[count] = self._text.replace("__[POSTCOMPILE_among]", marks)
        return sql


_COMPILED: Final[dict[str, dict[Statement, _Compiled]]] = {}
"""By dialect: compiling a statement costs as much as running it a hundred times."""


class Session:
    """One connection of the store, in explicit transactions. Not for two threads at once."""

    def __init__(self, connection: Connection) -> None:
        """`connection` is in the driver's autocommit mode: transactions begin and end here."""
        self.connection = connection
        self.sqlite = connection.dialect.name == "sqlite"
        dbapi = self._dbapi = connection.dialect.loaded_dbapi
        self._held: str | None = None
        self.Error: type[Exception] = dbapi.Error
        self._raw: Any = cast("Any", connection.connection.driver_connection)
        self._cursor = self._raw.cursor()
        self._compiled = _COMPILED.setdefault(connection.dialect.name, {})
        self._begin = "BEGIN IMMEDIATE" if self.sqlite else "BEGIN"

    @property
    def changes(self) -> int:
        """Rows changed since the connection was opened (SQLite)."""
        return int(self._raw.total_changes)

    def begin(self) -> None:
        if not self.sqlite and self._raw.closed:
            self._reconnect()
        self._cursor.execute(self._begin)

    def _reconnect(self) -> None:
        """Connects again to a server that went away or dropped us."""
        try:
            connection = self.connection.engine.connect()
        except DBAPIError as error:
            raise cast("Exception", error.orig) from error
        if self._held is not None and not _has_lock(connection, self._held):
            connection.close()
            raise cast("Exception", self._dbapi.OperationalError("another process holds this node on the store"))
        self.connection.invalidate()
        self.connection.close()
        self.connection = connection
        self._raw = cast("Any", connection.connection.driver_connection)
        self._cursor = self._raw.cursor()

    def hold(self, name: str) -> bool:
        """Takes a lock of that name that lasts as long as the connection, and is taken again with the next one; False
        where another process has it. On SQLite the whole file is locked already."""
        if not self.sqlite:
            if not _has_lock(self.connection, name):
                return False
            self._held = name
        return True

    def absent(self, name: str) -> bool:
        """Whether no process has the lock of that name; where so, none gets it until the transaction ends. On SQLite,
        whose file one process has alone, none has."""
        if self.sqlite:
            return True
        statement = f"SELECT pg_try_advisory_xact_lock({_lock(name)})"
        return bool(self.connection.exec_driver_sql(statement).scalar())

    def commit(self) -> None:
        self._cursor.execute("COMMIT")

    def abandon(self) -> None:
        """Ends the transaction without effect, whatever state it is in; SQLite ends some by itself (disk full)."""
        with suppress(self.Error):
            self._cursor.execute("ROLLBACK")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undoes what is written inside, and nothing else, where it raises."""
        self._cursor.execute("SAVEPOINT change")
        try:
            yield
        except BaseException:
            with suppress(self.Error):
                self._cursor.execute("ROLLBACK TO SAVEPOINT change")
                self._cursor.execute("RELEASE SAVEPOINT change")
            raise
        self._cursor.execute("RELEASE SAVEPOINT change")

    def close(self) -> None:
        """Lets go of the connection."""
        self._cursor.close()
        self.connection.close()

    def run(self, statement: Statement, *values: Any) -> int:
        """Runs it; answers how many rows it changed."""
        compiled = self._compiled.get(statement) or self._compile(statement)
        self._cursor.execute(compiled.sql, values if compiled.pick is None else compiled.pick(values))
        return int(self._cursor.rowcount)

    def many(self, statement: Statement, rows: Sequence[Row]) -> None:
        """Runs it once a row, in few calls into the driver."""
        if not rows:
            return
        compiled = self._compiled.get(statement) or self._compile(statement)
        pick = compiled.pick
        if len(rows) == 1:
            self._cursor.execute(compiled.sql, rows[0] if pick is None else pick(rows[0]))
            return
        if pick is not None:
            rows = [pick(row) for row in rows]
        for count, sql in compiled.together:
            whole = len(rows) - len(rows) % count
            for start in range(0, whole, count):
                self._cursor.execute(sql, tuple(chain.from_iterable(rows[start : start + count])))
            rows = rows[whole:]
        if not rows:
            return
        if len(rows) == 1:
            self._cursor.execute(compiled.sql, rows[0])
        else:
            self._cursor.executemany(compiled.sql, rows)

    def all(self, statement: Statement, *values: Any) -> list[Row]:
        compiled = self._compiled.get(statement) or self._compile(statement)
        self._cursor.execute(compiled.sql, values if compiled.pick is None else compiled.pick(values))
        rows: list[Row] = self._cursor.fetchall()
        return rows

    def one(self, statement: Statement, *values: Any) -> Row | None:
        rows = self.all(statement, *values)
        return rows[0] if rows else None

    def among(self, statement: Statement, keys: Iterable[Any], *values: Any) -> list[Row]:
        """Returns the rows for any number of keys of its list, padded with its last key: few shapes to prepare."""
        wanted = list(keys)
        if not wanted:
            return []
        compiled = self._compiled.get(statement) or self._compile(statement)
        if compiled.pick is not None:
            values = compiled.pick(values)
        if len(wanted) == 1:
            self._cursor.execute(compiled.alone, (*values, *wanted))
            return self._cursor.fetchall() if self._cursor.description else []
        found: list[Row] = []
        for chunk in _chunks(wanted):
            self._cursor.execute(compiled.sized(len(chunk)), (*values, *chunk))
            found += self._cursor.fetchall() if self._cursor.description else ()
        return found

    def plain(self, sql: str) -> list[Row]:
        """Runs a statement given as text, and returns its rows: pragmas and what only one dialect has."""
        self._cursor.execute(sql)
        return list(self._cursor.fetchall()) if self._cursor.description else []

    def _compile(self, statement: Statement) -> _Compiled:
        compiled = self._compiled[statement] = _Compiled(statement, self.connection)
        return compiled


def _has_lock(connection: Connection, name: str) -> bool:
    """Takes a session's advisory lock (PostgreSQL 13.3.5) by the hash of its name."""
    return bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_lock(name)})").scalar())


def _lock(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def _chunks(keys: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(keys), AMONG):
        chunk = keys[start : start + AMONG]
        size = 1
        while size < len(chunk):
            size *= 2
        chunk += [chunk[-1]] * (size - len(chunk))
        yield chunk

"""Reads from somebody else's database: the queries of one feed, in one snapshot, and nothing but reads.

`python -m gatewayd.workers.feed PARENT MEMORY` with one request on its input. It knows that one address and no store of
ours. What it says are rows, and codes of what went wrong: neither the address nor what lies in the database is ever in
those.
"""

from __future__ import annotations

import gc
import json
import os
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from gatewayd.feeds.documents import cell, head_fault, heads
from gatewayd.feeds.faults import name_of
from gatewayd.feeds.source import Source, SourceError, asks_since, for_sqlalchemy, source_of
from gatewayd.workers.confinement import confine

REQUEST_MAX: Final = 1 << 20
CONNECT_S: Final = 10
COLUMNS_MAX: Final = 60
CELL_MAX: Final = 10_000
"""Characters of a value."""
BYTES_MAX: Final = 512 << 20
"""Of all rows together, as they are told."""
FETCHED: Final = 500
"""Rows that are asked of the server at once."""
TOLD: Final = 400_000
"""Characters of rows in one document, about."""
BEAT_S: Final = 10.0
"""So often it says that it lives, however long the database thinks."""

_GIVES: Final = (
    # MariaDB and MySQL: by number
    *((str(number), "login_refused") for number in (1045, 1698, 1251, 2059, 2061)),
    *((str(number), "database_missing") for number in (1044, 1049)),
    *((str(number), "not_allowed") for number in (1142, 1143, 1227, 1290, 1792)),
    *((str(number), "too_slow") for number in (1205, 1969, 3024, 1317)),
    *((str(number), "connection_lost") for number in (2006, 2013, 2055, 1053, 1927)),
    ("1054", "column_missing"),
    ("1146", "table_missing"),
    ("1064", "query_invalid"),
    # PostgreSQL: by SQLSTATE
    *((state, "login_refused") for state in ("28000", "28P01")),
    ("3D000", "database_missing"),
    *((state, "not_allowed") for state in ("42501", "25006")),
    *((state, "too_slow") for state in ("57014", "55P03")),
    *((state, "connection_lost") for state in ("57P01", "57P02", "57P03", "08006", "08003")),
    ("42703", "column_missing"),
    ("42P01", "table_missing"),
    *((state, "query_invalid") for state in ("42601", "42883")),
)
_BY_CODE: Final[Mapping[str, str]] = dict(_GIVES)
_BY_WORDS: Final = (
    # SQLite, and what libraries say before a server has
    ("no such column", "column_missing"),
    ("no such table", "table_missing"),
    ("syntax error", "query_invalid"),
    ("database is locked", "locked"),
    ("readonly database", "not_allowed"),
    ("not authorized", "not_allowed"),
    ("interrupted", "too_slow"),
    ("unable to open database file", "database_missing"),
    ("file is not a database", "no_database"),
    ("database disk image is malformed", "no_database"),
    ("password authentication failed", "login_refused"),
    ("no password supplied", "login_refused"),
    ("role ", "login_refused"),
    ("does not exist", "database_missing"),
    ("timeout expired", "unreachable"),
    ("timed out", "too_slow"),
    ("refused", "unreachable"),
    ("no such file or directory", "unreachable"),
    ("name or service not known", "unreachable"),
    ("failed to resolve", "unreachable"),
    ("no route to host", "unreachable"),
    ("invalid response", "no_database"),
    ("unexpected response", "no_database"),
    ("unsupported frontend protocol", "no_database"),
    ("packet sequence", "no_database"),
    ("server closed the connection", "connection_lost"),
    ("lost connection", "connection_lost"),
    ("can't connect", "unreachable"),
)
_NAMED: Final = (
    re.compile(r"[Uu]nknown column '([^']*)'"),
    re.compile(r"no such (?:column|table): (\S+)"),
    re.compile(r"Table '([^']*)' doesn't exist"),
    re.compile(r'(?:column|relation) "?([\w.$-]+)"? does not exist'),
)


class Refusal(Exception):  # noqa: N818 - an end, told as a code
    """It cannot be read: a code of `gatewayd.feeds.faults`, and a name."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class Teller:
    """Says one document after another, from the reading thread and from the one that says it lives."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._said = 0

    def __call__(self, document: Mapping[str, Any]) -> None:
        data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
        self._said += len(data)
        if self._said > BYTES_MAX:
            raise Refusal("too_large")
        with self._lock:
            view = memoryview(data)
            while view:
                view = view[os.write(self._descriptor, view) :]

    def live(self) -> None:
        """Says that it lives, again and again."""
        while True:
            time.sleep(BEAT_S)
            with suppress(OSError, Refusal):
                self({"lives": True})


def main() -> int:
    """`feed PARENT MEMORY`: the parent's pid, octets of address space."""
    confine(int(sys.argv[1]), int(sys.argv[2]))
    output = os.dup(1)
    # Whatever a library prints may have the address in it.
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    gc.set_threshold(100_000)
    request: dict[str, Any] = json.loads(sys.stdin.buffer.readline(REQUEST_MAX))
    tell = Teller(output)
    threading.Thread(target=tell.live, daemon=True).start()
    try:
        read(request, tell)
    except Refusal as error:
        _last(tell, error.code, error.detail)
    except MemoryError:
        _last(tell, "too_large")
    except Exception as error:  # noqa: BLE001 - nothing of it may be told but its kind
        _last(tell, "failed", name_of(type(error).__name__))
    return 0


def _last(tell: Teller, code: str, detail: str = "") -> None:
    with suppress(Refusal, OSError):
        tell({"fault": code, "detail": detail})


def read(request: Mapping[str, Any], tell: Any) -> None:
    """Reads all that is asked, in one snapshot. Refusal."""
    try:
        source = source_of(request["url"])
    except SourceError as error:
        raise Refusal("driver_missing" if str(error) == "feed_driver" else "no_database") from None
    with _connected(source, int(request["seconds"])) as connection:
        tell({"begun": True})
        left = int(request["rows"])
        for kind, query in request["queries"].items():
            values = {"since": request["since"]} if asks_since(query) else {}
            left -= _ask(connection, (kind, query, values), left, tell)
    tell({"done": True})


def _ask(connection: Connection, asked: tuple[str, str, dict[str, str]], most: int, tell: Any) -> int:
    """Tells all rows of a query, and returns how many they are. Refusal."""
    kind, query, values = asked
    count = 0
    try:
        # A server-side cursor: the rows stay where they are until they are asked for.
        result = connection.execution_options(stream_results=True, max_row_buffer=FETCHED).execute(
            text(for_sqlalchemy(query)), values
        )
        columns = heads(result.keys())
        if len(columns) > COLUMNS_MAX:
            raise Refusal("too_many_columns")
        if (wrong := head_fault(kind, columns)) is not None:
            raise Refusal(wrong[0], name_of(wrong[1]))
        tell({"kind": kind, "columns": columns})
        while rows := result.fetchmany(FETCHED):
            count += len(rows)
            if count > most:
                raise Refusal("too_many_rows")
            for portion in _portions(columns, rows):
                tell({"rows": portion})
    except (DBAPIError, SQLAlchemyError, sqlite3.Error) as error:
        raise _refusal(error, connecting=False) from None
    tell({"end": kind, "count": count})
    return count


def _portions(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[list[list[Any]]]:
    """Yields rows as texts, no more of them at once than a document holds."""
    portion: list[list[Any]] = []
    size = 0
    for row in rows:
        cells = []
        for name, value in zip(columns, row, strict=True):
            try:
                one = cell(value)
            except ValueError:
                raise Refusal("cell_unreadable", name_of(name)) from None
            if isinstance(one, str):
                if len(one) > CELL_MAX:
                    raise Refusal("too_large")
                size += 6 * len(one)
            cells.append(one)
        portion.append(cells)
        if size > TOLD:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


# ---------------------------------------------------------------------------------------------------------- connecting


@contextmanager
def _connected(source: Source, seconds: int) -> Iterator[Connection]:
    """A connection in a read-only transaction that sees one moment. Refusal."""
    try:
        limits = _arguments(source, seconds)
        engine = create_engine(source.url, poolclass=NullPool, connect_args=limits, **_made(source))
        if source.family == "sqlite":
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    except (NoSuchModuleError, ModuleNotFoundError):
        raise Refusal("driver_missing") from None
    except Exception:  # noqa: BLE001 - an address that the library cannot take apart
        raise Refusal("no_database") from None
    try:
        connection = engine.connect()
    except Exception as error:  # noqa: BLE001 - what answers may be anything, and so may be what a library makes of it
        raise _refusal(error, connecting=True) from None
    try:
        try:
            _begin(connection, source, seconds)
        except (DBAPIError, SQLAlchemyError, sqlite3.Error) as error:
            raise _refusal(error, connecting=True) from None
        yield connection
    finally:
        with suppress(Exception):
            connection.close()


def _made(source: Source) -> dict[str, Any]:
    if source.family != "sqlite":
        return {}
    address = f"file:{quote(source.path)}?mode=ro"
    return {"creator": lambda: sqlite3.connect(address, uri=True, timeout=5.0, isolation_level=None)}


def _arguments(source: Source, seconds: int) -> dict[str, Any]:
    if source.family == "mysql":
        limits = {"connect_timeout": CONNECT_S, "read_timeout": seconds, "write_timeout": seconds}
        return {**limits, "local_infile": False}
    if source.family == "postgresql":
        return {"connect_timeout": CONNECT_S, "application_name": "gatewayd"}
    return {}


def _begin(connection: Connection, source: Source, seconds: int) -> None:
    """Begins the transaction: it reads alone, and all of it sees one moment."""
    if source.family == "mysql":
        # MariaDB counts in seconds, MySQL in milliseconds; each knows its own alone.
        for limit in (f"max_statement_time = {seconds}", f"max_execution_time = {seconds * 1000}"):
            with suppress(DBAPIError):
                connection.exec_driver_sql(f"SET SESSION {limit}")
        connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {seconds}")
        connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    elif source.family == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {seconds * 1000}")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {seconds * 1000}")
    elif source.family == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = 1")
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")


def _refusal(error: BaseException, *, connecting: bool) -> Refusal:
    """Returns what an error means. Only a name of a table or column is taken from it."""
    said: BaseException = getattr(error, "orig", None) or error
    words = str(said)
    found = said.args[0] if said.args and isinstance(said.args[0], int) else getattr(said, "sqlstate", None)
    code = _BY_CODE.get(str(found))
    low = words.lower()
    if code is None:
        code = next((each for part, each in _BY_WORDS if part in low), None)
    if code is None:
        # What a library cannot understand while it says hello is not what it was made for.
        code = "no_database" if connecting and not isinstance(said, OSError) else "failed"
    if code == "connection_lost" and "timed out" in low:
        code = "too_slow"
    if connecting and code == "too_slow":
        code = "unreachable"
    detail = next((name_of(match[1]) for each in _NAMED if (match := each.search(words)) is not None), "")
    return Refusal(code, detail if code in {"column_missing", "table_missing"} else "")


if __name__ == "__main__":
    sys.exit(main())

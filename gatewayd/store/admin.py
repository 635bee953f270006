"""Care of the store: is it whole, and the way to another store. Synchronous; for commands.

`check` reads one snapshot and disturbs no daemon; `copy` wants the source to itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Table, Text, case, func, insert, literal_column, select, text, union_all
from sqlalchemy.exc import DBAPIError

from gatewayd.store import migrations, tables
from gatewayd.store.connection import open_store
from gatewayd.store.faults import damaged, translated
from gatewayd.store.reading_engine import reading_engine
from gatewayd.values.errors import ConflictError, SchemaError, StoreError
from gatewayd.values.money import format_money
from gatewayd.words.translation import gettext as _

BATCH: Final = 2000
"""Rows moved at once: few enough that memory does not grow, many enough that the network's turns do not count."""
FAULTS_MAX: Final = 100
"""A damaged store may have a fault a row; the first hundred tell enough."""


# --------------------------------------------------------------------------------------------------------------- check


def recognise(url: str, *, password: str | None = None) -> bool:
    """Reads enough of the store to tell that it is one of ours; False when it is empty. SchemaError, StoreError."""
    engine = reading_engine(url, password=password, pool=1)
    try:
        with engine.connect() as connection:
            found = migrations.revision(connection)
    except DBAPIError as error:
        raise translated(error, url, StoreError, _("the store cannot be read: {error}")) from error
    finally:
        engine.dispose()
    if found is not None and found not in migrations.REVISIONS:
        raise SchemaError(_("the store belongs to a newer program (its schema is {found})").format(found=found))
    return found is not None


LOOKED_THROUGH_MOST: Final = 256 << 20
"""Bytes of a SQLite file whose pages are all looked at by the way, which takes a second or two."""


def look_through(path: Path) -> None:
    """Raises DamagedError where a page of a SQLite file is damaged; a large file is left to `check`."""
    if path.stat().st_size > LOOKED_THROUGH_MOST:
        return
    url = f"sqlite:///{path}"
    engine = reading_engine(url, pool=1)
    try:
        with engine.connect() as connection, connection.begin():
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    except DBAPIError as error:
        raise translated(error, url, StoreError, _("the store cannot be read: {error}")) from error
    finally:
        engine.dispose()
    if found != "ok":
        raise damaged(url, " ".join(str(found).split()))


def check(url: str, *, password: str | None = None) -> list[str]:
    """Yields what is wrong with the store, one sentence per fault; nothing when it is intact.

    Looks at the file's own integrity, at the ledger (each account against its transfers), and at the kept counts
    against the messages. Reads every row: minutes for a large store.
    """
    engine = reading_engine(url, password=password, pool=1)
    faults: list[str] = []
    try:
        with engine.connect() as connection, connection.begin():
            for look in (_integrity, _ledger, _counts, _jobs):
                faults += look(connection)
    except DBAPIError as error:
        raise translated(error, url, StoreError, _("the store cannot be read: {error}")) from error
    finally:
        engine.dispose()
    return faults[:FAULTS_MAX]


def _integrity(connection: Connection) -> Iterator[str]:
    if connection.dialect.name != "sqlite":  # a server checks its own pages
        return
    for (line,) in connection.exec_driver_sql(f"PRAGMA integrity_check({FAULTS_MAX})"):
        if line != "ok":
            yield _("damaged file: {detail}").format(detail=line)
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield _("damaged file: {detail}").format(detail=f"{row[0]} {row[1]} -> {row[2]}")


def _ledger(connection: Connection) -> Iterator[str]:
    account, transfer = tables.account.c, tables.transfer.c

    def total(*kinds: str) -> Any:
        return func.coalesce(func.sum(case((transfer.kind.in_(kinds), transfer.amount), else_=0)), 0)

    statement = (
        select(
            *(account.name, account.balance, account.held, account.charged, account.granted),
            (total("grant") - total("hold") + total("release")).label("sum_balance"),
            (total("hold") - total("charge", "release")).label("sum_held"),
            total("charge").label("sum_charged"),
            total("grant").label("sum_granted"),
        )
        .select_from(tables.account.outerjoin(tables.transfer, transfer.account_id == account.id))
        .group_by(account.id)
        .order_by(account.name)
    )
    for row in connection.execute(statement):
        for name in ("balance", "held", "charged", "granted"):
            kept, summed = int(getattr(row, name)), int(getattr(row, f"sum_{name}"))
            if kept != summed:
                yield _("account {account}: {field} is {kept}, its transfers add up to {summed}").format(
                    account=row.name, field=name, kept=format_money(kept), summed=format_money(summed)
                )
        if row.balance + row.held + row.charged != row.granted:
            yield _("account {account}: balance + held + charged differs from what was granted").format(
                account=row.name
            )
        if min(row.balance, row.held) < 0:
            yield _("account {account}: below zero").format(account=row.name)


def _counts(connection: Connection) -> Iterator[str]:
    kept, message = tables.queue_count.c, tables.message.c
    # As `store.sending.counts` words it.
    # Written out: PostgreSQL takes two parameters of one value for two expressions, and groups by none of them.
    kept_by = [
        (text(f"message.state = 'held' AND message.reason = '{reason}'"), literal_column(f"'held_{reason}'", Text))
        for reason in ("window", "stale")
    ]
    word = case(*kept_by, else_=message.state)
    both = union_all(
        select(kept.queue_id, kept.state, kept.final, kept.messages, kept.segments),
        select(message.queue_id, word, message.final, -func.count(), -func.sum(message.segments)).group_by(
            message.queue_id, word, message.final
        ),
    ).subquery()
    messages, segments = func.sum(both.c.messages), func.sum(both.c.segments)
    statement = (
        select(both.c.queue_id, both.c.state, messages.label("messages"), segments.label("segments"))
        .group_by(both.c.queue_id, both.c.state, both.c.final)
        .having((messages != 0) | (segments != 0))
    )
    for row in connection.execute(statement):
        yield _("queue {queue}, state {state}: the count is {messages} messages and {segments} segments off").format(
            queue=row.queue_id, state=row.state, messages=int(row.messages), segments=int(row.segments)
        )


def _jobs(connection: Connection) -> Iterator[str]:
    job, message = tables.job.c, tables.message.c
    found = func.count(message.id)
    statement = (
        select(job.id, job.name, job.messages, found.label("found"))
        .select_from(tables.job.outerjoin(tables.message, message.job_id == job.id))
        .where(job.state != "loading")
        .group_by(job.id)
        .having(job.messages != found)
    )
    for row in connection.execute(statement):
        yield _("job {job}: {kept} messages are counted, {found} are there").format(
            job=row.name, kept=row.messages, found=row.found
        )


# ---------------------------------------------------------------------------------------------------------------- copy


@dataclass(frozen=True, slots=True)
class Copied:
    table: str
    rows: int


def copy(source: Connection, url: str, told: Callable[[Copied], None] = lambda _copied: None) -> list[Copied]:
    """Copies every row of `source` (a store that its caller holds) into the empty store at `url`, made where missing.

    All or nothing: one transaction, committed once the numbers of rows agree. ConflictError when something is in it.
    """
    with closing(open_store(url)) as target:
        connection = target.connection
        filled = [table.name for table in tables.metadata.sorted_tables if _any(connection, table)]
        if filled:
            raise ConflictError(_("the other store is not empty: {tables}").format(tables=", ".join(filled)))
        done = []
        with _transaction(source), _transaction(connection):
            for table in tables.metadata.sorted_tables:
                done.append(copied := Copied(table.name, _copy_table(source, connection, table)))
                told(copied)
            if connection.dialect.name == "postgresql":
                _move_sequences(connection)
    return done


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    """One transaction, one snapshot, on a connection in the driver's autocommit mode."""
    server = connection.dialect.name == "postgresql"
    connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ" if server else "BEGIN")
    try:
        yield
    except DBAPIError as error:
        connection.exec_driver_sql("ROLLBACK")
        raise translated(error, connection.engine.url, StoreError, _("the store cannot be copied: {error}")) from error
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def _any(connection: Connection, table: Table) -> bool:
    return connection.execute(select(table).limit(1)).first() is not None


def _copy_table(source: Connection, target: Connection, table: Table) -> int:
    rows = source.execute(select(table).execution_options(yield_per=BATCH))
    adding = insert(table).inline()
    for batch in rows.mappings().partitions(BATCH):
        target.execute(adding, [dict(row) for row in batch])
    expected = source.scalar(select(func.count()).select_from(table))
    found = target.scalar(select(func.count()).select_from(table))
    if expected != found:
        raise StoreError(
            _("{table}: {found} of {expected} rows arrived").format(table=table.name, found=found, expected=expected)
        )
    return int(found or 0)


def _move_sequences(connection: Connection) -> None:
    """Numbers given out from now on follow those that came along; an attempt's lives on in its transfers."""
    for table in tables.metadata.sorted_tables:
        if "id" not in table.c:
            continue
        last = connection.scalar(select(func.max(table.c.id))) or 0
        if table is tables.attempt:
            last = max(last, connection.scalar(select(func.max(tables.transfer.c.attempt_id))) or 0)
        if last:
            connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), {int(last)})")

"""The role by which the web process's user reads a store in PostgreSQL: it may read the tables, and change nothing.

What access lists are to a store in SQLite, privileges are here. The daemon's role owns the tables and gives the other
one what it lacks; what that one has beyond it, whoever gave it, is found here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
from sqlalchemy import Connection, create_engine, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from gatewayd.store import tables
from gatewayd.store.connection import writing_url
from gatewayd.store.faults import translated
from gatewayd.values.errors import UnavailableError
from gatewayd.words.translation import gettext as _

log = structlog.get_logger()

CONNECT_S: Final = 5
_OWN: Final = "current_user"
_TABLES: Final = ("alembic_version", *sorted(tables.metadata.tables))
_POWERS: Final = (
    "pg_execute_server_program",
    "pg_read_server_files",
    "pg_signal_backend",
    "pg_write_all_data",
    "pg_write_server_files",
)
"""Roles of the server's own (PostgreSQL, predefined roles) that reach beyond a database, or into all of it."""
_CHANGES: Final = """
SELECT (SELECT rolsuper OR rolcreaterole OR rolreplication FROM pg_roles WHERE rolname = {role})
    OR EXISTS (SELECT FROM pg_roles WHERE rolname = ANY (%(powers)s) AND pg_has_role({role}, oid, 'MEMBER'))
    OR EXISTS (
        SELECT FROM pg_class
        WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
            AND CASE
                WHEN relkind IN ('r', 'p') THEN
                    pg_has_role({role}, relowner, 'MEMBER')
                    OR has_table_privilege({role}, oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
                    OR has_any_column_privilege({role}, oid, 'INSERT, UPDATE')
                WHEN relkind = 'S' THEN has_sequence_privilege({role}, oid, 'USAGE, UPDATE')
                ELSE false
            END
    )
"""
"""Whether a role could change anything: as what it is, or as what it can make itself (SET ROLE)."""
_CREATES: Final = "SELECT has_schema_privilege(%(role)s, current_schema(), 'CREATE')"
_ENTERS: Final = "SELECT has_schema_privilege(%(role)s, %(schema)s, 'USAGE')"
_UNREAD: Final = """
SELECT relname FROM pg_class
WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
    AND relname = ANY (%(tables)s) AND NOT has_table_privilege(%(role)s, oid, 'SELECT')
ORDER BY relname
"""


def role_of(url: str | URL, user: str) -> str:
    """Returns the role that an address signs in as: its own, else that of the user of the machine who connects."""
    parsed = make_url(url)
    asked = parsed.query.get("user")
    return parsed.username or (asked if isinstance(asked, str) else None) or user


def refuse_excess(raw: Any) -> None:
    """Raises UnavailableError where the role of a connection of the driver's could change the store."""
    with raw.cursor() as cursor:
        cursor.execute(_CHANGES.format(role=_OWN), {"powers": list(_POWERS)})
        changes = cursor.fetchone()[0]
        cursor.execute("SELECT current_user")
        role = cursor.fetchone()[0]
    raw.rollback()
    if changes:
        log.error("the web process's role may change the store: nothing is read with it", role=role)
        raise UnavailableError(
            _("the role {role} may change the store; the web process takes one that can only read").format(role=role)
        )


def let_read(url: str, role: str, *, password: str | None = None) -> None:
    """Lets a role read every table of a store, whose owner asks. UnavailableError where that fails."""
    with _connected(url, password) as connection:
        quote = connection.dialect.identifier_preparer.quote_identifier
        schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
        asked = {"role": role, "schema": schema, "tables": list(_TABLES)}
        if not connection.exec_driver_sql(_ENTERS, asked).scalar():
            connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {quote(schema)} TO {quote(role)}")
        if unread := connection.exec_driver_sql(_UNREAD, asked).scalars().all():
            names = ", ".join(map(quote, unread))
            connection.exec_driver_sql(f"GRANT SELECT ON {names} TO {quote(role)}")


def excess(url: str, role: str, *, password: str | None = None) -> tuple[bool, bool]:
    """Returns whether a role could change the store, and whether it may make things of its own beside the tables.

    UnavailableError where the store cannot be asked, or there is no such role.
    """
    asked = {"role": role, "powers": list(_POWERS)}
    with _connected(url, password) as connection:
        changes = connection.exec_driver_sql(_CHANGES.format(role="%(role)s"), asked).scalar()
        creates = connection.exec_driver_sql(_CREATES, asked).scalar()
    return bool(changes), bool(creates)


@contextmanager
def _connected(url: str, password: str | None) -> Iterator[Connection]:
    """A connection of its own to PostgreSQL, each statement a transaction; UnavailableError for what it refuses."""
    parsed = writing_url(url, password)
    engine = create_engine(
        parsed, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": CONNECT_S}
    )
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise translated(error, parsed, UnavailableError, "{error}") from error
    finally:
        engine.dispose()

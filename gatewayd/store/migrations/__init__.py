"""The store's schema over time: Alembic's migrations, run at start where the store is behind.

A store that is up to date is recognised by one plain query: Alembic is imported only when there is something to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect

from gatewayd.values.errors import SchemaError

REVISIONS: Final = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
    "0020",
    "0021",
    "0022",
    "0023",
    "0024",
    "0025",
    "0026",
    "0027",
    "0028",
    "0029",
    "0030",
    "0031",
)
"""Every revision, oldest first; the last is the one this program works with."""

HEAD: Final = REVISIONS[-1]

_FOLDER: Final = Path(__file__).parent


def revision(connection: Connection) -> str | None:
    """The revision the store is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def upgrade(connection: Connection) -> bool:
    """Brings the store to `HEAD`; whether anything had to be done. SchemaError when it is not one of ours.

    A revision is applied whole or not at all. The connection is in the driver's autocommit mode.
    """
    found = revision(connection)
    if found == HEAD:
        return False
    if found is not None and found not in REVISIONS:
        raise SchemaError(f"the store's schema is {found}, newer than this program's {HEAD}: use the newer program")
    _run(connection)
    return True


def _run(connection: Connection) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    context = EnvironmentContext(config, scripts)
    # One transaction for all, begun by hand: SQLite's driver would otherwise run each statement by itself.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN")
    try:
        context.configure(
            connection=connection, transactional_ddl=False, fn=lambda at, _: scripts._upgrade_revs(HEAD, at)
        )
        context.run_migrations()
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")

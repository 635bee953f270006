"""Tables of what people keep of the log: their views of it, their columns, and the work done in the background."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from gatewayd.store.tables.base import Id, metadata

saved_view = Table(
    "saved_view",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("user_id", Id, ForeignKey("user_.id"), nullable=False),
    # none: of an administrator of all accounts
    Column("account_id", Id, ForeignKey("account.id"), index=True),
    Column("name", Text, nullable=False),
    # the filters, as they stand in the page's address
    Column("query", Text, nullable=False),
    # everybody of the account sees it
    Column("shared", Boolean, nullable=False, server_default=false()),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("user_id", "name"),
)

chosen_columns = Table(
    "chosen_columns",
    metadata,
    Column("user_id", Id, primary_key=True),
    Column("page", Text, primary_key=True),
    # names in their order, a blank between
    Column("columns", Text, nullable=False),
    sqlite_with_rowid=False,
)

OPEN_PROCESS: Final = "state IN ('waiting', 'running')"

process = Table(
    "process",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    # export, contacts (read from a file)
    Column("kind", Text, nullable=False),
    # none: over all accounts
    Column("account_id", Id),
    Column("user_id", Id),
    Column("actor", Text, nullable=False),
    # whose daemon does it, and keeps its file
    Column("node", Text, nullable=False),
    # JSON
    Column("request", Text, nullable=False),
    # waiting, running, done, failed, cancelled
    Column("state", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # not before
    Column("due", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("done", BigInteger, nullable=False, server_default=text("0")),
    # as it was counted or guessed at the start; none: not known
    Column("total", BigInteger),
    # its name in the folder of exports, until retention removes it
    Column("file", Text),
    Column("octets", BigInteger),
    Column("reason", Text),
    # JSON: what came of it in numbers, where rows are not all
    Column("outcome", Text),
    Index("ix_process_account_id_id", "account_id", "id"),
    Index("ix_process_due", "due", sqlite_where=text(OPEN_PROCESS), postgresql_where=text(OPEN_PROCESS)),
)
"""The process log."""

process_fault = Table(
    "process_fault",
    metadata,
    Column("process_id", Id, primary_key=True),
    # as the sheet counts them: the header is row 1
    Column("row", Integer, primary_key=True),
    Column("field", Text, nullable=False),
    # a word of the reader of that kind of file
    Column("code", Text, nullable=False),
    # the cell, cut
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""The first rows of a file that could not be taken, for a person to mend."""

"""Tables of what is set for the store and its nodes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, Table, Text

from gatewayd.store.tables.base import SEALED, Id, metadata

setting = Table(
    "setting",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""`salt`: 16-bit number of this store, part of every public id."""

node = Table(
    "node",
    metadata,
    Column("name", Text, primary_key=True),
    Column("epoch", Id, nullable=False),
    Column("heartbeat", BigInteger, nullable=False),
)
"""One row a daemon; `epoch` grows at each start, and what an older epoch claimed is not ours."""

added_line = Table(
    "added_line",
    metadata,
    Column("name", Text, primary_key=True),
    Column("driver", Text, nullable=False),
    # JSON: the keys of its [[line]] table but name, driver, enabled and secrets
    Column("keys", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    # grows with each change: who changes an older one is told
    Column("version", Integer, nullable=False),
)
"""Lines that people added; those of the configuration file are not here."""

line_secret = Table(
    "line_secret",
    metadata,
    Column("line", Text, ForeignKey("added_line.name"), primary_key=True),
    Column("key", Text, primary_key=True),
    # by `gatewayd.credentials.vault`, for the place line.NAME.KEY
    Column("sealed", Text, nullable=False, info=SEALED),
    Column("changed_at", BigInteger, nullable=False),
)

account_settings = Table(
    "account_settings",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True, autoincrement=False),
    # JSON
    Column("document", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
)

logo = Table(
    "logo",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True, autoincrement=False),
    # PNG, as it was made anew from what was uploaded
    Column("png", LargeBinary, nullable=False),
    Column("digest", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

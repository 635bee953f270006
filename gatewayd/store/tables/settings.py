"""Tables of what is set for the store and its nodes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text

from gatewayd.store.tables.base import Id, metadata

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

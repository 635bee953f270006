"""Tables of what a person has asked of us; sending obeys them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text

from gatewayd.store.tables.base import metadata

blocklist = Table(
    "blocklist",
    metadata,
    Column("to", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("note", Text),
)

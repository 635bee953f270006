"""Tables of what programs post: the keys by which a repeated post is known."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from gatewayd.store.tables.base import Id, metadata

posted = Table(
    "posted",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    # k:KEY of a request's Idempotency-Key, r:TOKEN:REF of a message whose ref is to be unique
    Column("key", Text, primary_key=True),
    # SHA-256 of method, path and body, in hex
    Column("fingerprint", Text, nullable=False),
    # while it is being recorded: the job that bears it, and that takes it along where it is given up
    Column("job_id", Id, index=True),
    # HTTP status of the answer; none: it is being recorded
    Column("status", Integer),
    # JSON
    Column("answer", Text),
    Column("at", BigInteger, nullable=False),
    Index("ix_posted_at", "at"),
    sqlite_with_rowid=False,
)

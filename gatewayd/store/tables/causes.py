"""Tables of causes: the facts that messages were written from."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, text

from gatewayd.store.tables.base import Id, metadata

HOLDS: Final = "withdrawn IS NULL"

cause = Table(
    "cause",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    # debt
    Column("kind", Text, nullable=False),
    Column("customer_id", Id, nullable=False),
    # empty: whatever the customer owes, in any
    Column("currency", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    # paid, promised, disputed, blocked, changed; none: the facts are as they were
    Column("withdrawn", Text),
    Column("withdrawn_at", BigInteger),
    Index(
        "uq_cause_present",
        "customer_id",
        "kind",
        "currency",
        unique=True,
        sqlite_where=text(HOLDS),
        postgresql_where=text(HOLDS),
    ),
    Index("ix_cause_withdrawn_at", "withdrawn_at"),
)
"""The facts that messages were written from: one present row for each customer and currency."""

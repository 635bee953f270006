"""Tables of accounts and of the ledger of their transfers."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gatewayd.store.tables.base import Id, metadata

account = Table(
    "account",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("currency", Text, nullable=False),
    Column("balance", BigInteger, nullable=False, server_default=text("0")),
    Column("held", BigInteger, nullable=False, server_default=text("0")),
    Column("charged", BigInteger, nullable=False, server_default=text("0")),
    Column("granted", BigInteger, nullable=False, server_default=text("0")),
    Column("created_at", BigInteger, nullable=False),
    CheckConstraint("balance >= 0", name="balance"),
    CheckConstraint("held >= 0", name="held"),
    CheckConstraint("balance + held + charged = granted", name="sum"),
)

transfer = Table(
    "transfer",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    # grant: outside -> balance (negative: a withdrawal); hold: balance -> held;
    # charge: held -> charged; release: held -> balance
    Column("kind", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("attempt_id", Id),
    Column("part", Integer),
    # `hold` or `settle`: with attempt and part this makes each happen at most once
    Column("step", Text),
    Column("at", BigInteger, nullable=False),
    Column("note", Text),
    UniqueConstraint("attempt_id", "part", "step"),
    Index("ix_transfer_account_id_id", "account_id", "id"),
)

"""The table of conversations: what somebody of an account has to read and answer."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from gatewayd.store.tables.base import Id, metadata

conversation = Table(
    "conversation",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    # the other end's number, mail address or token
    Column("address", Text, primary_key=True),
    # of the latest that came in: how it came is how it is answered
    Column("last_at", BigInteger, nullable=False),
    Column("channel", Text, nullable=False),
    Column("line", Text, nullable=False),
    # received since somebody read it
    Column("unread", Integer, nullable=False),
    # when somebody put it away; what comes in later opens it again
    Column("done_at", BigInteger),
    Column("assigned_id", Id, ForeignKey("user_.id")),
    Index("ix_conversation_account_id_last_at", "account_id", "last_at", "address"),
    sqlite_with_rowid=False,
)

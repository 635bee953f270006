"""The table of contacts that others than our lines made."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, UniqueConstraint, text

from gatewayd.store.tables.base import Id, metadata

elsewhere = Table(
    "elsewhere",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, nullable=False),
    # when it was made
    Column("at", BigInteger, nullable=False),
    # out, in
    Column("direction", Text, nullable=False),
    # of a message, or visit, web, note
    Column("channel", Text, nullable=False),
    Column("address", Text),
    # a word of the log of interactions
    Column("state", Text, nullable=False),
    Column("answered", Boolean, nullable=False),
    # somebody was reached, or a person spoke
    Column("reached", Boolean, nullable=False),
    # whether caps count it
    Column("counts", Boolean, nullable=False),
    Column("class", Text, nullable=False),
    Column("text", Text),
    # row of `customer`; none: nobody known
    Column("person_id", Id),
    # as they were given
    Column("document_type", Text),
    Column("document_number", Text),
    Column("external_id", Text),
    # upload, person, api
    Column("source", Text, nullable=False),
    # automatic, manual
    Column("kind", Text, nullable=False),
    # who entered it
    Column("actor", Text, nullable=False),
    Column("process_id", Id),
    Column("row", Integer),
    # the same contact again has the same one
    Column("key", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("account_id", "key"),
    Index("ix_elsewhere_at_id", "at", "id"),
    Index("ix_elsewhere_account_id_at_id", "account_id", "at", "id"),
    Index("ix_elsewhere_address_at", "address", "at"),
    Index(
        "ix_elsewhere_person_id_at",
        "person_id",
        "at",
        sqlite_where=text("person_id IS NOT NULL"),
        postgresql_where=text("person_id IS NOT NULL"),
    ),
)
"""Contacts that others than our lines made: uploaded, told by a program, or noted by a person."""

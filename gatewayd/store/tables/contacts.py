"""Tables of what people and the law have asked of us, which sending obeys, and of the proof that it did."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, false, text

from gatewayd.store.tables.base import Id, metadata

blocklist = Table(
    "blocklist",
    metadata,
    # 0: everybody's
    Column("account_id", Id, primary_key=True),
    Column("to", Text, primary_key=True),
    # the legal register that names the number; empty: a person asked for it, or somebody here said so
    Column("register", Text, primary_key=True, server_default=text("''")),
    # the one channel it is about (a register may be for calls alone); empty: all
    Column("channel", Text, nullable=False, server_default=text("''")),
    Column("at", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("note", Text),
    Index("ix_blocklist_to", "to"),
    sqlite_with_rowid=False,
)
"""Who gets nothing that has not left yet, but for the answers that they have asked for."""

register = Table(
    "register",
    metadata,
    Column("name", Text, primary_key=True),
    Column("channel", Text, nullable=False, server_default=text("''")),
    # where the list is from, and the day it was of
    Column("source", Text, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("imported_at", BigInteger, nullable=False),
    Column("numbers", Integer, nullable=False),
    # days after `as_of` from which on a newer one has to be brought
    Column("max_age_days", Integer, nullable=False, server_default=text("30")),
    sqlite_with_rowid=False,
)
"""Legal registers of people who may not be called, as they were imported."""

evidence = Table(
    "evidence",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("account_id", Id, nullable=False),
    # `#` and the number of the customer, else the address; empty: all people of a queue
    Column("person", Text, nullable=False),
    # null of a queue, and of people who were forgotten
    Column("to", Text),
    Column("job_id", Id, nullable=False),
    # null: of a queue as a whole
    Column("message_id", Id),
    # of what was let go
    Column("attempt_id", Id),
    Column("class", Text, nullable=False),
    Column("channel", Text, nullable=False),
    # what decided it, of which version of the rules
    Column("rule", Text, nullable=False),
    Column("version", Text, nullable=False),
    # go, window, cap
    Column("verdict", Text, nullable=False),
    # kept back: when it may go at the earliest
    Column("until", BigInteger),
    # whether the person was reached, where that is known beside the attempt
    Column("direct", Boolean, nullable=False, server_default=false()),
    Index("ix_evidence_person", "account_id", "person", "at"),
)
"""Each decision that let a contact go or kept it back. What is let go counts for caps, unless its attempt came to
nothing. Kept longer than messages."""

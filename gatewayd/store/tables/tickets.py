"""Tables of tickets, and of what was answered or told without a person."""

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

from gatewayd.store.tables.base import Id, metadata, one_of

ticket = Table(
    "ticket",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    # the one that people say: 1, 2, 3 … in its account
    Column("number", Integer, nullable=False),
    Column("customer_id", Id),
    # how it came, and how its customer is written to; none: somebody here opened it
    Column("channel", Text),
    Column("address", Text),
    Column("line", Text),
    Column("category", Text, nullable=False, server_default=text("''")),
    # row of `user_`
    Column("operator_id", Id),
    # open, working, waiting, closed
    Column("state", Text, nullable=False),
    Column("text", Text, nullable=False),
    # YYYY-MM-DD in the account's zone: so many a customer a day
    Column("day", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("version", Integer, nullable=False, server_default=text("1")),
    UniqueConstraint("account_id", "number"),
    Index("ix_ticket_account_id_updated_at_id", "account_id", "updated_at", "id"),
    Index("ix_ticket_customer_id_day", "customer_id", "day"),
)

ticket_event = Table(
    "ticket_event",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("ticket_id", Id, ForeignKey("ticket.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    # opened, note, state, operator, category, said
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("was", Text),
    Column("became", Text),
    Column("note", Text),
    # false until it is in the spool
    Column("written", Boolean, nullable=False, server_default=false()),
    Index("ix_ticket_event_ticket_id_id", "ticket_id", "id"),
    Index("ix_ticket_event_unwritten", "id", sqlite_where=text("NOT written"), postgresql_where=text("NOT written")),
)

answer = Table(
    "answer",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    # what is answered: at most once
    Column("inbound_id", Id, nullable=False),
    # debt, other, ticket, tickets, paid, promise, day, wrong_person
    Column("kind", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    # told: a message was recorded; inbox: a person is to see it, for a reason
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("customer_id", Id),
    Column("ticket_id", Id),
    # the latest that was made of it
    Column("message_id", Id),
    # that it speaks of; where it is withdrawn before the message leaves, the message is made anew
    Column("cause_id", Id),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    # none of what is waited for can still come
    Column("final", Boolean, nullable=False, server_default=false()),
    Column("expires_at", BigInteger, nullable=False),
    UniqueConstraint("inbound_id"),
    Index("ix_answer_address_at", "address", "at"),
    Index("ix_answer_account_id_at", "account_id", "at"),
    Index("ix_answer_open", "id", sqlite_where=text("NOT final"), postgresql_where=text("NOT final")),
)
"""What was answered without a person, or kept for one."""

answer_settings = Table(
    "answer_settings",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True, autoincrement=False),
    # JSON, as `gatewayd.answers.settings` reads it
    Column("document", Text, nullable=False),
    # JSON: since when each switch has been on
    Column("since", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
)

answer_place = Table(
    "answer_place",
    metadata,
    Column("name", Text, primary_key=True),
    # the last row that was looked at
    Column("place", Id, nullable=False),
    sqlite_with_rowid=False,
)

OPEN_NOTICE: Final = one_of("asked", "due", "telling")

payment_notice = Table(
    "payment_notice",
    metadata,
    # payment, mail.payment, mail.invoice, mail.ticket
    Column("kind", Text, primary_key=True),
    # row of the payment, invoice or event of a ticket
    Column("subject_id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("customer_id", Id),
    Column("at", BigInteger, nullable=False),
    # asked: a person is to say whether; due; telling: its message waits, and speaks of a debt; told; left
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("batch_id", Id),
    Column("message_id", Id),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    Index(
        "ix_payment_notice_due",
        "state",
        "at",
        sqlite_where=text(OPEN_NOTICE),
        postgresql_where=text(OPEN_NOTICE),
    ),
    Index("ix_payment_notice_account_id_kind_at", "account_id", "kind", "at"),
    sqlite_with_rowid=False,
)
"""What was told of its own accord of a payment, an invoice or a ticket: each once."""

notice_batch = Table(
    "notice_batch",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("people", Integer, nullable=False),
    # customers that the account had
    Column("customers", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    # asked, released, dropped
    Column("state", Text, nullable=False),
    Column("decided_at", BigInteger),
    Column("decided_by", Text),
    Index("ix_notice_batch_account_id_id", "account_id", "id"),
)
"""Notices to so many that a person is asked first."""

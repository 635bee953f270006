"""Tables of reminders that people write by hand, and of all that was done with each."""

from __future__ import annotations

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

from gatewayd.store.tables.base import Id, metadata
from gatewayd.store.tables.customers import Key

_TIMED = text("next_at IS NOT NULL")
_WAITING = text("state = 'waiting'")

reminder = Table(
    "reminder",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("customer_id", Id, nullable=False),
    # external id or number of the invoice, as it was written; billing may know it or not
    Column("invoice", Key, nullable=False, server_default=text("''")),
    # YYYY-MM-DD
    Column("due", Text),
    Column("currency", Text, nullable=False),
    # millionths
    Column("amount", BigInteger),
    Column("channel", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default=text("''")),
    Column("text", Text, nullable=False),
    # active, paid, cancelled
    Column("state", Text, nullable=False),
    Column("archived", Boolean, nullable=False, server_default=false()),
    # how it is sent by itself: the first day, each so many days, how often at most, at what hour (HH:MM); none: by hand
    Column("first_day", Text),
    Column("every_days", Integer),
    Column("times", Integer, nullable=False, server_default=text("0")),
    Column("hour", Text, nullable=False, server_default=text("'10:00'")),
    # how often it was by itself
    Column("repeated", Integer, nullable=False, server_default=text("0")),
    Column("next_at", BigInteger),
    # how often it was sent, by hand too
    Column("sends", Integer, nullable=False, server_default=text("0")),
    Column("sent_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Index("ix_reminder_account_id_id", "account_id", "id"),
    Index("ix_reminder_customer_id_id", "customer_id", "id"),
    Index("ix_reminder_next_at", "next_at", sqlite_where=_TIMED, postgresql_where=_TIMED),
)

reminder_event = Table(
    "reminder_event",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("reminder_id", Id, ForeignKey("reminder.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    # created, edited, sent, paid, cancelled, reopened, archived, restored
    Column("kind", Text, nullable=False),
    # empty: the gateway itself
    Column("actor", Text, nullable=False, server_default=text("''")),
    # JSON: what it was and became, a note
    Column("detail", Text, nullable=False, server_default=text("'{}'")),
    # of what was sent: how many of the reminder's it is, the day in the account's zone, for whose contact it counts
    Column("number", Integer),
    Column("day", Text),
    Column("customer_id", Id),
    Column("currency", Text),
    # waiting: it has no job yet; recorded, refused, withdrawn
    Column("state", Text),
    Column("job_id", Id),
    Column("cause_id", Id),
    UniqueConstraint("reminder_id", "number"),
    Index("ix_reminder_event_reminder_id_id", "reminder_id", "id"),
    Index("ix_reminder_event_customer_id_day", "customer_id", "day"),
    Index("ix_reminder_event_waiting", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
)

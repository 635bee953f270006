"""Tables of webhooks: endpoints, what there is to post, and what was not acknowledged."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text

from gatewayd.store.tables.base import SEALED, Id, metadata

webhook = Table(
    "webhook",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    # file, store: where it is written down
    Column("origin", Text, nullable=False),
    # whose file
    Column("node", Text),
    Column("url", Text, nullable=False),
    # a blank before and after each name
    Column("events", Text, nullable=False),
    # the file's word; false for all others
    Column("allow_private", Boolean, nullable=False),
    # sealed JSON; null where the file has them
    Column("secrets", Text, info=SEALED),
    Column("enabled", Boolean, nullable=False),
    # why it is disabled: by_person, endpoint_gone, tries_used_up
    Column("reason", Text),
    # of the switch
    Column("since", BigInteger, nullable=False),
    # false once it has been disabled for so long that nothing is kept for it any more
    Column("gathers", Boolean, nullable=False),
    # what is posted next: a row of the log, and the last seq of it that is posted already
    Column("log_id", Id, nullable=False),
    Column("log_seq", Id, nullable=False),
    # a replay: its next row, the last seq of it, and the row behind its last
    Column("replay_id", Id),
    Column("replay_seq", Id),
    Column("replay_end", Id),
    Column("created_at", BigInteger, nullable=False),
    # by Retry-After
    Column("resting_until", BigInteger),
    Column("acknowledged", BigInteger, nullable=False),
    Column("acknowledged_at", BigInteger),
    Column("failed_at", BigInteger),
    Column("fault", Text),
    # of several nodes, the one that posts
    Column("owner", Text),
    Column("owned_until", BigInteger),
    UniqueConstraint("account_id", "url"),
)

webhook_log = Table(
    "webhook_log",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, nullable=False),
    # receipt (a segment of them), inbound, credit_low, line
    Column("type", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    # of a segment: its receipts are in `receipt` while it is held, then in the spool's file alone
    Column("job_id", Id),
    Column("first_seq", Id),
    Column("last_seq", Id),
    Column("held", Boolean, nullable=False),
    Column("inbound_id", Id),
    # JSON of what has no row elsewhere: its subject and its document
    Column("body", Text),
    Index("ix_webhook_log_account_id_id", "account_id", "id"),
    Index(
        "ix_webhook_log_held",
        "account_id",
        "id",
        sqlite_where=text("held"),
        postgresql_where=text("held"),
    ),
    # A number that was given out is below somebody's place: it must not come again.
    sqlite_autoincrement=True,
)
"""What happened in accounts that have an endpoint, in order: a row a segment of receipts, not one a receipt."""

webhook_failure = Table(
    "webhook_failure",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("webhook_id", Id, ForeignKey("webhook.id"), nullable=False),
    Column("event", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("body", Text, nullable=False),
    # false once its tries are used up: for a person to see, and to replay
    Column("waiting", Boolean, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("fault", Text),
    Column("status", Integer),
    UniqueConstraint("webhook_id", "event"),
    Index(
        "ix_webhook_failure_waiting",
        "webhook_id",
        "id",
        sqlite_where=text("waiting"),
        postgresql_where=text("waiting"),
    ),
)
"""Events that an endpoint has not acknowledged, and those of the same message behind them."""

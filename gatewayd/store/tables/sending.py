"""Tables of the way of a message: jobs, queues, messages, attempts, parts, receipts, replies, and the use of lines."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
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

WAITS: Final = one_of("queued", "scheduled", "held")
"""The messages that a line may claim once they are due."""
COUNT_WAITS: Final = one_of("queued", "scheduled", "held", "held_window", "held_stale") + " AND messages > 0"
"""The counts of queues with something waiting; see `store.sending.counts`."""

job = Table(
    "job",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("priority", Text, nullable=False),
    # loading (not visible), running, paused, cancelled; `sent` and `done` are worked out from the counts
    Column("state", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("not_before", BigInteger),
    Column("not_after", BigInteger),
    Column("resend", Boolean, nullable=False, server_default=false()),
    Column("unit_price", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    # JSON: allowed lines, encoding, text as written, call script, mail headers …
    Column("content", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("last_at", BigInteger),
    Column("messages", Integer, nullable=False, server_default=text("0")),
    Column("cost", BigInteger, nullable=False, server_default=text("0")),
    Column("last_seq", Id, nullable=False, server_default=text("0")),
    # up to this seq the receipts are in segments that are written
    Column("written_seq", Id, nullable=False, server_default=text("0")),
    # who brought it in: empty for what the account itself brings, by file or as a job; `post` for a token's single
    # messages. A name of one origin is never taken for the same name of another
    Column("origin", Text, nullable=False, server_default=text("''")),
    # brought by a test token: priced, never sent
    Column("test", Boolean, nullable=False, server_default=false()),
    # collections, notice, transactional, reply: which rules of contact hold for its messages
    Column("class", Text, nullable=False, server_default=text("'collections'")),
    # name and version of the stored template that its words are of; null: they are its own
    Column("template", Text),
    Column("template_version", Integer),
    # segments a minute, with all jobs of its group together; null: as quickly as its lines go
    Column("pace", Integer),
    Column("pace_group", Text),
    UniqueConstraint("account_id", "name"),
)

queue = Table(
    "queue",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("job_id", Id, ForeignKey("job.id"), nullable=False, index=True),
    Column("prefix", Text, nullable=False),
    # credit, window, no_line, paused: why the whole queue rests, and since when
    Column("held_reason", Text),
    Column("held_at", BigInteger),
    # names, a blank between: lines that cannot carry these messages, though their route fits
    Column("without", Text, nullable=False, server_default=text("''")),
    # held by the hours of contact: when they open again; null: what holds it has no instant of its own
    Column("held_until", BigInteger),
    UniqueConstraint("job_id", "prefix", "without"),
)
"""(priority, account, job, route), the unit of scheduling; priority, account and allowed lines are the job's."""

queue_count = Table(
    "queue_count",
    metadata,
    Column("queue_id", Id, ForeignKey("queue.id"), primary_key=True),
    Column("state", Text, primary_key=True),
    # `submitted` that is final is counted under state `submitted` with final true
    Column("final", Boolean, primary_key=True),
    Column("messages", Integer, nullable=False),
    Column("segments", Integer, nullable=False),
    # The queues with something waiting, however many jobs are kept.
    Index(
        "ix_queue_count_waiting",
        "queue_id",
        sqlite_where=text(COUNT_WAITS),
        postgresql_where=text(COUNT_WAITS),
    ),
    sqlite_with_rowid=False,
)

CAUSED: Final = "cause_id IS NOT NULL AND " + one_of("queued", "scheduled", "held", "sending")
"""The messages that were written from facts, and wait or are on their way."""

ASTRAY: Final = one_of("undelivered", "failed", "expired", "uncertain", "invalid", "cancelled")
"""The messages that people look for among many more that went well."""

message = Table(
    "message",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("job_id", Id, nullable=False),
    Column("queue_id", Id, nullable=False),
    Column("row", Integer, nullable=False),
    Column("ref", Text),
    Column("to", Text),
    Column("text", Text),
    # gsm7, gsm7-es, ucs2, or empty; pinned when the first part has left
    Column("encoding", Text, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("reason", Text),
    # waiting: not before this time; submitted: when waiting for the report ends
    Column("due", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False, server_default=text("0")),
    # latest attempt, its line, and the concatenation reference every retry keeps
    Column("attempt_id", Id),
    Column("line", Text),
    Column("concat_ref", Integer),
    Column("cost", BigInteger, nullable=False, server_default=text("0")),
    Column("updated_at", BigInteger, nullable=False),
    # JSON or null, shown to everybody: what intake noticed (assumed_mobile, raw), a call's disposition
    Column("detail", Text),
    # JSON or null, shown to nobody: `texts` rendered beside the text, what tries have used up (`retried`, `undecided`)
    Column("options", Text),
    # both the job's: what one account was sent over a channel is read by an index, however much there is beside it
    Column("account_id", Id, nullable=False, server_default=text("0")),
    Column("channel", Text, nullable=False, server_default=text("''")),
    # its place in time: its latest point of no return; until then, when it was recorded
    Column("at", BigInteger, nullable=False, server_default=text("0")),
    # the customer it goes to, where the account knows whose address it is; else the address is the person
    Column("person_id", Id),
    # the facts that it was written from; none: it says nothing of what somebody owes
    Column("cause_id", Id),
    Index(
        "ix_message_cause_id",
        "cause_id",
        sqlite_where=text(CAUSED),
        postgresql_where=text(CAUSED),
    ),
    Index(
        "ix_message_ready",
        "queue_id",
        "due",
        "id",
        sqlite_where=text(WAITS),
        postgresql_where=text(WAITS),
    ),
    Index(
        "ix_message_report_due",
        "due",
        sqlite_where=text("state = 'submitted' AND NOT final"),
        postgresql_where=text("state = 'submitted' AND NOT final"),
    ),
    Index(
        "ix_message_uncertain",
        "id",
        sqlite_where=text("state = 'uncertain'"),
        postgresql_where=text("state = 'uncertain'"),
    ),
    Index("ix_message_to_id", "to", "id"),
    Index("ix_message_job_id_id", "job_id", "id"),
    Index("ix_message_at_id", "at", "id"),
    Index(
        "ix_message_person_id",
        "person_id",
        "id",
        sqlite_where=text("person_id IS NOT NULL"),
        postgresql_where=text("person_id IS NOT NULL"),
    ),
    Index("ix_message_account_id_channel_at_id", "account_id", "channel", "at", "id"),
    Index(
        "ix_message_astray",
        "account_id",
        "at",
        "id",
        sqlite_where=text(ASTRAY),
        postgresql_where=text(ASTRAY),
    ),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("message_id", Id, nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("line", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("epoch", Id, nullable=False),
    # claimed (held, nothing left), open (past a point of no return), closed
    Column("state", Text, nullable=False),
    Column("outcome", Text),
    Column("reason", Text),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index(
        "ix_attempt_live",
        "node",
        "id",
        sqlite_where=text("state != 'closed'"),
        postgresql_where=text("state != 'closed'"),
    ),
)

part = Table(
    "part",
    metadata,
    Column("attempt_id", Id, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("line", Text, nullable=False),
    Column("to", Text, nullable=False),
    # open, taken, refused, unsent, doubt, delivered, undelivered
    Column("state", Text, nullable=False),
    Column("reference", Text),
    Column("reason", Text),
    # point of no return
    Column("at", BigInteger, nullable=False),
    Column("reported_at", BigInteger),
    Index(
        "ix_part_awaiting",
        "line",
        # Networks spell one reference in several ways.
        text("ltrim(lower(reference), '0')"),
        sqlite_where=text("state IN ('taken', 'undelivered') AND reference IS NOT NULL"),
        postgresql_where=text("state IN ('taken', 'undelivered') AND reference IS NOT NULL"),
    ),
    Index(
        "ix_part_doubt",
        "line",
        "to",
        sqlite_where=text("state IN ('open', 'doubt')"),
        postgresql_where=text("state IN ('open', 'doubt')"),
    ),
    sqlite_with_rowid=False,
)
"""One row a part that passed its point of no return; parts that never got there have none."""

early_report = Table(
    "early_report",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("line", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("to", Text),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    # whether it can only be of what we sent: nobody else sends over the line
    Column("exclusive", Boolean, nullable=False, server_default=false()),
)
"""Reports that matched nothing yet: they may precede their `+CMGS`. Kept for a while."""

receipt = Table(
    "receipt",
    metadata,
    Column("job_id", Id, primary_key=True),
    Column("seq", Id, primary_key=True),
    Column("body", Text, nullable=False),
)
"""Receipts on their way to a file; removed once their segment is written.

With rowids: their texts are long, and in a tree by their key each that comes has three pages written anew for balance;
by rowid they come one behind the other."""

segment = Table(
    "segment",
    metadata,
    Column("job_id", Id, primary_key=True),
    Column("first_seq", Id, primary_key=True),
    Column("last_seq", Id, nullable=False),
    Column("cut_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Segments that are cut but perhaps not yet written; a crash writes the very same bytes again."""

inbound = Table(
    "inbound",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("account_id", Id),
    Column("channel", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("to", Text),
    Column("text", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("message_id", Id),
    Column("opt_out", Boolean, nullable=False),
    # false until its file is in inbox/
    Column("written", Boolean, nullable=False),
    # opt_out: may be one, for a person to see
    Column("review", Text),
    # what the key of a call means, by its script
    Column("action", Text),
    UniqueConstraint("line", "key"),
    Index(
        "ix_inbound_review",
        "received_at",
        sqlite_where=text("review IS NOT NULL"),
        postgresql_where=text("review IS NOT NULL"),
    ),
    Index(
        "ix_inbound_unwritten",
        "id",
        sqlite_where=text("NOT written"),
        postgresql_where=text("NOT written"),
    ),
    Index("ix_inbound_received_at_id", "received_at", "id"),
    Index("ix_inbound_account_id_received_at_id", "account_id", "received_at", "id"),
    Index("ix_inbound_sender_id", "sender", "id"),
    # which messages were answered
    Index(
        "ix_inbound_message_id",
        "message_id",
        sqlite_where=text("message_id IS NOT NULL"),
        postgresql_where=text("message_id IS NOT NULL"),
    ),
)

inbound_part = Table(
    "inbound_part",
    metadata,
    Column("line", Text, primary_key=True),
    Column("sender", Text, primary_key=True),
    Column("reference", Integer, primary_key=True),
    # negative once the text is over: kept to know repeats
    Column("total", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("to", Text),
    Column("text", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

line = Table(
    "line",
    metadata,
    Column("name", Text, primary_key=True),
    # a person's word; null: as configured
    Column("enabled", Boolean),
    # theoretical arrival time of the pace (GCRA), ms
    Column("tat", Float, nullable=False, server_default=text("0")),
)

line_count = Table(
    "line_count",
    metadata,
    Column("line", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("segments", Integer, nullable=False),
    Column("messages", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Counted at the point of no return; `day` is YYYY-MM-DD in the configured time zone."""

line_recipient = Table(
    "line_recipient",
    metadata,
    Column("line", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("to", Text, primary_key=True),
    sqlite_with_rowid=False,
)

# What became of what was sent, by the hour it was sent in; see `store.sending.tallies`.
tally = Table(
    "tally",
    metadata,
    # hours since 1970 (UTC) of the latest attempt, or of an end before any
    Column("hour", Integer, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    Column("channel", Text, primary_key=True),
    # the attempt's; empty: there was none
    Column("line", Text, primary_key=True),
    # of the message now; `received` counts what came in
    Column("state", Text, primary_key=True),
    Column("messages", BigInteger, nullable=False),
    Column("segments", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

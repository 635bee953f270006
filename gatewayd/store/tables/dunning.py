"""Tables of claims: rules, what was decided by them, steps, promises, pauses, novelties, events."""

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

from gatewayd.store.tables.base import Id, metadata

policy = Table(
    "policy",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("name", Text, nullable=False),
    # active, archived
    Column("state", Text, nullable=False),
    # the company's: holds for whoever has no other
    Column("standard", Boolean, nullable=False, server_default=false()),
    # of the rules with an audience the first that means a customer is its rule
    Column("place", Integer, nullable=False, server_default=text("0")),
    # the one that holds; its document is a row of `policy_version`
    Column("version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("account_id", "name"),
)

policy_version = Table(
    "policy_version",
    metadata,
    Column("policy_id", Id, ForeignKey("policy.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    # JSON, as `gatewayd.dunning.document` reads it: levels, bounds, audience
    Column("document", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    sqlite_with_rowid=False,
)

customer_policy = Table(
    "customer_policy",
    metadata,
    Column("customer_id", Id, ForeignKey("customer.id"), primary_key=True, autoincrement=False),
    Column("policy_id", Id, ForeignKey("policy.id"), nullable=False, index=True),
)
"""The rule that a person gave to a customer, before that of any audience."""

OPEN_RUN: Final = "ended_at IS NULL"

dunning_run = Table(
    "dunning_run",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    # YYYY-MM-DD in the account's zone, and the hour of the rules that it is for: one run each, for ever
    Column("day", Text, nullable=False),
    Column("hour", Text, nullable=False),
    # running, done, stopped
    Column("state", Text, nullable=False),
    # why it was stopped: stale
    Column("reason", Text),
    # the last customer that was decided
    Column("cursor", BigInteger, nullable=False, server_default=text("0")),
    # JSON: customers by verdict and reason
    Column("counts", Text, nullable=False, server_default=text("'{}'")),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    UniqueConstraint("account_id", "day", "hour"),
    Index("ix_dunning_run_open", "id", sqlite_where=text(OPEN_RUN), postgresql_where=text(OPEN_RUN)),
)

PRESENT: Final = "last_day IS NULL"

decision = Table(
    "decision",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("customer_id", Id, ForeignKey("customer.id"), nullable=False),
    # empty: it owes nothing in any
    Column("currency", Text, nullable=False),
    # it holds from this day to that one, both included; the second is none while it holds: a day on which nothing
    # was decided otherwise adds no row
    Column("day", Text, nullable=False),
    Column("last_day", Text),
    # send, skip, wait
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("level", Text),
    Column("cycle", Text),
    Column("channel", Text),
    # millionths
    Column("amount", BigInteger, nullable=False, server_default=text("0")),
    # JSON: external ids of what is listed; each invoice with open money and why it does not trigger
    Column("invoices", Text, nullable=False, server_default=text("'[]'")),
    Column("detail", Text, nullable=False, server_default=text("'{}'")),
    # the first day on which it may be otherwise by itself
    Column("again", Text),
    Column("warnings", Text, nullable=False, server_default=text("''")),
    Column("policy_id", Id),
    Column("policy_version", Integer),
    Column("at", BigInteger, nullable=False),
    Index("ix_decision_customer_id_id", "customer_id", "id"),
    Index(
        "ix_decision_present",
        "account_id",
        "customer_id",
        "currency",
        sqlite_where=text(PRESENT),
        postgresql_where=text(PRESENT),
    ),
    Index("ix_decision_last_day", "last_day"),
)
"""What was decided of each customer and currency, and why."""

OPEN_BATCH: Final = "state IN ('approval', 'ready')"

dunning_batch = Table(
    "dunning_batch",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("policy_id", Id, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("level", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("day", Text, nullable=False),
    # approval (a person has to say yes), ready, recorded, refused, rejected
    Column("state", Text, nullable=False),
    # it is `d-<id>`; none: not recorded yet
    Column("job_id", Id, index=True),
    # why it was refused
    Column("reason", Text),
    Column("people", Integer, nullable=False, server_default=text("0")),
    Column("created_at", BigInteger, nullable=False),
    Column("decided_by", Text),
    Column("decided_at", BigInteger),
    Index("ix_dunning_batch_open", "id", sqlite_where=text(OPEN_BATCH), postgresql_where=text(OPEN_BATCH)),
    Index("ix_dunning_batch_account_id_id", "account_id", "id"),
)
"""Steps that become one job."""

OPEN_STEP: Final = "state = 'planned'"

step = Table(
    "step",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("customer_id", Id, ForeignKey("customer.id"), nullable=False),
    Column("currency", Text, nullable=False),
    # a level's id; a repeat of the last one with its number behind it
    Column("level", Text, nullable=False),
    Column("cycle", Text, nullable=False),
    # what was read of its messages last: planned, done, undone. The first may have become another since
    Column("state", Text, nullable=False),
    # message, event, visit, person (every channel failed)
    Column("action", Text, nullable=False),
    # when it was planned; once done, when it passed
    Column("at", BigInteger, nullable=False),
    # beside the key, never in it
    Column("policy_id", Id, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False, server_default=text("0")),
    # JSON: external ids of what it lists
    Column("invoices", Text, nullable=False, server_default=text("'[]'")),
    # of its last try
    Column("channel", Text),
    Column("template", Text),
    Column("batch_id", Id),
    Column("place", Integer),
    # how often it was tried: a channel each, and anew once it was undone
    Column("tries", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("account_id", "customer_id", "currency", "level", "cycle"),
    Index("ix_step_open", "account_id", "id", sqlite_where=text(OPEN_STEP), postgresql_where=text(OPEN_STEP)),
    Index("ix_step_customer_id", "customer_id"),
    Index("ix_step_account_id_at", "account_id", "at"),
)

step_try = Table(
    "step_try",
    metadata,
    Column("batch_id", Id, primary_key=True),
    # row of the job, from 1
    Column("place", Integer, primary_key=True),
    Column("step_id", Id, ForeignKey("step.id"), nullable=False, index=True),
    Column("address", Text, nullable=False),
    # JSON: texts by the heads' plain names
    Column("cells", Text, nullable=False),
    # row of `cause`
    Column("cause_id", Id),
    sqlite_with_rowid=False,
)
"""Who is in a batch, in the order of its job's rows."""

promise = Table(
    "promise",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("customer_id", Id, ForeignKey("customer.id"), nullable=False),
    Column("currency", Text, nullable=False),
    # YYYY-MM-DD
    Column("day", Text, nullable=False),
    # none: all of it
    Column("amount", BigInteger),
    Column("tolerance_days", Integer, nullable=False, server_default=text("0")),
    Column("made_at", BigInteger, nullable=False),
    # person, call, message
    Column("source", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=text("''")),
    # pending, kept, partly, broken, withdrawn: what was read of the facts last
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("ended_at", BigInteger),
    # of what it came by: one of each
    Column("key", Text),
    UniqueConstraint("account_id", "key"),
    Index("ix_promise_account_id_id", "account_id", "id"),
    Index("ix_promise_customer_id", "customer_id"),
    Index(
        "ix_promise_pending",
        "account_id",
        "day",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
)

IN_FORCE: Final = "lifted_at IS NULL"

pause = Table(
    "pause",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("customer_id", Id, ForeignKey("customer.id"), nullable=False),
    # blocked, claims_paid
    Column("reason", Text, nullable=False),
    # none: until somebody lifts it
    Column("until", BigInteger),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("made_at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("lifted_at", BigInteger),
    Column("lifted_by", Text),
    # of what it came by: one of each
    Column("key", Text),
    UniqueConstraint("account_id", "key"),
    Index("ix_pause_customer_id", "customer_id", sqlite_where=text(IN_FORCE), postgresql_where=text(IN_FORCE)),
    Index("ix_pause_account_id_id", "account_id", "id"),
)

DUE_NOVELTY: Final = "state = 'open'"

novelty = Table(
    "novelty",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    # none: nobody knows whose it is
    Column("customer_id", Id, ForeignKey("customer.id")),
    # `gatewayd.dunning.novelty` names them: claim, visit, no_channel, broken_promise, verify_payment …
    Column("kind", Text, nullable=False),
    # what a person wrote, or the words that came in; the gateway's own are made of `detail` in the reader's language
    Column("text", Text, nullable=False, server_default=text("''")),
    # JSON
    Column("detail", Text, nullable=False, server_default=text("'{}'")),
    # row of `user_`; none: whoever telephones
    Column("assigned_id", Id),
    # from this day on it is on the list, YYYY-MM-DD
    Column("due", Text, nullable=False),
    # open, done
    Column("state", Text, nullable=False, server_default=text("'open'")),
    Column("result", Text),
    Column("note", Text, nullable=False, server_default=text("''")),
    # row of the one that a next date has made
    Column("next_id", Id),
    Column("made_at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("done_at", BigInteger),
    Column("done_by", Text),
    # of what it came by: one of each
    Column("key", Text),
    UniqueConstraint("account_id", "key"),
    Index("ix_novelty_customer_id_id", "customer_id", "id"),
    Index("ix_novelty_account_id_id", "account_id", "id"),
    Index(
        "ix_novelty_due", "account_id", "due", "id", sqlite_where=text(DUE_NOVELTY), postgresql_where=text(DUE_NOVELTY)
    ),
)
"""What a person is to do, or to know, about a customer."""

collection_event = Table(
    "collection_event",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    # the level's name for it: suspension due; `reconnection`
    Column("event", Text, nullable=False),
    # JSON: customer, currency, amount, invoices, level, cycle
    Column("document", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    # whether its file lies in the spool
    Column("written", Boolean, nullable=False, server_default=false()),
    Index(
        "ix_collection_event_unwritten",
        "id",
        sqlite_where=text("NOT written"),
        postgresql_where=text("NOT written"),
    ),
)
"""What other systems are told to do: by webhook and by a file in the spool."""

"""Tables of campaigns: lists of people, campaigns, their runs, whom each run reaches, and what happened."""

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

people_list = Table(
    "list_",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("name", Text, nullable=False),
    # fixed, live
    Column("kind", Text, nullable=False),
    # loading, ready, failed, archived
    Column("state", Text, nullable=False),
    # JSON: the filter of a live one; of a fixed one the upload and how it was read, or the customers it was made of
    Column("source", Text, nullable=False),
    # JSON: heads of the columns
    Column("columns", Text, nullable=False, server_default=text("'[]'")),
    Column("members", Integer, nullable=False, server_default=text("0")),
    # JSON: rows that are no members, by reason
    Column("refused", Text, nullable=False, server_default=text("'{}'")),
    Column("reason", Text),
    # made of a file that was uploaded in a campaign: it has no place among the account's lists
    Column("hidden", Boolean, nullable=False, server_default=false()),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    UniqueConstraint("account_id", "name"),
)

list_member = Table(
    "list_member",
    metadata,
    Column("list_id", Id, primary_key=True),
    Column("row", Integer, primary_key=True),
    # none: of a file, nobody's card
    Column("customer_id", Id),
    Column("external_id", Text),
    # none: the customer's preferred point is asked at launch
    Column("address", Text),
    # JSON: texts by the heads' plain names
    Column("cells", Text),
    sqlite_with_rowid=False,
)

DUE: Final = "state IN ('scheduled', 'running') AND due IS NOT NULL"
OPEN: Final = "state IN ('running', 'paused')"

campaign = Table(
    "campaign",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("name", Text, nullable=False),
    # draft, awaiting_approval, scheduled, running, paused, finished, cancelled
    Column("state", Text, nullable=False),
    # JSON: rungs, audience, class, schedule, options, as `gatewayd.campaigns.document` reads it
    Column("document", Text, nullable=False),
    # of a file that was uploaded for it
    Column("list_id", Id),
    # JSON: campaign, run and filter that a resend comes from
    Column("origin", Text),
    # when its next run is due, and that run's planned local time (its key)
    Column("due", BigInteger),
    Column("planned", Text),
    # a run that was missed and waits for a person's word: its planned local time
    Column("missed", Text),
    # people for whom somebody approved it; none: nobody did, or nobody has to
    Column("approved_people", Integer),
    # who launched it: an engine sends in this one's name
    Column("launched_by", Text),
    Column("launched_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    # JSON, and the version it was made of
    Column("review", Text),
    Column("review_version", Integer),
    Column("test", Boolean, nullable=False, server_default=false()),
    # segments a minute over all its jobs; none: as quickly as lines go
    Column("pace", Integer),
    # JSON: lines by channel, in place of those that the document names; none: as the document says
    Column("lines", Text),
    Index("ix_campaign_account_id_id", "account_id", "id"),
    Index("ix_campaign_due", "due", sqlite_where=text(DUE), postgresql_where=text(DUE)),
    Index("ix_campaign_open", "id", sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
)

campaign_run = Table(
    "campaign_run",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("campaign_id", Id, ForeignKey("campaign.id"), nullable=False),
    Column("number", Integer, nullable=False),
    # local time for which it was planned, or the instant of a launch by hand: one run a key, for ever
    Column("planned", Text, nullable=False),
    # freezing (people are being written down), frozen (all are), skipped (missed; nobody is reached)
    Column("state", Text, nullable=False),
    # JSON: for each rung, the job file's keys as they were when it was launched
    Column("content", Text, nullable=False),
    # how far the audience was read
    Column("cursor", BigInteger, nullable=False, server_default=text("0")),
    Column("people", Integer, nullable=False, server_default=text("0")),
    # JSON: people left out, by reason
    Column("left_out", Text, nullable=False, server_default=text("'{}'")),
    Column("created_at", BigInteger, nullable=False),
    Column("frozen_at", BigInteger),
    Column("ended_at", BigInteger),
    UniqueConstraint("campaign_id", "planned"),
)

campaign_person = Table(
    "campaign_person",
    metadata,
    Column("run_id", Id, primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("customer_id", Id),
    Column("external_id", Text),
    Column("address", Text, nullable=False),
    # JSON: texts by the heads' plain names
    Column("cells", Text, nullable=False),
    # the facts that they were written from, where they say what is owed
    Column("cause_id", Id),
    Index("ix_campaign_person_run_id_address", "run_id", "address"),
    Index(
        "ix_campaign_person_customer_id",
        "customer_id",
        sqlite_where=text("customer_id IS NOT NULL"),
        postgresql_where=text("customer_id IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)
"""Whom a run reaches, frozen at launch, in the order of its jobs' rows."""

OPEN_SLICE: Final = "job_id IS NULL AND reason IS NULL"

campaign_slice = Table(
    "campaign_slice",
    metadata,
    Column("run_id", Id, primary_key=True),
    Column("rung", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    # of the first rung: rows of `campaign_person`; of later ones: places in `campaign_step`
    Column("first_row", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("job", Text, nullable=False),
    # none: it is not recorded yet
    Column("job_id", Id, index=True),
    # why it was refused
    Column("reason", Text),
    Index("ix_campaign_slice_open", "run_id", sqlite_where=text(OPEN_SLICE), postgresql_where=text(OPEN_SLICE)),
    sqlite_with_rowid=False,
)
"""A job each."""

campaign_step = Table(
    "campaign_step",
    metadata,
    Column("run_id", Id, primary_key=True),
    Column("rung", Integer, primary_key=True),
    # of `campaign_person`
    Column("row", Integer, primary_key=True),
    Column("slice", Integer, nullable=False),
    # row of its job, from 1
    Column("place", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Index("ix_campaign_step_slice", "run_id", "rung", "slice", "place"),
    sqlite_with_rowid=False,
)
"""Whom later rungs of a ladder reach."""

campaign_event = Table(
    "campaign_event",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("campaign_id", Id, ForeignKey("campaign.id"), nullable=False),
    Column("run_id", Id),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    # JSON
    Column("detail", Text, nullable=False, server_default=text("'{}'")),
    # empty: the gateway itself
    Column("actor", Text, nullable=False, server_default=text("''")),
    Index("ix_campaign_event_campaign_id_id", "campaign_id", "id"),
)

approval = Table(
    "approval",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("campaign_id", Id, ForeignKey("campaign.id"), nullable=False, index=True),
    # of the campaign, as it was judged
    Column("version", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("asked_by", Text, nullable=False),
    # none: it waits; approved, rejected, withdrawn
    Column("decision", Text),
    Column("decided_at", BigInteger),
    Column("decided_by", Text),
    Column("note", Text),
)

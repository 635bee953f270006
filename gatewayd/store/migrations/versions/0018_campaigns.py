"""Lists, campaigns, their runs and people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "list_",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("members", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("refused", sa.Text(), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("reason", sa.Text()),
        sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.PrimaryKeyConstraint("id", name="pk_list_"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_list__account_id"),
        sa.UniqueConstraint("account_id", "name", name="uq_list__account_id_name"),
    )
    op.create_table(
        "list_member",
        sa.Column("list_id", _ID, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("customer_id", _ID),
        sa.Column("external_id", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("cells", sa.Text()),
        sa.PrimaryKeyConstraint("list_id", "row", name="pk_list_member"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "campaign",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("list_id", _ID),
        sa.Column("origin", sa.Text()),
        sa.Column("due", sa.BigInteger()),
        sa.Column("planned", sa.Text()),
        sa.Column("missed", sa.Text()),
        sa.Column("approved_people", sa.Integer()),
        sa.Column("launched_by", sa.Text()),
        sa.Column("launched_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("review", sa.Text()),
        sa.Column("review_version", sa.Integer()),
        sa.Column("test", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("id", name="pk_campaign"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_campaign_account_id"),
    )
    op.create_index("ix_campaign_account_id_id", "campaign", ["account_id", "id"])
    where = sa.text("state IN ('scheduled', 'running') AND due IS NOT NULL")
    op.create_index("ix_campaign_due", "campaign", ["due"], sqlite_where=where, postgresql_where=where)
    where = sa.text("state IN ('running', 'paused')")
    op.create_index("ix_campaign_open", "campaign", ["id"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "campaign_run",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("planned", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("people", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("left_out", sa.Text(), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("frozen_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_run"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_campaign_run_campaign_id"),
        sa.UniqueConstraint("campaign_id", "planned", name="uq_campaign_run_campaign_id_planned"),
    )
    op.create_table(
        "campaign_person",
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("customer_id", _ID),
        sa.Column("external_id", sa.Text()),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "row", name="pk_campaign_person"),
        sqlite_with_rowid=False,
    )
    where = sa.text("customer_id IS NOT NULL")
    op.create_index(
        "ix_campaign_person_customer_id", "campaign_person", ["customer_id"], sqlite_where=where, postgresql_where=where
    )
    op.create_index("ix_campaign_person_run_id_address", "campaign_person", ["run_id", "address"])
    op.create_table(
        "campaign_slice",
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_row", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("job_id", _ID),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("run_id", "rung", "number", name="pk_campaign_slice"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_campaign_slice_job_id", "campaign_slice", ["job_id"])
    where = sa.text("job_id IS NULL AND reason IS NULL")
    op.create_index("ix_campaign_slice_open", "campaign_slice", ["run_id"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "campaign_step",
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("slice", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "rung", "row", name="pk_campaign_step"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_campaign_step_slice", "campaign_step", ["run_id", "rung", "slice", "place"])
    op.create_table(
        "campaign_event",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("run_id", _ID),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("actor", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_event"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_campaign_event_campaign_id"),
    )
    op.create_index("ix_campaign_event_campaign_id_id", "campaign_event", ["campaign_id", "id"])
    op.create_table(
        "approval",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text()),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("decided_by", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_approval"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_approval_campaign_id"),
    )
    op.create_index("ix_approval_campaign_id", "approval", ["campaign_id"])

"""Rules for claims, what was decided by them, and what people say and do about it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "collection_event",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("written", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_collection_event_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_collection_event"),
    )
    op.create_index(
        "ix_collection_event_unwritten",
        "collection_event",
        ["id"],
        unique=False,
        sqlite_where=sa.text("NOT written"),
        postgresql_where=sa.text("NOT written"),
    )
    op.create_table(
        "dunning_batch",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("policy_id", _ID, nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("job_id", _ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("people", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_dunning_batch_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_dunning_batch"),
    )
    op.create_index("ix_dunning_batch_account_id_id", "dunning_batch", ["account_id", "id"], unique=False)
    op.create_index("ix_dunning_batch_job_id", "dunning_batch", ["job_id"], unique=False)
    op.create_index(
        "ix_dunning_batch_open",
        "dunning_batch",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state IN ('approval', 'ready')"),
        postgresql_where=sa.text("state IN ('approval', 'ready')"),
    )
    op.create_table(
        "dunning_run",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("hour", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("cursor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("counts", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_dunning_run_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_dunning_run"),
        sa.UniqueConstraint("account_id", "day", "hour", name="uq_dunning_run_account_id_day_hour"),
    )
    op.create_index(
        "ix_dunning_run_open",
        "dunning_run",
        ["id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "policy",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("standard", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("place", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_policy_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_policy"),
        sa.UniqueConstraint("account_id", "name", name="uq_policy_account_id_name"),
    )
    op.create_table(
        "customer_policy",
        sa.Column("customer_id", _ID, autoincrement=False, nullable=False),
        sa.Column("policy_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_customer_policy_customer_id"),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name="fk_customer_policy_policy_id"),
        sa.PrimaryKeyConstraint("customer_id", name="pk_customer_policy"),
    )
    op.create_index("ix_customer_policy_policy_id", "customer_policy", ["policy_id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("last_day", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("cycle", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("invoices", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("detail", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("again", sa.Text(), nullable=True),
        sa.Column("warnings", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("policy_id", _ID, nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_decision_account_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_decision_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_index("ix_decision_customer_id_id", "decision", ["customer_id", "id"], unique=False)
    op.create_index("ix_decision_last_day", "decision", ["last_day"], unique=False)
    op.create_index(
        "ix_decision_present",
        "decision",
        ["account_id", "customer_id", "currency"],
        unique=False,
        sqlite_where=sa.text("last_day IS NULL"),
        postgresql_where=sa.text("last_day IS NULL"),
    )
    op.create_table(
        "novelty",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("customer_id", _ID, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("detail", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("assigned_id", _ID, nullable=True),
        sa.Column("due", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("next_id", _ID, nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_novelty_account_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_novelty_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_novelty"),
        sa.UniqueConstraint("account_id", "key", name="uq_novelty_account_id_key"),
    )
    op.create_index("ix_novelty_account_id_id", "novelty", ["account_id", "id"], unique=False)
    op.create_index("ix_novelty_customer_id_id", "novelty", ["customer_id", "id"], unique=False)
    op.create_index(
        "ix_novelty_due",
        "novelty",
        ["account_id", "due", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "pause",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_pause_account_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_pause_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pause"),
        sa.UniqueConstraint("account_id", "key", name="uq_pause_account_id_key"),
    )
    op.create_index("ix_pause_account_id_id", "pause", ["account_id", "id"], unique=False)
    op.create_index(
        "ix_pause_customer_id",
        "pause",
        ["customer_id"],
        unique=False,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "policy_version",
        sa.Column("policy_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.id"], name="fk_policy_version_policy_id"),
        sa.PrimaryKeyConstraint("policy_id", "version", name="pk_policy_version"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "promise",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("tolerance_days", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_promise_account_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_promise_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_promise"),
        sa.UniqueConstraint("account_id", "key", name="uq_promise_account_id_key"),
    )
    op.create_index("ix_promise_account_id_id", "promise", ["account_id", "id"], unique=False)
    op.create_index("ix_promise_customer_id", "promise", ["customer_id"], unique=False)
    op.create_index(
        "ix_promise_pending",
        "promise",
        ["account_id", "day"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "step",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("policy_id", _ID, nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("invoices", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("template", sa.Text(), nullable=True),
        sa.Column("batch_id", _ID, nullable=True),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_step_account_id"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_step_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_step"),
        sa.UniqueConstraint(
            "account_id",
            "customer_id",
            "currency",
            "level",
            "cycle",
            name="uq_step_account_id_customer_id_currency_level_cycle",
        ),
    )
    op.create_index("ix_step_account_id_at", "step", ["account_id", "at"], unique=False)
    op.create_index("ix_step_customer_id", "step", ["customer_id"], unique=False)
    op.create_index(
        "ix_step_open",
        "step",
        ["account_id", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'planned'"),
        postgresql_where=sa.text("state = 'planned'"),
    )
    op.create_table(
        "step_try",
        sa.Column("batch_id", _ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("step_id", _ID, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("cause_id", _ID, nullable=True),
        sa.ForeignKeyConstraint(["step_id"], ["step.id"], name="fk_step_try_step_id"),
        sa.PrimaryKeyConstraint("batch_id", "place", name="pk_step_try"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_step_try_step_id", "step_try", ["step_id"], unique=False)

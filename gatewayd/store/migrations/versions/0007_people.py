"""People, their sessions, tokens and the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "user_",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shown_name", sa.Text(), nullable=False),
        sa.Column("mail", sa.Text()),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("account_id", _ID),
        sa.Column("supervisor_id", _ID),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("password_at", sa.BigInteger(), nullable=False),
        sa.Column("totp", sa.Text()),
        sa.Column("totp_offered", sa.Text()),
        sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("recovery", sa.Text()),
        sa.Column("monthly_limit", sa.BigInteger()),
        sa.Column("disabled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("language", sa.Text()),
        sa.Column("theme", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_user__account_id"),
        sa.ForeignKeyConstraint(["supervisor_id"], ["user_.id"], name="fk_user__supervisor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_user_"),
        sa.UniqueConstraint("name", name="uq_user__name"),
    )
    op.create_index("ix_user__account_id", "user_", ["account_id"])
    op.create_table(
        "session",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_.id"], name="fk_session_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("secret", name="uq_session_secret"),
    )
    op.create_index("ix_session_user_id", "session", ["user_id"])
    op.create_table(
        "device",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_.id"], name="fk_device_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
        sa.UniqueConstraint("secret", name="uq_device_secret"),
    )
    op.create_index("ix_device_user_id", "device", ["user_id"])
    op.create_table(
        "reset",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_.id"], name="fk_reset_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reset"),
        sa.UniqueConstraint("secret", name="uq_reset_secret"),
    )
    op.create_index("ix_reset_user_id", "reset", ["user_id"])
    op.create_table(
        "token",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("account_id", _ID),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("last_used", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_token_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("secret", name="uq_token_secret"),
    )
    op.create_index("ix_token_account_id", "token", ["account_id"])
    op.create_table(
        "mass_rule",
        sa.Column("account_id", _ID, autoincrement=False, nullable=False),
        sa.Column("password", sa.Text()),
        sa.Column("approve_above", sa.Integer()),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_mass_rule_account_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_mass_rule"),
    )
    op.create_table(
        "reach",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("to", sa.Text()),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_reach_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reach"),
    )
    op.create_index("ix_reach_account_id", "reach", ["account_id", "actor", "at"])
    op.create_index("ix_reach_at", "reach", ["at"])
    op.create_table(
        "audit",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_id", _ID),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("account", sa.Text()),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_account_id", "audit", ["account", "id"])

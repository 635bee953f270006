"""Templates and their versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("job", sa.Column("template", sa.Text()))
    op.add_column("job", sa.Column("template_version", sa.Integer()))
    op.create_table(
        "template",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger()),
        sa.Column("used_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_template"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_template_account_id"),
        sa.UniqueConstraint("account_id", "name", "channel", name="uq_template_account_id_name_channel"),
    )
    op.create_index("ix_template_account_id_changed_at", "template", ["account_id", "changed_at"])
    op.create_table(
        "template_version",
        sa.Column("template_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("class", sa.Text()),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.BigInteger()),
        sa.Column("approved_by", sa.Text()),
        sa.Column("used_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("template_id", "version", name="pk_template_version"),
        sa.ForeignKeyConstraint(["template_id"], ["template.id"], name="fk_template_version_template_id"),
        sqlite_with_rowid=False,
    )

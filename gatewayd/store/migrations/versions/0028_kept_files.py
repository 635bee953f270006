"""Files that mails attach, kept with the templates and campaigns that attach them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "kept_file",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_kept_file"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_kept_file_account_id"),
        sa.UniqueConstraint("account_id", "sha256", name="uq_kept_file_account_id_sha256"),
    )
    op.create_table(
        "file_use",
        sa.Column("file_id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", _ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("file_id", "kind", "owner", name="pk_file_use"),
        sa.ForeignKeyConstraint(["file_id"], ["kept_file.id"], name="fk_file_use_file_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_file_use_kind_owner", "file_use", ["kind", "owner"])

"""Whose report it is: references found however they are spelt, and reports that can only be ours."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AWAITING = sa.text("state IN ('taken', 'undelivered') AND reference IS NOT NULL")


def upgrade() -> None:
    op.add_column("early_report", sa.Column("exclusive", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.drop_index("ix_part_awaiting", "part")
    op.create_index(
        "ix_part_awaiting",
        "part",
        ["line", sa.text("ltrim(lower(reference), '0')")],
        sqlite_where=_AWAITING,
        postgresql_where=_AWAITING,
    )

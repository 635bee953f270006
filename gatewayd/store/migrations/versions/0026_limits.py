"""Monthly limits of people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "spending",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "month", name="pk_spending"),
        sa.ForeignKeyConstraint(["user_id"], ["user_.id"], name="fk_spending_user_id"),
        sqlite_with_rowid=False,
    )

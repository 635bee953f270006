"""Receipts one behind the other: in a tree by job and number each that came had pages beside it written anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.rename_table("receipt", "receipt_before")
    op.create_table(
        "receipt",
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("seq", _ID, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "seq", name="pk_receipt"),
    )
    op.execute("INSERT INTO receipt (job_id, seq, body) SELECT job_id, seq, body FROM receipt_before ORDER BY 1, 2")
    op.drop_table("receipt_before")

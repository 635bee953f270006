"""Indexes for what waits for a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UNCERTAIN = sa.text("state = 'uncertain'")
_REVIEW = sa.text("review IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_message_uncertain", "message", ["id"], sqlite_where=_UNCERTAIN, postgresql_where=_UNCERTAIN)
    op.create_index("ix_inbound_review", "inbound", ["received_at"], sqlite_where=_REVIEW, postgresql_where=_REVIEW)

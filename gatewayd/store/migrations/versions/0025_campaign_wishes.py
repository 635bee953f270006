"""Pace and lines of a campaign."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaign", sa.Column("pace", sa.Integer()))
    op.add_column("campaign", sa.Column("lines", sa.Text()))
    op.add_column("job", sa.Column("pace", sa.Integer()))
    op.add_column("job", sa.Column("pace_group", sa.Text()))

"""What a key pressed in a call means, beside it: a message that is tried again says only what was pressed last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbound", sa.Column("action", sa.Text()))

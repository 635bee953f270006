"""Lines, secrets and settings of accounts that people set in the panel."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Changes nothing yet."""

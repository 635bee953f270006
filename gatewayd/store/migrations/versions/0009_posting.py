"""Idempotency keys and the hourly jobs of single posts."""

from __future__ import annotations

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Changes nothing yet."""

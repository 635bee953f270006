"""Endpoints of webhooks and what is still to be delivered to them."""

from __future__ import annotations

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Changes nothing yet."""

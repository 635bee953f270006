"""Columns of the list of customers, and their heads."""

from __future__ import annotations

from typing import Final

from drivers.base import spoken

HEADS: Final = {
    "name": spoken("Name"),
    "external_id": spoken("Id"),
    "document": spoken("Document"),
    "phone": spoken("Telephone"),
    "email": spoken("Mail"),
    "portfolio": spoken("Portfolio"),
    "portfolio_name": spoken("Name of the portfolio"),
    "assigned": spoken("Assigned to"),
    "tags": spoken("Tags"),
    "debt": spoken("Debt"),
    "due": spoken("Due"),
    "no_claim": spoken("Not to be claimed"),
    "language": spoken("Language"),
    "zone": spoken("Time zone"),
    "updated_at": spoken("Changed"),
}
COLUMNS: Final = tuple(HEADS)
"""Every column, in the order in which they are offered."""
DEFAULT_COLUMNS: Final = ("name", "document", "phone", "portfolio", "assigned", "debt", "due")

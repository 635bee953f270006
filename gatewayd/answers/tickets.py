"""The states of a ticket. Pure."""

from __future__ import annotations

from typing import Final, Literal

TicketState = Literal["open", "working", "waiting", "closed"]
OPEN: Final = "open"
CLOSED: Final = "closed"
STATES: Final = ("open", "working", "waiting", "closed")
"""Nobody has begun; somebody works on it; it waits for the customer; it is over."""
TEXT_MAX: Final = 4_000
NOTE_MAX: Final = 4_000
CATEGORY_MAX: Final = 100

"""How long a balance lasts. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

DAYS_MAX: Final = 3_650
"""What lasts ten years lasts."""


def lasts_until(balance: Decimal, spent: Decimal, days: int, today: date) -> date | None:
    """Returns the last day that a balance covers where each day costs as much as the last `days` did on average.

    None where nothing was spent, or it lasts for ten years. A balance that does not cover today ends yesterday.
    """
    if spent <= 0 or days <= 0:
        return None
    left = int(balance * days / spent)
    return None if left > DAYS_MAX else today + timedelta(days=left - 1)

"""TP-VP, how long the service centre shall try (3GPP 23.040 §9.2.3.12)."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86400
WEEK: Final = 604800

RELATIVE_S: Final = (
    *(step * 5 * MINUTE for step in range(1, 145)),
    *(12 * HOUR + step * 30 * MINUTE for step in range(1, 25)),
    *(days * DAY for days in range(2, 31)),
    *(weeks * WEEK for weeks in range(5, 64)),
)
"""Seconds of each relative octet, §9.2.3.12.1: 5 min steps to 12 h, 30 min to 24 h, days to 30, weeks to 63."""


def relative_octet(seconds: int) -> int:
    """Returns the longest representable time that is not longer than `seconds`, so that nothing is delivered too late.

    At least 5 minutes.
    """
    return max(bisect_right(RELATIVE_S, seconds) - 1, 0)


def is_close(seconds: int) -> bool:
    """Whether the relative form falls at most half an hour short; beyond 24 h its steps are days."""
    return 0 <= seconds - RELATIVE_S[relative_octet(seconds)] <= 30 * MINUTE


def enhanced_s(octets: bytes) -> int | None:
    """Seconds of the enhanced format's seven octets (§9.2.3.12.3), None where it sets no period."""
    form = octets[0] & 0b111
    if form == 1:
        return RELATIVE_S[octets[1]]
    if form == 2:
        return octets[1]
    if form == 3:
        hours, minutes, seconds = ((octet & 0x0F) * 10 + (octet >> 4) for octet in octets[1:4])
        return hours * HOUR + minutes * MINUTE + seconds
    return None

"""Days and months of the configured time zone, as words; worked out once a day, not once a message."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


class Calendar:
    """Tells the day (YYYY-MM-DD) and month (YYYY-MM) of a Unix time (s)."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._begin = 0.0
        self._end = 0.0
        self._words = ("", "")

    def words(self, now: float) -> tuple[str, str]:
        if not self._begin <= now < self._end:
            self._turn(now)
        return self._words

    def next_day(self, now: float) -> float:
        """Unix time (s) at which the day of `now` ends."""
        self.words(now)
        return self._end

    def _turn(self, now: float) -> None:
        midnight = datetime.fromtimestamp(now, self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        self._begin = min(midnight.timestamp(), now)
        following = midnight.date() + timedelta(days=1)
        self._end = datetime(following.year, following.month, following.day, tzinfo=self._zone).timestamp()
        self._words = (midnight.strftime("%Y-%m-%d"), midnight.strftime("%Y-%m"))

"""How much one token may ask for: requests a second, and requests at once. A bound of each token's own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final

from gatewayd.web.v1.problems import Problem
from gatewayd.web.words import gettext as _

RATE: Final = 1000.0
"""Requests a second, on the average."""
BURST: Final = 2000.0
"""Requests that may come at once after a pause."""
AT_ONCE: Final = 64
"""Requests in work."""
REMEMBERED: Final = 4096


@dataclass(slots=True)
class _Account:
    left: float
    at: float
    working: int = 0


class Limits:
    """Counts by token, good or not: a bad one is asked for no more often than a good one."""

    def __init__(self, rate: float = RATE, burst: float = BURST, at_once: int = AT_ONCE) -> None:
        self._rate = rate
        self._burst = burst
        self._at_once = at_once
        self._of: OrderedDict[str, _Account] = OrderedDict()

    @contextmanager
    def request(self, token: str) -> Iterator[None]:
        """Counts one request while it is in work; Problem `too-many-requests`."""
        now = monotonic()
        found = self._of.get(token)
        if found is None:
            found = self._of[token] = _Account(self._burst, now)
            self._forget()
        found.left = min(self._burst, found.left + (now - found.at) * self._rate)
        found.at = now
        if found.working >= self._at_once:
            sentence = _("this token has {count} requests in work already").format(count=found.working)
            raise Problem("too-many-requests", sentence, headers={"Retry-After": "1"})
        if found.left < 1:
            sentence = _("this token may make {rate} requests a second").format(rate=int(self._rate))
            raise Problem("too-many-requests", sentence, headers={"Retry-After": "1"})
        found.left -= 1
        found.working += 1
        try:
            yield
        finally:
            found.working -= 1

    def _forget(self) -> None:
        """Forgets the oldest that rests."""
        if len(self._of) > REMEMBERED:
            oldest = next((token for token, one in self._of.items() if not one.working), None)
            if oldest is not None:
                del self._of[oldest]

"""How often something may be tried: a token bucket a key, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import Final

KEYS_MAX = 10_000
"""Keys remembered at most. The one that was used longest ago is forgotten first, as if its bucket were
full."""


_NETWORK: Final = 64
"""Bits of an IPv6 address that say whose it is; the others are its owner's to choose (RFC 4291 §2.5.4, RFC 6177)."""


def counted_as(address: str) -> str:
    """Returns what requests from an address are counted as: itself, or its network where that is IPv6, for each
    household has more addresses than could be remembered."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> _NETWORK << _NETWORK)}/{_NETWORK}"


class Throttle:
    """Grants `burst` tries at once, and another each `every_s` seconds. Times are any clock's that only goes on."""

    def __init__(self, burst: int, every_s: float, *, keys_max: int = KEYS_MAX) -> None:
        self.burst = burst
        self.every_s = every_s
        self._keys_max = keys_max
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: str, now: float) -> float:
        """Returns how long (s) until the next try is granted; 0 where one is now. Takes nothing."""
        left = self._left(key, now)
        return 0.0 if left >= 1 else (1 - left) * self.every_s

    def take(self, key: str, now: float) -> None:
        """Takes a try, granted or not."""
        self._put(key, max(0.0, self._left(key, now) - 1), now)

    def give_back(self, key: str, now: float) -> None:
        """Gives a try back: it was good."""
        self._put(key, min(self.burst, self._left(key, now) + 1), now)

    def _left(self, key: str, now: float) -> float:
        known = self._buckets.get(key)
        if known is None:
            return float(self.burst)
        left, at = known
        return min(float(self.burst), left + max(0.0, now - at) / self.every_s)

    def _put(self, key: str, left: float, now: float) -> None:
        self._buckets[key] = (left, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._keys_max:
            self._buckets.popitem(last=False)

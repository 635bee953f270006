"""How many parts a text takes over the lines that may carry it: fewest and most. Pure.

Lines with the Spanish shift table send in one part what takes two elsewhere. What is charged is what the line cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from gatewayd.values.texts import parts_with_shift

Variant = Literal["", "es"]


class Cuts:
    """The lines that may send a campaign's texts: prefixes of numbers (none: all numbers), and how each cuts."""

    def __init__(self, lines: Iterable[tuple[Sequence[str], Variant]]) -> None:
        self._lines = [(tuple(prefixes), variant) for prefixes, variant in lines]
        self._prefixes = tuple({prefix for prefixes, _variant in self._lines for prefix in prefixes})
        self._by_prefixes: dict[tuple[bool, ...], frozenset[Variant]] = {}

    def parts(self, address: str, text: str, encoding: str, count: int) -> tuple[int, int]:
        """Returns the fewest and the most parts of a text; `encoding` and `count` are the message's as it is recorded:
        an encoding that was asked for is every line's, and the count is that without a shift table."""
        if encoding or not self._lines or count <= 1:
            return count, count
        variants = self._variants(address)
        if "es" not in variants:
            return count, count
        fewest = min(parts_with_shift(text), count)
        return fewest, count if "" in variants else fewest

    def _variants(self, address: str) -> frozenset[Variant]:
        """Returns how the lines cut that take this number; where none does, as a line without the table would."""
        key = tuple(address.startswith(prefix) for prefix in self._prefixes)
        found = self._by_prefixes.get(key)
        if found is None:
            found = frozenset(
                variant for prefixes, variant in self._lines if not prefixes or address.startswith(prefixes)
            )
            self._by_prefixes[key] = found
        return found

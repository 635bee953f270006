"""Who is being called: one call at a time to a number, over all lines and jobs."""

from __future__ import annotations


class Engaged:
    """Numbers that a call rings, or may ring; shared by the lines of one driver."""

    def __init__(self) -> None:
        self._calls: dict[str, str] = {}

    def free(self, to: str) -> bool:
        return to not in self._calls

    def take(self, to: str, attempt: str) -> None:
        self._calls.setdefault(to, attempt)

    def leave(self, to: str, attempt: str) -> None:
        if self._calls.get(to) == attempt:
            del self._calls[to]

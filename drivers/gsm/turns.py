"""Who has the port next: acknowledgements first, then commands and submissions in the order they came. Pure."""

from __future__ import annotations

from collections import deque

from drivers.gsm.errors import NotReadyError
from drivers.gsm.operation import Operation


class Turns:
    __slots__ = ("_acknowledgements", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[Operation] = deque()
        self._acknowledgements: deque[Operation] = deque()

    def wait(self, operation: Operation) -> None:
        self._waiting.append(operation)

    def wait_first(self, acknowledgement: Operation) -> None:
        self._acknowledgements.append(acknowledgement)

    def next(self, may_submit: bool) -> Operation | None:
        """Returns whose turn it is; submissions that may not begin any more fail here, given-up ones are left out."""
        if self._acknowledgements:
            return self._acknowledgements.popleft()
        while self._waiting:
            operation = self._waiting.popleft()
            if operation.submits and not may_submit:
                operation.fail(NotReadyError("the modem may not send any more"))
            elif operation.awaited:
                return operation
        return None

    def fail(self, error: Exception) -> None:
        """Fails all that wait; acknowledgements are dropped: what was not acknowledged comes again."""
        self._acknowledgements.clear()
        while self._waiting:
            self._waiting.popleft().fail(error)

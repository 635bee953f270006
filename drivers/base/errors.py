"""What a driver may raise at its edges."""

from __future__ import annotations

from drivers.base.finding import Finding


class LineError(Exception):
    """Root of what a driver may raise at its edges; told apart by what the caller does next."""


class Withdrawn(LineError):  # noqa: N818 - a word from a person or a clock, not a fault
    """The message may no longer go: back out and answer `NotSent(counts=False)`."""

    def __init__(self, reason: str = "withdrawn") -> None:
        super().__init__(reason)
        self.reason = reason


class MisconfiguredError(LineError):
    """The line's own keys cannot work; a person has to mend the configuration. `key` names the culprit."""

    def __init__(self, key: str, message: str, finding: Finding | None = None) -> None:
        super().__init__(message)
        self.key = key
        self.finding = finding
        """The same with its remedy, where the driver knows one: the core says it in the person's language."""


class NotDurableError(LineError):
    """`EventSink.put` could not make it durable: acknowledge nothing; the device brings it again."""


class HookRefusedError(LineError):
    """A call of a device to us that proves nothing, or says nothing: answer it with `status`."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status

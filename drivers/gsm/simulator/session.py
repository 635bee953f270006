"""What the halves of a modem share: its clock, its session's settings, an open prompt, and the ports between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

SILENT = ""
"""A final result that is not printed."""
PENDING = None
"""In place of a final result: it comes later, by `Modem.finish`."""


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """Monotonic seconds and timers; an asyncio loop is one."""

    def time(self) -> float: ...

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Timer: ...


class Failure(Exception):  # noqa: N818 - the modem's word, not ours
    """Ends a command with a final result other than OK."""

    def __init__(self, result: str) -> None:
        super().__init__(result)
        self.result = result


@dataclass(slots=True)
class Session:
    """What ATZ, a reboot or a replug sets back."""

    echo: bool = True
    verbose: bool = True
    """V: results in words; else a digit."""
    quiet: bool = False
    """Q: no results at all."""
    hushed: bool = False
    """The maker's own command has silenced unsolicited lines."""
    errors: int = 0
    """CMEE: 0 plain ERROR, 1 numbers, 2 words."""
    text_mode: bool = False
    service: int = 0
    """CSMS: 1 wants CNMA."""
    cnmi: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    memories: list[str] = field(default_factory=lambda: ["SM", "SM", "SM"])
    charset: str = "GSM"
    csmp: tuple[int, str, int, int] = (17, "167", 0, 0)
    """TP first octet, validity as it was given, TP-PID, TP-DCS of text mode."""
    registration_reports: dict[str, int] = field(default_factory=dict)
    """+CREG, +CGREG, +CEREG → <n>."""
    operator_format: int = 0
    operator_mode: int = 0
    values: dict[str, str] = field(default_factory=dict)
    """Commands that only keep what they are given."""


@dataclass(slots=True)
class Prompt:
    """An open `> `: all input up to Ctrl-Z or ESC belongs to it."""

    done: Callable[[str], str | None]
    """Called with the body; answers the final result, or None when it will come later."""
    text_mode: bool


class Reception(Protocol):
    """What the command line needs of the receiving half."""

    def reset(self) -> None: ...

    def resume(self) -> None: ...

    def acknowledge(self, positive: bool = True) -> bool: ...


class Transmission(Protocol):
    """What the command line needs of the sending half."""

    def send(self, arguments: str) -> str | None: ...

    def write(self, arguments: str) -> str | None: ...

    def send_stored(self, pdu: str) -> str | None: ...

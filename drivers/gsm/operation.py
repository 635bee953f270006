"""The vocabulary of a dialogue with a modem: whose turn it is, what is under way, who listens."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Literal, Protocol

from drivers.gsm import at


class Transport(Protocol):
    """Where the octets go; what arrives is fed to `Dialogue.feed`, a loss to `Dialogue.lost`."""

    def write(self, data: bytes) -> None: ...


class Listener(Protocol):
    """Hears what a dialogue has to say without being asked. Called from the read callback: must not block."""

    def on_unsolicited(self, code: at.Unsolicited) -> None: ...

    def on_late_reference(self, token: Any, reference: str) -> None:
        """+CMGS came after its submission had been given up; `token` is the one of `Dialogue.open_prompt`."""

    def on_echo(self) -> None:
        """The echo is on although it had been switched off: the modem has restarted."""

    def on_silent(self) -> None:
        """Neither answer nor resynchronisation: the modem does not talk any more."""

    def on_lost(self) -> None:
        """The port is gone."""

    def on_acknowledged(self, ok: bool) -> None:
        """The modem has answered an acknowledgement; not `ok`: by an error, or not at all."""


class Conduct:
    """How a dialogue goes about it, as those who look after the modem have set it."""

    may_submit = True
    """Whether a submission may begin; those that wait for their turn fail when it comes. A modem that is being
    initialised again may still be in text mode: it would take the length for a number, and the PDU for a text."""
    submit_line = "AT+CMGS="
    """What a submission begins with; the length, or in text mode the number, follows."""
    echo_expected = True
    """Whether the modem's echo is no news: until it was switched off, and for firmware that cannot."""
    echo_seen = False
    """Whether an echo has come since this was last set to False."""
    stranger_seen = False
    """Whether an answer has come since then that nobody asked for: another program may be at work on the port."""


class Phase(Enum):
    IDLE = auto()
    COMMAND = auto()
    PROMPT = auto()
    """AT+CMGS is written, the prompt has not come."""
    OPEN = auto()
    """The prompt is open; its holder makes up its mind."""
    ANSWER = auto()
    """PDU and Ctrl-Z are written."""
    RESYNC = auto()
    SILENT = auto()
    LOST = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """How a submission ended: a reference if the network took it, else the error, or neither after `silence`, a
    `port_lost`, or when the modem `restarted`: it may have been taken. The reference is empty where the modem names
    none.
    """

    reference: str | None
    error: at.Final | None = None
    reason: Literal["", "silence", "port_lost", "restarted"] = ""


class Operation:
    """One holder of the port. Made by `Dialogue` alone."""

    __slots__ = (
        "aborted",
        "acknowledged",
        "began",
        "candidate",
        "data",
        "echoed",
        "error",
        "future",
        "lenient",
        "lines",
        "prefix",
        "probed",
        "reference",
        "sent",
        "submits",
        "timeout_s",
        "token",
        "unanswered",
        "until",
    )

    def __init__(self, sent: str, future: asyncio.Future[Any] | None, timeout_s: float) -> None:
        self.sent = sent
        self.data = sent.encode("latin-1") + b"\r"
        self.future = future
        self.timeout_s = timeout_s
        self.prefix = ""
        self.lenient = False
        self.submits = False
        self.lines: list[str] = []
        self.token: Any = None
        self.echoed = False
        self.error: at.Final | None = None
        """An error that ends it unless it turns out to be another's."""
        self.reference: str | None = None
        self.candidate: str | None = None
        self.began = 0.0
        self.until = 0.0
        self.probed = False
        self.unanswered = 0
        self.acknowledged = False
        self.aborted: at.Final | None = None

    @property
    def awaited(self) -> bool:
        """Whether somebody still waits for the next step."""
        return self.future is not None and not self.future.done()

    def resolve(self, result: Any) -> None:
        if self.future is not None and not self.future.done():
            self.future.set_result(result)

    def fail(self, error: Exception) -> None:
        if self.future is not None and not self.future.done():
            self.future.set_exception(error)

"""What the world outside had been told by the gateway, moment by moment: nothing of it may be taken back."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from drivers.gsm import pdu
from tests.faults.powercut.trace import Event, Mark, PortOpened, PortRead, PortWrite

_ROUTED: Final = re.compile(rb"\+(?:CDS|CMT):[^\r\n]*\r\n([0-9A-F]+)\r\n")


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A status report that the gateway told the network it has."""

    line: str
    reference: str
    to: str


@dataclass(slots=True)
class Witness:
    """Follows the events; `lines` maps a port's link to its line."""

    lines: Mapping[str, str]
    sent: list[dict[str, Any]] = field(default_factory=list)
    """Parts of which PDU and Ctrl-Z went out, as the simulator would tell them."""
    reports: list[Acknowledged] = field(default_factory=list)
    replies: list[tuple[str, str]] = field(default_factory=list)
    """Line and text of what people wrote and the gateway acknowledged."""
    dropped: list[str] = field(default_factory=list)
    """Jobs that upstream put into the spool, and saw to be there."""
    account: bool = False
    _line: dict[str, str] = field(default_factory=dict)
    _out: dict[str, bytes] = field(default_factory=lambda: defaultdict(bytes))
    _in: dict[str, bytes] = field(default_factory=lambda: defaultdict(bytes))
    _unacknowledged: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))

    def see(self, event: Event) -> bool:
        """Whether the event told the world something."""
        match event:
            case Mark(text):
                word, _, rest = text.partition(" ")
                if word == "dropped":
                    self.dropped.append(rest)
                self.account = self.account or word == "account"
                return True
            case PortOpened(port, name):
                self._line[port] = self.lines[name]
                self._out[port] = self._in[port] = b""
                self._unacknowledged[port].clear()
            case PortWrite(port, data):
                return self._written(port, data)
            case PortRead(port, data):
                self._in[port] += data
                while (match := _ROUTED.search(self._in[port])) is not None:
                    self._unacknowledged[port].append(match[1].decode())
                    self._in[port] = self._in[port][match.end() :]
        return False

    def _written(self, port: str, data: bytes) -> bool:
        told = False
        self._out[port] += data
        while (match := re.search(rb"[\r\x1a\x1b]", self._out[port])) is not None:
            word, self._out[port] = self._out[port][: match.start()], self._out[port][match.end() :]
            if match[0] == b"\x1a":
                self._submitted(word.decode())
                told = True
            elif word == b"AT+CNMA" and self._unacknowledged[port]:
                self._acknowledged(port, self._unacknowledged[port].popleft())
                told = True
        return told

    def _submitted(self, digits: str) -> None:
        submit = pdu.decode(digits, direction="from_mobile")
        assert isinstance(submit, pdu.Submit)
        concat = submit.concat
        self.sent.append(
            {
                "to": submit.destination,
                "text": submit.text,
                "concat": concat and {"reference": concat.reference, "total": concat.total, "number": concat.number},
            }
        )

    def _acknowledged(self, port: str, digits: str) -> None:
        content = pdu.decode(digits)
        if isinstance(content, pdu.StatusReport):
            self.reports.append(Acknowledged(self._line[port], str(content.reference), content.recipient))
        elif isinstance(content, pdu.Deliver):
            self.replies.append((self._line[port], content.text))

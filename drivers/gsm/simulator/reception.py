"""The receiving half of a modem: what the network hands over is stored, announced or routed (27.005 §3.4)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal

from drivers.gsm.simulator import textmode
from drivers.gsm.simulator.card import REC_UNREAD, Memory, StoredMessage
from drivers.gsm.simulator.modem import Modem, Timer

Kind = Literal["deliver", "report"]
MAX_BUFFERED = 64
"""Indications kept while CNMI's mode is 0; older ones give way, as a small device's buffer makes them."""


class Receiver:
    """Where SMS-DELIVER and SMS-STATUS-REPORT arrive. `give_back` returns to the network what was not acknowledged."""

    def __init__(self, modem: Modem, give_back: Callable[[Kind, str], None]) -> None:
        self._modem = modem
        self._give_back = give_back
        self._unacknowledged: tuple[Kind, str] | None = None
        self._waiting: deque[tuple[Kind, str]] = deque()
        self._deadline: Timer | None = None
        self._buffered: deque[tuple[str, ...]] = deque(maxlen=MAX_BUFFERED)

    # ----------------------------------------------------------------------------------------- from the network

    def deliver(self, pdu: str) -> bool:
        """Take an SMS-DELIVER; False when there is no room for it."""
        if self._modem.session.cnmi[1] == 2:
            self._route("deliver", pdu)
            return True
        return self._store("deliver", pdu, self.receiving_memory, "+CMTI" if self._modem.session.cnmi[1] else "")

    def report(self, pdu: str) -> bool:
        """Take an SMS-STATUS-REPORT; False when no route for it is set, or no room left."""
        modem = self._modem
        wanted = modem.session.cnmi[3]
        if wanted == 1:
            self._route("report", pdu)
            return True
        if wanted == 2:
            memory = "SR" if "SR" in modem.memories else self.receiving_memory
            if self._store("report", pdu, memory, "+CDSI"):
                modem.counts["reports_sent"] += 1
                return True
            return False
        if modem.settings.unrouted_reports == "discard":
            modem.counts["reports_discarded"] += 1
            return True
        return False

    @property
    def receiving_memory(self) -> str:
        modem = self._modem
        name = modem.settings.storage or modem.session.memories[2]
        if name == "MT":
            name = next((each for each in ("ME", "SM") if not modem.memories[each].full), "SM")
        return name if name in modem.memories else next(iter(modem.memories))

    def _store(self, kind: Kind, pdu: str, name: str, indication: str) -> bool:
        modem = self._modem
        memory: Memory = modem.memories[name]
        if memory.full:
            modem.counts["memory_full"] += 1
            if modem.brand.full_line:
                modem.unsolicited(modem.brand.full_line.format(memory=name))
            return False
        index = memory.store(StoredMessage(REC_UNREAD, pdu, kind))
        if kind == "deliver":
            modem.counts["inbound_stored"] += 1
        if indication:
            self._indicate(f'{indication}: "{name}",{index}')
        return True

    # ------------------------------------------------------------------------------------------------- to the host

    def _route(self, kind: Kind, pdu: str) -> None:
        """+CMT or +CDS; with CSMS=1 one at a time, the next after CNMA (27.005 §3.4.4)."""
        modem = self._modem
        if modem.session.service != 1:
            self._print(kind, pdu)
            return
        if self._unacknowledged is not None:
            self._waiting.append((kind, pdu))
            return
        self._unacknowledged = (kind, pdu)
        self._deadline = modem.later(modem.settings.cnma_timeout_s, self._timed_out)
        self._print(kind, pdu)

    def _print(self, kind: Kind, pdu: str) -> None:
        modem = self._modem
        modem.counts["inbound_routed" if kind == "deliver" else "reports_sent"] += 1
        if modem.session.text_mode:
            self._indicate(*textmode.routed(kind, pdu, modem.session.charset))
            return
        length = len(pdu) // 2 - 1 - int(pdu[:2], 16)
        self._indicate(f"+CMT: ,{length}" if kind == "deliver" else f"+CDS: {length}", pdu)

    def _indicate(self, *lines: str) -> None:
        if self._modem.session.cnmi[0] == 0:
            self._buffered.append(lines)
        else:
            self._modem.unsolicited(*lines)

    def acknowledge(self, positive: bool = True) -> bool:
        """CNMA; False when nothing waits for one."""
        if self._unacknowledged is None:
            return False
        kind, pdu = self._unacknowledged
        self._settle()
        if positive:
            self._modem.counts["inbound_acknowledged" if kind == "deliver" else "reports_acknowledged"] += 1
        else:
            self._give_back(kind, pdu)
        if self._waiting:
            self._route(*self._waiting.popleft())
        return True

    def _timed_out(self) -> None:
        """No CNMA in time: routing is switched off (27.005 §3.4.4), and the network keeps what it had."""
        modem = self._modem
        modem.counts["acknowledgements_missed"] += 1
        mode, _mt, bm, _ds, bfr = modem.session.cnmi
        modem.session.cnmi = (mode, 0, bm, 0, bfr)
        self._deadline = None
        self._return_all()
        modem.on_ready()

    def _settle(self) -> None:
        self._unacknowledged = None
        if self._deadline is not None:
            self._modem.forget(self._deadline)
            self._deadline = None

    def _return_all(self) -> None:
        if self._unacknowledged is not None:
            self._give_back(*self._unacknowledged)
        for each in self._waiting:
            self._give_back(*each)
        self._waiting.clear()
        self._settle()

    # ------------------------------------------------------------------------------------------------ modem's events

    def reset(self) -> None:
        """The power went: what was not acknowledged stays with the network."""
        self._deadline = None  # died with the modem's timers
        self._return_all()
        self._buffered.clear()

    def resume(self) -> None:
        """CNMI was set: what waits under the old routing starts anew, what was buffered is printed or dropped."""
        self._return_all()
        mode, _mt, _bm, _ds, bfr = self._modem.session.cnmi
        if bfr:
            self._buffered.clear()
        if mode:
            while self._buffered:
                self._modem.unsolicited(*self._buffered.popleft())
        self._modem.on_ready()

"""What comes in: status reports and messages, routed (+CDS, +CMT) or stored (+CDSI, +CMTI, listings).

Nothing is acknowledged to the modem (CNMA, CMGD) before `EventSink.put` has returned.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import time
from collections import deque
from datetime import datetime

from drivers.base import FAILPOINT, Concat, DeliveryReport, Event, EventSink, InboundMessage, LateAccept
from drivers.gsm import at, pdu, textmode
from drivers.gsm.dialogue import Dialogue
from drivers.gsm.errors import SilentError
from drivers.gsm.journal import Journal
from drivers.gsm.memories import Stored
from drivers.gsm.modem import Modem
from drivers.gsm.sending import Sender
from drivers.gsm.timing import Timing

_ROUTED = ("+CDS:", "+CMT:")
_STORED = ("+CDSI:", "+CMTI:")
_FULL = ("^SMMEMFULL", "+ZSMGS", "^SMGO", "SMS FULL", '+QIND: "SMSFULL"', '+CIEV: "SMSFULL"')

_MOST_PLACES = 64
"""Announced places that wait to be read; beyond, the memories are listed instead."""

_TPDU_VARIES = 0xFF ^ 0x04 ^ 0x20
"""Bits of the first octet that stay the same when a message is handed over again: all but more-messages-to-send and
status-report-indication (23.040 §9.2.3.2, §9.2.3.4)."""


class Receiver:
    """Receives for one connection. `routed` and `stored` are its two tasks: reading the SIM never delays a CNMA."""

    def __init__(
        self, dialogue: Dialogue, modem: Modem, sender: Sender, events: EventSink, *, timing: Timing, journal: Journal
    ) -> None:
        self._dialogue = dialogue
        self._modem = modem
        self._memories = modem.memories
        self._sender = sender
        self._events = events
        self._timing = timing
        self._journal = journal
        self._routed: deque[str | LateAccept] = deque()
        self._routed_bell = asyncio.Event()
        self._stored: deque[tuple[str, int] | None] = deque()
        self._stored_bell = asyncio.Event()
        self._held: set[asyncio.Task[None]] = set()
        self._spoilt = ""
        self.unreadable = 0
        """PDUs that could not be decoded since the connection began."""

    # --------------------------------------------------------------------------------------------- from the dialogue

    def on_unsolicited(self, code: at.Unsolicited) -> bool:
        """Takes what is ours; False: it is not."""
        line = code.line
        if code.pdu is not None:
            # A text that is written out belongs to no mode of ours: not acknowledged, it comes again as a PDU.
            if line.startswith(_ROUTED) and not at.written_out(line):
                self._route(code.pdu)
            return True
        if line.startswith("+CDS:"):
            self._route(line)
            return True
        if line.startswith(_STORED):
            fields = at.split_fields(line.partition(":")[2].strip())
            index = at.number(fields[1]) if len(fields) > 1 else None
            if index is None or len(self._stored) >= _MOST_PLACES:
                self.sweep()
            elif (fields[0], index) not in self._stored:
                self._stored.append((fields[0], index))
                self._stored_bell.set()
            return True
        if line.upper().startswith(_FULL):
            self.sweep()
            return True
        return False

    def _route(self, item: str | LateAccept) -> None:
        self._routed.append(item)
        self._routed_bell.set()

    def late(self, attempt: str, part: int, reference: str) -> None:
        self._route(LateAccept(attempt, part, reference))

    def sweep(self) -> None:
        """Lists every memory and empties it: at start, from time to time, and when one is full."""
        if None not in self._stored:
            self._stored.append(None)
            self._stored_bell.set()

    def close(self) -> None:
        """Stops handing anything on."""
        for task in self._held:
            task.cancel()

    # -------------------------------------------------------------------------------------------------------- routed

    async def run_routed(self) -> None:
        """Hands on what is routed; several that came together are made durable together."""
        while True:
            await self._routed_bell.wait()
            self._routed_bell.clear()
            batch, self._routed = self._routed, deque()
            if len(batch) == 1:
                await self._take(batch[0])
            else:
                await asyncio.gather(*map(self._take, batch))

    async def _take(self, item: str | LateAccept) -> None:
        if isinstance(item, LateAccept):
            await self._events.put(item)
            return
        content = self._decode(item)
        if content is None:
            # Once: it was spoilt on the way to us, and the network shall bring it again. Twice: nobody can read it.
            again = item == self._spoilt
            self._spoilt = item
            self._acknowledge(received=again)
            return
        sys.audit(FAILPOINT, "gsm.report")
        if isinstance(content, pdu.StatusReport):
            overtaken = self._sender.may_overtake(str(content.reference), content)
            if overtaken is not None:
                task = asyncio.create_task(self._report_after(overtaken, content))
                self._held.add(task)
                task.add_done_callback(self._held.discard)
                return
        await self._events.put(self._event(item, content))
        self._acknowledge_durable()

    async def _report_after(self, overtaken: asyncio.Future[None], content: pdu.StatusReport) -> None:
        """Hands on a report that may precede its own +CMGS: what it belongs to is known a moment later."""
        await asyncio.wait((overtaken,), timeout=self._timing.report_hold_s)
        await self._events.put(self._report(content))
        self._acknowledge_durable()

    def _acknowledge_durable(self) -> None:
        sys.audit(FAILPOINT, "gsm.report_durable")
        self._acknowledge()
        sys.audit(FAILPOINT, "gsm.report_acknowledged")

    def _acknowledge(self, received: bool = True) -> None:
        if self._modem.can.acknowledges:
            self._dialogue.acknowledge(received)

    # -------------------------------------------------------------------------------------------------------- stored

    async def run_stored(self) -> None:
        while True:
            await self._stored_bell.wait()
            self._stored_bell.clear()
            while self._stored:
                try:
                    await self._collect(self._stored[0])
                except SilentError:
                    # Still there: when the modem talks again.
                    await asyncio.sleep(self._timing.probe_s)
                else:
                    self._stored.popleft()

    async def _collect(self, place: tuple[str, int] | None) -> None:
        if place is None:
            await self._sweep()
            return
        stored = await self._memories.read(*place)
        if stored is not None:
            await self._keep(*place, stored)

    async def _sweep(self) -> None:
        for memory in self._memories.names or (None,):
            for index, stored in await self._memories.listed(memory):
                await self._keep(memory, index, stored)

    async def _keep(self, memory: str | None, index: int, stored: Stored) -> None:
        written_out = self._modem.can.text_mode
        content = self._counted(textmode.received(*stored), stored[1]) if written_out else self._decode(stored[1])
        if content is None:
            return  # left on the SIM for a person; the count of them is in the line's detail
        sys.audit(FAILPOINT, "gsm.stored")
        await self._events.put(self._event(",".join(stored) if written_out else stored[1], content))
        sys.audit(FAILPOINT, "gsm.stored_durable")
        await self._memories.delete(memory, index)
        sys.audit(FAILPOINT, "gsm.stored_deleted")

    # -------------------------------------------------------------------------------------------------------- events

    def _decode(self, digits: str) -> pdu.Deliver | pdu.StatusReport | None:
        content: pdu.Pdu | None
        if digits.startswith("+CDS:"):
            content = textmode.report(digits[5:])
        else:
            try:
                content = pdu.decode(digits)
            except pdu.PduError:
                content = None
            else:
                if not isinstance(content, (pdu.Deliver, pdu.StatusReport)):
                    return None
        return self._counted(content, digits)

    def _counted(
        self, content: pdu.Deliver | pdu.StatusReport | None, digits: str
    ) -> pdu.Deliver | pdu.StatusReport | None:
        if content is None:
            self.unreadable += 1
            self._journal.warning("unreadable PDU", octets=len(digits) // 2)
        return content

    def _event(self, digits: str, content: pdu.Deliver | pdu.StatusReport) -> Event:
        return self._report(content) if isinstance(content, pdu.StatusReport) else inbound(digits, content)

    def _report(self, report: pdu.StatusReport) -> DeliveryReport:
        reference = str(report.reference)
        attempt, part = self._sender.owner(reference, report) or (None, None)
        return DeliveryReport(
            reference,
            report.recipient,
            report.outcome,
            report.reason,
            _unix(report.discharged_at),
            attempt,
            part,
            exclusive=True,  # nobody else sends from the SIM in our modem
        )


def inbound(digits: str, message: pdu.Deliver) -> InboundMessage:
    """Returns the event of a received part; its key is that of the TPDU, so a part handed over again is recognised."""
    concat = message.concat
    return InboundMessage(
        key=_key(digits),
        sender=message.sender,
        to=None,
        text=message.text,
        at=_unix(message.at),
        concat=Concat(concat.reference, concat.total, concat.number) if concat is not None else None,
    )


def _key(digits: str) -> str:
    if not at.is_hex(digits):  # text mode: what is left of the TPDU
        return hashlib.blake2s(digits.partition(",")[2].encode("latin-1", "replace"), digest_size=16).hexdigest()
    octets = bytes.fromhex(digits)
    tpdu = bytearray(octets[octets[0] + 1 :])
    tpdu[0] &= _TPDU_VARIES
    return hashlib.blake2s(tpdu, digest_size=16).hexdigest()


def _unix(at_time: datetime | None) -> float:
    return at_time.timestamp() if at_time is not None else time.time()

"""The mobile network: it takes submits and never forgets one, reports on them, and hands over what others sent.

Its record is what a checker believes: a message is in it once it was taken, whatever became of the modem's answer.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from drivers.gsm import alphabet
from drivers.gsm import pdu as codec
from drivers.gsm.simulator import commands, messages  # noqa: F401 - importing them enters their commands
from drivers.gsm.simulator.envelope import Envelope, status_report
from drivers.gsm.simulator.modem import Clock, Modem
from drivers.gsm.simulator.reception import Kind, Receiver
from drivers.gsm.simulator.record import Record, Taken, iso
from drivers.gsm.simulator.submission import Transmitter

DELIVERED, FAILED, TRYING = 0x00, 0x46, 0x30
"""TP-ST (23.040 §9.2.3.15): received by the SME; validity period expired; congestion, still trying."""


class Network:
    """One network for all modems of a simulator."""

    def __init__(self, clock: Clock, random: Random, record: Record | None = None) -> None:
        self.record = record if record is not None else Record()
        self.modems: list[Modem] = []
        self._clock = clock
        self._random = random
        self._held: dict[int, deque[tuple[Kind, str]]] = {}
        self._concat_reference = random.randrange(256)
        self._closed = False
        self.on_progress: Callable[[], None] = lambda: None
        """Called after anything was counted."""

    def attach(self, modem: Modem) -> None:
        """Make `modem` one of this network's."""
        self.modems.append(modem)
        held = self._held[modem.index] = deque()

        def give_back(kind: Kind, pdu: str) -> None:
            held.append((kind, pdu))

        modem.reception = Receiver(modem, give_back)
        modem.transmission = Transmitter(modem, self)
        modem.on_ready = lambda: self._hand_over(modem)

    # --------------------------------------------------------------------------------------------------- submitting

    def take(self, modem: Modem, pdu: str, envelope: Envelope, reference: int) -> Taken:
        taken = Taken(
            len(self.record) + 1,
            modem.index,
            modem.card.number,
            pdu,
            reference,
            envelope,
            time.time(),
            time.monotonic(),
        )
        self.record.append(taken)
        modem.counts["taken"] += 1
        self.on_progress()
        return taken

    def report(self, taken: Taken) -> None:
        settings = self.modems[taken.modem].settings
        if not taken.envelope.wants_report or settings.report == "none":
            return
        delay = settings.report_delay_s
        if settings.report in ("temporary", "pending"):
            self._schedule(delay, taken, TRYING)
            delay *= 2
        if settings.report == "pending":
            return
        status = settings.report_status
        if status is None:
            status = FAILED if settings.report == "failed" else DELIVERED
        for _copy in range(settings.report_copies):
            self._schedule(delay, taken, status)

    def _schedule(self, delay: float, taken: Taken, status: int) -> None:
        if delay > 0:
            self._clock.call_later(delay, self._report, taken, status, True)
        else:
            self._report(taken, status, False)

    def _report(self, taken: Taken, status: int, flush: bool) -> None:
        if self._closed:
            return
        modem = self.modems[taken.modem]
        pdu = status_report(
            modem.settings.smsc,
            taken.reference,
            taken.envelope.address,
            submitted=int(taken.wall),
            discharged=int(time.time()),
            status=status,
        )
        self._hand(modem, "report", pdu)
        if flush:
            modem.flush()
        self.on_progress()

    # ----------------------------------------------------------------------------------------------- to the mobiles

    def _hand(self, modem: Modem, kind: Kind, pdu: str) -> None:
        if not (modem.reachable and self._accepts(modem, kind, pdu)):
            self._held[modem.index].append((kind, pdu))

    @staticmethod
    def _accepts(modem: Modem, kind: Kind, pdu: str) -> bool:
        reception = modem.reception
        assert isinstance(reception, Receiver)
        return reception.report(pdu) if kind == "report" else reception.deliver(pdu)

    def _hand_over(self, modem: Modem) -> None:
        """The modem can receive again: try all that is held, once each. The caller's turn flushes."""
        held = self._held[modem.index]
        for _ in range(len(held)):
            if not modem.reachable:
                return
            kind, pdu = held.popleft()
            if not self._accepts(modem, kind, pdu):
                held.append((kind, pdu))
        self.on_progress()

    def close(self) -> None:
        """Nothing is sent any more; the record is complete."""
        self._closed = True
        self.record.close()

    def held(self, modem: Modem) -> Counter[str]:
        return Counter(kind for kind, _ in self._held[modem.index])

    def inject_text(
        self,
        modem: Modem,
        sender: str,
        text: str,
        *,
        order: Sequence[int] | None = None,
        shuffle: bool = False,
        wide: bool = False,
        encoding: str = "auto",
        smsc: str | None = None,
        at: float | None = None,
    ) -> int:
        """Someone sends `text` to `modem`; returns the number of parts. `order` gives part numbers as they arrive, `at`
        is Unix time (s) of the service centre's stamp, default now."""
        cut = alphabet.split(text, "ucs2" if encoding == "ucs2" else "auto", wide_reference=wide)
        total = len(cut.parts)
        moment = datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
        stamp = moment.astimezone().replace(microsecond=0)
        self._concat_reference = (self._concat_reference + 1) % (65536 if wide else 256)
        pdus = [
            codec.Deliver(
                sender,
                part,
                stamp,
                codec.Concat(self._concat_reference, total, number, wide) if total > 1 else None,
                smsc or modem.settings.smsc or None,
                cut.encoding,
            ).encode()[0]
            for number, part in enumerate(cut.parts, 1)
        ]
        numbers = list(order) if order is not None else list(range(1, total + 1))
        if shuffle:
            self._random.shuffle(numbers)
        for number in numbers:
            if not 1 <= number <= total:
                raise ValueError(f"there is no part {number} of {total}")
        self.inject_pdus(modem, "deliver", (pdus[number - 1] for number in numbers))
        return total

    def inject_report(self, modem: Modem, reference: int, to: str, status: int) -> None:
        """A status report of the caller's own making."""
        now = datetime.now(UTC).astimezone().replace(microsecond=0)
        report = codec.StatusReport(reference, to, status, now, now, modem.settings.smsc or None)
        self.inject_pdus(modem, "report", [report.encode()[0]])

    def inject_pdus(self, modem: Modem, kind: Kind, pdus: Iterable[str]) -> None:
        for pdu in pdus:
            if kind == "deliver":
                modem.counts["inbound"] += 1
            self._hand(modem, kind, pdu)
        modem.flush()
        self.on_progress()

    # ------------------------------------------------------------------------------------------------------ figures

    def stats(self) -> dict[str, Any]:
        """Per modem and in total; every counter of `modem.counts`, held messages, AT commands by name."""
        rows = [self._figures(modem) for modem in self.modems]
        total: Counter[str] = Counter()
        for row in rows:
            total.update({key: value for key, value in row.items() if isinstance(value, int)})
        for key in ("modem", "port"):
            total.pop(key, None)
        firsts = [row["first_cmgs"] for row in rows if row["first_cmgs"]]
        lasts = [row["last_cmgs"] for row in rows if row["last_cmgs"]]
        return {
            "modems": rows,
            "total": {
                **total,
                "first_cmgs": min(firsts, key=_monotonic, default=None),
                "last_cmgs": max(lasts, key=_monotonic, default=None),
            },
        }

    def _figures(self, modem: Modem) -> dict[str, Any]:
        sender = modem.transmission
        assert isinstance(sender, Transmitter)
        held = self.held(modem)
        return {
            "modem": modem.index,
            **{name: modem.counts[name] for name in COUNTERS},
            "inbound_held": held["deliver"],
            "reports_held": held["report"],
            "stored": sum(len(memory.places) for memory in modem.memories.values()),
            "first_cmgs": _moment(sender.first_cmgs),
            "last_cmgs": _moment(sender.last_cmgs),
            "commands": dict(modem.commands),
        }

    def count(self, name: str, modem: int | None = None) -> int:
        """One counter, of one modem or of all."""
        if modem is not None:
            return self.modems[modem].counts[name]
        return sum(each.counts[name] for each in self.modems)

    def reset_stats(self) -> None:
        """Counters to zero; the record stays."""
        for modem in self.modems:
            modem.counts.clear()
            modem.commands.clear()
            sender = modem.transmission
            assert isinstance(sender, Transmitter)
            sender.first_cmgs = sender.last_cmgs = None


COUNTERS = (
    *("submits", "taken", "refused", "unanswered"),
    *("reports_sent", "reports_acknowledged", "reports_discarded", "reports_read"),
    *("inbound", "inbound_stored", "inbound_routed", "inbound_acknowledged", "inbound_read", "deleted"),
    *("memory_full", "acknowledgements_missed", "wrong_pins"),
)
"""What is counted of each modem: submits that reached Ctrl-Z with a good PDU, those the network took, those answered
with an error and not at all; reports printed or announced to the host, acknowledged by CNMA, lost for want of a route,
read from memory; parts injected, stored, routed by +CMT, acknowledged, read; places deleted; messages that found no
place; CNMAs that came too late; wrong PINs."""


def _moment(at: tuple[float, float] | None) -> Mapping[str, Any] | None:
    return None if at is None else {"at": iso(at[0]), "monotonic": at[1]}


def _monotonic(moment: Mapping[str, Any]) -> float:
    return float(moment["monotonic"])

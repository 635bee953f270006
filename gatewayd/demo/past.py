"""The days before the demo: what an invented internet provider sent and was answered, by the store's own commands.

Nothing is written into tables: each day's jobs are begun, claimed, pass their points of no return, end and are reported
as those of the daemon are, at the times of that day. So ledger, counts, receipts and inbox hold what they would hold.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from gatewayd.contact.optout import judge
from gatewayd.demo.campaign import ACCOUNT
from gatewayd.demo.crowd import Person, people
from gatewayd.demo.office import CUSTOMERS
from gatewayd.demo.weekly import WEEKDAY, Weekly
from gatewayd.store.commands import (
    CAMPAIGN,
    AddMessages,
    BeginJob,
    Claim,
    Command,
    Finish,
    Inbound,
    NewMessage,
    PartEnd,
    Pnr,
    PublishJob,
    QueueInfo,
    Report,
    StartNode,
    Work,
)
from gatewayd.values.model import PartState, Priority, State

DAYS: Final = 21
PRICE: Final = 850_000
CALL_PRICE: Final = 900_000
AT_ONCE: Final = 60
"""Messages of one transaction."""
MINUTE_MS: Final = 60_000
EACH_MS: Final = 4_000
"""From one message of a modem to the next, the network's answer among it."""
SENT_MS: Final = 3_200
REPORT_WAIT_MS: Final = 72 * 3_600_000

TEXTS: Final = (
    ("vencimiento", "Estimado {name}, su factura de $ {debt} vence el viernes. Norte Wifi."),
    ("reclamo", "{name}, su saldo pendiente es $ {debt}. Evite la suspensión del servicio. Norte Wifi."),
    ("aviso-corte", "Norte Wifi: mañana de 2 a 5 h habrá tareas de mantenimiento en su zona. Disculpe la molestia."),
)
ANSWERS: Final = (
    "Ya pagué ayer por transferencia",
    "¿Cuánto debo?",
    "gracias",
    "El viernes cobro y pago",
    "No soy esa persona, número equivocado",
    "¿Me pueden llamar? No tengo internet desde el lunes",
    "BAJA",
    "no me escriban a la noche por favor",
    "Hola, ¿hasta qué hora atienden?",
    "Listo, acabo de pagar. Les mando el comprobante por mail",
)
"""In Spanish whatever the panel's language: it is what customers wrote."""


Apply = Callable[[Sequence[Command[Any]]], Sequence[Any]]
"""Commands applied in one transaction, answered one by one."""


@dataclass(frozen=True, slots=True)
class _End:
    """How an attempt ends."""

    state: State
    part: PartState
    outcome: str
    reason: str | None = None


_TAKEN: Final = _End(State.SUBMITTED, PartState.TAKEN, "accepted")
_REFUSED: Final = _End(State.FAILED, PartState.REFUSED, "refused", "no_such_number")
_DOUBT: Final = _End(State.UNCERTAIN, PartState.DOUBT, "uncertain", "no_answer")


class Past:
    """Lives through days that lie behind."""

    def __init__(
        self, apply: Apply, *, zone: ZoneInfo, node: str, sms: Sequence[str], calls: Sequence[str], seed: int = 11
    ) -> None:
        """`sms` and `calls` name the lines of each channel."""
        self._apply = apply
        self._zone = zone
        self._node = node
        self._lines = {"sms": sms, "call": calls}
        self._dice = random.Random(seed)  # noqa: S311 - a play, not a secret
        self._people = people(CUSTOMERS)
        self._weekly = Weekly(apply, zone)
        self._epoch = 0
        self._keys = 0

    def live(self, now: int, days: int = DAYS) -> Iterator[int]:
        """Lives through the days before the one of `now` (Unix ms), and yields after each how many are left."""
        (started,) = self._apply([StartNode(self._node, now - days * 86_400_000)])
        self._epoch = started.epoch
        today = datetime.fromtimestamp(now / 1000, self._zone).date()
        for back in range(days, 0, -1):
            day = today - timedelta(days=back)
            morning = datetime.combine(day, time(9, 0), self._zone)
            if day.weekday() != 6:
                self._day(morning, latest=back <= 2)
            if day.weekday() == WEEKDAY:
                self._run(morning + timedelta(hours=1), last=back <= 7)
            yield back - 1

    def _day(self, morning: datetime, *, latest: bool) -> None:
        at = int(morning.timestamp() * 1000)
        kind, text = TEXTS[morning.day % len(TEXTS)]
        weak = morning.weekday() == 4  # on Fridays networks are full
        name = f"{kind}-{morning:%m%d}"
        people = self._dice.sample(self._people, 60 + self._dice.randrange(60))
        answered = self._sms(name, people, text, at, weak=weak, doubts=2 if latest else 0)
        if morning.weekday() in {1, 3} and self._lines["call"]:
            self._calls(f"llamadas-{morning:%m%d}", self._dice.sample(self._people, 24), at + 120 * MINUTE_MS)
        self._replies(answered, at)

    def _run(self, morning: datetime, *, last: bool) -> None:
        """Has the campaign of every week begin once more, and end."""
        at = int(morning.timestamp() * 1000)
        run = self._weekly.begin(self._dice.sample(self._people, 90), morning)
        rows = [
            NewMessage(row, one.ref, one.number, run.text_of(one), "", 1, "", None, None)
            for row, one in enumerate(run.people, 1)
        ]
        job = self.send(run.job, "sms", rows, at, origin=CAMPAIGN, klass=run.klass, template=run.template)
        self._weekly.end(run, job, at + MINUTE_MS * len(rows), last=last)

    def send(
        self,
        job: str,
        channel: str,
        rows: Sequence[NewMessage],
        at: int,
        *,
        origin: str,
        klass: str | None,
        template: tuple[str, int] | None = None,
    ) -> int:
        """Has the messages of an engine's job leave and come to their end; returns the job's number."""
        if channel == "call":
            return self._dialled(job, rows, at, origin=origin, klass=klass)
        queue = self._job(job, channel, rows, PRICE, at, origin=origin, klass=klass, template=template)
        moment = at + 2000
        while works := self._claim(queue, self._dice.choice(self._lines[channel]), moment):
            list(self._sent(works, moment, weak=False, doubts=0))
            moment += 7 * MINUTE_MS
        return queue.job_id

    # ------------------------------------------------------------------------------------------------------ messages

    def _sms(
        self, name: str, people: Sequence[Person], text: str, at: int, *, weak: bool, doubts: int
    ) -> Sequence[tuple[str, int, str]]:
        """Sends a day's messages; returns who may answer: number, when it arrived, over which line."""
        rows = []
        for row, one in enumerate(people, 1):
            debt = f"{self._dice.randrange(3, 40)}.{self._dice.randrange(1000):03d},{self._dice.randrange(100):02d}"
            body = text.format(name=one.name, debt=debt)
            rows.append(NewMessage(row, one.ref, one.number, body, "", 1, "", None, None))
        # A list always holds somebody without a number.
        rows.append(NewMessage(len(rows) + 1, "C-99999", None, "", "", 1, "", "no_number", None))
        queue = self._job(name, "sms", rows, PRICE, at)
        arrived: list[tuple[str, int, str]] = []
        moment = at + 2000
        while works := self._claim(queue, self._dice.choice(self._lines["sms"]), moment):
            arrived += self._sent(works, moment, weak=weak, doubts=doubts)
            doubts = 0
            moment += 7 * MINUTE_MS
        return arrived

    def _job(
        self,
        name: str,
        channel: str,
        rows: Sequence[NewMessage],
        price: int,
        at: int,
        *,
        origin: str = "",
        klass: str | None = None,
        template: tuple[str, int] | None = None,
    ) -> QueueInfo:
        content = json.dumps({"lines": []})
        begin = BeginJob(
            *(ACCOUNT, name, channel, Priority.NORMAL, f"past-{name}", None, None, False, price, "ARS", content),
            *(self._node, at),
            origin=origin,
            template=template,
            klass=klass,
        )
        (begun,) = self._apply([begin])
        self._apply([AddMessages(begun.job_id, rows, at)])
        (queues,) = self._apply([PublishJob(begun.job_id, at)])
        queue: QueueInfo = queues[0]
        return queue

    def _claim(self, queue: QueueInfo, line: str, at: int) -> Sequence[tuple[Work, str]]:
        (claimed,) = self._apply([Claim(queue.id, line, "", AT_ONCE, 10_000, self._node, self._epoch, at)])
        return [(work, line) for work in claimed.work]

    def _passed(self, works: Iterable[tuple[Work, str]], at: int) -> None:
        """Passes the points of no return of all parts, of one message after the other."""
        day = datetime.fromtimestamp(at / 1000, self._zone)
        words = (f"{day:%Y-%m-%d}", f"{day:%Y-%m}")
        moments = [(work, line, at + number * EACH_MS) for number, (work, line) in enumerate(works)]
        self._apply(
            [
                Pnr(work.attempt_id, part, line, work.to, self._epoch, moment, *words, float(moment))
                for work, line, moment in moments
                for part in work.todo
            ]
        )

    def _sent(
        self, works: Sequence[tuple[Work, str]], at: int, *, weak: bool, doubts: int
    ) -> Iterator[tuple[str, int, str]]:
        self._passed(works, at)
        ends: list[Finish] = []
        reports: list[Report] = []
        for number, (work, line) in enumerate(works):
            fate = self._dice.random()
            when = at + number * EACH_MS + SENT_MS
            if doubts and number < doubts:
                ends.append(self._end(work, line, when, _DOUBT))
            elif fate < (0.06 if weak else 0.02):
                ends.append(self._end(work, line, when, _REFUSED))
            else:
                reference = f"{work.attempt_id}"
                ends.append(self._end(work, line, when, _TAKEN, reference))
                seen = when + self._dice.randrange(2_000, 40_000)
                status: Any = "undelivered" if fate > (0.92 if weak else 0.96) else "delivered"
                reason = "absent_subscriber" if status == "undelivered" else None
                reports.append(
                    Report(line, reference, work.to, status, reason, seen, work.attempt_id, None, seen, True)
                )
                if status == "delivered":
                    yield work.to, seen, line
        self._apply(ends)
        self._apply(reports)

    @staticmethod
    def _end(work: Work, line: str, at: int, end: _End, reference: str | None = None) -> Finish:
        return Finish(
            work=work,
            line=line,
            parts={number: PartEnd(end.part, reference, end.reason) for number in work.todo},
            outcome=end.outcome,
            state=end.state,
            reason=end.reason,
            final=end.state is not State.SUBMITTED,
            due=at + REPORT_WAIT_MS,
            tries=work.tries,
            charge=False,
            detail=None,
            now=at,
        )

    # --------------------------------------------------------------------------------------------------------- calls

    def _calls(self, name: str, people: Sequence[Person], at: int) -> None:
        rows = [NewMessage(row, one.ref, one.number, "", "", 1, "", None, None) for row, one in enumerate(people, 1)]
        self._dialled(name, rows, at)

    def _dialled(
        self, name: str, rows: Sequence[NewMessage], at: int, *, origin: str = "", klass: str | None = None
    ) -> int:
        queue = self._job(name, "call", rows, CALL_PRICE, at, origin=origin, klass=klass)
        works = self._claim(queue, self._lines["call"][0], at + 1000)
        self._passed(works, at + 1000)
        self._apply([self._called(work, line, at + number * 20_000) for number, (work, line) in enumerate(works)])
        return queue.job_id

    def _called(self, work: Work, line: str, at: int) -> Finish:
        answered = self._dice.random() < 0.7
        disposition = "answered" if answered else self._dice.choice(["no_answer", "busy"])
        return Finish(
            work=work,
            line=line,
            parts={1: PartEnd(PartState.DELIVERED if answered else PartState.UNDELIVERED)},
            outcome="completed",
            state=State.DELIVERED if answered else State.UNDELIVERED,
            reason=None if answered else disposition,
            final=True,
            due=at,
            tries=work.tries,
            charge=answered,
            detail=json.dumps(
                {"disposition": disposition, "answered_s": self._dice.randrange(8, 40) if answered else 0}
            ),
            now=at,
            pressed="1" if answered and self._dice.random() < 0.3 else None,
        )

    # ------------------------------------------------------------------------------------------------------- replies

    def _replies(self, arrived: Sequence[tuple[str, int, str]], morning: int) -> None:
        answers = []
        for number, seen, line in self._dice.sample(arrived, max(1, len(arrived) // 14)):
            at = max(seen, morning) + self._dice.randrange(1, 300) * MINUTE_MS
            self._keys += 1
            answers.append(
                Inbound(
                    *(line, "sms", f"past-{self._keys}", number, None, self._dice.choice(ANSWERS), at, None, None),
                    *(judge, at),
                )
            )
        self._apply(answers)

"""What becomes of a campaign, message by message, under a simulated clock: the truth that forecasts are held against.

Written apart from the forecast. Pace, quotas, turns and rules are the gateway's own objects (`Pace`, `Allowance`,
`Scheduler`, `judge`), driven with a clock of our own; a modem is a time drawn for each send. Nothing here knows an
aggregate, and nothing of `gatewayd.campaigns` is used.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from gatewayd.contact.classes import MessageClass
from gatewayd.contact.judge import Contact, judge, window
from gatewayd.contact.rules import Rules
from gatewayd.dispatch.allowance import Allowance
from gatewayd.dispatch.brakes import Brakes
from gatewayd.dispatch.health import Health
from gatewayd.dispatch.scheduler import Chooser, Queue, Scheduler, Turn
from gatewayd.outcomes import PAUSES_S
from gatewayd.store.commands import JobPace, QueueInfo
from gatewayd.values.days import Calendar
from gatewayd.values.model import Priority, Route
from gatewayd.values.pacing import Gcra, Limits, Pace

TRIES: Final = 4
LONGEST_S: Final = 120 * 86_400.0
"""What has not ended by then does not."""


@dataclass(frozen=True, slots=True)
class Modem:
    """A line as it really is. `send_s` draws what a send of so many segments takes."""

    name: str
    limits: Limits
    send_s: Callable[[Random, int], float]
    prefixes: tuple[str, ...] = ()
    down: bool = False
    day_used: int = 0
    month_used: int = 0


@dataclass(slots=True)
class Person:
    number: int
    segments: int
    past: tuple[Contact, ...] = ()
    tries: int = 0
    blocked_at: float = float("inf")


@dataclass(frozen=True, slots=True)
class Job:
    """Messages that come in at one moment."""

    at: float
    account: int
    priority: Priority
    people: Sequence[Person]
    prefix: str = ""
    ours: bool = False
    pace: JobPace | None = None
    """What it was slowed down to."""
    timed: bool = False
    """Whether rules of contact hold for it."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that decides what happens, the dice apart."""

    begin: float
    zone: ZoneInfo
    modems: tuple[Modem, ...]
    jobs: tuple[Job, ...]
    fails: float
    """Share of attempts that reach nobody and are made again."""
    rules: Rules | None = None
    klass: MessageClass = MessageClass.COLLECTIONS
    credit: Mapping[int, int] = field(default_factory=dict)
    """Segments that an account can pay for."""
    urgent_share: float = 0.2


@dataclass(slots=True)
class Happened:
    """What became of ours."""

    last: float
    sent: int = 0
    failed: int = 0
    left: int = 0
    sent_at: list[float] = field(default_factory=list)
    failed_at: list[float] = field(default_factory=list)


class _Line:
    def __init__(self, modem: Modem, calendar: Calendar, begin: float, urgent_share: float) -> None:
        self.modem = modem
        self.pace = Pace(modem.limits)
        day, month = calendar.words(begin)
        self.pace.restore(
            day=day, month=month, day_segments=modem.day_used, month_segments=modem.month_used, recipients=set(),
            tat=begin, recent=[],
        )  # fmt: skip
        self.allowance = Allowance(self.pace, Health(), calendar, lambda: None)
        self.turn = Turn()
        self.asleep = True
        self.urgent: dict[int, Gcra] = {}
        self.urgent_s = self.pace.gcra.interval_s / urgent_share

    def fits(self, route: Route) -> bool:
        return route.fits(self.modem.name, frozenset({"sms"}), self.modem.prefixes)

    def room(self, account: int, now: float) -> bool:
        found = self.urgent.get(account)
        return found is None or found.tat <= now


class _Waiting:
    """What waits of one queue: those that are due in their order, and those that are not by their time."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.due: deque[Person] = deque(job.people)
        self.later: list[tuple[float, int, Person]] = []

    def wake(self, now: float) -> None:
        while self.later and self.later[0][0] <= now:
            self.due.append(heapq.heappop(self.later)[2])

    def put_off(self, person: Person, until: float) -> None:
        heapq.heappush(self.later, (until, person.number, person))


class World:
    """Plays it once."""

    def __init__(self, truth: Truth, seed: int) -> None:
        self._truth = truth
        self._dice = Random(seed)
        calendar = Calendar(truth.zone)
        self._lines = [_Line(modem, calendar, truth.begin, truth.urgent_share) for modem in truth.modems]
        self._scheduler = Scheduler()
        self._brakes = Brakes()
        self._queues: dict[int, _Waiting] = {}
        self._credit = dict(truth.credit)
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._count = 0
        self._timer = 0.0
        self._flying = 0
        self._starved = False
        self._open = sum(len(job.people) for job in truth.jobs if job.ours)
        self.result = Happened(truth.begin)

    def _at(self, time: float, act: Callable[[float], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (time, self._count, act))

    def run(self) -> Happened:
        for number, job in enumerate(self._truth.jobs, start=1):
            self._at(job.at, partial(self._came_in, number, job))
        end = self._truth.begin + LONGEST_S
        while self._events and self._open and self._events[0][0] < end:
            now, _, act = heapq.heappop(self._events)
            act(now)
            if self._starved and not self._flying:
                break
        self.result.left = self._open
        return self.result

    def _came_in(self, number: int, job: Job, now: float) -> None:
        self._queues[number] = _Waiting(job)
        info = QueueInfo(
            id=number, job_id=number, job=str(number), account_id=job.account, account=str(job.account),
            priority=job.priority, route=Route("sms", job.prefix), unit_price=1, not_before=None, not_after=None,
            created_at=0, paused=False, waiting=len(job.people), held_reason=None,
        )  # fmt: skip
        self._scheduler.add(info, _ms(now))
        self._wake_all(now)

    def _wake_all(self, now: float) -> None:
        for line in self._lines:
            if line.asleep and not line.modem.down:
                line.asleep = False
                self._at(now, partial(self._pull, line))

    def _pull(self, line: _Line, now: float) -> None:
        wait = line.allowance.wait_s(now)
        if wait > 1e-6:
            self._at(now + wait + 1e-6, lambda at: self._pull(line, at))
            return
        self._woken(now)
        while True:
            chooser = Chooser(line.fits, lambda account: line.room(account, now), line.turn)
            queue = self._scheduler.choose(chooser, _ms(now))
            if queue is None:
                line.asleep = True
                later = self._scheduler.next_at
                due = None if later is None else max(later / 1000, now + 0.001)
                if due is not None and not now < self._timer <= due:
                    # What comes in meanwhile wakes it before.
                    self._timer = due
                    self._at(due, self._wake_all)
                return
            person = self._take(queue, now)
            if person is not None:
                break
        self._send(line, queue, person, now)

    def _woken(self, now: float) -> None:
        for queue in self._scheduler.wake_due(_ms(now)):
            self._queues[queue.info.id].wake(now)

    def _take(self, queue: Queue, now: float) -> Person | None:
        """The next of a queue who may be written to; None, and the queue rests, where there is none now."""
        waiting, truth = self._queues[queue.info.id], self._truth
        waiting.wake(now)
        until = self._brakes.until(waiting.job.pace, _ms(now))
        if until is not None:
            self._scheduler.brake(queue.info.id, until, _ms(now))
            return None
        if waiting.job.timed and truth.rules is not None:
            slot = window(truth.rules, truth.klass, _ms(now), truth.zone)
            if slot is None or slot[0] > _ms(now):
                self._scheduler.rest(queue.info.id, None if slot is None else slot[0], _ms(now))
                return None
        while waiting.due:
            person = waiting.due.popleft()
            if person.blocked_at <= now:
                self._open -= waiting.job.ours
                continue
            if waiting.job.timed and truth.rules is not None and person.past:
                verdict = judge(truth.rules, truth.klass, "sms", _ms(now), truth.zone, person.past)
                if not verdict.go:
                    assert verdict.until is not None
                    waiting.put_off(person, verdict.until / 1000)
                    continue
            credit = self._credit.get(waiting.job.account)
            if credit is not None and credit < person.segments:
                waiting.due.appendleft(person)
                self._scheduler.hold(queue.info.id, "credit")
                self._starved = self._starved or waiting.job.ours
                return None
            return person
        due = None if not waiting.later else _ms(waiting.later[0][0]) + 1
        self._scheduler.rest(queue.info.id, due, _ms(now))
        return None

    def _send(self, line: _Line, queue: Queue, person: Person, now: float) -> None:
        job = self._queues[queue.info.id].job
        self._scheduler.served(queue, person.segments)
        room = line.pace.room(now)
        if room is not None and room < person.segments:
            self._queues[queue.info.id].due.appendleft(person)
            _, at = line.pace.tightest(now)
            again = line.allowance._calendar.next_day(now) if at is None else at
            self._at(again + 0.001, lambda at: self._pull(line, at))
            return
        if queue.info.priority is Priority.URGENT:
            line.urgent.setdefault(job.account, Gcra(line.urgent_s)).take(now, person.segments)
        self._brakes.take(job.pace, person.segments, _ms(now))
        line.pace.begin(now, person.segments)
        for _ in range(person.segments):
            line.pace.count(now, str(person.number))
        if job.account in self._credit:
            self._credit[job.account] -= person.segments
        self._flying += job.ours
        took = line.modem.send_s(self._dice, person.segments)
        failed = self._dice.random() < self._truth.fails
        self._at(now + took, lambda at: self._ended(line, queue.info.id, person, at, failed=failed))

    def _ended(self, line: _Line, number: int, person: Person, now: float, *, failed: bool) -> None:
        waiting = self._queues[number]
        job = waiting.job
        self._flying -= job.ours
        if failed:
            if job.account in self._credit:
                self._credit[job.account] += person.segments
            person.tries += 1
            if person.tries < TRIES:
                due = now + PAUSES_S[person.tries - 1]
                waiting.put_off(person, due)
                self._scheduler.came_back(number, _ms(due) + 1, _ms(now))
                self._wake_all(now)
            elif job.ours:
                self.result.failed += 1
                self.result.failed_at.append(now)
                self._open -= 1
        elif job.ours:
            self.result.sent += 1
            self.result.sent_at.append(now)
            self._open -= 1
        if job.ours:
            self.result.last = now
        self._pull(line, now)


def _ms(seconds: float) -> int:
    return int(seconds * 1000)

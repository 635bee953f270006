"""A year of contacts by a simulated clock: the real store, the real scheduler and the real rules of outcomes, and an
auditor of its own who knows the law by heart and the code not at all.

Lines fail, the daemon is killed, the clock is set back, people share numbers and have several, in several zones and
over several channels. What passes a point of no return is held against the auditor's reading at that very moment.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import holidays

from drivers.base import Accepted, Completed, NotSent, Outcome, Refused, Uncertain
from gatewayd.dispatch.scheduler import Chooser, Queue, Scheduler, Turn
from gatewayd.outcomes import Retry, Terms, held, resolve
from gatewayd.store.commands import (
    AddMessages,
    BeginJob,
    Claim,
    CreateAccount,
    Finish,
    KeptBack,
    LoadQueues,
    NewMessage,
    Pnr,
    PublishJob,
    Report,
    StartNode,
    Work,
)
from gatewayd.store.connection import open_store
from gatewayd.store.transactions import Transactions
from gatewayd.values.model import WAITING, Priority

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
CHANNELS: Final = ("sms", "call", "email")
TERMS: Final = Terms(5, 72 * HOUR)

Week = tuple[tuple[int, int] | None, ...]
"""Open hours of each day from Monday on, and of holidays; None: closed."""


@dataclass(frozen=True)
class Law:
    """A preset as the auditor knows it."""

    country: str
    zone: str
    other_zone: str
    collections: Week
    notice: Week
    holidays_count: bool
    notice_counts: bool = False


_ALL = ((8, 21),) * 7
LAWS: Final = {
    "co-2300": Law(
        *("CO", "America/Bogota", "America/New_York"),
        *(((7, 19),) * 5 + ((8, 15), None), ((7, 19),) * 5 + ((8, 15), None)),
        holidays_count=True,
        notice_counts=True,
    ),
    "cl-21320": Law("CL", "America/Santiago", "Pacific/Easter", ((8, 20),) * 6 + (None,), _ALL, holidays_count=True),
    "mx-condusef": Law(
        "MX", "America/Mexico_City", "America/Tijuana", ((7, 22),) * 7, ((7, 22),) * 7, holidays_count=False
    ),
    "ar-cautious": Law(
        *("AR", "America/Argentina/Buenos_Aires", "America/Santiago"),
        *(((9, 19),) * 5 + ((10, 14), None), _ALL),
        holidays_count=True,
    ),
    "us-ref": Law("US", "America/New_York", "America/Los_Angeles", _ALL, _ALL, holidays_count=False),
}


@dataclass
class Sent:
    """One contact that passed its point of no return."""

    at: int
    channel: str
    klass: str
    fate: str = "flight"
    """flight, taken, doubt, nothing, reached"""


@dataclass
class Auditor:
    """Reads the law; says what is wrong with a contact at the moment at which it is made."""

    law: Law
    past: dict[str, list[Sent]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)

    def hours(self, klass: str, local: datetime) -> tuple[int, int] | None:
        week = self.law.notice if klass == "notice" else self.law.collections
        if self.law.holidays_count and week[6] is None and local.date() in holidays.country_holidays(self.law.country):
            return None
        return week[local.weekday()]

    def hear(self, person: str, zone: ZoneInfo, sent: Sent, valid_until: int | None) -> None:
        """A contact is made."""
        local = datetime.fromtimestamp(sent.at / 1000, zone)
        slot = self.hours(sent.klass, local)
        place = f"{person} {sent.channel} {sent.klass} {local:%a %Y-%m-%d %H:%M:%S}"
        if slot is None or not slot[0] * 60 <= local.hour * 60 + local.minute < slot[1] * 60:
            self.wrong.append(f"outside hours: {place}")
        else:
            end = local.replace(hour=slot[1], minute=0, second=0, microsecond=0)
            if valid_until is None or valid_until > end.timestamp() * 1000:
                self.wrong.append(f"valid beyond the hours: {place}")
        if why := self.capped(person, zone, sent):
            self.wrong.append(f"{why}: {place}")
        self.past[person].append(sent)

    def capped(self, person: str, zone: ZoneInfo, sent: Sent) -> str | None:
        """Which cap it breaks."""
        law = self.law
        if sent.klass == "notice" and not law.notice_counts:
            return None
        today = datetime.fromtimestamp(sent.at / 1000, zone).date()

        def age(one: Sent) -> int:
            return (today - datetime.fromtimestamp(one.at / 1000, zone).date()).days

        known = [
            one
            for one in self.past[person]
            if one.fate != "nothing" and (law.notice_counts or one.klass == "collections")
        ]
        calls = [one for one in known if one.channel == "call"]
        texts = [one for one in known if one.channel != "call"]
        match law.country:
            case "AR":
                if any(age(one) <= 0 for one in known):
                    return "twice a day"
                return "four a week" if sum(age(one) < 7 for one in known) >= 3 else None
            case "CL" if sent.channel == "call":
                return "two calls a week" if any(age(one) < 7 for one in calls) else None
            case "CL":
                if sum(age(one) < 7 for one in texts) >= 2:
                    return "three texts a week"
                near = any(sent.at - one.at < 2 * DAY - HOUR for one in texts)
                return "texts not two days apart" if near else None
            case "US":
                over = sent.channel == "call" and sum(age(one) < 7 for one in calls) >= 7
                return "eight calls a week" if over else None
            case "CO":
                reached = sorted(
                    (one for one in known if one.fate == "reached" and age(one) < 7), key=lambda one: one.at
                )
                if reached and any(age(one) <= 0 for one in known):
                    return "twice a day after direct contact"
                other = reached and sent.channel != reached[0].channel
                return "another channel that week" if other else None
        return None


class Year:
    """One account of a country, its people, three lines, and a clock that only this moves."""

    def __init__(self, folder: Path, preset: str, *, begin: str, weeks: int, people: int, seed: int) -> None:
        self.law = LAWS[preset]
        self.random = random.Random(f"{preset} {seed}")
        self.zone = ZoneInfo(self.law.zone)
        self.auditor = Auditor(self.law)
        self.preset = preset
        self.url = f"sqlite:///{folder}/{preset}.db"
        self.begin = int(datetime.fromisoformat(begin).replace(tzinfo=self.zone).timestamp() * 1000)
        self.now = self.begin
        self.weeks = weeks
        self.events: list[tuple[int, int, Callable[[], None]]] = []
        self.numbered = 0
        self.down: set[str] = set()
        self.sent: dict[int, tuple[Sent, Work]] = {}
        self.kept: Counter[str] = Counter()
        self.held_until: dict[int, int] = {}
        self.restarts = self.backs = 0
        self.open()
        self.do(CreateAccount("norte", "ARS", self.now))
        self.people(people)
        self.start()
        self.plan()

    def open(self) -> None:
        self.store = open_store(self.url)
        # Nothing here survives the test: no need to wait for the disk.
        self.store.connection.exec_driver_sql("PRAGMA synchronous = OFF")
        self.transactions = Transactions(self.store.connection, zone=self.zone, contact={"preset": self.preset})

    def do(self, command: Any) -> Any:
        return self.transactions.do(command)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.transactions.session.plain(sql)

    # ------------------------------------------------------------------------------------------------------- people

    def people(self, count: int) -> None:
        """Customers with one to three numbers, some of them another's too; some in another zone; some nobody knows."""
        self.owner: dict[str, str] = {}
        self.zones: dict[str, ZoneInfo] = {}
        self.addresses: dict[str, list[str]] = {"sms": [], "email": []}
        session, chance = self.transactions.session, self.random
        session.begin()
        for number in range(1, count + 1):
            zone = self.law.other_zone if chance.random() < 0.25 else None
            session.plain(
                "INSERT INTO customer (id, account_id, external_id, zone, created_at, updated_at)"
                f" VALUES ({number}, 1, 'C{number}', {'NULL' if zone is None else repr(zone)}, 1, 1)"
            )
            self.zones[f"#{number}"] = ZoneInfo(zone or self.law.zone)
            own = [f"+5491{number:04}{place}" for place in range(chance.randint(1, 3))]
            if number > 1 and chance.random() < 0.3:
                own.append(f"+5491{number - 1:04}0")
            for place, (kind, address) in enumerate([*(("phone", one) for one in own), ("email", f"p{number}@x.com")]):
                session.plain(
                    "INSERT INTO contact_point (customer_id, place, account_id, channel, address)"
                    f" VALUES ({number}, {place}, 1, '{kind}', '{address}')"
                )
                self.owner.setdefault(address, f"#{number}")
                book = self.addresses["sms" if kind == "phone" else "email"]
                if address not in book:
                    book.append(address)
        session.commit()
        self.addresses["sms"] += [f"+5492{n:05}" for n in range(max(1, count // 6))]
        self.addresses["call"] = self.addresses["sms"]

    def person(self, address: str) -> tuple[str, ZoneInfo]:
        person = self.owner.get(address, address)
        return person, self.zones.get(person, self.zone)

    # --------------------------------------------------------------------------------------------------------- plan

    def at(self, time: int, act: Callable[[], None]) -> None:
        self.numbered += 1
        self.events.append((time, self.numbered, act))
        self.events.sort()

    def plan(self) -> None:
        """What the year brings."""
        chance = self.random
        for week in range(self.weeks):
            begin = self.begin + week * 7 * DAY
            for _ in range(3):
                channel = chance.choice(CHANNELS)
                klass = chance.choice(["collections", "collections", "notice"])
                self.at(begin + chance.randrange(5 * DAY), lambda c=channel, k=klass: self.job(c, k))  # type: ignore[misc]
            line, fails = chance.choice(CHANNELS), begin + chance.randrange(7 * DAY)
            self.at(fails, lambda one=line: self.down.add(one))  # type: ignore[misc]
            self.at(fails + chance.randrange(20 * HOUR), lambda one=line: self.down.discard(one))  # type: ignore[misc]
            self.at(begin + chance.randrange(7 * DAY), self.crash)
            if week % 4 == 1:
                self.at(begin + chance.randrange(7 * DAY), self.set_back)

    def job(self, channel: str, klass: str) -> None:
        """A campaign to some of the people; of a portion at least, several messages."""
        addresses = self.random.choices(self.addresses[channel], k=max(3, len(self.addresses[channel]) // 3))
        rows = [NewMessage(n, None, to, "Hola", "", 1, "", None, None) for n, to in enumerate(addresses, 1)]
        self.numbered += 1
        begun = self.do(
            BeginJob(
                *("norte", f"j{self.numbered}", channel, Priority.NORMAL, "h", None, None, False, 0, "ARS"),
                *(json.dumps({"lines": []}), "pop", self.now),
                klass=klass,
            )
        )
        self.do(AddMessages(begun.job_id, rows, self.now))
        for info in self.do(PublishJob(begun.job_id, self.now)):
            self.scheduler.add(info, self.now)

    def start(self) -> None:
        started = self.do(StartNode("pop", self.now))
        self.epoch = started.epoch
        self.scheduler = Scheduler()
        self.turns = {line: Turn() for line in CHANNELS}
        for left in started.open:
            passed = frozenset(part for part, _ in left.parts)
            self.end(
                left.work,
                resolve(left.work, Uncertain("crash"), line=left.line, passed=passed, terms=TERMS, now=self.now),
                "doubt",
            )
        for info in self.do(LoadQueues()):
            self.scheduler.add(info, self.now)

    def crash(self) -> None:
        """The daemon is killed in the midst of its work, and started again."""
        self.restarts += 1
        self.serve(killed=True)
        self.close()
        self.open()
        self.start()

    def set_back(self) -> None:
        self.backs += 1
        self.now -= self.random.randrange(3 * HOUR)

    # --------------------------------------------------------------------------------------------------------- lines

    def run(self) -> None:
        """Lives through all of it, and on until nothing waits."""
        end = self.begin + self.weeks * 7 * DAY + 400 * DAY
        while self.now < end:
            while self.events and self.events[0][0] <= self.now:
                self.events.pop(0)[2]()
            self.scheduler.wake_due(self.now)
            if self.serve():
                continue
            times = [time for time in (self.scheduler.next_at,) if time is not None]
            times += [self.events[0][0]] if self.events else []
            if not times:
                break
            # A timer may be a moment late, and never early.
            self.now = max(self.now + 1, min(times)) + self.random.choice([0, 0, 1, 250])
            if self.down and not self.events:
                self.down.clear()

    def serve(self, *, killed: bool = False) -> bool:
        """Each line takes what it may; returns whether anything was done."""
        done = False
        for line in CHANNELS:
            if line in self.down:
                continue
            chooser = Chooser(lambda route, one=line: route.channel == one, lambda _: True, self.turns[line])  # type: ignore[misc]
            queue = self.scheduler.choose(chooser, self.now)
            if queue is not None:
                self.take(line, queue, killed=killed)
                done = True
        return done

    def take(self, line: str, queue: Queue, *, killed: bool) -> None:
        limit = self.random.randint(1, 5)
        seen = queue.returned
        claimed = self.do(Claim(queue.info.id, line, "", limit, limit, "pop", self.epoch, self.now))
        self.scheduler.served(queue, len(claimed.work))
        if claimed.blocked is not None or not claimed.work or claimed.next_due is None or claimed.next_due > self.now:
            self.scheduler.rest(queue.info.id, claimed.next_due, self.now, seen=seen)
            if queue.due is None:
                self.scheduler.remove(queue.info.id)
        if claimed.work:
            self.send(line, claimed.work, killed=killed)

    def send(self, line: str, work: tuple[Work, ...], *, killed: bool) -> None:
        # From the claim to the last moment it takes a while, now and then over the end of the hours.
        self.now += self.random.choice([20, 500, 3 * SECOND, 40 * SECOND, 20 * MINUTE])
        if killed and self.random.random() < 0.5:
            return
        day, month = f"{datetime.fromtimestamp(self.now / 1000, self.zone):%Y-%m-%d}", "2026-01"
        asked = [Pnr(w.attempt_id, 1, line, w.to, self.epoch, self.now, day, month, 0.0, ends=w.ends) for w in work]
        passed: list[Work] = []
        for each, result in zip(work, self.transactions.apply(asked), strict=True):
            if result is None:
                self.left(each, line)
                passed.append(each)
            elif isinstance(result, KeptBack):
                self.kept[result.reason] += 1
                back = resolve(
                    each, NotSent(result.reason, counts=False), line=line, passed=frozenset(), terms=TERMS, now=self.now
                )
                self.end(each, held(back, result), None)
            else:
                raise AssertionError(result)
        if killed:
            return
        for each in passed:
            self.now += self.random.choice([5, 800, 4 * SECOND])
            outcome, fate = self.fate(line, each)
            rules = {"no_answer": Retry(2, 3600.0)}
            self.end(
                each,
                resolve(each, outcome, line=line, passed=frozenset({1}), terms=TERMS, now=self.now, retries=rules),
                fate,
            )

    def left(self, work: Work, line: str) -> None:
        person, zone = self.person(work.to)
        klass = self.rows(f'SELECT "class" FROM job WHERE id = {work.job_id}')[0][0]
        sent = Sent(self.now, line, klass)
        self.auditor.hear(person, zone, sent, work.not_after)
        self.sent[work.attempt_id] = sent, work

    def fate(self, line: str, work: Work) -> tuple[Outcome, str]:
        luck = self.random.random()
        if line == "call":
            if luck < 0.4:
                return Completed("delivered", detail={"disposition": "human"}), "reached"
            if luck < 0.9:
                return Completed("undelivered", "no_answer", detail={"disposition": "no_answer"}), "taken"
            return NotSent("congestion"), "nothing"
        if luck < 0.8:
            if line == "sms" and luck < 0.5:
                self.at(self.now + self.random.randrange(2 * HOUR), lambda: self.report(work))
            return Accepted({1: str(work.attempt_id)}), "taken"
        if luck < 0.87:
            return Refused("barred"), "nothing"
        return (NotSent("no_signal"), "nothing") if luck < 0.95 else (Uncertain("silence"), "doubt")

    def report(self, work: Work) -> None:
        self.do(Report("sms", str(work.attempt_id), work.to, "delivered", None, self.now, None, None, self.now))
        self.sent[work.attempt_id][0].fate = "reached"

    def end(self, work: Work, finish: Finish, fate: str | None) -> None:
        self.do(finish)
        if fate is not None and work.attempt_id in self.sent:
            self.sent[work.attempt_id][0].fate = fate
        if finish.state in WAITING:
            self.scheduler.came_back(work.queue_id, finish.due, self.now)
            if self.scheduler.get(work.queue_id) is None:
                for info in self.do(LoadQueues()):
                    if info.id == work.queue_id:
                        self.scheduler.add(info, self.now)

    # --------------------------------------------------------------------------------------------------------- verdict

    def verdict(self) -> dict[str, int]:
        """What is to hold when all is over; raises AssertionError."""
        assert not self.auditor.wrong, "\n".join(self.auditor.wrong[:50])
        states = Counter(state for (state,) in self.rows("SELECT state FROM message"))
        open_states = {str(one) for one in WAITING} | {"sending"}
        assert open_states.isdisjoint(states), f"lost: {states}"
        went = {
            (attempt, at, message)
            for attempt, at, message in self.rows(
                "SELECT attempt_id, at, message_id FROM evidence WHERE verdict = 'go'"
            )
        }
        assert went == {(number, sent.at, work.message_id) for number, (sent, work) in self.sent.items()}
        kept = Counter(dict(self.rows("SELECT verdict, count(*) FROM evidence WHERE verdict != 'go' GROUP BY 1")))
        for person, at, zone_until in self.rows("SELECT person, at, until FROM evidence WHERE verdict != 'go'"):
            assert zone_until > at, person
        return {
            "sent": len(self.sent),
            "restarts": self.restarts,
            "set back": self.backs,
            "kept by cap": kept["cap"],
            "kept by window": kept["window"],
            "at the last moment": sum(self.kept.values()),
            **states,
        }

    def close(self) -> None:
        self.transactions.close()
        self.store.close()


def live(folder: Path, preset: str, *, begin: str, weeks: int, people: int, seed: int = 1) -> dict[str, int]:
    """Lives through a time under a preset; returns what happened. AssertionError where anything is wrong."""
    year = Year(folder, preset, begin=begin, weeks=weeks, people=people, seed=seed)
    try:
        year.run()
        return year.verdict()
    finally:
        year.close()

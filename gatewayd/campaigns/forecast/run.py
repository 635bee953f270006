"""One way through a situation: what flows when, from event to event. Pure; times in Unix s.

Messages are amounts, not rows. Between two events (a queue runs dry, a quota is spent, a door opens, a new day) all
rates stand still, so that the work grows with the events and never with the people.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gatewayd.campaigns.forecast.chance import Draw
from gatewayd.campaigns.forecast.flow import Doors, Flow, LineFlow
from gatewayd.campaigns.forecast.shares import shared, slowed
from gatewayd.campaigns.forecast.situation import NOWHERE, Situation

EVENTS_MOST: Final = 8_000
"""Of one run: a year of days with quotas, hours and traffic has fewer."""
LITTLE: Final = 1e-6
"""Of a message; what is left below that has gone."""
HOUR: Final = 3600.0


@dataclass(slots=True)
class Run:
    """What became of ours."""

    begin: float | None = None
    """When the first went; None: none did."""
    last: float = 0.0
    """When the last went of what could go."""
    out: float = 0.0
    left: float = 0.0
    """Messages that never go as things are; those that expire are `expired`."""
    expired: float = 0.0
    nearly: float = 0.0
    """When 95 % of all that went had gone."""
    by_day: dict[str, float] = field(default_factory=dict)
    starved: bool = False
    """Whether what is left waits for credit."""
    events: int = 0
    gone: list[tuple[float, float, float]] = field(default_factory=list)
    """Begin, end and how many went in between."""

    @property
    def ends(self) -> bool:
        return self.left < 0.5


class Simulation:
    """Goes through it once."""

    def __init__(self, situation: Situation, draw: Draw) -> None:
        self._situation, self._draw = situation, draw
        again = min(situation.again.share * draw.again, 0.9)
        tries = len(situation.again.pauses) + 1
        self._again = again
        attempts = sum(again**number for number in range(tries))
        longest = max((batch.segments for batch in situation.batches if batch.ours), default=1.0)
        self.lines = [
            LineFlow(line, factor, longest) for line, factor in zip(situation.lines, draw.device, strict=True)
        ]
        lost = min(situation.lost * draw.lost, 0.9)
        self.flows = [
            Flow(batch, self.lines, situation.areas, attempts=attempts, lost=lost if batch.ours else 0.0)
            for batch in situation.batches
        ]
        self._other = self._others_flow()
        self._doors = Doors(situation.hours)
        self._credit = dict(situation.credit)
        self._mine = [flow for flow in self.flows if flow.batch.ours]
        self._log: list[tuple[float, float, float]] = []

    def _others_flow(self) -> Flow | None:
        others = self._situation.others
        if not others.days:
            return None
        flow = Flow.of_others(others.channel, self.lines, self._situation.areas)
        return flow if flow.lines else None

    # ---------------------------------------------------------------------------------------------------- its events

    def run(self) -> Run:
        situation, done = self._situation, Run()
        now, end = situation.now, situation.now + NOWHERE
        calendar = Midnights(situation.zone, now)
        flows = [*self.flows, *([self._other] if self._other else [])]
        tick = now
        while now < end and done.events < EVENTS_MOST:
            done.events += 1
            if now >= calendar.next - 1e-6:
                month = calendar.turn(now)
                for line in self.lines:
                    line.new_day(month=month)
            if self._other is not None and now >= tick - 1e-6:
                span = HOUR if now - situation.now < 3 * 24 * HOUR else 6 * HOUR
                self._other.rate = self._arriving(now, span)
                tick = now + span
            for flow in flows:
                flow.admit(now, self._doors)
            done.expired += sum(flow.expire(now) for flow in self._mine)
            if not any(flow.left > LITTLE for flow in self._mine):
                break
            if self._stuck():
                break
            for line in self.lines:
                line.open(now)
            able = [flow for flow in flows if flow.able and self._pays(flow)]
            shared(able, self.lines, now, situation.urgent_share)
            if situation.pace is not None:
                slowed([flow for flow in able if flow.batch.ours], situation.pace * (1 - self._draw.kept))
            step = min(
                self._next(flows, able, now),
                calendar.next - now,
                end - now,
                *([tick - now] if self._other is not None else ()),
            )
            self._advance(able, now, max(step, 0.0), done)
            now += max(step, 1e-6)
        self._close(done)
        return done

    def _arriving(self, now: float, span: float) -> float:
        """Returns what others bring a second."""
        local = datetime.fromtimestamp(now, self._situation.zone)
        days = self._like(local)
        hours = [(local.hour + number) % 24 for number in range(int(span / HOUR))]
        if self._draw.day is None:
            amount = sum(day[hour] for day in days for hour in hours) / len(days)
        else:
            passed = (local.date() - datetime.fromtimestamp(self._situation.now, self._situation.zone).date()).days
            draw = self._draw
            day = days[((draw.day or 0) + passed) % len(days)]
            amount = sum(day[(hour + draw.shift) % 24] for hour in hours)
            if draw.stretch > 1:
                usual = sum(each[hour] for each in days for hour in hours) / len(days)
                amount = max(usual + (amount - usual) * draw.stretch, 0.0)
        return amount / span

    def _like(self, local: datetime) -> Sequence[tuple[float, ...]]:
        """Returns the days of the past that are like that one."""
        others = self._situation.others
        weekend = local.weekday() >= 5
        alike = [day for day, was in zip(others.days, others.weekends, strict=False) if was == weekend]
        return alike or others.days

    def _pays(self, flow: Flow) -> bool:
        return self._credit.get(flow.batch.account, math.inf) > LITTLE

    def _stuck(self) -> bool:
        """Whether none of ours can ever go."""
        for flow in self._mine:
            if (
                flow.left > LITTLE
                and self._pays(flow)
                and not flow.shut
                and any(line.closed_until < math.inf for line, _ in flow.lines)
            ):
                return False
        return True

    def _next(self, flows: Sequence[Flow], able: Iterable[Flow], now: float) -> float:
        """Returns how long all stays as it is (s)."""
        found = NOWHERE
        spent: dict[str, float] = {}
        for flow in able:
            if flow.flow > 0:
                net = flow.flow - flow.rate
                if net > 0 and flow.ready > LITTLE:
                    found = min(found, flow.ready / net)
                account = flow.batch.account
                if account in self._credit:
                    spent[account] = spent.get(account, 0.0) + flow.charge
        for account, rate in spent.items():
            if rate > 0:
                found = min(found, self._credit[account] / rate)
        for flow in flows:
            if flow.left > LITTLE:
                found = min(found, flow.next_change(now))
        for line in self.lines:
            found = min(found, line.next_change(now))
        return found

    def _advance(self, able: Iterable[Flow], now: float, step: float, done: Run) -> None:
        for flow in able:
            if flow.flow <= 0:
                continue
            gone = flow.take(step)
            account = flow.batch.account
            if account in self._credit:
                self._credit[account] = max(self._credit[account] - flow.charge * step, 0.0)
            if flow.batch.ours and gone > 0:
                if done.begin is None:
                    done.begin = now
                done.out += gone
                done.last = now + step
                self._log.append((now, now + step, gone))
        other = self._other
        if other is not None and other.flow <= 0:
            other.ready += other.rate * step  # what comes in waits, too
        for line in self.lines:
            line.used(step, now)

    def _close(self, done: Run) -> None:
        done.left = sum(flow.left for flow in self._mine)
        done.starved = any(flow.left > LITTLE and not self._pays(flow) for flow in self._mine)
        done.gone = self._log
        zone = self._situation.zone
        passed = 0.0
        for begin, end, gone in self._log:
            for day, part in _days(begin, end, gone, zone):
                done.by_day[day] = done.by_day.get(day, 0.0) + part
            if passed < 0.95 * done.out <= passed + gone:
                done.nearly = begin + (end - begin) * (0.95 * done.out - passed) / gone
            passed += gone
        if done.out:
            done.last += self._tail()

    def _tail(self) -> float:
        """Returns how much later than the last first try the last one is (s), and the time of that send itself.

        What comes back waits behind all that was never tried: so there is a pass of second tries, after it one of
        third tries, and before each the pause of whoever failed last.
        """
        last = self._log[-3:]
        rate = max(sum(gone for *_, gone in last) / max(sum(end - begin for begin, end, _ in last), 1.0), 1e-3)
        many, late = sum(gone for *_, gone in self._log), 0.0
        luck = 0.5 if self._draw.tail is None else self._draw.tail
        for pause in self._situation.again.pauses:
            failed = many * self._again
            if luck <= math.exp(-failed):
                break
            late += max(pause - many / rate / (failed + 1), 0.0)
            many = failed
        devices = [line.line.device_s / line.line.at_once * line.line.many for line, _ in self._mine[0].lines]
        return late + min(devices, default=0.0)


def _days(begin: float, end: float, gone: float, zone: ZoneInfo) -> Iterable[tuple[str, float]]:
    """Yields what of an amount that flows from `begin` to `end` falls on each day."""
    at = begin
    while True:
        local = datetime.fromtimestamp(at, zone)
        midnight = _midnight_after(local, zone)
        if end <= midnight or end <= begin:
            yield local.date().isoformat(), gone * ((end - at) / (end - begin) if end > begin else 1.0)
            return
        yield local.date().isoformat(), gone * (midnight - at) / (end - begin)
        at = midnight


def _midnight_after(local: datetime, zone: ZoneInfo) -> float:
    day = local.date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


class Midnights:
    """The days of the zone, one after the other."""

    def __init__(self, zone: ZoneInfo, now: float) -> None:
        self._zone = zone
        self._month = datetime.fromtimestamp(now, zone).month
        self.next = _midnight_after(datetime.fromtimestamp(now, zone), zone)

    def turn(self, now: float) -> bool:
        """A day has ended at `now`; returns whether a month has."""
        local = datetime.fromtimestamp(now + 1e-3, self._zone)
        turned = local.month != self._month
        self._month = local.month
        self.next = _midnight_after(local, self._zone)
        return turned

"""The messages a phone works on: asks for their states, seldom enough, and turns them into outcomes and reports.

While something is about to be sent it looks several times a second, one list for many messages; for reports ever more
seldom; with nothing open not at all.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from drivers.android.causes import cause
from drivers.android.client import Answer
from drivers.android.errors import AnswerError
from drivers.android.states import Rank, Told, outcome, read, references
from drivers.android.timing import Timing
from drivers.base import Accepted, AwaitedAttempt, DeliveryReport, Event, EventSink, LateAccept, Outcome, Uncertain

PAGE: Final = 100
MOST_PAGES: Final = 20
ONE_BY_ONE: Final = 3
"""Up to so many messages are asked for singly; more, by one list."""
CLOCK_S: Final = 60.0
"""A list begins so long before its oldest message, and ends so long after its newest: clocks differ."""
TOGETHER: Final = 500
"""Messages asked for by one list, those that were sent one after the other: what it shows beside them is wasted."""


class Api(Protocol):
    """What the watch asks the phone."""

    async def ask(self, method: str, path: str, **body: Any) -> Answer: ...


@dataclass(slots=True, eq=False)
class Entry:
    """One attempt the phone knows."""

    attempt: str
    parts: tuple[int, ...]
    valid_until: float | None
    since: float
    """Loop time at which it was handed over or last came further."""
    next: float
    """Loop time of the next look."""
    answer: asyncio.Future[Outcome] | None = None
    rank: Rank = Rank.UNKNOWN
    decided: bool = False
    late: bool = False
    """Given up as in doubt: what comes now is a late answer."""
    begun: float | None = None
    misses: int = 0


class Watch:
    """Over the open messages of one line, through all its connections."""

    def __init__(
        self,
        api: Api,
        timing: Timing,
        *,
        reports: bool,
        failed: Callable[[Told], None] = lambda _told: None,
        went: Callable[[], None] = lambda: None,
    ) -> None:
        """`failed` hears of each message that the phone could not send, `went` of each that it did."""
        self._api, self._timing, self._reports = api, timing, reports
        self.failed, self.went = failed, went
        self._entries: dict[str, Entry] = {}
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._entries)

    # ------------------------------------------------------------------------------------------------- what it holds

    def open(self, attempt: str, parts: Sequence[int], valid_until: float | None) -> Entry:
        """Begins to watch a message that the phone has."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        entry = Entry(attempt, tuple(parts), valid_until, now, now + self._timing.look_s, loop.create_future())
        self._entries[attempt] = entry
        self._wake.set()
        return entry

    def follow(self, earlier: AwaitedAttempt) -> None:
        """Watches a message that an earlier life has handed over: for its report, or to end the doubt of it."""
        now = asyncio.get_running_loop().time()
        since = now - max(time.time() - earlier.at, 0.0)
        if earlier.attempt in self._entries or not (earlier.doubt or (self._reports and earlier.references)):
            return
        parts = tuple(sorted({*earlier.references, *earlier.doubt}))
        entry = Entry(earlier.attempt, parts, None, since, now, begun=earlier.at)
        if earlier.doubt:
            entry.late = True
        else:
            entry.rank, entry.decided = Rank.SENT, True
        self._entries[earlier.attempt] = entry
        self._wake.set()

    async def decided(self, entry: Entry, seconds: float) -> Outcome | None:
        """Returns its outcome, None when it is not known within that time."""
        assert entry.answer is not None
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(entry.answer)
        except TimeoutError:
            return None

    def give_up(self, entry: Entry) -> None:
        """Nobody waits for it any more; if it is sent after all, that is a `LateAccept`."""
        entry.late = True
        entry.answer = None

    def hurry(self, attempt: str) -> None:
        """Looks at it now."""
        if entry := self._entries.get(attempt):
            entry.next = 0.0
            self._wake.set()

    def parts_of(self, attempt: str) -> int:
        """Returns how many parts a watched attempt has; 0: it is not watched."""
        entry = self._entries.get(attempt)
        return len(entry.parts) if entry is not None else 0

    def note(self, told: Told) -> list[Event]:
        """Returns what that word of the phone changes; the events are to be put by the caller."""
        entry = self._entries.get(told.id)
        if entry is None:
            return []
        entry.misses = 0
        entry.begun = entry.begun or told.begun
        if told.rank <= entry.rank or (entry.decided and told.rank is Rank.CANCELLED):
            return []
        was_decided, entry.rank = entry.decided, told.rank
        entry.since = asyncio.get_running_loop().time()
        events: list[Event] = []
        if not was_decided:
            events += self._decide(entry, told)
        if told.rank is Rank.FAILED and (was_decided or told.sent):
            events += self._report(entry, told, "undelivered")
        if told.rank is Rank.DELIVERED:
            events += self._report(entry, told, "delivered")
        if told.rank > Rank.SENT or (told.rank is Rank.SENT and not self._reports):
            self._entries.pop(told.id, None)
        return events

    def _decide(self, entry: Entry, told: Told) -> list[Event]:
        if told.rank is Rank.FAILED and not told.sent:
            self.failed(told)
        elif told.rank in (Rank.SENT, Rank.DELIVERED):
            self.went()
        ended = entry.valid_until is not None and time.time() >= entry.valid_until
        result = outcome(told, entry.parts, ours_ended=ended)
        if result is None:
            return []
        entry.decided = True
        if entry.answer is not None and not entry.answer.done():
            entry.answer.set_result(result)
        elif entry.late and isinstance(result, Accepted):
            return [LateAccept(told.id, part, reference) for part, reference in result.references.items()]
        return []

    def _report(self, entry: Entry, told: Told, status: Any) -> list[Event]:
        at = told.at or time.time()
        reason = cause(told.error).reason if status == "undelivered" else None
        return [
            DeliveryReport(reference, None, status, reason, at, attempt=entry.attempt, part=part)
            for part, reference in references(entry.attempt, entry.parts).items()
        ]

    # ------------------------------------------------------------------------------------------------------- looking

    async def run(self, events: EventSink) -> None:
        """Until cancelled; raises `PhoneError` when the phone cannot be asked."""
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            until = min((entry.next for entry in self._entries.values()), default=None)
            if until is None or until > loop.time():
                await self._sleep(until)
                continue
            try:
                await self.look(events)
            except AnswerError:
                # A fault of this moment: the same question again, later.
                self._postpone(loop.time())

    async def _sleep(self, until: float | None) -> None:
        try:
            async with asyncio.timeout_at(until):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def look(self, events: EventSink) -> None:
        """Asks for all that is due; what is about to be sent is asked for together."""
        now = asyncio.get_running_loop().time()
        due = [each for each in self._entries.values() if each.next <= now]
        if any(not each.decided for each in due):
            due = [each for each in self._entries.values() if each.next <= now or not each.decided]
        # What is about to be sent comes first, then the oldest.
        due = sorted(due, key=lambda each: (each.decided, each.begun or math.inf))[:TOGETHER]
        unseen = {each.attempt: each for each in due}
        if len(due) > ONE_BY_ONE:
            await self._list(unseen, events)
        left = list(unseen.values())
        for each in left[: max(ONE_BY_ONE, PAGE // 10)]:
            await self._one(each, events)
            unseen.pop(each.attempt, None)
        for each in due:
            self._schedule(each)
        for each in unseen.values():
            # Neither listed nor asked for yet.
            each.next = min(each.next, now + self._timing.look_max_s)

    async def _list(self, unseen: dict[str, Entry], events: EventSink) -> None:
        """Takes out of `unseen` what the lists tell."""
        begun = [each.begun for each in unseen.values()]
        query: dict[str, Any] = {}
        known = [each for each in begun if each is not None]
        if len(known) == len(begun):
            query = {"from": stamp(min(known) - CLOCK_S), "to": stamp(max(known) + CLOCK_S)}
        for number in range(MOST_PAGES):
            answer = await self._api.ask(
                "GET", "/messages", params={**query, "limit": str(PAGE), "offset": str(number * PAGE)}
            )
            rows = listed(answer)
            for row in rows:
                told = read(row)
                unseen.pop(told.id, None)
                await self._put(told, events)
            if len(rows) < PAGE or not unseen:
                return

    async def _one(self, entry: Entry, events: EventSink) -> None:
        told = await self.ask(entry.attempt)
        if told is not None:
            await self._put(told, events)
            return
        entry.misses += 1
        if entry.misses >= self._timing.forgotten:
            self._entries.pop(entry.attempt, None)
            if entry.answer is not None and not entry.answer.done():
                entry.answer.set_result(Uncertain("phone_forgot"))

    async def ask(self, attempt: str) -> Told | None:
        """Returns what the phone says of it; None: it knows no such message. Raises `PhoneError`."""
        answer = await self._api.ask("GET", f"/messages/{attempt}")
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise AnswerError(f"http_{answer.status}", answer.status)
        return read(answer.json())

    async def _put(self, told: Told, events: EventSink) -> None:
        entry = self._entries.get(told.id)
        kept = None if entry is None else (entry.rank, entry.decided)
        try:
            for event in self.note(told):
                await events.put(event)
        except BaseException:
            # Not durable: as if it had not been heard, and so it is asked for again.
            if entry is not None and kept is not None:
                entry.rank, entry.decided = kept
                self._entries[told.id] = entry
            raise

    def _schedule(self, entry: Entry) -> None:
        timing, now = self._timing, asyncio.get_running_loop().time()
        waited = now - entry.since
        if not entry.decided:
            entry.next = now + min(max(timing.look_s, waited / 10), timing.look_max_s)
        elif waited < timing.report_wait_s:
            entry.next = now + min(max(timing.report_s, waited / 5), timing.report_max_s)
        else:
            self._entries.pop(entry.attempt, None)

    def _postpone(self, now: float) -> None:
        for entry in self._entries.values():
            if entry.next <= now:
                entry.next = now + self._timing.look_max_s


def listed(answer: Answer) -> list[Mapping[str, Any]]:
    """Returns the rows of a list; raises `AnswerError` where it is none."""
    rows = answer.json() if answer.status == 200 else None
    if not isinstance(rows, list):
        raise AnswerError(f"http_{answer.status}", answer.status)
    return rows


def stamp(moment: float) -> str:
    """ISO 8601 with milliseconds and an offset, as the API's `from` and `to` take it."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")

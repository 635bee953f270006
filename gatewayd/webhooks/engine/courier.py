"""The life of one endpoint: what comes next is posted, what fails is kept and tried again, in order for each message.

Endpoints fail alone: each has its courier, its place in the log and its few lanes. A receiver that is down stops its
courier at that place, so that an hour's outage is an hour's rows of the log and not a heap of failures; it is looked
after with the next new event, at growing pauses, and once it answers everything goes on at once.

What was posted and not yet recorded is posted again after a crash, under the same ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import structlog

from gatewayd.store.webhooks.progress import Again, Failure, Place, Progress
from gatewayd.store.webhooks.questions import Endpoint, Waiting
from gatewayd.values.errors import GatewayError
from gatewayd.webhooks import signature, target
from gatewayd.webhooks.engine.desk import Access, Desk
from gatewayd.webhooks.engine.source import PAGE, Item, Page
from gatewayd.webhooks.order import End, lanes, reached
from gatewayd.webhooks.schedule import DOWN_AFTER
from gatewayd.webhooks.verdict import Fate, Verdict

log = structlog.get_logger()

LANES: Final = 4
"""Events that are posted to one endpoint at once."""
RETRIES: Final = 2 * LANES
"""Kept events that are tried in one round."""
WAITING_MOST: Final = 1_000
"""Kept events that wait; beyond it the place in the log stays, which costs nothing."""
ROOM: Final = WAITING_MOST - PAGE
TROUBLE_S: Final = 5.0
"""Between tries while the store cannot be read or written."""
LONGEST_S: Final = 3600.0

USED_UP: Final = "tries_used_up"
GONE: Final = "endpoint_gone"


class Courier:
    """Serves one endpoint, as it was when this was made, for as long as it runs."""

    def __init__(self, desk: Desk, endpoint: Endpoint, access: Access) -> None:
        self.endpoint = endpoint
        self._desk = desk
        self._access = access
        self._place = endpoint.place
        self._replay = endpoint.replay
        self._waiting: list[Waiting] = []
        self._wake = asyncio.Event()
        self._resting_until = endpoint.resting_until or 0
        self._acknowledged_at = endpoint.acknowledged_at
        self._streak = 0
        """New events that failed, none acknowledged between."""
        self._failing_since: int | None = None
        self._begun = 0
        """When the page in work was begun."""
        self._looks = 0
        self._look_at = 0
        self._looks_back = 0
        self._look_back_at = 0
        self._over = False

    def wake(self) -> None:
        """Something may have come for the endpoint."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled, or the endpoint is disabled."""
        loaded = False
        while not self._over:
            self._wake.clear()
            try:
                if not loaded:
                    await self._load()
                    loaded = True
                pause = await self._round()
            except GatewayError as error:
                log.error("a webhook waits for the store", webhook=self.endpoint.id, error=str(error))  # noqa: TRY400
                pause = TROUBLE_S
                loaded = False
            if pause > 0 and not self._over:
                await self._rest(pause)

    async def _load(self) -> None:
        """Reads what waits. A receiver that was down when this began to run, is: one look tells."""
        self._waiting = list(await self._desk.store.waiting(self.endpoint.id))
        acknowledged_at = self._acknowledged_at or 0
        missed = [each.first_at for each in self._waiting if each.tries and each.first_at >= acknowledged_at]
        if missed and self._failing_since is None:
            self._failing_since = min(missed)
            self._streak = DOWN_AFTER

    async def _rest(self, pause_s: float) -> None:
        try:
            async with asyncio.timeout(min(pause_s, LONGEST_S)):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _round(self) -> float:
        """Does what is due; returns how long (s) nothing is, unless something new comes."""
        if (left := self._resting_until - self._desk.now()) > 0:
            return left / 1000  # it asked for time, whatever comes
        if await self._try_again() or self._over:
            return 0
        if await self._go_on() or self._over:
            return 0
        if self._replay is not None and not self._down and await self._play_again():
            return 0
        return self._pause()

    def _pause(self) -> float:
        now = self._desk.now()
        dues = [each.due for each in self._heads()]
        if self._down:
            dues.append(self._look_at)
        return max((min(dues) - now) / 1000, 0.01) if dues else LONGEST_S

    # ------------------------------------------------------------------------------------------------ what comes next

    @property
    def _down(self) -> bool:
        return self._streak >= DOWN_AFTER

    async def _go_on(self) -> bool:
        """Posts the next page; returns whether there was anything."""
        if self._down:
            return self._desk.now() >= self._look_at and await self._look()
        if len(self._waiting) >= ROOM:
            return False
        page = await self._desk.store.page(self.endpoint, self._place, None, PAGE)
        if page.after is None:
            return False
        await self._post_page(page)
        return True

    async def _look(self) -> bool:
        """Looks whether a receiver that is down is back, with the next event that need not wait for another; where
        there is none, now and then with the oldest that waits, which is no try of it. Returns whether it is."""
        self._look_at = self._desk.schedule.look_at(self._looks, self._desk.now())
        self._looks += 1
        busy = {each.key for each in self._waiting}
        page = await self._desk.store.page(self.endpoint, self._place, None, PAGE)
        free = next((place for place, item in enumerate(page.items) if item.event.key not in busy), None)
        if free is not None and len(self._waiting) + free < WAITING_MOST:
            await self._post_page(Page(page.items[: free + 1], page.items[free].after))
        elif self._waiting and self._desk.now() >= self._look_back_at:
            self._look_back_at = self._desk.schedule.look_back_at(self._looks_back, self._desk.now())
            self._looks_back += 1
            await self._look_back(self._waiting[0])
        return not self._down

    async def _look_back(self, oldest: Waiting) -> None:
        kept = await self._desk.store.kept([oldest.id])
        verdicts = [await self._post(each.event, each.body.encode()) for each in kept.values()]
        over = tuple(oldest.id for each in verdicts if self._judge(each, fresh=False))
        progress = Progress(self.endpoint.id, self._desk.now(), over=over, acknowledged=len(over))
        if over or not kept:
            self._waiting = [each for each in self._waiting if each.id != oldest.id]
        await self._record(self._with_state(progress, verdicts, used_up=False))

    async def _post_page(self, page: Page) -> None:
        outcome = await self._deliver(page.items)
        place = self._reached(page, outcome) or self._place
        await self._record(self._progress(outcome, place=place))
        moved, self._place = place.row != self._place.row, place
        if moved:
            self._desk.moved()

    async def _play_again(self) -> bool:
        """Posts the next page of a replay; returns whether there was anything."""
        assert self._replay is not None
        if len(self._waiting) >= ROOM:
            return False
        page = await self._desk.store.page(self.endpoint, self._replay, self.endpoint.replay_end, PAGE)
        outcome = await self._deliver(page.items)
        end = Place(self.endpoint.replay_end or 0)
        place = end if page.after is None else self._reached(page, outcome) or self._replay
        progress = self._progress(outcome, replay=place)
        names = tuple(item.event.id for item, (end, _) in outcome.of(page.items) if end is End.ACKNOWLEDGED)
        await self._record(replace(progress, events=names))
        self._replay = None if place.row >= end.row else place
        return True

    def _reached(self, page: Page, outcome: _Outcome) -> Place | None:
        """Returns where the endpoint is after a page; None: where it was."""
        count = reached(outcome.ends)
        if count == len(page.items):
            return page.after
        return page.items[count - 1].after if count else None

    async def _deliver(self, items: Sequence[Item]) -> _Outcome:
        """Posts events in lanes by key, and stops early where the receiver proves to be down."""
        outcome = _Outcome(list(items))
        self._begun = self._desk.now()
        busy = {each.key for each in self._waiting}
        looking = self._down
        ways = iter(lanes([item.event.key for item in items]))

        async def lane() -> None:
            for places in ways:
                behind = items[places[0]].event.key in busy
                for place in places:
                    if behind:
                        outcome.ends[place] = End.BEHIND
                        continue
                    if self._stopped(looking):
                        break
                    verdict = await self._post(items[place].event.id, items[place].event.body)
                    outcome.verdicts[place] = verdict
                    behind = not self._judge(verdict, fresh=True)
                    outcome.ends[place] = End.FAILED if behind else End.ACKNOWLEDGED

        async with asyncio.TaskGroup() as group:
            for _ in range(min(LANES, len(items))):
                group.create_task(lane())
        return outcome

    def _stopped(self, looking: bool) -> bool:
        return self._over or self._resting_until > self._desk.now() or (self._down and not looking)

    async def _post(self, event_id: str, body: bytes) -> Verdict:
        now = self._desk.now()
        known = signature.in_force(self._access.secrets, now)
        headers = signature.headers(event_id, now // 1000, body, known)
        return await self._desk.post(self.endpoint.url, headers, body, allow_private=self._access.allow_private)

    def _judge(self, verdict: Verdict, *, fresh: bool) -> bool:
        """Draws what a try says of the receiver; returns whether the event is acknowledged."""
        now = self._desk.now()
        if verdict.fate is Fate.ACKNOWLEDGED:
            return True
        if verdict.fate is Fate.GONE:
            self._over = True
        if verdict.retry_after_s:
            self._resting_until = max(self._resting_until, now + int(verdict.retry_after_s * 1000))
        if fresh:
            if self._failing_since is None:
                self._failing_since = self._begun  # as what failed is dated
            self._streak += 1
            if self._streak == DOWN_AFTER:
                self._look_at = self._desk.schedule.look_at(0, now)
                self._look_back_at = self._desk.schedule.look_back_at(0, now)
        return False

    # ------------------------------------------------------------------------------------------------- what has failed

    def _heads(self) -> list[Waiting]:
        """Returns the first of each key that waits."""
        found: dict[str, Waiting] = {}
        for each in self._waiting:
            found.setdefault(each.key, each)
        return list(found.values())

    async def _try_again(self) -> bool:
        """Tries kept events that are due; returns whether there were any."""
        now = self._desk.now()
        due = sorted((each for each in self._heads() if each.due <= now), key=lambda each: each.due)[:RETRIES]
        if not due:
            return False
        kept = await self._desk.store.kept([each.id for each in due])
        verdicts: dict[int, Verdict] = {}
        left = iter(due)

        async def lane() -> None:
            for each in left:
                if self._over or self._resting_until > self._desk.now():
                    return
                if each.id in kept:
                    found = kept[each.id]
                    verdicts[each.id] = await self._post(found.event, found.body.encode())
                    self._judge(verdicts[each.id], fresh=False)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(LANES, len(due))):
                group.create_task(lane())
        tried = [(each, verdicts[each.id]) for each in due if each.id in verdicts]
        over = tuple(each.id for each, verdict in tried if verdict.fate is Fate.ACKNOWLEDGED)
        again = [self._again(each, verdict) for each, verdict in tried if verdict.fate is not Fate.ACKNOWLEDGED]
        used_up = any(self._used_up(each, verdict) for each, verdict in tried) and not over
        progress = Progress(self.endpoint.id, self._desk.now(), over=over, again=tuple(again), acknowledged=len(over))
        await self._record(self._with_state(progress, verdicts.values(), used_up=used_up))
        # Rows that somebody has removed meanwhile are no longer waited for.
        gone = {each.id for each in due if each.id not in kept} | set(over)
        fates = {each.number: each for each in again}
        self._waiting = [
            replace(each, tries=fates[each.id].tries, due=fates[each.id].due or 0) if each.id in fates else each
            for each in self._waiting
            if each.id not in gone and not (each.id in fates and fates[each.id].due is None)
        ]
        return True

    def _again(self, each: Waiting, verdict: Verdict) -> Again:
        now = self._desk.now()
        due = self._desk.schedule.again_at(each.tries + 1, now, verdict.retry_after_s)
        if due is None and self._used_up(each, verdict):
            due = now  # it is the receiver: nothing is lost of what it has not got
        return Again(each.id, each.tries + 1, due, verdict.reason, verdict.status)

    def _used_up(self, each: Waiting, verdict: Verdict) -> bool:
        """Returns whether all tries of an event are over, and the receiver has acknowledged nothing meanwhile."""
        last = verdict.fate is not Fate.ACKNOWLEDGED and each.tries + 1 >= self._desk.schedule.tries
        return last and (self._acknowledged_at is None or self._acknowledged_at < each.first_at)

    # ------------------------------------------------------------------------------------------------- what is recorded

    def _progress(self, outcome: _Outcome, *, place: Place | None = None, replay: Place | None = None) -> Progress:
        """Returns what a page came to: up to the first event that was not tried."""
        count = reached(outcome.ends)
        now = self._desk.now()
        failures = []
        for item, (end, verdict) in list(outcome.of(outcome.items))[:count]:
            if end is End.ACKNOWLEDGED:
                continue
            tries = 0 if verdict is None else 1
            retry_after = None if verdict is None else verdict.retry_after_s
            failures.append(
                Failure(
                    event=item.event.id,
                    type=item.event.type,
                    key=item.event.key,
                    body=item.event.body.decode(),
                    tries=tries,
                    due=now if tries == 0 else self._desk.schedule.again_at(1, now, retry_after) or now,
                    at=self._begun,
                    fault=None if verdict is None else verdict.reason,
                    status=None if verdict is None else verdict.status,
                )
            )
        acknowledged = sum(end is End.ACKNOWLEDGED for end in outcome.ends)
        progress = Progress(
            self.endpoint.id, now, place=place, replay=replay, acknowledged=acknowledged, failures=tuple(failures)
        )
        tried = [verdict for verdict in outcome.verdicts if verdict is not None]
        return self._with_state(progress, tried, used_up=False)

    def _with_state(self, progress: Progress, verdicts: Iterable[Verdict], *, used_up: bool) -> Progress:
        """Adds what the tries of a round say of the receiver: that it is down, back, gone."""
        tried = list(verdicts)
        failed = [each for each in tried if each.fate is not Fate.ACKNOWLEDGED]
        if failed:
            progress = replace(progress, fault=failed[-1].reason, resting_until=self._resting_until or None)
        if self._over or used_up:
            self._over = True
            progress = replace(progress, disabled=USED_UP if used_up else GONE)
        if len(failed) < len(tried):
            if self._down:
                progress = replace(progress, sooner_since=self._failing_since)
            self._streak = self._looks = self._looks_back = 0
            self._failing_since = None
        return progress

    async def _record(self, progress: Progress) -> None:
        await self._desk.store.record(progress)
        if progress.acknowledged:
            self._acknowledged_at = progress.at
        if progress.failures or progress.sooner_since is not None:
            self._waiting = list(await self._desk.store.waiting(self.endpoint.id))
        if progress.disabled is not None:
            log.warning(
                "a webhook is disabled",
                webhook=self.endpoint.id,
                reason=progress.disabled,
                fault=progress.fault,
                origin=target.origin(self.endpoint.url),
            )
            self._desk.disabled(self.endpoint, progress.disabled)


class _Outcome:
    """What became of each event of a page."""

    __slots__ = ("ends", "items", "verdicts")

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.ends = [End.UNTRIED] * len(items)
        self.verdicts: list[Verdict | None] = [None] * len(items)

    def of(self, items: Sequence[Item]) -> list[tuple[Item, tuple[End, Verdict | None]]]:
        """Returns each event with its end and the verdict on its try."""
        return list(zip(items, zip(self.ends, self.verdicts, strict=True), strict=True))

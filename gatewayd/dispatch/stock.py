"""What one line has claimed ahead: got from the store in portions, given back untouched when it may not go here."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Final, Literal

import structlog

from gatewayd.dispatch.brakes import most
from gatewayd.dispatch.desk import Desk
from gatewayd.dispatch.scheduler import Chooser, Queue, Turn
from gatewayd.process.failpoints import hit
from gatewayd.store.commands import Claim, Claimed, QueueInfo, Unclaim, Work
from gatewayd.values.clock import now_ms
from gatewayd.values.model import Priority, Route
from gatewayd.values.pacing import Gcra

log = structlog.get_logger()

CLAIM_PAUSE_S: Final = 1.0
"""After a claim that failed (disk full, store locked): soon enough to go on, slow enough to burn nothing."""


class Stock:
    """Claims for one line. `wake` is called when a claim has been answered, whatever it brought."""

    def __init__(
        self,
        line: str,
        desk: Desk,
        fits: Callable[[Route], bool],
        wake: Callable[[], None],
        *,
        variant: Literal["", "es"],
        urgent_interval_s: float,
    ) -> None:
        """`urgent_interval_s`: seconds a segment within an account's urgent share of the line's pace; 0: no limit."""
        self._line = line
        self._desk = desk
        self._fits = fits
        self._wake = wake
        self._variant = variant
        self._urgent_interval_s = urgent_interval_s
        self._urgent: dict[int, Gcra] = {}
        self._turn = Turn()
        self._work: deque[Work] = deque()
        self._claiming: asyncio.Future[Claimed] | None = None
        self.most: int | None = None
        """Parts that a message may have at most that is claimed now; None: as many as it likes."""
        self._asked: int | None = None
        self._too_long: dict[int, tuple[int, int]] = {}
        """Queues of longer messages alone: for how many parts that was said, and their `returned` then."""
        self.cramped = False
        """Whether nothing was claimed for want of a message that is short enough."""

    def __len__(self) -> int:
        return len(self._work)

    @property
    def held(self) -> Iterator[int]:
        """The attempts at hand."""
        return (work.attempt_id for work in self._work)

    def take(self) -> Work:
        return self._work.popleft()

    def put_back(self, work: Work) -> None:
        self._work.appendleft(work)

    def fill(self, ahead: int) -> None:
        """Claims up to `ahead` messages, unless a claim is under way or nothing waits."""
        want = ahead - len(self._work)
        if self._claiming is not None or want <= 0:
            return
        now = time.time()
        too_long = self._passed_over() if self._too_long else ()
        chooser = Chooser(self._fits, lambda account: self._urgent_room(account, now), self._turn, too_long)
        queue = self._desk.choose(chooser, int(now * 1000))
        self.cramped = queue is None and bool(too_long)
        if queue is not None:
            self._claim(queue, want, now)

    def _passed_over(self) -> Collection[int]:
        """Returns the queues that are known to have nothing that is short enough; forgets what holds no more."""
        kept: dict[int, tuple[int, int]] = {}
        for queue_id, (asked, returned) in self._too_long.items():
            queue = self._desk.queue(queue_id)
            known = queue is not None and queue.ready and queue.returned == returned
            if known and self.most is not None and self.most <= asked:
                kept[queue_id] = asked, returned
        self._too_long = kept
        return kept

    def fetch(self, queue_id: int, message_id: int, missed: Callable[[], None]) -> bool:
        """Claims that message alone, to try the line out on; `missed` is called where it waits no more. False where its
        queue is gone or may not go."""
        queue = self._desk.queue(queue_id)
        if queue is None or not queue.ready or not self._fits(queue.info.route):
            return False
        if self._claiming is None and not self._work:
            self._claim(queue, 1, time.time(), message_id).add_done_callback(partial(_tell_missed, missed))
        return True

    def _claim(self, queue: Queue, want: int, now: float, only: int | None = None) -> asyncio.Future[Claimed]:
        if queue.info.pace is not None:
            want = min(want, most(queue.info.pace))
        claim = Claim(
            queue_id=queue.info.id,
            line=self._line,
            variant=self._variant,
            limit=want,
            segments=want,
            node=self._desk.node,
            epoch=self._desk.epoch,
            now=int(now * 1000),
            only=only,
            most=self.most,
        )
        self._asked = self.most if only is None else None
        claiming = self._claiming = asyncio.ensure_future(self._desk.writer.do(claim))
        claiming.add_done_callback(partial(self._claimed, queue, queue.info, queue.returned))
        return claiming

    def give_back(self) -> None:
        """Everything that has not begun: another line may have it, or it may be paused or withdrawn."""
        if self._work:
            work = tuple(self._work)
            self._work.clear()
            self._return(work)

    def recall(self, queues: Collection[int]) -> None:
        """Gives back what is at hand of these queues: something that matters to how it goes has changed."""
        kept = [work for work in self._work if work.queue_id not in queues]
        if len(kept) < len(self._work):
            back = [work for work in self._work if work.queue_id in queues]
            self._work = deque(kept)
            self._return(back)

    def _return(self, work: Sequence[Work]) -> None:
        now = now_ms()
        self._desk.writer.post(Unclaim(tuple(each.attempt_id for each in work), now))
        self._desk.given_back(work, now)

    async def drain(self) -> None:
        """Gives back what is at hand, and what a claim under way still brings. Nothing may be filled meanwhile."""
        if self._claiming is not None:
            # What it brought is taken in by the callback that was added first, or it raised and brought nothing.
            await asyncio.wait([self._claiming])
        self.give_back()

    def _urgent_room(self, account_id: int, now: float) -> bool:
        gcra = self._urgent.get(account_id)
        return gcra is None or gcra.tat <= now

    def _claimed(self, queue: Queue, asked: QueueInfo, seen: int, future: asyncio.Future[Claimed]) -> None:
        self._claiming = None
        if future.cancelled():
            return
        error = future.exception()
        if error is not None:
            log.error("claim failed", line=self._line, error=str(error))
            self._desk.answer_lost()
            asyncio.get_running_loop().call_later(CLAIM_PAUSE_S, self._wake)
            return
        claimed = future.result()
        hit("send.claimed")
        now = time.time()
        self._desk.claimed(queue, claimed, int(now * 1000), seen)
        if claimed.blocked == "room" and self._asked is not None:
            self._too_long[queue.info.id] = self._asked, seen
        if (queue.info.pace, queue.info.route) != (asked.pace, asked.route) and claimed.work:
            self._return(claimed.work)  # as `recall`
            self._wake()
            return
        if queue.info.priority is Priority.URGENT:
            self._count_urgent(queue.info.account_id, now, claimed)
            self._work.extendleft(reversed(claimed.work))
        else:
            self._work.extend(claimed.work)
        self._wake()

    def _count_urgent(self, account_id: int, now: float, claimed: Claimed) -> None:
        if self._urgent_interval_s and claimed.work:
            share = self._urgent.setdefault(account_id, Gcra(self._urgent_interval_s))
            share.take(now, sum(len(work.todo) for work in claimed.work))


def _tell_missed(missed: Callable[[], None], future: asyncio.Future[Claimed]) -> None:
    if not future.cancelled() and future.exception() is None and not future.result().work:
        missed()

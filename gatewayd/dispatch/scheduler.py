"""Which queue a line serves next. Pure bookkeeping over queues, never over messages; times are ms, given by the caller.

A queue is (priority, account, job, route). Within a priority, accounts take turns and within an account its queues, by
deficit round-robin (Shreedhar & Varghese 1995) weighted by segments. A queue that cannot go leaves the ring and comes
back on its event: due time, top-up, resume, line.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from gatewayd.dispatch.content import JobContent
from gatewayd.store.commands import QueueInfo
from gatewayd.values.model import Priority, Route

QUANTUM: Final = 64
"""Segments a turn; above the largest claim, so that two rounds always find someone whose turn it is."""

AGE_MS: Final = 60_000
"""A lower priority that a line has passed over for so long gets one turn before the higher ones."""


@dataclass(slots=True)
class Queue:
    """A queue's place in the rings. `due` is None when nothing of it waits."""

    info: QueueInfo
    due: int | None
    held: str | None = None
    deficit: int = 0
    returned: int = 0
    """How often a message of it has come back to wait."""
    content: JobContent | None = None
    """What its job says beyond a text, once it has been asked for."""

    @property
    def ready(self) -> bool:
        return self.due == 0 and self.held is None


@dataclass(slots=True)
class _Account:
    queues: deque[Queue] = field(default_factory=deque)
    deficit: int = 0
    braked: set[int] = field(default_factory=set)
    """Queues that rest because their jobs have gone as fast as they may."""


@dataclass(slots=True)
class Turn:
    """What a line remembers of its own choices: when it last served each priority."""

    served: dict[Priority, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chooser:
    """The line that asks: which routes it takes, and whether an account's urgent share has room."""

    fits: Callable[[Route], bool]
    urgent_room: Callable[[int], bool]
    turn: Turn
    passed_over: Collection[int] = ()
    """Queues that have nothing for it now."""

    def takes(self, queue: Queue) -> bool:
        """Returns whether the line may serve that queue."""
        return queue.info.id not in self.passed_over and self.fits(queue.info.route)


class Scheduler:
    """All queues with something waiting, and the order in which lines may pull from them."""

    def __init__(self) -> None:
        self._queues: dict[int, Queue] = {}
        self._rings: dict[Priority, dict[int, _Account]] = {priority: {} for priority in Priority}
        self._order: dict[Priority, deque[int]] = {priority: deque() for priority in Priority}
        self._sleeping: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[Queue]:
        return iter(self._queues.values())

    def __len__(self) -> int:
        return len(self._queues)

    def get(self, queue_id: int) -> Queue | None:
        return self._queues.get(queue_id)

    def knows(self, info: QueueInfo) -> bool:
        """Returns whether the queue is here as the store has it: paused or not, and how fast it may go."""
        queue = self._queues.get(info.id)
        return queue is not None and queue.info.pace == info.pace and (queue.held == "paused") == info.paused

    def add(self, info: QueueInfo, now: int) -> Queue:
        """A queue appears, or comes back with fresh figures."""
        queue = self._queues.get(info.id)
        if queue is None:
            queue = Queue(info, None)
            self._queues[info.id] = queue
            ring = self._rings[info.priority]
            if info.account_id not in ring:
                ring[info.account_id] = _Account()
                self._order[info.priority].append(info.account_id)
            ring[info.account_id].queues.append(queue)
        queue.info = info
        queue.content = None
        queue.returned += 1
        queue.held = "paused" if info.paused else None
        self._sleep(queue, max(info.not_before or 0, 0) if info.waiting else None, now)
        return queue

    def remove(self, queue_id: int) -> None:
        queue = self._queues.pop(queue_id, None)
        if queue is None:
            return
        priority, account_id = queue.info.priority, queue.info.account_id
        account = self._rings[priority][account_id]
        account.queues.remove(queue)
        account.braked.discard(queue_id)
        if not account.queues:
            del self._rings[priority][account_id]
            self._order[priority].remove(account_id)

    def _sleep(self, queue: Queue, due: int | None, now: int) -> None:
        if due is not None and due <= now:
            queue.due = 0
            self._rings[queue.info.priority][queue.info.account_id].braked.discard(queue.info.id)
            return
        queue.due = due
        queue.deficit = 0
        if due is not None:
            heapq.heappush(self._sleeping, (due, queue.info.id))

    def rest(self, queue_id: int, due: int | None, now: int, *, seen: int | None = None) -> None:
        """Nothing of it is due before `due` (None: nothing waits at all), as the store has said to who had seen it
        `returned` so often. What came back since then the store may not have known: it has to be asked again."""
        queue = self._queues.get(queue_id)
        if queue is not None and seen in (None, queue.returned):
            self._sleep(queue, due, now)

    def came_back(self, queue_id: int, due: int, now: int) -> None:
        """A message waits again, from `due` on."""
        queue = self._queues.get(queue_id)
        if queue is None:
            return
        queue.returned += 1
        if queue.due is None or due < queue.due:
            self._sleep(queue, due, now)

    def brake(self, queue_id: int, due: int, now: int) -> None:
        """Its jobs have gone as fast as they may until `due`. It keeps its account's turn: else it would lose to the
        turns of all others what it may still go."""
        queue = self._queues.get(queue_id)
        if queue is not None:
            self._rings[queue.info.priority][queue.info.account_id].braked.add(queue_id)
            self._sleep(queue, due, now)

    def hold(self, queue_id: int, reason: str | None) -> None:
        queue = self._queues.get(queue_id)
        if queue is not None:
            queue.held = reason

    def wake_due(self, now: int) -> list[Queue]:
        """Queues whose time has come; they are ready from now on."""
        woken = []
        while self._sleeping and self._sleeping[0][0] <= now:
            due, queue_id = heapq.heappop(self._sleeping)
            queue = self._queues.get(queue_id)
            if queue is not None and queue.due == due:
                queue.due = 0
                woken.append(queue)
                self._off_the_brake(queue)
        return woken

    def _off_the_brake(self, queue: Queue) -> None:
        ring, order = self._rings[queue.info.priority], self._order[queue.info.priority]
        account = ring[queue.info.account_id]
        if queue.info.id not in account.braked:
            return
        account.braked.discard(queue.info.id)
        if account.deficit > 0:
            order.remove(queue.info.account_id)
            order.appendleft(queue.info.account_id)

    @property
    def next_at(self) -> int | None:
        """When `wake_due` has something to do next."""
        return self._sleeping[0][0] if self._sleeping else None

    def of_account(self, account_id: int) -> Iterable[Queue]:
        return [queue for queue in self._queues.values() if queue.info.account_id == account_id]

    def of_job(self, job_id: int) -> Iterable[Queue]:
        return [queue for queue in self._queues.values() if queue.info.job_id == job_id]

    # ------------------------------------------------------------------------------------------------------- choosing

    def choose(self, chooser: Chooser, now: int) -> Queue | None:
        """The queue to pull from: urgent within its share, then whoever has been passed over for too long, then normal,
        urgent beyond its share, bulk."""
        fits, turn = chooser.takes, chooser.turn
        room = chooser.urgent_room
        found = self._pick(Priority.URGENT, fits, room)
        if found is None:
            found = self._aged(fits, turn, now)
        if found is None:
            for priority in (Priority.NORMAL, Priority.URGENT, Priority.BULK):
                found = self._pick(priority, fits, None)
                if found is not None:
                    break
        if found is not None:
            turn.served[found.info.priority] = now
        return found

    def _aged(self, fits: Callable[[Queue], bool], turn: Turn, now: int) -> Queue | None:
        if not self._order[Priority.BULK]:
            turn.served.pop(Priority.BULK, None)
            return None
        since = turn.served.setdefault(Priority.BULK, now)
        return self._pick(Priority.BULK, fits, None) if now - since >= AGE_MS else None

    def _pick(
        self, priority: Priority, fits: Callable[[Queue], bool], room: Callable[[int], bool] | None
    ) -> Queue | None:
        order, ring = self._order[priority], self._rings[priority]
        for _ in range(2 * len(order)):
            account_id = order[0]
            account = ring[account_id]
            found = None
            if room is None or room(account_id):
                found = _turn(account.queues, fits)
            if found is not None and account.deficit > 0:
                return found
            if found is not None or (account.braked and account.deficit <= 0):
                account.deficit += QUANTUM
            order.rotate(-1)
        return None

    def served(self, queue: Queue, segments: int) -> None:
        """So many segments were claimed of it."""
        queue.deficit -= segments
        account = self._rings[queue.info.priority].get(queue.info.account_id)
        if account is not None:
            account.deficit -= segments


def _turn(queues: deque[Queue], fits: Callable[[Queue], bool]) -> Queue | None:
    """The queue of an account whose turn it is."""
    for _ in range(2 * len(queues)):
        queue = queues[0]
        able = queue.ready and fits(queue)
        if able and queue.deficit > 0:
            return queue
        if able:
            queue.deficit += QUANTUM
        queues.rotate(-1)
    return None

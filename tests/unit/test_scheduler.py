"""Fair turns between accounts and jobs, priorities, holds and times, without a store or a line."""

from __future__ import annotations

from collections import Counter

from gatewayd.dispatch.scheduler import AGE_MS, Chooser, Queue, Scheduler, Turn
from gatewayd.store.commands import QueueInfo
from gatewayd.values.model import Priority, Route


def info(number: int, account: int, priority: Priority = Priority.NORMAL, **more: object) -> QueueInfo:
    values: dict[str, object] = {
        "id": number, "job_id": number, "job": f"j{number}", "account_id": account, "account": f"a{account}",
        "priority": priority, "route": Route("sms"), "unit_price": 1, "not_before": None, "not_after": None,
        "created_at": 0, "paused": False, "waiting": 100, "held_reason": None,
    } | more  # fmt: skip
    return QueueInfo(**values)  # type: ignore[arg-type]


def chooser(urgent_room: bool = True, **fits: str) -> Chooser:
    prefix = fits.get("prefix", "")
    return Chooser(lambda route: route.prefix.startswith(prefix), lambda account: urgent_room, Turn())


def serve(scheduler: Scheduler, asks: Chooser, times: int, weight: int = 1, now: int = 0) -> Counter[int]:
    served: Counter[int] = Counter()
    for _ in range(times):
        queue = scheduler.choose(asks, now)
        assert queue is not None
        scheduler.served(queue, weight)
        served[queue.info.id] += weight
    return served


def test_accounts_share_alike_whatever_the_number_of_their_jobs() -> None:
    scheduler = Scheduler()
    scheduler.add(info(1, 1), 0)
    for number in range(2, 11):
        scheduler.add(info(number, 2), 0)
    served = serve(scheduler, chooser(), 10_000)
    assert abs(served[1] - 5000) <= 128
    others = [served[number] for number in range(2, 11)]
    assert max(others) - min(others) <= 128


def test_shares_are_counted_in_segments() -> None:
    scheduler = Scheduler()
    scheduler.add(info(1, 1), 0)
    scheduler.add(info(2, 2), 0)
    served: Counter[int] = Counter()
    asks = chooser()
    for _ in range(4000):
        queue = scheduler.choose(asks, 0)
        assert queue is not None
        weight = 3 if queue.info.id == 1 else 1
        scheduler.served(queue, weight)
        served[queue.info.id] += weight
    assert abs(served[1] - served[2]) <= 256


def test_urgent_goes_first_within_its_share_and_does_not_stop_the_rest_beyond_it() -> None:
    scheduler = Scheduler()
    scheduler.add(info(1, 1, Priority.BULK), 0)
    scheduler.add(info(2, 1, Priority.NORMAL), 0)
    scheduler.add(info(3, 1, Priority.URGENT), 0)
    assert set(serve(scheduler, chooser(), 5)) == {3}
    assert set(serve(scheduler, chooser(urgent_room=False), 5)) == {2}


def test_bulk_that_was_passed_over_for_long_gets_a_turn() -> None:
    scheduler = Scheduler()
    scheduler.add(info(1, 1, Priority.BULK), 0)
    scheduler.add(info(2, 1, Priority.NORMAL), 0)
    asks = chooser()
    assert set(serve(scheduler, asks, 50, now=0)) == {2}
    assert serve(scheduler, asks, 2, now=AGE_MS) == {1: 1, 2: 1}


def test_a_route_that_the_line_does_not_take_is_passed_over() -> None:
    scheduler = Scheduler()
    scheduler.add(info(1, 1, route=Route("sms", "+57")), 0)
    scheduler.add(info(2, 1, route=Route("sms", "+549")), 0)
    assert set(serve(scheduler, chooser(prefix="+549"), 5)) == {2}


def test_held_sleeping_and_empty_queues_leave_the_ring_and_come_back() -> None:
    scheduler = Scheduler()
    queue = scheduler.add(info(1, 1), 0)
    asks = chooser()
    scheduler.hold(1, "credit")
    assert scheduler.choose(asks, 0) is None
    scheduler.hold(1, None)
    assert scheduler.choose(asks, 0) is queue
    scheduler.rest(1, 500, 0)
    assert scheduler.choose(asks, 499) is None
    assert scheduler.next_at == 500
    assert scheduler.wake_due(500) == [queue]
    assert scheduler.choose(asks, 500) is queue
    scheduler.rest(1, None, 500)
    assert scheduler.choose(asks, 500) is None
    scheduler.came_back(1, 500, 500)
    assert scheduler.choose(asks, 500) is queue


def test_an_earlier_time_replaces_a_later_one() -> None:
    scheduler = Scheduler()
    scheduler.add(info(1, 1, not_before=900), 0)
    scheduler.came_back(1, 300, 0)
    assert [queue.info.id for queue in scheduler.wake_due(300)] == [1]
    assert scheduler.wake_due(900) == []


def test_a_removed_queue_is_gone_with_its_account() -> None:
    scheduler = Scheduler()
    scheduler.add(info(1, 1), 0)
    scheduler.remove(1)
    assert scheduler.choose(chooser(), 0) is None
    assert len(scheduler) == 0
    assert isinstance(scheduler.add(info(1, 1), 0), Queue)


def test_what_came_back_while_the_store_was_asked_is_asked_for_again() -> None:
    """A claim under way finds a queue empty; what its line gives back meanwhile must not wait for ever."""
    scheduler = Scheduler()
    queue = scheduler.add(info(1, 1), 0)
    seen = queue.returned
    scheduler.came_back(1, 0, 0)
    scheduler.rest(1, None, 0, seen=seen)
    assert scheduler.choose(chooser(), 0) is queue
    scheduler.rest(1, None, 0, seen=queue.returned)
    assert scheduler.choose(chooser(), 0) is None
    seen = queue.returned
    scheduler.came_back(1, 500, 0)  # and so must what rests until a time of its own
    scheduler.rest(1, None, 0, seen=seen)
    assert scheduler.wake_due(500) == [queue]

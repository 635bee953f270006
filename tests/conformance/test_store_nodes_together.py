"""Several nodes on one PostgreSQL: nothing is handed out twice, nothing is lost between them."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine

from drivers.base import Withdrawn
from gatewayd.store.commands import (
    CLAIM,
    AddMessages,
    BeginJob,
    BegunJob,
    Change,
    Claim,
    Credit,
    Finish,
    NewMessage,
    PartEnd,
    Pnr,
    QueueInfo,
    Report,
    SetJobState,
    StartNode,
    Sweep,
    Unclaim,
)
from gatewayd.store.connection import Store, open_store
from gatewayd.store.sending import abandoned
from gatewayd.store.transactions import Transactions
from gatewayd.values.errors import UnavailableError
from gatewayd.values.model import PartState, Priority, State
from tests.conformance.house import DAY, HOUR, MONTH, PRICE, START, House


@pytest.fixture
def house(emptied: Callable[[], str]) -> Iterator[House]:
    built = House(emptied())
    yield built
    built.check()
    built.close()


def test_a_node_is_one_daemon_at_a_time(house: House) -> None:
    first, second, other = (Transactions(open_store(house.url).connection) for _ in range(3))
    try:
        assert first.session.hold("node a")
        assert not second.session.hold("node a")
        assert other.session.hold("node b")
        # A server that drops the connection lets go of it; the next transaction takes it again, with its connection.
        ((pid,),) = first.session.plain("SELECT pg_backend_pid()")
        house.rows(f"SELECT pg_terminate_backend({pid}, 10000)")
        with pytest.raises(UnavailableError):
            first.do(Sweep(START))
        assert second.session.hold("node a")
        with pytest.raises(UnavailableError):
            first.do(Sweep(START))
        second.session.close()
        first.do(Sweep(START))
        assert not other.session.hold("node a")
    finally:
        for each in (first, other):
            each.session.close()


def batch(house: House, node: str, name: str = "d-5") -> BegunJob:
    """A batch of claims that a node begins to record; what it names is its piece of work."""
    begun: BegunJob = house.do(
        BeginJob(
            *("norte", name, "sms", Priority.NORMAL, "hash", None, None, False, 0, "ARS", '{"lines": []}', node),
            house.now,
            origin=CLAIM,
        )
    )
    return begun


def let_go(house: House) -> bool:
    more: bool = house.do(Change(lambda unit: abandoned.drop(unit, node=house.node, now=house.now)))
    return more


def test_what_a_node_that_is_gone_was_recording_is_recorded_by_another(house: House) -> None:
    other = Transactions(open_store(house.url).connection)
    assert other.session.hold(abandoned.lock_of("gone"))
    begun = batch(house, "gone")
    house.do(AddMessages(begun.job_id, [NewMessage(1, "C1", "+5491100000001", "x", "", 1, "", None, None)], house.now))
    assert batch(house, house.node).known, "it waits for the other node"
    house.now += abandoned.AFTER_MS + 1000
    assert not let_go(house), "that lives, and goes on"
    other.session.close()
    assert let_go(house)
    assert not let_go(house)
    assert house.rows("SELECT id FROM job") == []
    assert not batch(house, house.node).known
    assert not let_go(house), "its own it knows by itself"


def test_what_has_just_begun_is_not_taken_from_a_node_whose_connection_was_lost(house: House) -> None:
    batch(house, "gone")
    assert not let_go(house)


class Node(threading.Thread):
    """A node that claims, sends, fails and gives back at random until nothing is left."""

    def __init__(self, url: str, name: str, queues: list[QueueInfo]) -> None:
        super().__init__(name=name)
        self.store = open_store(url)
        self.transactions = Transactions(self.store.connection)
        self.epoch = self.transactions.do(StartNode(name, START)).epoch
        self.queues = queues
        self.sent: list[int] = []
        self.errors: list[BaseException] = []
        self.random = random.Random(name)

    def run(self) -> None:
        try:
            while self._turn():
                pass
        except BaseException as error:  # noqa: BLE001 - told by the test's thread
            self.errors.append(error)
        finally:
            self.transactions.close()
            self.store.close()

    def _turn(self) -> bool:
        now = START + HOUR
        do = self.transactions.apply
        queues = self.random.sample(self.queues, len(self.queues))
        claims = do([Claim(queue.id, self.name, "", 3, 100, self.name, self.epoch, now) for queue in queues])
        works = [work for claimed in claims for work in claimed.work]
        back = {work.attempt_id for work in works if self.random.random() < 0.2}
        if back:
            do([Unclaim(sorted(back), now)])
        works = [work for work in works if work.attempt_id not in back]
        passed = do([Pnr(w.attempt_id, 1, self.name, w.to, self.epoch, now, DAY, MONTH, 1.0) for w in works])
        assert not any(isinstance(result, Exception) for result in passed)
        ends = [
            Finish(
                work, self.name, {1: PartEnd(PartState.TAKEN, str(work.message_id))}, "accepted", State.SUBMITTED,
                None, False, now + HOUR, 0, False, None, now,
            )
            for work in works
        ]  # fmt: skip
        reports = [
            Report(self.name, str(work.message_id), work.to, "delivered", None, now, None, None, now) for work in works
        ]
        results = do([*ends, *reports])
        assert not [result for result in results if isinstance(result, Exception)]
        self.sent += [work.message_id for work in works]
        return bool(works or back) or any(claimed.next_due is not None for claimed in claims)


def test_nodes_share_the_work_and_the_account(house: House) -> None:
    queues = [house.job(*["x"] * 60, name=name) for name in ("a", "b", "c")]
    nodes = [Node(house.url, name, queues) for name in ("north", "south", "east")]
    for node in nodes:
        node.start()
    for amount in range(20):
        house.do(Credit("norte", amount, house.now))
    for node in nodes:
        node.join(timeout=60)
        assert not node.is_alive()
        assert node.errors == []
    sent = Counter(message for node in nodes for message in node.sent)
    assert len(sent) == 180
    assert set(sent.values()) == {1}
    assert set(house.states()) == {"delivered"}
    assert house.account()[2] == 180 * PRICE


def second(house: House) -> tuple[Store, Transactions, int]:
    store = open_store(house.url)
    transactions = Transactions(store.connection)
    return store, transactions, transactions.do(StartNode("other", house.now)).epoch


def test_a_frozen_node_that_wakes_sends_nothing(house: House) -> None:
    (work,) = house.claim(house.job("x")).work
    # Whoever takes over begins a new epoch for the node that is silent.
    store = open_store(house.url)
    other = Transactions(store.connection)
    assert other.do(StartNode(house.node, house.now)).returned == 1
    with pytest.raises(Withdrawn, match="lease_lost"):
        house.pnr(work)
    other.close()
    store.close()


def test_another_nodes_word_is_heard(house: House) -> None:
    queue = house.job("x", "y")
    one, two = house.claim(queue).work
    store, other, _ = second(house)
    house.pnr(one)
    other.do(SetJobState("norte", "j", "cancelled", house.now))
    with pytest.raises(Withdrawn, match="cancelled"):
        house.pnr(two)
    house.do(Unclaim([two.attempt_id], house.now))
    other.do(Sweep(house.now))
    house.finish(one, State.SUBMITTED, parts={1: PartEnd(PartState.TAKEN, "1")})
    assert house.states() == ["submitted", "cancelled"]
    other.close()
    store.close()


def test_a_dropped_connection_is_opened_again(house: House) -> None:
    queue = house.job("x")
    admin = create_engine(house.url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid != pg_backend_pid() AND datname = current_database()"
        )
    admin.dispose()
    with pytest.raises(UnavailableError):
        house.claim(queue)
    assert len(house.claim(queue).work) == 1

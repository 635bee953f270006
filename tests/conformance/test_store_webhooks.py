"""The outbox of webhooks: what is kept for endpoints, in what order, and when it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any, TypeVar

import pytest

from gatewayd.contact.said import Verdict
from gatewayd.store.commands import Change, CreateAccount, Inbound, InboxWritten, SegmentsWritten, UnwrittenInbox
from gatewayd.store.reader import Reader
from gatewayd.store.session import Session
from gatewayd.store.webhooks import endpoints, outbox, progress, questions
from gatewayd.store.webhooks.endpoints import Filed
from gatewayd.store.webhooks.progress import Again, Failure, Place, Progress
from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from tests.conformance.house import House

R = TypeVar("R")
URL = "https://billing.example/hook"


class Shop:
    """The house, and what is asked of its webhooks."""

    def __init__(self, house: House, reader: Reader) -> None:
        self.house = house
        self.reader = reader

    def change(self, work: Callable[[Session], R]) -> R:
        result: R = self.house.do(Change(lambda unit: work(unit.session)))
        return result

    def add(self, owner: str = "norte", url: str = URL, events: tuple[str, ...] = ("receipt", "inbound")) -> int:
        return self.change(
            partial(endpoints.add, owner=owner, url=url, events=events, secrets=None, now=self.house.now)
        )

    def endpoint(self, number: int) -> questions.Endpoint:
        return self.reader.ask(partial(questions.endpoint, number=number))

    def logged(self, number: int, limit: int = 100) -> list[questions.Logged]:
        found = self.endpoint(number)
        return self.reader.ask(
            partial(
                questions.logged,
                account_id=found.account_id,
                events=found.events,
                place=found.place,
                end=None,
                limit=limit,
            )
        )

    def record(self, number: int, **what: Any) -> None:
        self.change(partial(progress.record, progress=Progress(number, self.house.now, **what)))

    def write(self) -> None:
        """Receipts and messages received go to the spool."""
        cut = self.house.cut()
        self.house.do(SegmentsWritten([(each.job_id, each.first_seq, each.last_seq) for each in cut]))
        entries = self.house.do(UnwrittenInbox(100))
        if entries:
            self.house.do(InboxWritten(tuple(each.id for each in entries)))

    def sent(self, name: str = "j", texts: int = 2, account: str = "norte") -> int:
        """A job all of whose messages were taken by the network, written to the spool."""
        queue = self.house.job(*(f"x{n}" for n in range(texts)), name=name, account=account)
        for place, work in enumerate(self.house.claim(queue).work):
            self.house.send(work, first=place + 1)
        self.write()
        return queue.job_id

    def receipts(self) -> int:
        return int(self.house.rows("SELECT count(*) FROM receipt")[0][0])


@pytest.fixture
def shop(house: House) -> Iterator[Shop]:
    with closing(Reader(house.url)) as reader:
        yield Shop(house, reader)


def test_without_an_endpoint_nothing_is_kept(shop: Shop) -> None:
    shop.sent()
    assert shop.receipts() == 0
    assert shop.house.rows("SELECT * FROM webhook_log") == []


def test_a_segment_is_one_row_and_its_receipts_stay_until_they_are_posted(shop: Shop) -> None:
    number = shop.add()
    job = shop.sent(texts=3)
    (row,) = shop.logged(number)
    assert (row.type, row.job_id, row.first_seq, row.last_seq, row.job) == ("receipt", job, 1, 3, "j")
    assert [seq for seq, _ in row.receipts] == [1, 2, 3]
    assert shop.change(outbox.let_go) is False
    assert shop.receipts() == 3
    shop.record(number, place=Place(row.id, 2), acknowledged=2)
    (rest,) = shop.logged(number)
    assert (rest.first_seq, [seq for seq, _ in rest.receipts]) == (3, [3])
    shop.change(outbox.let_go)
    assert shop.receipts() == 3
    shop.record(number, place=Place(row.id + 1), acknowledged=1)
    assert shop.logged(number) == []
    shop.change(outbox.let_go)
    assert shop.receipts() == 0
    assert shop.endpoint(number).acknowledged == 3


def test_a_segment_said_twice_is_logged_once_and_its_receipts_stay(shop: Shop) -> None:
    number = shop.add()
    queue = shop.house.job("x")
    shop.house.send(shop.house.claim(queue).work[0])
    shop.write()
    shop.house.do(SegmentsWritten([(queue.job_id, 1, 1)]))
    assert [len(row.receipts) for row in shop.logged(number)] == [1]


def test_the_slowest_endpoint_of_an_account_keeps_and_another_accounts_does_not(shop: Shop) -> None:
    shop.house.do(CreateAccount("sur", "ARS", shop.house.now))
    fast, slow, other = shop.add(), shop.add(url=URL + "/2"), shop.add("sur")
    shop.sent()
    (row,) = shop.logged(fast)
    assert shop.logged(other) == []
    shop.record(fast, place=Place(row.id + 1))
    shop.change(outbox.let_go)
    assert shop.receipts() == 2
    shop.change(partial(endpoints.remove, number=slow))
    shop.change(outbox.let_go)
    assert shop.receipts() == 0


def test_messages_received_are_logged_once_in_order_and_for_their_account_alone(shop: Shop) -> None:
    number = shop.add(events=("inbound",))
    for key in ("a", "b"):
        shop.house.do(
            Inbound("claro-1", "sms", key, "+549", None, "hola", shop.house.now, None, "norte",
                    lambda *_: Verdict.NO, shop.house.now)
        )  # fmt: skip
    shop.house.do(
        Inbound("claro-1", "sms", "c", "+548", None, "hola", shop.house.now, None, None,
                lambda *_: Verdict.NO, shop.house.now)
    )  # fmt: skip
    shop.write()
    shop.house.do(InboxWritten((1, 2, 3)))
    assert [(row.type, row.inbound_id) for row in shop.logged(number)] == [("inbound", 1), ("inbound", 2)]
    first = shop.logged(number)[0]
    shop.record(number, place=Place(first.id, 1))
    assert [row.inbound_id for row in shop.logged(number)] == [2]


def test_numbers_of_the_log_are_never_given_out_again(shop: Shop) -> None:
    number = shop.add()
    shop.sent()
    (row,) = shop.logged(number)
    shop.record(number, place=Place(row.id + 1))
    shop.change(outbox.let_go)
    shop.house.now += outbox.KEPT_MS * 2
    shop.change(partial(outbox.forget, now=shop.house.now))
    assert shop.house.rows("SELECT * FROM webhook_log") == []
    shop.sent(name="k")
    assert shop.logged(number)[0].id > row.id


def test_failures_are_kept_once_tried_again_and_given_up(shop: Shop) -> None:
    number = shop.add()
    kept = [Failure(f"e{n}", "receipt", f"k{n}", "{}", 1, shop.house.now, shop.house.now, "timeout") for n in (1, 2)]
    shop.record(number, failures=tuple(kept), fault="timeout")
    shop.record(number, failures=tuple(kept))
    wait = partial(questions.waiting, number=number, limit=10)
    first, second = shop.reader.ask(wait)
    assert (first.key, first.tries, second.key) == ("k1", 1, "k2")
    shop.record(
        number,
        over=(second.id,),
        again=(Again(first.id, 10, None, "http_500", 500),),
        disabled="tries_used_up",
    )
    assert shop.reader.ask(wait) == []
    (failed,) = shop.reader.ask(partial(questions.failures, number=number, before=None, limit=10))
    assert (failed.event, failed.waiting, failed.tries, failed.fault, failed.status) == (
        "e1",
        False,
        10,
        "http_500",
        500,
    )
    found = shop.endpoint(number)
    assert (found.enabled, found.reason, found.fault) == (False, "tries_used_up", "timeout")
    again = shop.change(
        partial(progress.replay_failures, number=number, since=0, until=shop.house.now + 1, now=shop.house.now)
    )
    assert again == 1
    assert [each.tries for each in shop.reader.ask(wait)] == [0]


def test_a_receiver_that_is_back_has_what_it_missed_due_at_once(shop: Shop) -> None:
    number, now = shop.add(), shop.house.now
    poison = Failure("old", "receipt", "k", "{}", 3, now + 9_000_000, now - 1000)
    missed = Failure("new", "receipt", "l", "{}", 1, now + 9_000_000, now)
    shop.record(number, failures=(poison, missed))
    shop.record(number, acknowledged=1, sooner_since=now)
    dues = {
        each.key: each.due > shop.house.now
        for each in shop.reader.ask(partial(questions.waiting, number=number, limit=9))
    }
    assert dues == {"k": True, "l": False}


def test_a_disabled_endpoint_keeps_its_place_for_a_week_and_then_nothing(shop: Shop) -> None:
    number = shop.add()
    shop.change(partial(endpoints.disable, number=number, now=shop.house.now))
    shop.sent()
    assert len(shop.logged(number)) == 1
    shop.house.now += outbox.LAPSES_MS + 10
    shop.change(partial(outbox.forget, now=shop.house.now))
    shop.change(outbox.let_go)
    assert shop.receipts() == 0
    shop.sent(name="k")
    assert shop.receipts() == 0
    shop.change(partial(endpoints.enable, number=number, now=shop.house.now))
    assert shop.logged(number) == []
    shop.sent(name="l")
    assert [row.job for row in shop.logged(number)] == ["l"]


def test_a_replay_reads_a_range_again(shop: Shop) -> None:
    number = shop.add()
    begun = shop.house.now
    for name in ("a", "b", "c"):
        shop.sent(name=name)
    rows = shop.logged(number)
    shop.record(number, place=Place(rows[2].id))
    shop.change(outbox.let_go)
    count = shop.change(
        partial(progress.replay_all, number=number, since=begun, until=rows[1].at + 1, now=shop.house.now)
    )
    found = shop.endpoint(number)
    assert (count, found.replay, found.replay_end) == (2, Place(rows[0].id), rows[1].id + 1)
    shop.record(number, replay=Place(rows[1].id, 1))
    assert shop.endpoint(number).replay == Place(rows[1].id, 1)
    shop.record(number, replay=Place(rows[1].id + 1), events=("e",))
    assert shop.endpoint(number).replay is None


def test_the_file_s_endpoints_come_change_go_and_come_back(shop: Shop) -> None:
    filed = Filed("norte", URL, ("receipt",))

    def match(*each: Filed) -> tuple[str, ...]:
        return shop.change(partial(endpoints.match_file, filed=each, node="pop", now=shop.house.now))

    assert match(filed, Filed("nobody", URL, ("receipt",))) == ("no account nobody",)
    (found,) = shop.reader.ask(questions.endpoints)
    assert (found.origin, found.events, found.enabled) == ("file", ("receipt",), True)
    with pytest.raises(ConflictError, match="file"):
        shop.change(partial(endpoints.alter, number=found.id, events=("inbound",)))
    match(Filed("norte", URL, ("receipt", "inbound")))
    assert shop.endpoint(found.id).events == ("receipt", "inbound")
    match()
    assert shop.endpoint(found.id).reason == "not_in_file"
    match(filed)
    assert shop.endpoint(found.id).enabled
    match()
    shop.house.now += outbox.LAPSES_MS + 10
    shop.change(partial(outbox.forget, now=shop.house.now))
    shop.change(endpoints.drop_lapsed)
    assert shop.reader.ask(questions.endpoints) == []


def test_an_address_is_an_account_s_once_and_there_are_bounds(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    number = shop.add()
    with pytest.raises(ConflictError):
        shop.add()
    with pytest.raises(NotFoundError):
        shop.add("nobody")
    second = shop.add(url=URL + "/2")
    with pytest.raises(ConflictError):
        shop.change(partial(endpoints.alter, number=second, url=URL))
    with pytest.raises(NotFoundError):
        shop.change(partial(endpoints.remove, number=99))
    monkeypatch.setattr(endpoints, "MOST", 2)
    with pytest.raises(UsageError):
        shop.add(url=URL + "/3")
    shop.change(partial(endpoints.remove, number=number))
    shop.add()


def test_one_node_at_a_time_posts(shop: Shop) -> None:
    number, now = shop.add(), shop.house.now

    def claim(node: str, at: int) -> None:
        shop.change(partial(endpoints.claim, numbers=[number], node=node, now=at, until=at + 100))

    claim("a", now)
    claim("b", now + 50)
    assert shop.endpoint(number).owner == "a"
    claim("a", now + 90)
    claim("b", now + 200)
    assert shop.endpoint(number).owner == "b"

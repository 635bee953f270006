"""The log of interactions over both stores: every row once, in its place in time, whatever is looked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from gatewayd.contact.said import Verdict
from gatewayd.store.commands import CreateAccount, Inbound, NewMessage, PartEnd, SetJobState
from gatewayd.store.insight import interactions as log
from gatewayd.store.insight import walk
from gatewayd.store.insight.filters import InteractionFilter
from gatewayd.store.insight.interaction_rows import Interaction
from gatewayd.store.insight.interactions import Counted, InteractionPage, interactions
from gatewayd.store.insight.position import Position
from gatewayd.store.reader import Reader
from gatewayd.values.actor import Scope
from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.values.model import PartState, State
from tests.conformance.house import HOUR, House

LONG_S = 60.0
"""Nothing here takes so long."""


@pytest.fixture
def reader(house: House) -> Iterator[Reader]:
    opened = Reader(house.url)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walks take many steps over few rows."""
    monkeypatch.setattr(walk, "FIRST_WINDOW", 2)
    monkeypatch.setattr(walk, "LAST_WINDOW", 4)


def page(
    house: House,
    reader: Reader,
    limit: int = 100,
    seconds: float = LONG_S,
    scope: Scope | None = None,
    *,
    behind: Position | None = None,
    count_s: float | None = None,
    **wanted: Any,
) -> InteractionPage:
    return reader.ask(
        partial(
            interactions,
            scope=scope or Scope.all(),
            wanted=InteractionFilter(**wanted),
            now=house.now,
            salt=reader.salt(),
            limit=limit,
            seconds=seconds,
            behind=behind,
            count_s=count_s,
        )
    )


def found(
    house: House, reader: Reader, limit: int = 100, seconds: float = LONG_S, scope: Scope | None = None, **wanted: Any
) -> list[Interaction]:
    """Returns all that is meant, page by page."""
    rows: list[Interaction] = []
    behind = None
    for _page in range(200):
        shown = page(house, reader, limit, seconds, scope, behind=behind, **wanted)
        assert len(shown.items) <= limit
        assert shown.counted is None
        rows += shown.items
        if shown.next is None:
            return rows
        behind = Position.read(shown.next)
    raise AssertionError("the pages do not end")


def receive(house: House, sender: str, text: str) -> None:
    house.do(
        Inbound(
            "claro-1", "sms", f"k{house.now}", sender, None, text, house.now - 5, None, "norte", _no_opt_out, house.now
        )
    )


def _no_opt_out(_text: str, _subject: str | None) -> Verdict:
    return Verdict.NO


def words(rows: list[Interaction]) -> list[str | None]:
    return [row.text for row in rows]


@pytest.fixture
def busy(house: House) -> House:
    """A day: two sent, one answered, one failed, one waits, one is in doubt; another account has one."""
    house.do(CreateAccount("sur", "ARS", house.now))
    first = house.job("uno", "dos", "tres", "cuatro", "cinco", name="a")
    taken = {work.to: work for work in house.claim(first, limit=4).work}
    works = [taken[f"+54911{n:08}"] for n in (1, 2, 3, 4)]
    house.send(works[1], first=11)
    house.now += HOUR
    house.send(works[0], first=12)
    house.report(works[0], 12)
    house.pnr(works[2])
    house.finish(works[2], State.FAILED, parts={1: PartEnd(PartState.REFUSED, None)}, reason="rejected")
    house.pnr(works[3])
    house.finish(works[3], State.UNCERTAIN, parts={1: PartEnd(PartState.DOUBT, None)}, reason="crashed")
    house.now += HOUR
    receive(house, works[1].to, "Ya pagué")
    house.job_of(
        [NewMessage(1, None, "+5491199999999", "ajeno", "", 1, "", None, None)], name="a", account="sur", price=0
    )
    return house


def test_what_left_stands_where_it_left_and_the_rest_where_it_was_recorded(busy: House, reader: Reader) -> None:
    rows = found(busy, reader, scope=Scope.of("norte"))
    assert words(rows) == ["Ya pagué", "cuatro", "tres", "uno", "dos", "cinco"]
    by_text = {row.text: row for row in rows}
    assert by_text["uno"].sent_at is not None
    assert by_text["dos"].sent_at is not None
    assert by_text["uno"].sent_at - by_text["dos"].sent_at >= HOUR
    assert by_text["cinco"].sent_at is None
    assert [by_text[text].state for text in ("uno", "dos", "tres", "cuatro", "cinco", "Ya pagué")] == [
        *("delivered", "submitted", "failed", "uncertain", "queued", "received")
    ]
    assert [row.text for row in rows if row.answered] == ["dos"]
    assert by_text["Ya pagué"].job == "a"


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("seconds", [LONG_S, 0.0])
def test_pages_hold_every_row_once(busy: House, reader: Reader, limit: int, seconds: float) -> None:
    rows = found(busy, reader, limit, seconds)
    assert words(rows) == ["ajeno", "Ya pagué", "cuatro", "tres", "uno", "dos", "cinco"]
    assert words(found(busy, reader, limit, seconds, states=("failed", "uncertain"))) == ["cuatro", "tres"]
    assert words(found(busy, reader, limit, seconds, words="O")) == ["ajeno", "cuatro", "uno", "dos", "cinco"]
    assert words(found(busy, reader, limit, seconds, direction="in")) == ["Ya pagué"]


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ({"states": ("delivered",)}, ["uno"]),
        ({"states": ("answered",)}, ["dos"]),
        ({"states": ("queued",)}, ["ajeno", "cinco"]),
        ({"states": ("held",)}, []),
        ({"states": ("received",)}, ["Ya pagué"]),
        ({"states": ("received", "failed")}, ["Ya pagué", "tres"]),
        ({"states": ("unread",)}, []),
        ({"reason": "rejected"}, ["tres"]),
        ({"channels": ("email",)}, []),
        ({"channels": ("sms",), "states": ("uncertain",)}, ["cuatro"]),
        ({"line": "claro-1", "direction": "out"}, ["cuatro", "tres", "uno", "dos"]),
        ({"job": "sur/a"}, ["ajeno"]),
        ({"job": "b"}, []),
        ({"numbers": ("+5491100000002",)}, ["Ya pagué", "dos"]),
        ({"digits": "0002"}, ["Ya pagué", "dos"]),
        ({"digits": "C3"}, ["tres"]),
        ({"words": "UAT"}, ["cuatro"]),
        ({"words": "%"}, []),
        ({"cost_min": 1}, ["uno", "dos"]),
        ({"cost_min": 1, "cost_max": 2}, []),
    ],
)
def test_each_filter_finds_what_it_says(busy: House, reader: Reader, wanted: dict[str, Any], meant: list[str]) -> None:
    rows = found(busy, reader, limit=2, **wanted)
    assert words(rows) == meant
    for limit in (1, 2, 100):
        first = page(busy, reader, limit, count_s=LONG_S, **wanted)
        assert first.counted == Counted(len(meant), all=True)
        # A later page says the same of all pages.
        behind = None if first.next is None else Position.read(first.next)
        assert page(busy, reader, limit, behind=behind, count_s=LONG_S, **wanted).counted == first.counted


def test_a_count_that_has_no_time_says_what_is_there_at_least(busy: House, reader: Reader) -> None:
    rest = page(busy, reader, 1, count_s=0.0, line="claro-1").counted
    assert rest is not None
    assert not rest.all
    assert 2 <= rest.count <= 5
    # The page itself ended before it was full: what it found is what is known.
    early = page(busy, reader, 5, seconds=0.0, count_s=LONG_S, line="claro-1")
    assert early.looked_to is not None
    assert early.counted == Counted(len(early.items), all=False)


def test_no_more_is_counted_than_a_person_reads(busy: House, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "COUNTED_MOST", 4)
    assert page(busy, reader, 2, count_s=LONG_S).counted == Counted(4, all=False)
    assert page(busy, reader, 2, count_s=LONG_S, cost_min=1).counted == Counted(2, all=True)


def test_an_account_sees_its_own_alone(busy: House, reader: Reader) -> None:
    assert words(found(busy, reader, scope=Scope.of("sur"))) == ["ajeno"]
    assert found(busy, reader, scope=Scope.of("sur"), numbers=("+5491100000002",)) == []
    assert found(busy, reader, scope=Scope.of("sur"), job="norte/a") == []
    with pytest.raises(NotFoundError):
        found(busy, reader, scope=Scope.of("este"))


def test_time_bounds_what_left_by_when_it_left(busy: House, reader: Reader) -> None:
    rows = {row.text: row for row in found(busy, reader)}
    since = rows["uno"].at
    assert words(found(busy, reader, since=since, until=rows["Ya pagué"].at)) == ["cuatro", "tres", "uno"]


def test_waiting_messages_read_as_their_job_and_queue_say(busy: House, reader: Reader) -> None:
    busy.do(SetJobState("norte", "a", "paused", busy.now))
    assert words(found(busy, reader, states=("held",))) == ["cinco"]
    assert words(found(busy, reader, states=("queued",))) == ["ajeno"]
    busy.do(SetJobState("norte", "a", "cancelled", busy.now))
    assert words(found(busy, reader, states=("cancelled",), scope=Scope.of("norte"))) == ["cinco"]
    busy.sweep()
    assert words(found(busy, reader, states=("cancelled",), scope=Scope.of("norte"))) == ["cinco"]


def test_a_cursor_is_one_of_this_list() -> None:
    for cursor in ("", "1", "1-9-3", "1-0-x", "-1-0-1", "9" * 30 + "-1-1", "1-1-٣"):
        with pytest.raises(UsageError):
            Position.read(cursor)
    place = Position(5, 1, 7)
    assert Position.read(place.cursor) == place

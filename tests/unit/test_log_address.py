"""The log's address and what people ask of it: the same words in the address, in chips, in saved views and in SQL."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gatewayd.operations.log_query import LogQuery, filter_of
from gatewayd.values.errors import UsageError
from gatewayd.web.panel.formats import Formats
from gatewayd.web.panel.log import ordered
from gatewayd.web.panel.log_address import LogAddress, chips, tabs
from gatewayd.web.words import Words
from gatewayd.words.translation import speaking

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
NOW = datetime(2026, 11, 30, 15, 30, tzinfo=ZONE)
CONFIG: Any = SimpleNamespace(timezone=ZONE, numbers=SimpleNamespace(region="AR", home_area="11", assume_mobile=True))


def ms(year: int, month: int, day: int, hour: int = 0) -> int:
    return int(datetime(year, month, day, hour, tzinfo=ZONE).timestamp() * 1000)


def meant(**query: Any) -> Any:
    return filter_of(LogQuery(**query), CONFIG, int(NOW.timestamp() * 1000))


def test_an_address_is_read_and_written_alike() -> None:
    pairs = [("state", "failed"), ("state", "expired"), ("channel", "sms"), ("q", "Ñandú & co"), ("nonsense", "1")]
    address = LogAddress.read([*pairs, ("cursor", "1-1-1"), ("row", "out-01J"), ("state", "failed"), ("line", "  ")])
    assert address.filters == {"channel": ["sms"], "state": ["failed", "expired"], "q": "Ñandú & co"}
    assert address.href() == "/interacciones?channel=sms&state=failed&state=expired&q=%C3%91and%C3%BA+%26+co"
    assert address.href(without="state", value="failed", cursor="9") == (
        "/interacciones?channel=sms&state=expired&q=%C3%91and%C3%BA+%26+co&cursor=9"
    )
    assert LogAddress.read([]).href() == "/interacciones"
    assert len(LogAddress.read([("q", "x" * 1000)]).filters["q"]) == 200


def test_chips_say_each_filter_in_words_and_take_it_away() -> None:
    address = LogAddress.read(
        [("channel", "sms"), ("state", "failed"), ("period", "7d"), ("since", "2026-11-23"), ("since", "roto")]
    )
    with speaking("es"):
        said = chips(address, Formats(Words("es"), ZONE))
    assert [chip.text for chip in said[:3]] == ["SMS", "fallida", "Últimos 7 días"]
    assert said[0].without == "/interacciones?state=failed&period=7d&since=roto"


def test_the_tab_whose_filters_hold_is_current() -> None:
    saved = [{"name": "Mía", "query": {"q": "deuda", "state": ["failed"]}}]
    with speaking("es"):
        assert [tab.word for tab in tabs(LogAddress(), saved) if tab.current] == ["Todas"]
        found = tabs(LogAddress.read([("state", "failed"), ("q", "deuda")]), saved)
        assert [tab.word for tab in found if tab.current] == ["Mía"]
        assert [tab.word for tab in tabs(LogAddress.read([("state", "uncertain")]), ()) if tab.current] == ["En duda"]


@pytest.mark.parametrize(
    ("query", "since", "until"),
    [
        ({"period": "today"}, ms(2026, 11, 30), None),
        ({"period": "yesterday"}, ms(2026, 11, 29), ms(2026, 11, 30)),
        ({"period": "7d"}, ms(2026, 11, 24), None),
        ({"period": "month"}, ms(2026, 11, 1), None),
        ({"since": "2026-11-20", "until": "2026-11-20"}, ms(2026, 11, 20), ms(2026, 11, 21)),
        ({"since": "2026-11-20T10:00", "until": "2026-11-20T11:00-03:00"}, ms(2026, 11, 20, 10), ms(2026, 11, 20, 11)),
    ],
)
def test_days_are_those_of_the_zone(query: dict[str, str], since: int, until: int | None) -> None:
    found = meant(**query)
    assert (found.since, found.until) == (since, until)


@pytest.mark.parametrize(
    ("q", "wanted"),
    [
        ("11 5987-6543", {"numbers": ("+5491159876543",)}),
        ("+54 9 11 5987 6543", {"numbers": ("+5491159876543",)}),
        ("011-15-5987-6543", {"numbers": ("+5491159876543",)}),
        ("6543", {"digits": "6543"}),
        ("ana@norte.example", {"numbers": ("ana@norte.example",)}),
        ("Ana@Norte.example", {"numbers": ("Ana@Norte.example", "ana@norte.example")}),
        ("su deuda", {"words": "su deuda"}),
        ("C-1001", {"words": "C-1001"}),
        ("  ", {}),
    ],
)
def test_the_search_field_knows_a_number_however_it_is_written(q: str, wanted: dict[str, Any]) -> None:
    found = meant(q=q)
    for name in ("numbers", "digits", "words"):
        assert getattr(found, name) == wanted.get(name, () if name == "numbers" else None)


def test_failed_means_what_the_network_did_not_deliver_too() -> None:
    assert meant(state=["failed"]).states == ("failed", "undelivered")
    assert meant(cost_min="0,85").cost_min == 850_000


@pytest.mark.parametrize(
    "query",
    [{"state": ["broken"]}, {"since": "yesterday"}, {"until": "2026-13-45"}, {"cost_min": "dear"}, {"since": "9" * 10}],
)
def test_what_cannot_be_read_names_its_field(query: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(query))):
        meant(**query)


@pytest.mark.parametrize(
    ("places", "order"),
    [({}, "abcd"), ({"d": "1"}, "dabc"), ({"a": "3"}, "bcad"), ({"a": "99"}, "bcda"), ({"b": "x"}, "abcd")],
)
def test_a_column_stands_where_it_was_put(places: dict[str, str], order: str) -> None:
    assert "".join(ordered("abcd", {name: str(at) for at, name in enumerate("abcd", 1)} | places)) == order

"""Numbers, money and times as a person reads them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gatewayd.web.panel.formats import Formats
from gatewayd.web.words import Words

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
ES, EN = Formats(Words("es"), ZONE), Formats(Words("en"), ZONE)
NOW = datetime(2026, 11, 30, 15, 30, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("amount", "currency", "es", "en"),
    [
        ("1433.95", "ARS", "$ 1.433,95", "$ 1,433.95"),
        ("0.85", None, "$ 0,85", "$ 0.85"),
        ("3", "USD", "US$ 3,00", "US$ 3.00"),
        ("0.005", "ARS", "$ 0,005", "$ 0.005"),
        ("-1234567.5", "PYG", "−₲ 1.234.567,50", "−₲ 1,234,567.50"),
        ("1", "XAU", "XAU 1,00", "XAU 1.00"),
        ("100", "ARS", "$ 100,00", "$ 100.00"),
        (None, "ARS", "", ""),
        ("what?", "ARS", "what?", "what?"),
        ("NaN", "ARS", "NaN", "NaN"),
    ],
)
def test_money(amount: str | None, currency: str | None, es: str, en: str) -> None:
    assert plain(ES.money(amount, currency)) == es
    assert plain(EN.money(amount, currency)) == en


@pytest.mark.parametrize(
    ("number", "es"),
    [
        (1523, "1.523"),
        (0, "0"),
        (-12, "−12"),
        ("1433.5", "1.433,5"),
        (10**9, "1.000.000.000"),
        ("", ""),
        (None, ""),
    ],
)
def test_numbers(number: object, es: str) -> None:
    assert ES.number(number) == es


@pytest.mark.parametrize(
    ("share", "es"),
    [(0.94, "94 %"), (1, "100 %"), (0, "0 %"), (0.9999, "99,9 %"), (0.0001, "0,1 %")],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float, es: str) -> None:
    assert plain(ES.percent(share)) == es


@pytest.mark.parametrize(
    ("ago", "es", "en"),
    [
        (timedelta(seconds=5), "recién", "just now"),
        (timedelta(minutes=4), "hace 4 min", "4 min ago"),
        (timedelta(hours=1, minutes=20), "hace 1 h 20 min", "1 h 20 min ago"),
        (timedelta(hours=23), "hace 23 h", "23 h ago"),
        (timedelta(hours=25), "ayer 11:30", "yesterday 11:30"),
        (timedelta(days=3), "27 nov 12:30", "27 Nov 12:30"),
        (timedelta(days=400), "26 oct 2025", "26 Oct 2025"),
        (-timedelta(minutes=40), "en 40 min", "in 40 min"),
        (-timedelta(seconds=5), "enseguida", "at once"),
        (-timedelta(hours=26), "mañana 14:30", "tomorrow 14:30"),
    ],
)
def test_a_time_is_said_as_people_do(ago: timedelta, es: str, en: str) -> None:
    assert plain(ES.when(NOW - ago, NOW)) == es
    assert plain(EN.when(NOW - ago, NOW)) == en


def test_times_are_those_of_the_zone_however_they_come() -> None:
    same = [NOW, "2026-11-30T15:30:00Z", "2026-11-30T12:30:00-03:00", "2026-11-30T12:30:00", NOW.timestamp() * 1000]
    assert {plain(ES.full(one)) for one in same} == {"30 nov 2026, 12:30:00"}
    assert ES.clock(NOW) == "12:30"
    assert plain(ES.weekday(NOW)) == "lun 30 nov"
    assert plain(ES.day("2026-11-30")) == plain(ES.day(date(2026, 11, 30))) == "30 nov 2026"
    assert ES.when(None, NOW) == ES.full("") == ES.day(None) == ""


def test_sizes() -> None:
    assert [plain(ES.size(one)) for one in (0, 999, 1200, 52_428_800, 3 * 10**12)] == [
        "0 B",
        "999 B",
        "1,2 kB",
        "52 MB",
        "3.000 GB",
    ]

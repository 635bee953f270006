"""The forecast of a campaign in situations whose end can be worked out by hand."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from gatewayd.campaigns.forecast import Again, Batch, Forecast, Line, Others, Situation, foresee
from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import parse
from gatewayd.contact.calendar import day_slots
from gatewayd.contact.classes import MessageClass
from gatewayd.contact.judge import window
from gatewayd.contact.presets import effective
from gatewayd.store import tables
from gatewayd.store.campaigns import campaigns, lists
from gatewayd.store.campaigns.lists import Member, NewList
from gatewayd.store.commands import Change, Changed
from gatewayd.values.actor import Scope
from gatewayd.values.model import Priority, Route

ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
TUESDAY = datetime(2026, 12, 1, 10, tzinfo=ZONE).timestamp()
HOUR = 3600.0
NEVER_AGAIN = Again(share=0.0)


class Office:
    """Open on weekdays from 9 to 19."""

    def slot(self, at: float) -> tuple[float, float] | None:
        day = datetime.fromtimestamp(at, ZONE).date()
        while True:
            begin = datetime(day.year, day.month, day.day, 9, tzinfo=ZONE).timestamp()
            if day.weekday() < 5 and at < begin + 10 * HOUR:
                return begin, begin + 10 * HOUR
            day += timedelta(days=1)


def line(name: str, **more: Any) -> Line:
    """A modem that is faster than its pace of ten a minute."""
    return Line(name, frozenset({"sms"}), interval_s=6.0, device_s=3.0, measured=500, **more)


def ours(people: int, **more: Any) -> Batch:
    return Batch("norte", Route("sms", lines=more.pop("lines", ())), people, ours=True, **more)


def seen(lines: tuple[Line, ...], *batches: Batch, now: float = TUESDAY, **more: Any) -> Forecast:
    return foresee(Situation(now, ZONE, lines, batches, again=NEVER_AGAIN, **more))


def at(found: float | None, hours: float, *, since: float = TUESDAY, within: float = 20.0) -> bool:
    return found is not None and abs(found - since - hours * HOUR) <= within


TWO = (line("claro-1"), line("claro-2"))


def test_two_lines_share_the_work_and_a_third_would_end_it_sooner() -> None:
    found = seen(TWO, ours(1200))
    assert at(found.start, 0), found
    assert at(found.end, 1), found
    assert (found.cause, found.left, found.today) == ("pace", 0, 1200)
    assert found.remedy is not None
    assert found.remedy.code == "another_line"
    assert at(found.remedy.end, 2 / 3), found.remedy


def test_a_quota_lets_so_many_go_a_day() -> None:
    lines = (line("claro-1", quota_day=100, day_used=40), line("claro-2", quota_day=100))
    found = seen(lines, ours(500))
    assert list(found.by_day.values()) == [160, 200, 140]
    assert found.cause == "quota"
    assert at(found.end, 38 + 70 / 600), found
    month = seen((line("claro-1", quota_month=300, month_used=200),), ours(150))
    assert (month.cause, month.today) == ("quota", 100)
    assert at(month.end, 31 * 24 - 10 + 50 / 600), "the rest goes in January"
    window = seen((line("claro-1", window=(50, HOUR)),), ours(120))
    assert window.cause == "quota"
    assert at(window.end, 2 + 20 / 600), window


def test_what_the_office_closes_on_goes_on_in_the_morning_after_the_weekend() -> None:
    friday = TUESDAY + (3 * 24 + 8) * HOUR  # 18:00
    found = seen(TWO, ours(1500, hours=0), now=friday, hours=[Office()])
    assert found.cause == "hours"
    assert at(found.end, 24 * 2 + 15 + 0.25, since=friday), found
    assert at(seen(TWO, ours(600, hours=0), now=friday + 2 * HOUR, hours=[Office()]).start, 61, since=friday + 2 * HOUR)


def test_who_was_contacted_often_enough_waits_alone() -> None:
    found = seen(TWO, ours(600, waits=((TUESDAY + 24 * HOUR, 60),)))
    assert found.cause == "caps"
    assert at(found.end, 24 + 0.05), found
    assert found.nearly < TUESDAY + 25 * HOUR
    assert found.remedy is not None
    assert (found.remedy.code, found.remedy.people) == ("without_capped", 60)
    assert at(found.remedy.end, 0.5), found.remedy


def test_without_credit_it_stops_and_says_how_much_is_missing() -> None:
    found = seen(TWO, ours(1200), credit={"norte": 400.0, "sur": 0.0})
    assert (found.end, found.cause, found.left) == (None, "credit", 800)
    assert at(found.stops, 1 / 3), found
    assert found.remedy is not None
    assert (found.remedy.code, found.remedy.segments) == ("top_up", 800)
    assert at(found.remedy.end, 1), found.remedy
    nothing = seen(TWO, ours(10), credit={"norte": 0.0})
    assert (nothing.start, nothing.end, nothing.cause) == (None, None, "credit")


def test_a_line_that_is_down_is_named() -> None:
    lines = (line("claro-1"), line("claro-2", state="down"))
    found = seen(lines, ours(1200))
    assert at(found.end, 2), found
    assert found.cause == "line_down"
    assert found.remedy is not None
    assert (found.remedy.code, found.remedy.line) == ("line_back", "claro-2")
    assert at(found.remedy.end, 1), found.remedy
    alone = seen(lines[1:], ours(5))
    assert (alone.start, alone.cause) == (None, "line_down")
    disabled = (line("claro-1"), line("claro-2", state="disabled"))
    assert seen(disabled, ours(1200)).cause == "pace", "what a person has disabled is no fault"
    assert at(seen((line("claro-1", state="down", back_at=TUESDAY + 60),), ours(10)).end, 120 / 3600)


def test_three_causes_at_once_name_the_one_that_costs_most_and_then_the_next() -> None:
    lines = (line("claro-1", quota_day=100), line("claro-2", quota_day=100, state="down"))
    found = seen(lines, ours(500, hours=0, waits=((TUESDAY + 30 * HOUR, 20),)), hours=[Office()])
    assert found.cause == "quota"
    assert found.next_cause == "line_down"
    assert set(found.gains) >= {"quota", "line_down", "hours"}


@pytest.mark.parametrize(
    ("priority", "account", "hours"),
    [
        (Priority.NORMAL, "sur", 2.0),
        (Priority.BULK, "sur", 1.11),
        (Priority.URGENT, "sur", 1.25),
        (Priority.NORMAL, "norte", 2.0),
    ],
)
def test_what_waits_before_it_takes_its_share(priority: Priority, account: str, hours: float) -> None:
    """Accounts share a priority, urgent has a fifth at most, and bulk a turn a minute."""
    before = Batch(account, Route("sms"), 5000, priority=priority)
    found = seen(TWO, ours(1200), before)
    assert at(found.end, hours, within=0.02 * HOUR), (found.end or 0) - TUESDAY
    assert found.ahead_s > 300


def test_a_prefix_keeps_its_people_for_its_own_lines() -> None:
    lines = (line("cordoba", prefixes=("+549351",)), line("all"))
    apart = Batch("norte", Route("sms", "+549351"), 600, ours=True)
    assert at(seen(lines, apart).end, 0.5), "both lines take them"
    assert at(seen(lines, ours(600)).end, 1), "one line takes them"
    assert at(seen(lines, ours(600, lines=("cordoba",))).stops, 0), "the line named does not take them"


def test_what_others_send_every_day_is_reckoned_with() -> None:
    """Six hundred an hour of 1,200 that the lines can: it takes twice as long."""
    busy = Others(((600.0,) * 24,) * 7, (False,) * 7)
    assert at(seen(TWO, ours(1200), others=busy).end, 2, within=0.05 * HOUR)
    idle_by_day = Others((tuple(600.0 if hour < 6 else 0.0 for hour in range(24)),) * 7, (False,) * 7)
    assert at(seen(TWO, ours(1200), others=idle_by_day).end, 1)


def test_what_expires_is_told() -> None:
    found = seen(TWO, ours(1200, until=TUESDAY + HOUR / 2))
    assert (found.end, found.expired, found.left) == (None, 600, 600)


def test_where_no_line_is_for_it_that_is_said() -> None:
    far = Batch("norte", Route("sms", "+54351"), 10, ours=True)
    found = foresee(Situation(TUESDAY, ZONE, (line("claro-1", prefixes=("+54911",)),), (far,)))
    assert (found.start, found.cause, found.remedy, found.left) == (None, "no_line", None, 10)
    down = foresee(Situation(TUESDAY, ZONE, (line("claro-1", state="down"),), (far,)))
    assert down.cause == "line_down"


def test_the_same_forecast_each_time_and_quickly_however_many_people() -> None:
    lines = tuple(line(f"claro-{number}", quota_day=2500, day_used=number) for number in range(16))
    others = Others(tuple(tuple(100.0 * (hour > 8) for hour in range(24)) for _ in range(7)), (False,) * 7)
    people = [ours(40_000, hours=0, segments=1.2, waits=((TUESDAY + 30 * HOUR, 900),)) for _ in range(5)]
    situation = Situation(TUESDAY, ZONE, lines, tuple(people), hours=[Office()], others=others)
    first = foresee(situation)
    took = []
    for _ in range(3):
        began = time.process_time()
        assert foresee(situation) == first
        took.append(time.process_time() - began)
    assert min(took) <= 0.2, took
    assert first.messages == 200_000
    assert sum(first.by_day.values()) == pytest.approx(200_000, abs=5)
    assert first.low < (first.end or 0) < first.high
    assert first.high - first.low <= 0.25 * ((first.end or 0) - TUESDAY) + 1


def test_windows_of_a_moment_cost_no_more_time_than_a_pace() -> None:
    """A segment every two seconds for months, and a window that outlives them."""
    lines = (line("claro-1", window=(1, 2.0)), line("claro-2", window=(30, 600.0)))
    began = time.process_time()
    found = seen(lines, ours(900_000))
    assert time.process_time() - began <= 1.0
    assert at(found.end, 900_000 / (1 / 6 + 1 / 20) / HOUR, within=0.02 * 900_000 * 5), found.end


def test_an_hour_more_of_work_never_ends_it_sooner() -> None:
    lines = (line("claro-1", quota_day=300), replace(line("claro-2"), window=(40, HOUR)))
    ends = [seen(lines, ours(people, hours=0), hours=[Office()]).stops for people in range(50, 1500, 50)]
    assert ends == sorted(ends)


# ------------------------------------------------------------------------------------------------- over a real store


CONFIG = {
    "locale": "en",
    "timezone": str(ZONE),
    "line": [
        {"name": "claro-1", "driver": "gsm", "port": "/dev/ttyUSB8", "rate": "10/min", "prefixes": ["+549351"]},
        {"name": "claro-2", "driver": "gsm", "port": "/dev/ttyUSB9", "rate": "10/min", "quota_day": 100},
    ],
}


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[OfflineBackend]:
    raw = {
        **CONFIG,
        "store": {"url": f"sqlite:///{tmp_path}/gatewayd.db"},
        "spool": {"path": str(tmp_path / "spool")},
        "tariff": {"sms": "0.85"},
    }
    opened = OfflineBackend(parse(raw, tmp_path / "gatewayd.toml"))
    opened.perform("account.create", {"account": "norte"})
    opened.perform("account.credit", {"account": "norte", "amount": "425"})
    yield opened
    opened.close()


def test_the_operation_gathers_lines_tariff_and_balance(backend: OfflineBackend) -> None:
    found = backend.perform("forecast.show", {"people": 80})
    assert found["end"] is not None
    assert (found["account"], found["cause"], found["left"]) == ("norte", "pace", 0)
    assert found["summary"].startswith("It will end ")
    found = backend.perform("forecast.show", {"account": "norte", "people": 250, "segments": 2})
    assert found["cause"] == "quota"
    assert len(found["by_day"]) >= 5, "a hundred segments a day are fifty people"
    found = backend.perform("forecast.show", {"parts": [{"people": 600, "prefix": "+5493514"}]})
    assert (found["cause"], found["end"], found["left"]) == ("credit", None, pytest.approx(100, abs=2))
    assert found["remedy"]["code"] == "top_up"
    assert "ARS" in found["remedy_words"]


def _members(count: int) -> Any:
    def work(unit: Any) -> Changed[int]:
        number = lists.add(unit.session, NewList("norte", "Todos", "fixed", "loading", {}, "ana", 0))
        known = lists.by_number(unit.session.connection, scope=Scope.of("norte"), number=number)
        people = [
            Member(row, None, None, f"+54935112{row:05}", json.dumps({"nombre": "Ana", "saldo": "1" * (row % 2 * 160)}))
            for row in range(1, count + 1)
        ]
        lists.add_members(unit.session, known, people, members=count, refused={})
        lists.end_reading(unit.session, known, columns=["nombre", "saldo"], source={})
        return Changed(number)

    return work


def _draft(backend: OfflineBackend, text: str, **more: Any) -> int:
    document = {"channel": "sms", "content": {"text": text}, "audience": {"list": "Todos"}, **more}
    made = backend.perform("campaign.save", {"account": "norte", "title": text[:20], "document": document})
    return int(made["campaign"])


def test_a_draft_is_forecast_by_its_people_and_words(backend: OfflineBackend) -> None:
    asyncio.run(backend.execute(Change(_members(400), "ana")))
    plain = backend.perform("campaign.forecast", {"campaign": _draft(backend, "Hola %nombre%")})
    assert (plain["people"], plain["left"], plain["state"]) == (400, 0, "draft")
    dear = backend.perform("campaign.forecast", {"campaign": _draft(backend, "Debe %saldo%")})
    assert dear["cause"] == "credit", "every second is of two segments, and the balance pays for 500"
    assert dear["left"] == pytest.approx(400 - 500 / 1.5, abs=8)
    tomorrow = f"{datetime.now(ZONE) + timedelta(days=1):%Y-%m-%dT10:00}"
    later = _draft(backend, "Hola", schedule={"kind": "at", "at": tomorrow, "zone": str(ZONE)})
    found = backend.perform("campaign.forecast", {"campaign": later})
    assert datetime.fromisoformat(found["start"]).astimezone(ZONE).isoformat()[:16] == tomorrow


def test_rules_of_contact_open_and_close_a_campaign(tmp_path: Path) -> None:
    raw = {**CONFIG, "store": {"url": f"sqlite:///{tmp_path}/g.db"}, "spool": {"path": str(tmp_path / "spool")}}
    backend = OfflineBackend(parse(raw | {"contact": {"preset": "ar-cautious"}}, tmp_path / "gatewayd.toml"))
    backend.perform("account.create", {"account": "norte"})
    rules = effective(backend.config.contact, {})
    assert rules is not None
    found = backend.perform("forecast.show", {"parts": [{"people": 20_000, "prefix": "+549351"}]})
    for day in found["by_day"]:
        assert day_slots(rules, MessageClass.COLLECTIONS, date.fromisoformat(day["day"])), day
    assert len(found["by_day"]) >= 3
    # Early in the morning the day's quota holds it up longer than the night before it did.
    assert found["cause"] in {"hours", "quota"}
    assert found["sooner_s"]["hours"] > 0
    free = backend.perform("forecast.show", {"parts": [{"people": 20_000, "prefix": "+549351"}], "class": "reply"})
    assert "hours" not in free["sooner_s"], "answers go at any hour"
    asyncio.run(backend.execute(Change(_members(100), "ana")))
    asyncio.run(backend.execute(Change(_contacted(backend.now(), 30), "ana")))
    seen = backend.perform("campaign.forecast", {"campaign": _draft(backend, "Hola")})
    assert seen["cause"] == "caps"
    assert seen["remedy"]["people"] == 30
    backend.close()


def test_the_pace_and_lines_that_somebody_chose_are_forecast(backend: OfflineBackend) -> None:
    asyncio.run(backend.execute(Change(_members(100), "ana")))
    number = _draft(backend, "Hola", options={"lines": ["claro-1"]})
    alone = backend.perform("campaign.forecast", {"campaign": number})
    assert _minutes(alone) == pytest.approx(10, abs=1.5), "a hundred at ten a minute"
    _wish(backend, number, lines='{"sms": ["claro-1", "claro-2"]}')
    both = backend.perform("campaign.forecast", {"campaign": number})
    assert _minutes(both) == pytest.approx(5, abs=1.5)
    _wish(backend, number, pace=2)
    slow = backend.perform("campaign.forecast", {"campaign": number})
    assert _minutes(slow) == pytest.approx(50, abs=2.5)
    assert (slow["cause"], slow["cause_words"]) == ("slowed", "the pace that was set for it")
    assert slow["remedy"]["code"] == "full_pace"
    assert slow["remedy_words"].startswith("At the full pace of its lines it would end ")


def _wish(backend: OfflineBackend, number: int, **wished: Any) -> None:
    asyncio.run(backend.execute(Change(lambda unit: campaigns.put(unit.session, number, **wished), "ana")))


def _minutes(found: Any) -> float:
    span = datetime.fromisoformat(found["end"]) - datetime.fromisoformat(found["at"])
    return span.total_seconds() / 60


def test_people_of_another_zone_are_forecast_by_their_own_hours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = {**CONFIG, "store": {"url": f"sqlite:///{tmp_path}/g.db"}, "spool": {"path": str(tmp_path / "spool")}}
    backend = OfflineBackend(parse(raw | {"contact": {"preset": "ar-cautious"}}, tmp_path / "gatewayd.toml"))
    monkeypatch.setattr(backend, "now", lambda: int(TUESDAY * 1000))
    backend.perform("account.create", {"account": "norte"})
    here, there = ZONE, ZoneInfo("Asia/Tokyo")
    people = [
        {
            "external_id": f"C{row}",
            "name": "Ana",
            "contacts": [{"channel": "phone", "address": f"+54935155{row:05}"}],
            **({"zone": there.key} if row % 2 else {}),
        }
        for row in range(10)
    ]
    backend.perform("customer.put_many", {"account": "norte", "customers": people})
    rules = effective(backend.config.contact, {})
    assert rules is not None
    opens = []
    for zone in (here, there):
        slot = window(rules, MessageClass.COLLECTIONS, backend.now(), zone)
        assert slot is not None
        opens.append(max(slot[0], backend.now()) / 1000)
    number = _draft(backend, "Hola", audience={"filter": {}})
    found = backend.perform("campaign.forecast", {"campaign": number})
    start, end = (datetime.fromisoformat(found[name]).timestamp() for name in ("start", "end"))
    assert start == pytest.approx(min(opens), abs=60)
    assert end == pytest.approx(max(opens), abs=300)
    backend.close()


def _contacted(now: int, count: int) -> Any:
    """Thirty were written to three times, just before the moment at which the campaign may begin."""

    def work(unit: Any) -> Changed[None]:
        for row in range(1, count + 1):
            for hours in (1, 25, 49):
                unit.session.connection.execute(
                    insert(tables.evidence).values(
                        {
                            "at": now - hours * 3_600_000, "account_id": 1, "person": f"+54935112{row:05}", "job_id": 1,
                            "class": "collections", "channel": "sms", "rule": "hours", "version": "x", "verdict": "go",
                        }
                    )
                )  # fmt: skip
        return Changed(None)

    return work

"""Operations on rules of contact: what holds, what an account changes, a year of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatewayd.cli.offline import OfflineBackend
from gatewayd.config import parse
from gatewayd.operations import perform
from gatewayd.values.actor import Actor, Role
from gatewayd.values.errors import ConflictError, FaultsError, UsageError

OPERATOR = Actor("operator", "uid 0 (root)", Role.ADMINISTRATOR)


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[OfflineBackend]:
    raw = {
        "timezone": "America/Santiago",
        "locale": "en",
        "store": {"url": f"sqlite:///{tmp_path}/gatewayd.db"},
        "spool": {"path": str(tmp_path / "spool")},
        "contact": {"preset": "cl-21320"},
    }
    made = OfflineBackend(parse(raw, tmp_path / "gatewayd.toml"))
    yield made
    made.close()


async def ask(backend: OfflineBackend, name: str, **arguments: Any) -> Any:
    return await perform(backend, name, arguments, OPERATOR)


async def test_an_account_has_the_rules_of_the_file_until_it_says_otherwise(backend: OfflineBackend) -> None:
    await ask(backend, "account.create", account="norte")
    found = await ask(backend, "contact.rules", account="norte")
    assert (found["preset"]["name"], found["own"], found["version"]) == ("cl-21320", None, 0)
    assert found["said"]["hours"]["collections"] == "Mon–Sat 08:00-20:00; Sun closed; holidays closed"
    assert found["said"]["caps"]["messages"] == "at most 2 messages in 7 days"
    own = {"caps": {"messages": {"most": 1}}, "hours": {"collections": {"sat": ""}}, "holidays": {"own": ["12-24"]}}
    saved = await ask(backend, "contact.set", account="norte", contact=own, version=0)
    assert (saved["own"], saved["rules"]["caps"]["messages"]["most"], saved["version"]) == (own, 1, 1)
    assert saved["rules_version"] != found["rules_version"]
    with pytest.raises(ConflictError):
        await ask(backend, "contact.set", account="norte", contact=None, version=0)
    await ask(backend, "account.set", account="norte", company="Norte")
    assert (await ask(backend, "contact.rules", account="norte"))["own"] == own
    again = await ask(backend, "contact.set", account="norte", contact=None)
    assert (again["own"], again["rules_version"]) == (None, found["rules_version"])


async def test_what_cannot_be_meant_is_named_and_nothing_saved(backend: OfflineBackend) -> None:
    await ask(backend, "account.create", account="norte")
    wrong = {"hours": {"collections": {"mon": "9"}}, "caps": {"x": {"most": -1}}}
    with pytest.raises(FaultsError) as caught:
        await ask(backend, "contact.set", account="norte", contact=wrong)
    assert [one["key"] for one in caught.value.faults] == ["contact.hours.collections.mon", "contact.caps.x.most"]
    with pytest.raises(UsageError):
        await ask(backend, "contact.set", account="norte", contact={"holidays": {"own": ["12-24"] * 9000}})
    assert (await ask(backend, "contact.rules", account="norte"))["version"] == 0


async def test_a_year_says_of_each_day_why_it_is_closed(backend: OfflineBackend) -> None:
    await ask(backend, "account.create", account="norte")
    found = await ask(backend, "contact.year", account="norte", year=2026, contact={"holidays": {"own": ["12-24"]}})
    days = {day["date"]: day for day in found["days"]}
    assert len(days) == 365
    assert (days["2026-09-18"]["why"], days["2026-09-18"]["slots"]) == ("holiday", "")
    assert days["2026-12-24"]["holiday"] == ""
    assert (days["2026-03-08"]["why"], days["2026-03-09"]["slots"]) == ("weekday", "08:00-20:00")
    assert {date: day["clock"] for date, day in days.items() if day["clock"]} == {"2026-04-04": 60, "2026-09-06": -60}
    assert found["open_days"] == sum(day["minutes"] == 720 for day in found["days"])
    other = await ask(backend, "contact.year", preset="mx-condusef", year=2028)
    assert (len(other["days"]), other["open_days"]) == (366, 366)


async def test_presets_say_their_law_and_sources(backend: OfflineBackend) -> None:
    found = (await ask(backend, "contact.presets"))["items"]
    assert [one["name"] for one in found] == ["co-2300", "cl-21320", "mx-condusef", "ar-cautious", "us-ref"]
    assert all(one["law"] and one["country"] and one["sources"] and one["notes"] for one in found)


async def test_hours_that_never_close_are_open_at_any_time(backend: OfflineBackend) -> None:
    await ask(backend, "account.create", account="norte")
    always = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"), "00:00-24:00")
    await ask(backend, "contact.set", account="norte", contact={"hours": {"collections": always}})
    found = (await ask(backend, "contact.rules", account="norte"))["next"]
    assert found["collections"] == {"open": True, "from": None, "until": None}
    closes = {**always, "holiday": ""}
    await ask(backend, "contact.set", account="norte", contact={"hours": {"collections": closes}})
    found = (await ask(backend, "contact.rules", account="norte"))["next"]
    assert found["collections"]["until"] is not None

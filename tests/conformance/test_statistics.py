"""Statistics over both stores: what they say of what became of messages, and in which hour."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from gatewayd.contact.optout import judge
from gatewayd.operations.statistics import _shape, _spans
from gatewayd.store.commands import Inbound
from gatewayd.store.insight.statistics import tallied
from gatewayd.store.reader import Reader
from gatewayd.values.actor import Scope
from gatewayd.values.model import State
from tests.conformance.house import HOUR, PRICE, House


def ask(house: House, **options: Any) -> dict[Any, dict[str, Any]]:
    reader = Reader(house.url)
    hour = house.now // HOUR
    given: dict[str, Any] = {"first": hour - 48, "end": hour + 48, "offset": 0, "by": "line"} | options
    scope = given.pop("scope", Scope.all())
    rows = reader.ask(lambda connection: tallied(connection, scope, **given))
    reader.close()
    return {group: _shape([row for row in rows if row.group == group]) for group in {row.group for row in rows}}


def test_a_message_counts_in_the_hour_it_was_sent_in_however_late_its_report(house: House) -> None:
    queue = house.job("uno", "dos")
    sent_at = house.now // HOUR
    first, second = house.claim(queue).work
    house.send(first)
    house.send(second, first=2)
    house.now += 30 * HOUR
    house.report(first, 1)
    (group,) = ask(house, by="hour")
    assert group == sent_at
    counted = ask(house, by="hour")[sent_at]
    assert (counted["sent"], counted["delivered"], counted["awaiting_report"]) == (2, 1, 1)
    assert counted["delivery_rate"] == 0.5
    assert counted["cost"] == {"ARS": f"{2 * PRICE / 1_000_000:.2f}"}


def test_refused_withdrawn_and_received_are_counted_apart(house: House) -> None:
    queue = house.job("uno", "")
    (work,) = house.claim(queue, limit=1).work
    house.pnr(work)
    house.finish(work, State.UNCERTAIN)
    house.do(Inbound("claro-1", "sms", "k", work.to, None, "hola", house.now, None, None, judge, house.now))
    found = ask(house)
    assert found["claro-1"]["uncertain"] == 1
    assert found["claro-1"]["received"] == 1
    assert found["claro-1"]["total"] == 1


def test_another_account_is_not_in_it(house: House) -> None:
    queue = house.job("uno")
    (work,) = house.claim(queue).work
    house.send(work)
    assert ask(house, scope=Scope.of("sur")) == {}
    assert ask(house, scope=Scope.of("norte"), by="account").keys() == {"norte"}


@pytest.mark.parametrize(
    ("zone", "spans"), [("America/Argentina/Buenos_Aires", 1), ("America/Santiago", 2), ("UTC", 1)]
)
def test_a_change_of_clocks_makes_two_stretches(zone: str, spans: int) -> None:
    from datetime import date
    from zoneinfo import ZoneInfo

    found = list(_spans(date(2026, 9, 1), date(2026, 9, 10), ZoneInfo(zone)))
    assert len(found) == spans
    assert found[0][0] * 3600 == pytest.approx(found[-1][1] * 3600 - 10 * 86400, abs=3600)
    for (_, end, _), (start, _, _) in itertools.pairwise(found):
        assert end == start

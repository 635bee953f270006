"""When campaigns run, over years with changes of the clock; slices, approvals and ladders."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gatewayd.campaigns import schedule, slices, states
from gatewayd.campaigns.document import CampaignDocument
from gatewayd.campaigns.ladder import missed_states
from gatewayd.campaigns.schedule import Plan, following, instant, judge
from gatewayd.store.commands import CAMPAIGN_JOB

SANTIAGO = ZoneInfo("America/Santiago")
"""Its clock goes from 24:00 to 1:00 in September, and from 24:00 back to 23:00 in April."""
HOUR_MS = 3_600_000


def ms(local: datetime, zone: ZoneInfo = SANTIAGO) -> int:
    return int(local.replace(tzinfo=zone).timestamp() * 1000)


def wall(at: int, zone: ZoneInfo = SANTIAGO) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).replace(tzinfo=None)


def test_a_time_that_the_clock_skips_is_when_it_goes_on_and_of_a_double_one_the_first() -> None:
    assert wall(instant("2026-09-06T00:30", SANTIAGO)) == datetime(2026, 9, 6, 1, 0)
    early = instant("2026-04-04T23:30", SANTIAGO)
    assert wall(early) == wall(early + HOUR_MS) == datetime(2026, 4, 4, 23, 30)


@settings(max_examples=25, deadline=None)
@given(
    hour=st.times(max_value=time(23, 59)).map(lambda t: t.replace(second=0, microsecond=0)),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    seed=st.integers(0, 1 << 32),
)
def test_over_a_year_every_run_is_once_and_at_its_hour(hour: time, days: frozenset[int], seed: int) -> None:
    """With a clock that is looked at now and then, is set back, and stands while the daemon is down for a while."""
    chance = random.Random(seed)
    plan = Plan(SANTIAGO, None, days, hour, date(2027, 2, 28))
    now = ms(datetime(2026, 3, 1, 3, 0))
    planned = schedule.first(plan, now)
    expected = [day for n in range(365) if (day := date(2026, 3, 1) + timedelta(n)).weekday() in days]
    assert planned is not None
    ran: list[str] = []
    late: list[str] = []
    end = ms(datetime(2027, 3, 3))
    while planned is not None and now < end:
        # The daemon sleeps until the run is due; sometimes it is down for hours, sometimes the clock is set back.
        now = max(now, instant(planned, SANTIAGO)) if chance.random() < 0.8 else now + chance.randrange(1, 30 * HOUR_MS)
        verdict = judge(plan, planned, now, "skip")
        if verdict.run is not None:
            assert verdict.run not in ran
            ran.append(verdict.run)
            begun = wall(now)
            assert 0 <= now - instant(verdict.run, SANTIAGO) <= schedule.LATE_MS
            skipped_hour = wall(instant(verdict.run, SANTIAGO)).time() != hour
            assert begun.date() == date.fromisoformat(verdict.run[:10])
            assert not skipped_hour or (begun.date() == date(2026, 9, 6) and hour < time(1))
        late += verdict.skipped
        planned = verdict.next
        if chance.random() < 0.2:
            now -= chance.randrange(0, 2 * HOUR_MS)
    first = expected[0].isoformat()
    known = sorted({*ran, *late})
    assert len(known) == len(ran) + len(late)
    everything = [f"{day}T{hour:%H:%M}" for day in expected]
    assert known == [one for one in everything if one >= known[0]], first


def test_a_missed_run_obeys_its_policy() -> None:
    plan = Plan(SANTIAGO, None, frozenset({0}), time(10), None)
    due = "2026-09-07T10:00"
    late = instant(due, SANTIAGO) + 3 * HOUR_MS
    assert judge(plan, due, late, "late").run == due
    skipped = judge(plan, due, late, "skip")
    assert (skipped.run, skipped.skipped, skipped.next) == (None, (due,), "2026-09-14T10:00")
    assert judge(plan, due, late, "ask").ask == due
    # Of three that were missed the last one alone goes.
    weeks = judge(plan, due, late + 14 * 24 * HOUR_MS, "late")
    assert (weeks.run, len(weeks.skipped), weeks.next) == ("2026-09-21T10:00", 2, "2026-09-28T10:00")
    assert judge(plan, due, instant(due, SANTIAGO) - 1, "late").run is None
    assert following(plan, due) == "2026-09-14T10:00"


def test_a_single_time_is_planned_once() -> None:
    plan = Plan(SANTIAGO, datetime(2026, 9, 7, 10))
    assert schedule.first(plan, 0) == "2026-09-07T10:00"
    verdict = judge(plan, "2026-09-07T10:00", instant("2026-09-07T10:00", SANTIAGO), "ask")
    assert (verdict.run, verdict.next) == ("2026-09-07T10:00", None)


def test_the_first_slice_is_small_and_names_are_only_ours() -> None:
    assert [slices.room(n) for n in range(3)] == [500, 20_000, 20_000]
    for planned in ("2026-09-07T10:00", "2026-09-07T10:00:12.345"):
        name = slices.job_name(slices.run_key(17, planned), 1, 12)
        assert CAMPAIGN_JOB.fullmatch(name)
        assert len(name) <= 64


def test_an_approval_holds_for_a_fifth_more() -> None:
    assert states.still_approved(1000, 1200)
    assert not states.still_approved(1000, 1201)
    assert not states.still_approved(None, 1)


def test_what_is_not_reached_is_what_the_campaign_says() -> None:
    assert "submitted" not in missed_states(["submitted", "uncertain"])
    assert {"submitted", "uncertain", "failed"} <= missed_states([])
    assert not missed_states([]) & {"delivered", "read", "queued", "sending", "cancelled"}


@pytest.mark.parametrize(
    "said",
    [
        {"ladder": []},
        {"channel": "fax", "content": {"text": "x"}},
        {"channel": "sms", "schedule": {"kind": "at"}},
        {"channel": "sms", "schedule": {"kind": "at", "at": "2026-09-07T10:00:00-03:00"}},
        {"channel": "sms", "schedule": {"kind": "every", "days": ["mon"]}},
        {"channel": "sms", "schedule": {"kind": "every", "days": ["mon"], "hour": "10:00", "zone": "Chile/../../etc"}},
        {"channel": "sms", "class": "reply"},
        {"channel": "sms", "audience": {"everybody": True}},
    ],
)
def test_what_cannot_be_meant_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CampaignDocument.model_validate(said)


def test_a_document_is_read_as_it_is_kept() -> None:
    said = {
        "ladder": [{"channel": "sms", "template": "aviso", "wait": "2h"}, {"channel": "call", "template": "aviso"}],
        "audience": {"filter": {"tags": ["zona-3"]}},
        "class": "notice",
        "schedule": {"kind": "every", "days": ["mon"], "hour": "10:30", "zone": "America/Santiago"},
    }
    document = CampaignDocument.model_validate(said)
    assert CampaignDocument.model_validate_json(document.kept()) == document
    assert document.job_keys()[0] == {"template": "aviso", "channel": "sms", "priority": "bulk", "class": "notice"}

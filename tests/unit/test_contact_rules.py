"""Rules of contact: presets, hours through clock changes, caps, and what people write in their place."""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.config import InvalidConfigError, parse
from gatewayd.contact.calendar import day_windows, holiday, instant
from gatewayd.contact.classes import MessageClass
from gatewayd.contact.judge import Contact, judge, window
from gatewayd.contact.presets import FREE, PRESETS, default_class, effective, of_document
from gatewayd.contact.reading import KEYS, RulesError
from gatewayd.contact.rules import DAY_MS, Cap, Rules, lookback_ms

COLLECTIONS, NOTICE = MessageClass.COLLECTIONS, MessageClass.NOTICE
TRANSACTIONAL, REPLY = MessageClass.TRANSACTIONAL, MessageClass.REPLY
SANTIAGO = ZoneInfo("America/Santiago")
BOGOTA = ZoneInfo("America/Bogota")
BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")
ZONES = (SANTIAGO, BOGOTA, BUENOS_AIRES, ZoneInfo("America/Havana"), ZoneInfo("America/New_York"))
CHANNELS = ("sms", "call", "email", "whatsapp")
MINUTE = 60_000
HOUR = 3_600_000


def ms(text: str, zone: ZoneInfo) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def words(at: int | None, zone: ZoneInfo) -> str:
    assert at is not None
    return datetime.fromtimestamp(at / 1000, zone).strftime("%Y-%m-%d %H:%M")


def opened(name: str, local: str, klass: MessageClass = COLLECTIONS) -> list[str]:
    """The open slots of a day under a preset, as words."""
    zone = {"co-2300": BOGOTA, "cl-21320": SANTIAGO}.get(name, BUENOS_AIRES)
    slots = day_windows(PRESETS[name].rules, klass, date.fromisoformat(local), zone)
    return [f"{words(one, zone)[11:]}-{words(other, zone)[11:]}" for one, other in slots]


@pytest.mark.parametrize(
    ("preset", "local", "slots"),
    [
        ("co-2300", "2026-03-04", ["07:00-19:00"]),
        ("co-2300", "2026-03-07", ["08:00-15:00"]),
        ("co-2300", "2026-03-08", []),
        ("co-2300", "2026-03-23", []),  # San José, on a Monday
        ("cl-21320", "2026-03-04", ["08:00-20:00"]),
        ("cl-21320", "2026-03-07", ["08:00-20:00"]),
        ("cl-21320", "2026-03-08", []),
        ("cl-21320", "2026-09-18", []),  # Fiestas Patrias
        ("mx-condusef", "2026-03-08", ["07:00-22:00"]),
        ("mx-condusef", "2026-12-25", ["07:00-22:00"]),
        ("ar-cautious", "2026-03-04", ["09:00-19:00"]),
        ("ar-cautious", "2026-03-07", ["10:00-14:00"]),
        ("ar-cautious", "2026-07-09", []),
        ("us-ref", "2026-03-08", ["08:00-21:00"]),
    ],
)
def test_hours_of_each_preset_are_those_of_its_law(preset: str, local: str, slots: list[str]) -> None:
    assert opened(preset, local) == slots


def caps(rules: Rules) -> set[tuple[str, str, int, int, tuple[str, ...], int]]:
    return {
        (cap.id, cap.kind, cap.most, cap.days, cap.channels, cap.direct_days)
        for cap in rules.caps
        if COLLECTIONS in cap.classes
    }


def test_caps_of_each_preset_are_those_of_its_law() -> None:
    messages = ("sms", "email", "push", "whatsapp")
    assert {name: caps(preset.rules) for name, preset in PRESETS.items()} == {
        "co-2300": {("day", "count", 1, 1, (), 7), ("channel", "channels", 1, 7, (), 7)},
        "cl-21320": {
            ("calls", "count", 1, 7, ("call",), 0),
            ("messages", "count", 2, 7, messages, 0),
            ("apart", "apart", 1, 2, messages, 0),
        },
        "mx-condusef": set(),
        "ar-cautious": {("day", "count", 1, 1, (), 0), ("week", "count", 3, 7, (), 0)},
        "us-ref": {("calls", "count", 7, 7, ("call",), 0)},
    }


def test_outside_hours_it_waits_for_the_next_slot_and_inside_it_ends_with_it() -> None:
    rules = PRESETS["co-2300"].rules
    friday = judge(rules, COLLECTIONS, "sms", ms("2026-03-06T18:59", BOGOTA), BOGOTA, ())
    assert (friday.go, friday.rule, words(friday.ends, BOGOTA)) == (True, "hours", "2026-03-06 19:00")
    late = judge(rules, COLLECTIONS, "sms", ms("2026-03-06T19:00", BOGOTA), BOGOTA, ())
    assert (late.go, late.reason, words(late.until, BOGOTA)) == (False, "window", "2026-03-07 08:00")
    sunday = judge(rules, COLLECTIONS, "sms", ms("2026-03-22T10:00", BOGOTA), BOGOTA, ())
    assert words(sunday.until, BOGOTA) == "2026-03-24 07:00"  # a holiday follows the Sunday
    assert judge(rules, REPLY, "sms", ms("2026-03-22T03:00", BOGOTA), BOGOTA, ()).rule == "free"
    assert judge(rules, TRANSACTIONAL, "sms", ms("2026-03-22T10:00", BOGOTA), BOGOTA, ()).go


def test_after_direct_contact_one_a_day_over_one_channel() -> None:
    rules, monday = PRESETS["co-2300"].rules, ms("2026-03-02T09:00", BOGOTA)
    silent = [Contact(monday, "sms", COLLECTIONS), Contact(monday + HOUR, "sms", COLLECTIONS)]
    assert judge(rules, COLLECTIONS, "call", monday + 2 * HOUR, BOGOTA, silent).go
    reached = [*silent, Contact(monday + 2 * HOUR, "call", COLLECTIONS, direct=True)]
    again = judge(rules, COLLECTIONS, "call", monday + 3 * HOUR, BOGOTA, reached)
    assert (again.reason, again.rule, words(again.until, BOGOTA)) == ("cap", "cap.day", "2026-03-03 07:00")
    tuesday = monday + DAY_MS
    assert judge(rules, NOTICE, "call", tuesday, BOGOTA, reached).go
    other = judge(rules, COLLECTIONS, "sms", tuesday, BOGOTA, reached)
    assert (other.rule, words(other.until, BOGOTA)) == ("cap.channel", "2026-03-09 07:00")


def test_two_messages_a_week_two_days_apart_and_a_call_beside_them() -> None:
    rules, monday = PRESETS["cl-21320"].rules, ms("2026-03-02T18:00", SANTIAGO)
    first = [Contact(monday, "sms", COLLECTIONS)]
    soon = judge(rules, COLLECTIONS, "email", monday + DAY_MS, SANTIAGO, first)
    assert (soon.rule, words(soon.until, SANTIAGO)) == ("cap.apart", "2026-03-04 18:00")
    assert judge(rules, COLLECTIONS, "call", monday + DAY_MS, SANTIAGO, first).go
    both = [*first, Contact(monday + 2 * DAY_MS, "email", COLLECTIONS)]
    third = judge(rules, COLLECTIONS, "sms", monday + 4 * DAY_MS, SANTIAGO, both)
    assert (third.rule, words(third.until, SANTIAGO)) == ("cap.messages", "2026-03-09 08:00")


def test_an_unanswered_call_counts_unless_the_rules_say_otherwise() -> None:
    at = ms("2026-03-03T10:00", SANTIAGO)
    past = [Contact(at - DAY_MS, "call", COLLECTIONS)]
    assert judge(PRESETS["cl-21320"].rules, COLLECTIONS, "call", at, SANTIAGO, past).rule == "cap.calls"
    lenient = of_document({"preset": "cl-21320", "unanswered": False})
    assert judge(lenient, COLLECTIONS, "call", at, SANTIAGO, past).go
    spoke = [Contact(at - DAY_MS, "call", COLLECTIONS, direct=True)]
    assert not judge(lenient, COLLECTIONS, "call", at, SANTIAGO, spoke).go


def test_slots_begin_behind_a_gap_and_stay_inside_by_the_wall_clock_where_an_hour_comes_twice() -> None:
    # In Chile the night of 2026-09-06 lacks 00:00-01:00, and 23:00-24:00 of 2026-04-04 comes twice.
    night = of_document({"hours": {"collections": {"mon-sun": "00:30-02:00, 22:00-23:30"}}})
    gap = day_windows(night, COLLECTIONS, date(2026, 9, 6), SANTIAGO)
    assert words(gap[0][0], SANTIAGO) == "2026-09-06 01:00"
    assert gap[0][1] - gap[0][0] == HOUR
    twice = day_windows(night, COLLECTIONS, date(2026, 4, 4), SANTIAGO)
    assert twice[1][1] - twice[1][0] == 90 * MINUTE
    inside = of_document({"hours": {"collections": {"mon-sun": "23:15-23:45"}}})
    assert [b - a for a, b in day_windows(inside, COLLECTIONS, date(2026, 4, 4), SANTIAGO)] == [30 * MINUTE]
    day = of_document({"hours": {"collections": {"mon-sun": "00:00-24:00"}}})
    lengths = [
        sum(b - a for a, b in day_windows(day, COLLECTIONS, one, SANTIAGO))
        for one in (date(2026, 4, 4), date(2026, 9, 6), date(2026, 9, 7))
    ]
    assert lengths == [25 * HOUR, 23 * HOUR, 24 * HOUR]
    assert words(instant(date(2026, 9, 6), 0, SANTIAGO), SANTIAGO) == "2026-09-06 01:00"


hours_written = st.lists(st.integers(0, 95), min_size=2, max_size=6, unique=True).map(
    lambda quarters: ", ".join(
        f"{a // 4:02}:{a % 4 * 15:02}-{b // 4:02}:{b % 4 * 15:02}"
        for a, b in zip(sorted(quarters)[::2], sorted(quarters)[1::2], strict=False)
    )
)
weeks = st.dictionaries(st.sampled_from(("mon", "wed", "sat", "sun")), hours_written, min_size=1)


@settings(max_examples=60, deadline=None)
@given(
    week=weeks,
    zone=st.sampled_from(ZONES),
    at=st.integers(ms("2026-01-01", BOGOTA), ms("2027-01-01", BOGOTA)),
    country=st.sampled_from(("CL", "AR", None)),
)
def test_until_is_inside_hours_and_ends_never_lies_before(
    week: dict[str, str], zone: ZoneInfo, at: int, country: str | None
) -> None:
    rules = of_document({"hours": {"collections": week}, "holidays": {"country": country}})
    found = judge(rules, COLLECTIONS, "sms", at, zone, ())
    moment = at if found.go else found.until
    assert moment is not None
    assert moment >= at
    then = judge(rules, COLLECTIONS, "sms", moment, zone, ())
    assert then.go
    assert then.ends is not None
    assert then.ends > moment
    local = datetime.fromtimestamp(moment / 1000, zone)
    minute = local.hour * 60 + local.minute
    hours = rules.hours[COLLECTIONS]
    assert hours is not None
    assert any(begin <= minute < end for begin, end in hours.days[local.weekday()])
    assert holiday(rules, local.date()) is None
    if not found.go:
        assert not judge(rules, COLLECTIONS, "sms", moment - 1, zone, ()).go
        assert window(rules, COLLECTIONS, at, zone) == window(rules, COLLECTIONS, moment, zone)


def broken(rules: Rules, sent: Sequence[Contact], zone: ZoneInfo) -> list[str]:
    """The caps that a sequence breaks, counted anew by another way: pair by pair, date by date."""
    found = []
    for place, one in enumerate(sent):
        before = sent[: place + 1]
        local = datetime.fromtimestamp(one.at / 1000, zone)
        for cap in rules.caps:
            if cap.direct_days or not cap.holds_for(one.klass, one.channel):
                continue
            counted = [other for other in before if cap.holds_for(other.klass, other.channel)]
            ages = [(local.date() - datetime.fromtimestamp(other.at / 1000, zone).date()).days for other in counted]
            if cap.kind == "count" and sum(age < cap.days for age in ages) > cap.most:
                found.append(cap.id)
            if cap.kind == "apart" and len(counted) > 1:
                last = datetime.fromtimestamp(counted[-2].at / 1000, zone).replace(tzinfo=None)
                if local.replace(tzinfo=None) - last < timedelta(days=cap.days):
                    found.append(cap.id)
            if cap.kind == "channels":
                near = {other.channel for other, age in zip(counted, ages, strict=True) if age < cap.days}
                if len(near) > cap.most:
                    found.append(cap.id)
    return found


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), zone=st.sampled_from(ZONES), preset=st.sampled_from(sorted(PRESETS)))
def test_who_obeys_the_verdicts_breaks_no_cap(seed: int, zone: ZoneInfo, preset: str) -> None:
    rules = of_document(
        {"preset": preset, "caps": {"all": {"kind": "channels", "most": 2, "days": 5, "classes": ["collections"]}}}
    )
    chance = random.Random(seed)
    at = ms("2026-03-20T08:00", zone)
    sent: list[Contact] = []
    for _ in range(80):
        klass = chance.choice((COLLECTIONS, COLLECTIONS, NOTICE, TRANSACTIONAL))
        channel = chance.choice(CHANNELS)
        past = [one for one in sent if one.at >= at - lookback_ms(rules)]
        verdict = judge(rules, klass, channel, at, zone, past)
        if not verdict.go and chance.random() < 0.5:
            assert verdict.until is not None
            assert verdict.until > at
            at = verdict.until
            past = [one for one in sent if one.at >= at - lookback_ms(rules)]
            assert judge(rules, klass, channel, at, zone, past).go
            verdict = judge(rules, klass, channel, at, zone, past)
        if verdict.go:
            sent.append(Contact(at, channel, klass, chance.random() < 0.3))
        at += chance.randrange(30 * HOUR)
    assert len(sent) > 10
    assert not broken(rules, sent, zone)


def test_a_preset_is_read_again_as_it_was_written() -> None:
    for preset in PRESETS.values():
        again = of_document(preset.rules.document)
        assert again == preset.rules
        assert again.version == preset.rules.version


def test_an_account_changes_what_it_names_and_keeps_the_rest() -> None:
    contact = {"preset": "ar-cautious", "holidays": {"own": ["12-24"]}}
    mine = effective(contact, {"contact": {"caps": {"week": {"most": 2}, "day": False}, "default_class": "notice"}})
    assert mine is not None
    assert [(cap.id, cap.most) for cap in mine.caps if COLLECTIONS in cap.classes] == [("week", 2)]
    assert mine.own_holidays == ("12-24",)
    assert default_class(contact, {"contact": {"default_class": "notice"}}) is NOTICE
    assert opened_dates(mine) == 0
    other = effective(contact, {"contact": {"preset": "mx-condusef"}})
    assert other is not None
    assert other.own_holidays == ()
    assert effective(None, {"company": "Norte"}) is None
    assert effective(None, None) is None


def opened_dates(rules: Rules) -> int:
    return len(day_windows(rules, COLLECTIONS, date(2026, 12, 24), BUENOS_AIRES))


def test_each_fault_is_named_by_its_key() -> None:
    with pytest.raises(RulesError) as caught:
        of_document(
            {
                "preset": "ar-cautious",
                "hours": {"collections": {"mon": "9-19", "tue": "19:00-09:00", "someday": "09:00-10:00"}, "sms": {}},
                "caps": {"day": {"most": 0}, "Ñ": {}, "x": {"kind": "never"}},
                "holidays": {"country": "XX", "own": ["2026-02-30"]},
                "unanswered": "yes",
                "default_class": "reply",
                "colour": "red",
            }
        )
    assert [fault.key for fault in caught.value.faults] == [
        "hours.collections.mon",
        "hours.collections.tue",
        "hours.collections.someday",
        "hours.sms",
        "caps.day.most",
        "caps.Ñ",
        "caps.x.kind",
        "holidays.country",
        "holidays.own",
        "unanswered",
        "default_class",
        "colour",
    ]
    with pytest.raises(RulesError):
        of_document({"preset": "xx"})
    with pytest.raises(RulesError):
        of_document({"hours": {"collections": {"mon-sun": ""}}})


def test_without_an_open_day_for_a_year_it_still_says_when_to_ask_again() -> None:
    closed = of_document(
        {
            "hours": {"collections": {"mon": "09:00-10:00", "holiday": ""}},
            "holidays": {
                "own": [
                    f"{month:02}-{day:02}"
                    for month in range(1, 13)
                    for day in range(1, 32)
                    if (month, day) < (13, 1) and day <= (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)
                ]
            },
        }
    )
    at = ms("2026-03-02T09:30", BOGOTA)
    assert window(closed, COLLECTIONS, at, BOGOTA) is None
    verdict = judge(closed, COLLECTIONS, "sms", at, BOGOTA, ())
    assert (verdict.go, verdict.until) == (False, at + 400 * DAY_MS)


def test_versions_follow_what_the_rules_say() -> None:
    assert of_document({"preset": "mx-condusef"}).version == PRESETS["mx-condusef"].rules.version
    assert of_document({"preset": "mx-condusef", "unanswered": False}).version != PRESETS["mx-condusef"].rules.version
    assert FREE.version == of_document({}).version
    assert lookback_ms(FREE) == 0
    assert lookback_ms(Rules(hours={}, caps=(Cap("w", (COLLECTIONS,), days=7),))) == 8 * DAY_MS


def test_the_file_says_rules_as_accounts_do_and_each_fault_with_its_key(tmp_path: Path) -> None:
    text = '[contact]\npreset = "cl-21320"\n[contact.holidays]\nown = [2026-12-24]\n'
    config = parse(tomllib.loads(text), tmp_path / "gatewayd.toml")
    rules = effective(config.contact, None)
    assert rules is not None
    assert (rules.preset, rules.own_holidays) == ("cl-21320", ("2026-12-24",))
    assert json.loads(json.dumps(config.public))["contact"]["preset"] == "cl-21320"
    assert parse({}, tmp_path / "gatewayd.toml").contact is None
    wrong = {"contact": {"preset": "cl-21320", "hours": {"collections": {"mon": "25:00-26:00"}}, "cap": {}}}
    with pytest.raises(InvalidConfigError) as caught:
        parse(wrong, tmp_path / "gatewayd.toml")
    assert [fault.key for fault in caught.value.faults] == ["contact.hours.collections.mon", "contact.cap"]


leaves = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(("09:00-10:00", "12-24", "AR"))
)
anything = st.recursive(
    leaves, lambda of: st.lists(of, max_size=3) | st.dictionaries(st.text(max_size=6), of, max_size=3)
)
names = st.sampled_from(("collections", "mon", "mon-fri", "holiday", "own", "country", "region", "day", "kind", "most"))
tables = st.recursive(anything, lambda of: st.dictionaries(names, of, max_size=4), max_leaves=12)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), tables, min_size=1))
def test_whatever_is_written_is_read_or_refused_by_its_key(document: dict[str, object]) -> None:
    try:
        rules = of_document(document)
    except RulesError as error:
        faults = error.faults
    else:
        assert of_document(rules.document).version == rules.version
        return
    assert faults
    assert all(fault.message and fault.key for fault in faults)

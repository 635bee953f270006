"""Reads what people write about rules of contact, over the rules that they begin with. Pure; gathers every fault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any, Final, get_args

from gatewayd.contact.calendar import known_country, known_region
from gatewayd.contact.classes import MessageClass
from gatewayd.contact.rules import DAY_MINUTES, DAYS, HOLIDAY, Cap, CapKind, Hours, Rules, Slot
from gatewayd.values.model import Channel
from gatewayd.words.translation import gettext as _

KEYS: Final = ("preset", "hours", "caps", "holidays", "unanswered", "default_class")
CAPS_MAX: Final = 20
SLOTS_MAX: Final = 6
HOLIDAYS_MAX: Final = 400
CAP_DAYS_MAX: Final = 92
CAP_MOST_MAX: Final = 1_000

_SLOT: Final = re.compile(r"(\d{1,2}):(\d{2}) {0,3}(?:-|–|a|to) {0,3}(\d{1,2}):(\d{2})")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_ID: Final = re.compile(r"(?:\d{4}-)?\d{2}-\d{2}")
_LEAP: Final = "2024-"
_EMPTY: Final = Hours(days=((),) * 7)


@dataclass(frozen=True, slots=True)
class RulesFault:
    key: str
    """Dotted, within the document: `hours.collections.sat`."""
    message: str


class RulesError(ValueError):
    """What was written cannot be meant; `faults` names each key."""

    def __init__(self, faults: Sequence[RulesFault]) -> None:
        super().__init__("; ".join(f"{fault.key}: {fault.message}" for fault in faults))
        self.faults = tuple(faults)


class _WrongError(Exception):
    """One value is wrong, in words for a person."""


def over(base: Rules, document: Mapping[str, Any]) -> Rules:
    """Returns `base` with what the document says in its place: day by day, cap by cap, key by key.

    RulesError names every fault. `preset` is not read: whoever calls has chosen the base by it.
    """
    return _Reading().rules(base, document)


def plain(value: Any) -> Any:
    """Returns what TOML gives as JSON can hold it: dates as text, lists as lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


class _Reading:
    def __init__(self) -> None:
        self.faults: list[RulesFault] = []

    def rules(self, base: Rules, document: Mapping[str, Any]) -> Rules:
        made = base
        for key, value in document.items():
            with self.at(str(key)):
                if key not in KEYS:
                    raise _WrongError(_("unknown key"))
                if key == "hours":
                    made = replace(made, hours=self.hours(made.hours, value))
                elif key == "caps":
                    made = replace(made, caps=self.caps(made.caps, value))
                elif key == "holidays":
                    made = self.holidays(made, value)
                elif key == "unanswered":
                    made = replace(made, unanswered=_flag(value))
                elif key == "default_class":
                    made = replace(made, default_class=_default_class(value))
        if self.faults:
            raise RulesError(self.faults)
        return made

    @contextmanager
    def at(self, key: str) -> Iterator[None]:
        """Files what is wrong inside under `key`."""
        try:
            yield
        except _WrongError as wrong:
            self.faults.append(RulesFault(key, str(wrong)))

    def hours(self, base: Mapping[MessageClass, Hours | None], value: Any) -> dict[MessageClass, Hours | None]:
        made = dict(base)
        for name, days in _table(value).items():
            key = f"hours.{name}"
            with self.at(key):
                klass = _class(name)
                if days is None or days == "always":
                    made[klass] = None
                    continue
                hours = self.week(made.get(klass) or _EMPTY, _table(days), key)
                if not any(hours.days):
                    raise _WrongError(_("no day is open"))
                made[klass] = hours
        return made

    def week(self, base: Hours, days: Mapping[str, Any], key: str) -> Hours:
        week, holiday = list(base.days), base.holiday
        for name, value in days.items():
            with self.at(f"{key}.{name}"):
                if name == HOLIDAY:
                    holiday = None if value is None or value == "as_day" else _slots(value)
                    continue
                for day in _days(name):
                    week[day] = _slots(value)
        return Hours(tuple(week), holiday)

    def caps(self, base: tuple[Cap, ...], value: Any) -> tuple[Cap, ...]:
        made = {cap.id: cap for cap in base}
        for name, said in _table(value).items():
            key = f"caps.{name}"
            with self.at(key):
                if not _NAME.fullmatch(name):
                    raise _WrongError(_("a name of lower-case letters, digits and - expected"))
                if said is None or said is False:
                    made.pop(name, None)
                    continue
                made[name] = self.cap(made.get(name), name, _table(said), key)
        if len(made) > CAPS_MAX:
            raise _WrongError(_("more than {max}").format(max=CAPS_MAX))
        return tuple(made.values())

    def cap(self, base: Cap | None, name: str, said: Mapping[str, Any], key: str) -> Cap:
        cap = base or Cap(name, (MessageClass.COLLECTIONS,))
        for field, value in said.items():
            with self.at(f"{key}.{field}"):
                if field == "kind":
                    if value not in get_args(CapKind):
                        raise _WrongError(_("one of: {names}").format(names=", ".join(get_args(CapKind))))
                    cap = replace(cap, kind=value)
                elif field == "most":
                    cap = replace(cap, most=_number(value, 1, CAP_MOST_MAX))
                elif field == "days":
                    cap = replace(cap, days=_number(value, 1, CAP_DAYS_MAX))
                elif field == "direct_days":
                    cap = replace(cap, direct_days=_number(value, 0, CAP_DAYS_MAX))
                elif field == "classes":
                    cap = replace(cap, classes=_each(MessageClass, value))
                    if not cap.classes:
                        raise _WrongError(_("at least one class expected"))
                elif field == "channels":
                    cap = replace(cap, channels=tuple(map(str, _each(Channel, value))))
                else:
                    raise _WrongError(_("unknown key"))
        return cap

    def holidays(self, base: Rules, value: Any) -> Rules:
        made = base
        for name, said in _table(value).items():
            with self.at(f"holidays.{name}"):
                if name == "country":
                    made = replace(made, country=_country(said), region=None)
                elif name == "own":
                    made = replace(made, own_holidays=_dates(said))
                elif name == "working":
                    made = replace(made, working_days=_dates(said))
                elif name != "region":
                    raise _WrongError(_("unknown key"))
        if _table(value).get("region") is not None:
            with self.at("holidays.region"):
                region = _table(value)["region"]
                if made.country is None or not isinstance(region, str) or not known_region(made.country, region):
                    raise _WrongError(
                        _("no part of the country whose holidays are known: {value}").format(value=region)
                    )
                made = replace(made, region=region)
        return made


def _table(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _WrongError(_("a table of keys and values expected"))
    return value


def _class(name: str) -> MessageClass:
    try:
        return MessageClass(name)
    except ValueError:
        raise _WrongError(_("one of: {names}").format(names=", ".join(MessageClass))) from None


def _default_class(value: Any) -> MessageClass:
    klass = _class(value)
    if klass in (MessageClass.REPLY, MessageClass.TRANSACTIONAL):
        # Only the gateway answers, and only what was approved confirms.
        raise _WrongError(_("one of: {names}").format(names="collections, notice"))
    return klass


def _days(name: str) -> range:
    first, dash, last = name.partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        raise _WrongError(_("one of: {names}").format(names=", ".join((*DAYS, HOLIDAY, "mon-fri"))))
    begin, end = DAYS.index(first), DAYS.index(last or first)
    if end < begin:
        raise _WrongError(_("the last day comes before the first"))
    return range(begin, end + 1)


def _slots(value: Any) -> tuple[Slot, ...]:
    """Slots of `07:00-12:00, 14:00-19:00` or of a list of such; empty: closed."""
    texts = value.split(",") if isinstance(value, str) else value
    if not isinstance(texts, Sequence):
        raise _WrongError(_("hours expected, as 07:00-19:00"))
    slots = sorted(_slot(text) for text in texts if text.strip()) if all(isinstance(x, str) for x in texts) else None
    if slots is None:
        raise _WrongError(_("hours expected, as 07:00-19:00"))
    if len(slots) > SLOTS_MAX:
        raise _WrongError(_("more than {max}").format(max=SLOTS_MAX))
    for one, other in pairwise(slots):
        if other[0] < one[1]:
            raise _WrongError(_("two slots of a day overlap"))
    return tuple(slots)


def _slot(text: str) -> Slot:
    found = _SLOT.fullmatch(text.strip())
    if found is None:
        raise _WrongError(_("hours expected, as 07:00-19:00"))
    begin_hour, begin_minute, end_hour, end_minute = map(int, found.groups())
    begin, end = begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
    if begin_minute > 59 or end_minute > 59 or end > DAY_MINUTES:
        raise _WrongError(_("no time of a day: {value}").format(value=text.strip()))
    if end <= begin:
        raise _WrongError(_("ends before it begins: {value}; a night is two slots, one of each day").format(value=text))
    return begin, end


def _number(value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _WrongError(_("a number from {least} to {most} expected").format(least=least, most=most))
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _WrongError(_("true or false expected"))
    return value


def _each(kind: type[MessageClass] | type[Channel], value: Any) -> tuple[Any, ...]:
    known = [str(one) for one in kind]
    if isinstance(value, str) or not isinstance(value, Sequence) or any(one not in known for one in value):
        raise _WrongError(_("a list of these expected: {names}").format(names=", ".join(known)))
    return tuple(one for one in kind if str(one) in value)


def _country(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not known_country(value):
        raise _WrongError(_("no country whose holidays are known: {value}").format(value=value))
    return value


def _dates(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise _WrongError(_("a list of dates expected, as 2026-12-24 or 12-24"))
    if len(value) > HOLIDAYS_MAX:
        raise _WrongError(_("more than {max}").format(max=HOLIDAYS_MAX))
    for one in value:
        text = one.isoformat() if isinstance(one, date) else one
        try:
            sound = isinstance(text, str) and _ID.fullmatch(text) is not None
            date.fromisoformat(text if sound and len(text) > 5 else f"{_LEAP}{text}")
        except ValueError:
            sound = False
        if not sound:
            raise _WrongError(_("no date: {value}").format(value=str(one)[:40]))
    return tuple(sorted({one.isoformat() if isinstance(one, date) else one for one in value}))

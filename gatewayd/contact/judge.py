"""Whether a person may be contacted now, and when else. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gatewayd.contact.calendar import HORIZON_DAYS, instant, local_date, wall, window
from gatewayd.contact.classes import MessageClass
from gatewayd.contact.rules import DAY_MS, Cap, Rules

__all__ = ["Contact", "Verdict", "judge", "window"]

_CALL: Final = "call"
_STEPS_MAX: Final = 2_000
"""Moves to a later moment until the search for one that may be ends: more than contacts times caps ever need."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact of a person that may count for caps."""

    at: int
    """Unix time (ms)."""
    channel: str
    klass: MessageClass
    direct: bool = False
    """Whether the person was reached or spoke."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a message may go, by which rule, and until when."""

    go: bool
    reason: str | None
    """None, `window` or `cap`."""
    until: int | None
    """The earliest moment (ms) at which it may go as far as is known now; None: now."""
    ends: int | None
    """Where it may go, the end (ms) of the open slot: the network must not deliver later. None: at any time."""
    rule: str
    """What decided: `free` (nothing binds it), `hours`, `cap.<id>`."""
    version: str


def judge(  # noqa: PLR0917 - six things decide, and each is another's
    rules: Rules, klass: MessageClass, channel: str, at: int, zone: ZoneInfo, past: Sequence[Contact]
) -> Verdict:
    """Judges one message at `at` (ms): `past` are the contacts of its person, `lookback_ms` back, in any order."""
    timed = rules.hours.get(klass) is not None
    slot = window(rules, klass, at, zone) if timed else None
    if timed and (slot is None or at < slot[0]):
        begin = at + HORIZON_DAYS * DAY_MS if slot is None else slot[0]
        until = _Message(rules, klass, channel, zone, past).free_from(begin)
        return Verdict(False, "window", until, None, "hours", rules.version)
    if past:
        message = _Message(rules, klass, channel, zone, past)
        cap = message.exhausted(at)
        if cap is not None:
            return Verdict(False, "cap", message.free_from(at), None, f"cap.{cap.id}", rules.version)
    if slot is None:
        return Verdict(True, None, None, None, "free", rules.version)
    return Verdict(True, None, None, slot[1], "hours", rules.version)


class _Message:
    """One message and what its person has been sent."""

    __slots__ = ("_caps", "_channel", "_klass", "_past", "_rules", "_zone")

    def __init__(
        self, rules: Rules, klass: MessageClass, channel: str, zone: ZoneInfo, past: Sequence[Contact]
    ) -> None:
        self._rules = rules
        self._klass = klass
        self._channel = channel
        self._zone = zone
        self._past = past
        self._caps = [cap for cap in rules.caps if cap.holds_for(klass, channel)] if past else []

    def exhausted(self, at: int) -> Cap | None:
        """The first cap that keeps it back at `at`, or None."""
        for cap in self._caps:
            if not self._passes(cap, at):
                return cap
        return None

    def free_from(self, at: int) -> int:
        """The earliest moment from `at` on that is inside hours and within all caps, if nothing else happens."""
        timed = self._rules.hours.get(self._klass) is not None
        for _ in range(_STEPS_MAX):
            if timed:
                slot = window(self._rules, self._klass, at, self._zone)
                if slot is None:
                    return at
                at = max(at, slot[0])
            cap = self.exhausted(at)
            if cap is None:
                break
            at = _next_change(cap, at, self._zone, self._past)
        return at

    def _passes(self, cap: Cap, at: int) -> bool:
        counts_all = self._rules.unanswered
        counted = [
            one
            for one in self._past
            if cap.holds_for(one.klass, one.channel) and (counts_all or one.direct or one.channel != _CALL)
        ]
        if cap.direct_days:
            since = _since(at, cap.direct_days, self._zone)
            if not any(one.direct and one.at >= since for one in counted):
                return True
        if cap.kind == "apart":
            return not counted or at >= _after(max(one.at for one in counted), cap.days, self._zone)
        since = _since(at, cap.days, self._zone)
        recent = [one for one in counted if one.at >= since]
        if cap.kind == "count":
            return len(recent) < cap.most
        # Once somebody was reached, the channel that reached them is the one to keep to.
        kept: list[str] = []
        for one in sorted((one for one in recent if one.direct or not cap.direct_days), key=lambda one: one.at):
            if one.channel not in kept and len(kept) < cap.most:
                kept.append(one.channel)
        return self._channel in kept or len(kept) < cap.most


def _next_change(cap: Cap, at: int, zone: ZoneInfo, past: Sequence[Contact]) -> int:
    """The next moment after `at` at which the cap may judge otherwise: a contact is as old as its bounds."""
    moments = []
    for one in past:
        if cap.kind == "apart":
            moments.append(_after(one.at, cap.days, zone))
        else:
            moments.append(instant(local_date(one.at, zone) + timedelta(days=cap.days), 0, zone))
        if cap.direct_days:
            moments.append(instant(local_date(one.at, zone) + timedelta(days=cap.direct_days), 0, zone))
    return min((one for one in moments if one > at), default=at + DAY_MS)


def _since(at: int, days: int, zone: ZoneInfo) -> int:
    """The begin of the last `days` local dates, that of `at` among them."""
    return _midnight(zone, local_date(at, zone).toordinal() - days + 1)


_midnights: dict[tuple[str, int], int] = {}


def _midnight(zone: ZoneInfo, ordinal: int) -> int:
    key = (zone.key, ordinal)
    found = _midnights.get(key)
    if found is None:
        if len(_midnights) > 10_000:
            _midnights.clear()
        found = _midnights[key] = instant(datetime.fromordinal(ordinal).date(), 0, zone)
    return found


def _after(at: int, days: int, zone: ZoneInfo) -> int:
    """The same wall-clock time `days` later, of two the later one."""
    naive = datetime.fromtimestamp(at / 1000, zone).replace(tzinfo=None) + timedelta(days=days)
    return wall(naive, zone, fold=1)

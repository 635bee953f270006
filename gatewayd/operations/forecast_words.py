"""What a forecast says to people: its cause, and what would change it."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from drivers.base import spoken
from gatewayd.campaigns.forecast import Forecast
from gatewayd.values.money import format_money
from gatewayd.words.translation import gettext as _

CAUSES: Final = {
    "pace": spoken("the pace of the lines"),
    "quota": spoken("the quotas of the lines"),
    "hours": spoken("the hours in which people may be contacted"),
    "caps": spoken("people who have been contacted often enough for now"),
    "slowed": spoken("the pace that was set for it"),
    "credit": spoken("the account's credit"),
    "no_line": spoken("there is no line that sends to these people"),
    "line_down": spoken("a line that does not work"),
}
"""What limits a campaign, by its code."""


def cause_words(code: str | None) -> str:
    """Returns what limits a campaign in the language spoken; the code itself where it has no words."""
    return "" if code is None else _(CAUSES.get(code, code))


def moment(at: float, now: float, zone: ZoneInfo) -> str:
    """Returns an instant as a sentence ends with it: `at 15:40` of the same day, else `on 2/12 at 09:10`."""
    local, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone).date()
    if local.date() == today:
        return _("at {time}").format(time=f"{local:%H:%M}")
    day = f"{local.day}/{local.month}" if local.year == today.year else f"{local.day}/{local.month}/{local.year}"
    return _("on {day} at {time}").format(day=day, time=f"{local:%H:%M}")


def remedy_words(found: Forecast, now: float, zone: ZoneInfo, price: int, currency: str) -> str:
    """Returns what would change the cause, in a sentence; empty where nothing is known to."""
    remedy = found.remedy
    if remedy is None:
        return ""
    end = "" if remedy.end is None else moment(remedy.end, now, zone)
    match remedy.code:
        case "another_line":
            rate = f"{remedy.rate:.0f}" if remedy.rate >= 2 else f"{remedy.rate:.1f}"
            return _("Another line of {rate}/min would finish it {end}.").format(rate=rate, end=end)
        case "top_up":
            amount = f"{format_money(remedy.segments * price)} {currency}"
            if not end:
                return _("{amount} of credit are missing.").format(amount=amount)
            return _("{amount} of credit are missing; with them it would end {end}.").format(amount=amount, end=end)
        case "line_back":
            if not end:
                return _("Line {line} would have to work again.").format(line=remedy.line)
            return _("If {line} worked now, it would end {end}.").format(line=remedy.line, end=end)
        case "without_capped":
            until = moment(remedy.at or now, now, zone)
            sentence = _("The last of {people} people may be contacted again {until}; without them it would end {end}.")
            return sentence.format(people=remedy.people, until=until, end=end or until)
        case "full_pace" if end:
            return _("At the full pace of its lines it would end {end}.").format(end=end)
        case "start_at":
            sentence = _("If it began {begin}, it would need no second day and end {end}.")
            return sentence.format(begin=moment(remedy.at or now, now, zone), end=end)
    return ""


def summary(found: Forecast, now: float, zone: ZoneInfo) -> str:
    """Returns when it will end and what limits it, in a sentence or two."""
    if found.start is None:
        return _("As things are, nothing of it can go. What limits it: {cause}.").format(cause=cause_words(found.cause))
    low, high = moment(found.low, now, zone), moment(found.high, now, zone)
    if found.end is None:
        sentence = _("It will stop {stops}, and {left} people will not be reached. What limits it: {cause}.")
        return sentence.format(stops=moment(found.stops, now, zone), left=found.left, cause=cause_words(found.cause))
    if low == high:
        sentence = _("It will end {end}. What limits it: {cause}.")
        return sentence.format(end=low, cause=cause_words(found.cause))
    sentence = _("It will end {end} (between {low} and {high}). What limits it: {cause}.")
    return sentence.format(end=moment(found.end, now, zone), low=low, high=high, cause=cause_words(found.cause))

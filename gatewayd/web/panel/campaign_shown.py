"""How a campaign is shown: its bar, and the sentence of where it stands. Pure but for the language spoken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from gatewayd.web.panel import places
from gatewayd.web.panel.customer_address import CustomerAddress, chips
from gatewayd.web.panel.formats import Formats
from gatewayd.web.panel.pieces import ALIKE, parts_of
from gatewayd.web.panel.plots import Part
from gatewayd.web.words import Words, spoken
from gatewayd.words.reasons import meaning

DAYS: Final[Mapping[str, str]] = {
    "mon": spoken("Mondays"),
    "tue": spoken("Tuesdays"),
    "wed": spoken("Wednesdays"),
    "thu": spoken("Thursdays"),
    "fri": spoken("Fridays"),
    "sat": spoken("Saturdays"),
    "sun": spoken("Sundays"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A campaign as lists and its own page show it."""

    href: str
    channels: Sequence[str]
    parts: Sequence[Part]
    label: str
    said: str
    """Where it stands, as a sentence; "" where its state says all."""
    begins: str
    """When, in words."""


def address(number: int) -> str:
    """Returns the address of a campaign."""
    return f"/campanas/c/{number}"


def shown(one: Mapping[str, Any], words: Words, formats: Formats) -> Shown:
    """Returns a campaign as it is shown."""
    counts = {state: int(number) for state, number in one["counts"].items() if number}
    name, messages = str(one["name"]), formats.number(one["messages"])
    return Shown(
        address(one["campaign"]),
        list(dict.fromkeys(rung["channel"] for rung in one["ladder"])),
        parts_of(counts, {state: behind(one, state) for state in counts}),
        words.phrase("{campaign}: {count} messages", campaign=name, count=messages),
        _said(one, counts, words, formats),
        begins(one["schedule"], words, formats),
    )


def behind(one: Mapping[str, Any], state: str = "") -> str:
    """Returns the address of the messages of a campaign, of one state where it is named."""
    filters = {"campaign": f"#{one['campaign']} {one['name']}"} | ({"state": ALIKE.get(state, state)} if state else {})
    return places.link(places.messages(**filters))


def whom(one: Mapping[str, Any], words: Words, formats: Formats) -> tuple[str, str]:
    """Returns to whom a campaign goes, in words, and where these people are shown."""
    audience = one.get("audience") or {}
    if audience.get("list"):
        return words.phrase(
            "the list {name}", name=audience["list"]
        ), f"/campanas/listas?{urlencode({'q': audience['list']})}"
    if audience.get("filter") is not None:
        address = CustomerAddress.of(audience["filter"])
        said = [chip.text for chip in chips(address)] + [str(address.filters.get("q") or "")]
        return " · ".join(filter(None, said)) or words.phrase("all customers"), address.href()
    if audience.get("customers"):
        count = len(audience["customers"])
        chosen = words.ngettext("{count} customer who was chosen", "{count} customers who were chosen", count)
        return chosen.format(count=formats.number(count)), ""
    if audience.get("upload"):
        return words.phrase("the people of a file"), ""
    return (words.phrase("those whom another campaign did not reach"), "") if audience.get("origin") else ("", "")


def begins(schedule: Mapping[str, Any], words: Words, formats: Formats) -> str:
    """Returns when a campaign begins, in words."""
    match schedule.get("kind", "now"):
        case "at":
            at = local(str(schedule["at"]))
            zone = str(schedule.get("zone") or "")
            said = words.phrase("{day} at {time}", day=formats.weekday(at), time=f"{at:%H:%M}")
            return f"{said} ({zone})" if zone else said
        case "every":
            days = schedule.get("days") or []
            said = words.phrase("every day") if len(days) == len(DAYS) else _listed(words, days)
            hour = str(schedule.get("hour") or "")[:5]
            text = words.phrase("{days} at {time}", days=said, time=hour)
            if schedule.get("until"):
                last = datetime.fromisoformat(f"{schedule['until']}T00:00")
                text = words.phrase("{what}, until {day}", what=text, day=formats.weekday(last))
            return text
    return words.phrase("as soon as it is sent off")


def local(text: str) -> datetime:
    """Returns a local time of a schedule, without a zone."""
    return datetime.fromisoformat(text)


def _listed(words: Words, days: Sequence[str]) -> str:
    named = [words.gettext(DAYS[day]) for day in DAYS if day in days]
    return ", ".join(named)


def _said(one: Mapping[str, Any], counts: Mapping[str, int], words: Words, formats: Formats) -> str:
    state = one["state"]
    if state == "draft":
        return words.phrase("nothing was sent yet")
    if state == "awaiting_approval":
        return words.phrase("waits until somebody else approves it")
    if one.get("missed"):
        return words.phrase("missed its time of {time}: decide what to do", time=planned(one["missed"], formats))
    if state == "scheduled":
        return words.phrase("next: {time}", time=planned(one["planned"], formats)) if one["planned"] else ""
    if state == "paused":
        return words.phrase("goes on when somebody says so")
    if one.get("recording"):
        return words.phrase("its people are being written down: {count} so far", count=formats.number(one["people"]))
    working = sum(counts.get(each, 0) for each in ("queued", "sending"))
    held = one.get("held") or {}
    if not working and held:
        reason = max(held, key=lambda each: held[each], default="")
        return words.phrase("waits: {reason}", reason=meaning(reason))
    if state == "running" and working:
        done, all_ = formats.number(one["done"]), formats.number(one["messages"])
        return words.phrase("{done} of {all}", done=done, all=all_)
    return ""


def planned(planned: str, formats: Formats) -> str:
    """Returns a planned local time (`2026-11-30T10:00`) in words; the instant of a launch by hand as it is."""
    try:
        at = local(planned)
    except ValueError:
        return planned
    return f"{formats.weekday(at)} {at:%H:%M}"

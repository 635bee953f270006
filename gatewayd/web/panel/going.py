"""What runs, as a bar with its end and what limits it. Pure but for the language spoken."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from gatewayd.web.panel import places
from gatewayd.web.panel.campaign_shown import shown
from gatewayd.web.panel.formats import DAY, Formats
from gatewayd.web.panel.pieces import ALIKE, parts_of
from gatewayd.web.panel.plots import Part
from gatewayd.web.words import Words
from gatewayd.words.reasons import meaning

OPEN: Final = ("queued", "sending")
"""What the lines work on now; scheduled and held messages wait for something else."""
SHOWN_MAX: Final = 5
OPEN_STATES: Final = frozenset({"running", "paused", "loading"})
_OF_CAMPAIGN: Final = re.compile(r"c-\d+\.")
"""How jobs are called that only campaigns bring in."""
RATE_MIN: Final = 1 / 60
"""Segments a second: below one a minute an end cannot be foretold."""


@dataclass(frozen=True, slots=True)
class Going:
    """A job or a campaign that runs, as it is shown."""

    name: str
    account: str
    href: str
    state: str
    parts: Sequence[Part]
    label: str
    said: str
    """When it ends, and why not sooner."""


def running(items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Returns the jobs that have something left and are no campaign's, the newest first."""
    own = (one for one in items if one["state"] in OPEN_STATES and not _OF_CAMPAIGN.match(one["job"]))
    return list(islice(own, SHOWN_MAX))


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast things go now, over all jobs."""

    rate: float
    """What all lines sent of late, in segments a second."""
    ahead: int
    """How many messages of all jobs wait for them."""
    now: datetime


def going(job: Mapping[str, Any], pace: Pace, words: Words, formats: Formats) -> Going:
    """Returns a job as it is shown."""
    counts = {state: int(number) for state, number in job["counts"].items() if number}
    href = places.link(places.job(job["account"], job["job"]))
    label = words.phrase("{job}: {count} messages", job=job["job"], count=formats.number(job["messages"]))
    return Going(
        job["job"],
        job["account"],
        href,
        job["state"],
        parts_of(counts, {state: _behind(job, state) for state in counts}),
        label,
        _said(job, counts, pace, words, formats),
    )


def campaign_going(one: Mapping[str, Any], pace: Pace, words: Words, formats: Formats) -> Going:
    """Returns a campaign as it is shown beside jobs."""
    as_shown = shown(one, words, formats)
    counts = {state: int(number) for state, number in one["counts"].items() if number}
    waits = one["recording"] or not any(counts.get(state) for state in OPEN)
    said = as_shown.said if waits else _said({**one, "not_before": None}, counts, pace, words, formats)
    return Going(one["name"], one["account"], as_shown.href, one["state"], as_shown.parts, as_shown.label, said)


def _behind(job: Mapping[str, Any], state: str) -> str:
    """Returns the address of the messages behind a number."""
    return places.link(places.messages(job=f"{job['account']}/{job['job']}", state=ALIKE.get(state, state)))


def _said(job: Mapping[str, Any], counts: Mapping[str, int], pace: Pace, words: Words, formats: Formats) -> str:
    if job["state"] == "paused":
        return words.phrase("goes on when somebody says so")
    if job["state"] == "loading":
        return words.phrase("its list is being read")
    left = sum(counts.get(state, 0) for state in OPEN)
    held = counts.get("held", 0)
    if not left and held:
        reason = max(job["held"], key=lambda one: job["held"][one], default="")
        return words.phrase("waits: {reason}", reason=meaning(reason))
    if not left and counts.get("scheduled"):
        begins = formats.moment(job["not_before"])
        return (
            words.phrase("begins {when}", when=formats.when(begins, pace.now)) if begins else words.phrase("scheduled")
        )
    if not left:
        return words.phrase("all sent; reports are awaited") if counts.get("submitted") else ""
    if pace.rate < RATE_MIN:
        return words.phrase("waits for a line")
    parts = max(job["segments"] / job["messages"], 1.0) if job["messages"] else 1.0
    seconds = pace.ahead * parts / pace.rate
    if seconds > 30 * DAY:
        return words.phrase("at this pace it takes more than a month")
    end = formats.moment(pace.now + timedelta(seconds=seconds))
    assert end is not None
    per_minute, time = formats.number(round(pace.rate * 60)), formats.clock(end)
    if end.date() == pace.now.astimezone(formats.zone).date():
        return words.phrase("ends about {time}: the lines send {rate} a minute", time=time, rate=per_minute)
    return words.phrase(
        "ends on {day} about {time}: the lines send {rate} a minute",
        day=formats.weekday(end),
        time=time,
        rate=per_minute,
    )

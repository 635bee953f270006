"""What a forecast says of a ladder: who is likely to go on to its further channels, when all of it ends, its cost."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from gatewayd.campaigns.document import CampaignDocument
from gatewayd.campaigns.forecast.climb import Climbed, Missing, Rung, climb, missing_of
from gatewayd.campaigns.ladder import missed_states
from gatewayd.operations.base import Json
from gatewayd.operations.campaign_launch import source_of
from gatewayd.operations.forecast import longest
from gatewayd.operations.forecast_words import moment
from gatewayd.operations.outlook import PAST_DAYS, Asked, Portion, situation_of
from gatewayd.operations.ports import Backend
from gatewayd.registry import driver
from gatewayd.store.campaigns import audience, runs
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.insight import traffic
from gatewayd.store.snapshots import iso
from gatewayd.values.errors import ConflictError, NotFoundError, UsageError
from gatewayd.values.money import format_money
from gatewayd.words.translation import gettext as _

SAMPLE: Final = 500
TRUSTED: Final = 200
"""Messages of a week by which an account's own share is known; with fewer, that of all accounts is asked."""
USUAL: Final = {"sms": 0.05, "call": 0.45, "email": 0.03, "push": 0.3, "whatsapp": 0.1}
"""The share that reaches nobody, where no week says it."""
HOUR_MS: Final = 3_600_000


async def ladder_of(backend: Backend, found: Campaign, document: CampaignDocument, asked: Asked, people: int) -> Json:
    """Returns what a forecast says of a ladder; empty keys for a single channel. A draft that was not reviewed is
    priced by a segment a person."""
    if len(document.ladder) == 1:
        return {"ladder": None, "ladder_words": ""}
    tariff = backend.config.tariff
    prices = [tariff.price(rung.channel) for rung in document.ladder]
    least, most = people * min(prices), people * sum(prices)
    if found.review is not None and found.review_version == found.version:
        review = json.loads(found.review).get("ladder") or {}
        least, most = int(review.get("least", least)), int(review.get("most", most))
    wait_s = sum(rung.wait_ms for rung in document.ladder[:-1]) // 1000
    rungs = await _rungs(backend, found, document, asked)
    climbed = await asyncio.to_thread(climb, await situation_of(backend, asked), rungs)
    words = _words(backend, climbed, people, format_money(least), format_money(most))
    channels = [rung.channel for rung in document.ladder]
    further = [
        {
            "channel": channel,
            "people": round(many),
            "missing": round(rung.missing.share, 4),
            "measured": rung.missing.measured,
        }
        for channel, many, rung in zip(channels[1:], climbed.people, rungs, strict=True)
    ]
    told = {
        "channels": channels,
        "wait_s": wait_s,
        "cost_least": format_money(least),
        "cost": format_money(most),
        "further": further,
        "end": iso(int(climbed.stops * 1000)) if climbed.ends and climbed.begins else None,
        "low": iso(int(climbed.low * 1000)) if climbed.begins else None,
        "high": iso(int(climbed.high * 1000)) if climbed.begins else None,
        "holds": round(climbed.holds, 2),
    }
    return {"ladder": told, "ladder_words": words}


def _words(backend: Backend, climbed: Climbed, people: int, least: str, most: str) -> str:
    """Returns what is said of the further channels; nothing where the first one cannot be tried as things are."""
    now, zone, currency = backend.now() / 1000, backend.config.timezone, backend.config.tariff.currency
    many, said = round(climbed.people[0]), []
    if not climbed.begins:
        said.append(_("That is the first channel; the next ones are for whom it does not reach."))
    elif many < 1:
        said.append(
            _("That is the first channel. It will probably reach all of them; the next ones are for whom it does not.")
        )
    else:
        told = _("That is the first channel. About {many} of {people} people will go on to the next one.")
        said.append(told.format(many=many, people=people))
        end, low, high = (moment(at, now, zone) for at in (climbed.stops, climbed.low, climbed.high))
        if not climbed.ends:
            said.append(_("Not all of them can be tried over it as things are."))
        elif low == high:
            said.append(_("All of it will end {end}.").format(end=end))
        else:
            said.append(_("All of it will end {end} (between {low} and {high}).").format(end=end, low=low, high=high))
    said.append(_("It costs {least} to {most} {currency} in all.").format(least=least, most=most, currency=currency))
    return " ".join(said)


async def _rungs(backend: Backend, found: Campaign, document: CampaignDocument, asked: Asked) -> list[Rung]:
    """Returns the further channels, each as a situation of its own with what the week before says of the one below."""
    missed = missed_states(document.options.count_as_reached)
    made = []
    for place, rung in enumerate(document.ladder[1:], start=1):
        below = document.ladder[place - 1]
        missing = await _missing(backend, found.account, below.channel, missed)
        portions, reaches = await _reached(backend, found, document, place, bool(asked.hours))
        own = replace(
            asked,
            channel=rung.channel,
            portions=portions,
            area="all" if rung.channel == "email" else "",
            price=backend.config.tariff.price(rung.channel),
            # What waits of them already is part of the first forecast.
            running=frozenset(),
            lines=_lines(backend, asked.lines, rung.channel),
            at=backend.now() / 1000,
        )
        wait_s = below.wait_ms / 1000
        pending = await _pending(backend, found, place - 1, missed, below.wait_ms)
        made.append(Rung(await situation_of(backend, own), wait_s, missing, reaches, pending))
    return made


def _lines(backend: Backend, named: Sequence[str], channel: str) -> tuple[str, ...]:
    """Returns those of the lines that were chosen which carry a channel; a ladder's choice may name those of others."""
    fitting = {line.name for line in backend.config.lines if channel in driver(line.driver).channels}
    return tuple(name for name in named if name in fitting)


async def _missing(backend: Backend, account: str, channel: str, missed: frozenset[str]) -> Missing:
    end = backend.now() // HOUR_MS
    ask = partial(traffic.ends_by_day, channel=channel, first=end - PAST_DAYS * 24, end=end, missed=missed)
    days = await backend.read(lambda reader: reader.ask(partial(ask, account=account)))
    if sum(sent for _missed, sent in days) < TRUSTED:
        days = await backend.read(lambda reader: reader.ask(ask))
    return missing_of(days, USUAL[channel])


@dataclass(frozen=True, slots=True)
class _Sample:
    looked: int
    addresses: Sequence[str]


async def _reached(
    backend: Backend, found: Campaign, document: CampaignDocument, place: int, timed: bool
) -> tuple[tuple[Portion, ...], float]:
    """Returns the audience as a further channel reaches it, by prefix, and the share that it reaches."""
    column = document.ladder[place].column
    first, own = source_of(backend, found, document), source_of(backend, found, document, place)

    def asked(connection: Any) -> _Sample:
        page = audience.page(connection, source=first(connection), after=0, limit=SAMPLE)
        source = own(connection)
        customers = [one.customer for one in page.people if one.customer is not None]
        today: Mapping[int, Any] = audience.by_customer(connection, source, customers)
        addresses = [
            today[one.customer].address
            if one.customer is not None and one.customer in today
            else ""
            if one.customer is not None
            else (str(json.loads(one.cells).get(column) or "") if column is not None else one.address)
            for one in page.people
        ]
        return _Sample(len(page.people), [address for address in addresses if address])

    hours = 0 if timed else None
    try:
        sample = await backend.read(lambda reader: reader.ask(asked))
    except (ConflictError, NotFoundError, UsageError):
        # A list that was put away since: they are judged by nobody.
        sample = _Sample(0, ())
    if not sample.addresses:
        return (Portion(1, hours=hours),), 1.0 if not sample.looked else 0.0
    prefixes = Counter(longest(address, backend) for address in sample.addresses)
    portions = tuple(Portion(many, prefix=prefix, hours=hours) for prefix, many in sorted(prefixes.items()))
    return portions, len(sample.addresses) / sample.looked


async def _pending(
    backend: Backend, found: Campaign, place: int, missed: frozenset[str], wait_ms: int
) -> tuple[tuple[float, float], ...]:
    """Returns those of a rung whom it is known already not to have reached, by when they go on."""
    now = backend.now()

    def asked(connection: Any) -> list[tuple[int, int]]:
        jobs = [
            each.job_id
            for run in runs.runs(connection, campaign=found.id)
            if run.ended_at is None
            for each in runs.slices(connection, run=run.id, rung=place)
            if each.job_id
        ]
        return traffic.missed_lately(connection, jobs=jobs, missed=missed, since=now - wait_ms) if jobs else []

    known = await backend.read(lambda reader: reader.ask(asked))
    return tuple((max(at + wait_ms, now) / 1000, float(many)) for at, many in known)

"""What a person (or a monitor) sees of the whole gateway at one glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.metadata import version
from typing import ClassVar, Final

from gatewayd.operations import shapes
from gatewayd.operations.base import Json, Operation, live_of
from gatewayd.operations.lines import faulty_lines, shown_now
from gatewayd.operations.ports import Backend
from gatewayd.store.billing.freshness import asks
from gatewayd.store.campaigns.campaigns import Campaign, asking_campaigns, stuck_campaigns
from gatewayd.store.contacts.registers import registers
from gatewayd.store.sending.questions import Attention, attention
from gatewayd.store.sending.restoration import standing_still
from gatewayd.store.snapshots import iso
from gatewayd.store.tickets import notices
from gatewayd.store.webhooks.questions import Endpoint, endpoints
from gatewayd.values.actor import Actor
from gatewayd.values.money import format_money
from gatewayd.values.staff import ACCOUNT as STAFF
from gatewayd.values.views import EventView, in_trouble


class Ping(Operation):
    """Whether a daemon answers, and which."""

    name: ClassVar[str] = "ping"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live = live_of(backend)
        return {"version": version("gatewayd"), "node": backend.config.node, "draining": live.draining()}


class Overview(Operation):
    """Lines, rates, queue and the events after `since`; what `top` shows."""

    name: ClassVar[str] = "overview"
    since: int = 0

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live = live_of(backend)
        account = by.scope.account
        depth = await backend.read(lambda reader: reader.depth(backend.now(), account))
        rates, writer = live.rates(), live.writer()
        return {
            "at": iso(backend.now()),
            "node": backend.config.node,
            "draining": live.draining(),
            "lines": [shown_now(one, by) for one in (*live.lines(), *faulty_lines(backend))],
            "rates": {
                "segments_10s": rates.segments_10s,
                "segments_60s": rates.segments_60s,
                "reports_10s": rates.reports_10s,
                "reports_60s": rates.reports_60s,
            },
            "queue": {
                "counts": {str(state): count for state, count in depth.counts.items()},
                "held": dict(depth.held),
                "oldest_s": depth.oldest_s,
            },
            "writer": {"healthy": writer.healthy, "waiting": writer.waiting, "commits": writer.commits},
            "stalled": [shapes.stall(one) for one in live.stalls() if by.scope.holds(one.account)],
            "events": [shapes.event(one) for one in live.events(self.since) if _concerns(one, account)],
        }


_EVERYBODYS: Final = frozenset({"line", "daemon"})


def _concerns(event: EventView, account: str | None) -> bool:
    """Returns whether an event is of an account, or of the gateway itself; senders are shown to administrators."""
    named = event.subject.partition("/")[0].partition(" ")[0]
    if account is None or event.kind in _EVERYBODYS:
        return named != STAFF
    return named == account and event.kind != "inbound"


class Status(Operation):
    """What needs a person, at one look: nothing where all is well. Without a daemon, that is what is missing."""

    name: ClassVar[str] = "status"

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live = backend.live
        low = backend.config.tariff.low
        account = by.scope.account
        question = partial(attention, low=low, since=backend.now() - REVIEWED_MS, account=account)
        found = await backend.read(lambda reader: reader.ask(question))
        depth = await backend.read(lambda reader: reader.depth(backend.now(), account))
        lines = [] if live is None else [shapes.line(one) for one in (*live.lines(), *faulty_lines(backend))]
        stalls = [] if live is None else [shapes.stall(one) for one in live.stalls() if by.scope.holds(one.account)]
        healthy = None if live is None else live.writer().healthy
        still = await backend.read(lambda reader: reader.ask(standing_still))
        hooks = await backend.read(lambda reader: reader.ask(endpoints))
        asking = await backend.read(lambda reader: reader.ask(partial(asking_campaigns, scope=by.scope)))
        batches = await backend.read(lambda reader: reader.ask(partial(notices.batches, scope=by.scope, asked=True)))
        stuck = await backend.read(lambda reader: reader.ask(partial(stuck_campaigns, scope=by.scope)))
        lists = await backend.read(lambda reader: reader.ask(registers)) if account is None else []
        now = backend.now()
        max_age = int(backend.config.billing.max_age * 1000)
        bills = await backend.read(lambda reader: reader.ask(partial(asks, max_age_ms=max_age, now=now)))
        wanted = [
            *_of_daemon(live is not None, healthy, lines, stalls),
            *([_needs("standstill", "")] if still else ()),
            *_of_store(found),
            *(_needs("campaign", f"{one.account} {one.id}", wanted_of(one)) for one in asking),
            *(_needs("notices", one.account, count=one.people) for one in batches),
            *(_needs("campaign", f"{one.account} {one.id}", "campaign_stuck") for one in stuck),
            *of_webhooks([each for each in hooks if by.scope.holds(each.account)], now),
            *(_needs("register", each.name, count=each.age_days(now)) for each in lists if each.stale(now)),
            *(
                _needs("billing", each.account, each.reason, each.count)
                for each in bills
                if by.scope.holds(each.account)
            ),
        ]
        return {
            "at": iso(backend.now()),
            "node": backend.config.node,
            "ok": not wanted,
            "needs": wanted,
            "daemon": live is not None,
            "lines": dict(Counter(one["state"] for one in lines)),
            "queue": {
                "counts": {str(state): count for state, count in depth.counts.items()},
                "held": dict(depth.held),
                "oldest_s": depth.oldest_s,
            },
        }


def wanted_of(campaign: Campaign) -> str:
    """Returns what a campaign wants of a person: a word on a run that was missed, or somebody's approval."""
    return "campaign_missed" if campaign.missed is not None else "campaign_approval"


REVIEWED_MS: Final = 7 * 86_400_000
"""A reply that may be an opt-out asks for a person this long; then it has been read, or nobody will."""


def _needs(kind: str, subject: str, reason: str | None = None, count: int | None = None) -> Json:
    return {"kind": kind, "subject": subject, "reason": reason, "count": count}


def _of_daemon(running: bool, healthy: bool | None, lines: Sequence[Json], stalls: Sequence[Json]) -> Iterator[Json]:
    if not running:
        yield _needs("daemon", "", "not_running")
    if healthy is False:
        yield _needs("store", "", "takes_nothing")
    for line in lines:
        if in_trouble(line["state"], line["reason"]):
            yield _needs("line", line["name"], line["reason"] or line["state"])
    for stall in stalls:
        yield _needs("stalled", f"{stall['account']} {stall['service']}", stall["reason"])


FAILING_MS: Final = 3_600_000
"""A receiver that is away for less comes back by itself."""


def of_webhooks(found: Sequence[Endpoint], now: int) -> Iterator[Json]:
    """Yields what a person is needed for: endpoints that were disabled by themselves, or fail for an hour."""
    for each in found:
        if not each.enabled and each.reason in _DISABLED_BY_ITSELF:
            yield _needs("webhook", f"{each.account} {each.id}", each.reason)
        elif each.enabled and each.failing and now - (each.failing_since or now) > FAILING_MS:
            yield _needs("webhook", f"{each.account} {each.id}", each.fault)


_DISABLED_BY_ITSELF: Final = frozenset({"endpoint_gone", "tries_used_up"})


def _of_store(found: Attention) -> Iterator[Json]:
    if found.uncertain:
        yield _needs("uncertain", "", count=found.uncertain)
    for job in found.paused:
        yield _needs("paused", job)
    for account, balance, waiting in found.low:
        yield _needs("credit", account, "waits" if waiting else "low", count=waiting or None) | {
            "balance": format_money(balance)
        }
    if found.reviews:
        yield _needs("opt_out", "", count=found.reviews)

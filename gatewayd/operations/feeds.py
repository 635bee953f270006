"""Feeds: what is read from other people's databases, how old it is, and what went wrong. They are made in the file."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field

from gatewayd.feeds.faults import remedy, sentence
from gatewayd.feeds.schedule import is_stale
from gatewayd.operations.base import Json, Operation, live_of
from gatewayd.operations.ports import Backend
from gatewayd.store.billing import feeds as store
from gatewayd.store.billing.feeds import Feed
from gatewayd.store.contacts import billing_age
from gatewayd.store.session import Session
from gatewayd.values.actor import Actor
from gatewayd.values.clock import iso
from gatewayd.values.errors import NotFoundError, UsageError
from gatewayd.values.storable import wellformed
from gatewayd.words.translation import gettext as _

Name = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(wellformed)]
WAIT_MAX_S: Final = 120.0


def shape(found: Feed, now: int, most_s: float) -> Json:
    """Returns a feed as people and programs see it; `most_s` is how old billing may be at most."""
    kinds: dict[str, Any] = {
        kind: {name: count for name, count in counts.items() if name != "sheet"}
        for kind, counts in found.shape.get("kinds", {}).items()
    }
    own_s = found.shape.get("max_age")
    max_age_s = most_s if own_s is None else min(most_s, float(own_s))
    fault = None
    if found.fault is not None:
        fault = {
            "code": found.fault,
            "detail": found.detail,
            "text": sentence(found.fault, found.detail),
            "remedy": remedy(found.fault, found.detail),
            "at": iso(found.ended_at),
            "failures": found.failures,
        }
    return {
        "account": found.account,
        "feed": found.name,
        "node": found.node,
        "database": found.shape.get("database"),
        "asks": found.shape.get("asks", []),
        "every_s": found.shape.get("every"),
        "max_age_s": max_age_s,
        "closes": bool(found.shape.get("closes")),
        "running": found.began_at is not None and (found.ended_at is None or found.ended_at < found.began_at),
        "began_at": iso(found.began_at),
        "read_at": iso(found.ok_at),
        "as_of": iso(found.as_of),
        "age_s": None if found.as_of is None else max(0, (now - found.as_of) // 1000),
        "stale": is_stale(found.as_of, int(max_age_s * 1000), now),
        "rows": found.rows,
        "kinds": kinds,
        "fault": fault,
    }


async def _feeds(backend: Backend, by: Actor) -> list[Json]:
    return await backend.read(lambda reader: reader.ask(partial(_shapes, backend, by)))


def _shapes(backend: Backend, by: Actor, connection: Any) -> list[Json]:
    session, most_ms = Session(connection), int(backend.config.billing.max_age * 1000)
    found = store.feeds(connection, scope=by.scope)
    return [shape(one, backend.now(), billing_age.bound_ms(session, one.account_id, most_ms) / 1000) for one in found]


async def _one(backend: Backend, by: Actor, account: str | None, name: str | None) -> Json:
    """Returns the feed that is meant; both may be left out where there is only one. NotFoundError, UsageError."""
    known = await _feeds(backend, by)
    found = [one for one in known if account in {None, one["account"]} and name in {None, one["feed"]}]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(_("there are several feeds: name account and feed"))
    raise NotFoundError(_("no such feed: feeds are made in the configuration file, as [[feed]]"))


class ListFeeds(Operation):
    """Lists feeds, with how old what they brought is and their last fault."""

    name: ClassVar[str] = "feed.list"
    reads_store = True
    account: Name | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        found = await _feeds(backend, by)
        return {"items": [one for one in found if self.account in {None, one["account"]}], "next": None}


class ShowFeed(Operation):
    """Shows one feed."""

    name: ClassVar[str] = "feed.show"
    reads_store = True
    account: Name | None = None
    feed: Name | None = None

    async def perform(self, backend: Backend, by: Actor) -> Json:
        return await _one(backend, by, self.account, self.feed)


class RunFeed(Operation):
    """Has a feed read now, and shows how it went where that is known in time."""

    name: ClassVar[str] = "feed.run"
    acts_on: ClassVar[str | None] = "feed"
    account: Name | None = None
    feed: Name | None = None
    wait_s: Annotated[float, Field(ge=0, le=WAIT_MAX_S)] = 0

    async def perform(self, backend: Backend, by: Actor) -> Json:
        live = live_of(backend)
        found = await _one(backend, by, self.account, self.feed)
        account, name, before = found["account"], found["feed"], found["began_at"]
        live.feeds.ask(account, name)
        if self.wait_s:
            since = None if before is None else round(datetime.fromisoformat(before).timestamp() * 1000)
            done = await live.feeds.finished(account, name, since, self.wait_s)
            return shape(done, backend.now(), found["max_age_s"])
        return await _one(backend, by, account, name)

"""Whom a campaign means, in pages: members of a list, or customers by a filter or a selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from gatewayd.actor import Scope
from gatewayd.errors import ConflictError
from gatewayd.store.campaigns import lists
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.campaigns.lists import PeopleList
from gatewayd.store.campaigns.runs import Person
from gatewayd.translation import gettext as _


@dataclass(frozen=True, slots=True)
class Source:
    """Where the people of a campaign come from: a fixed list."""

    account: str
    channel: str
    known: PeopleList


@dataclass(frozen=True, slots=True)
class Page:
    """People of an audience. `cursor` is where the next page begins; `over` says that there is none."""

    people: Sequence[Person]
    cursor: int
    over: bool
    without: int = 0
    """Those of the page whom the channel does not reach."""


def source(connection: Connection, *, campaign: Campaign, meant: Mapping[str, Any] | None, channel: str) -> Source:
    """Returns where a campaign's people come from; `meant` is what it says of them. NotFoundError without its list,
    ConflictError where that is not ready."""
    scope = Scope.of(campaign.account)
    known = None
    if campaign.list_id is not None:
        known = lists.by_number(connection, scope=scope, number=campaign.list_id)
    elif meant is not None and meant.get("list") is not None:
        known = lists.by_name(connection, scope=scope, account=campaign.account, name=meant["list"])
    if known is None:
        raise ConflictError(_("say first to whom the campaign goes"))
    if known.state == "loading":
        raise ConflictError(_("the list is still being read"))
    if known.state == "failed":
        raise ConflictError(_("the list could not be read: {reason}").format(reason=known.reason))
    return Source(campaign.account, channel, known)


def size(connection: Connection, *, source: Source) -> int:
    """Returns how many people are meant, at most."""
    del connection
    return source.known.members


def page(connection: Connection, *, source: Source, after: int, limit: int) -> Page:
    """Returns the next people behind `after`."""
    found = lists.members(connection, number=source.known.id, after=after, limit=limit)
    people = [Person(one.customer, one.external_id, one.address, one.cells or "{}") for one in found if one.address]
    cursor = found[-1].row if found else after
    return Page(people, cursor, len(found) < limit, len(found) - len(people))

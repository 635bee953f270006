"""Whom a campaign means, in pages: members of a list, customers, or those whom its first run reached."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from gatewayd.customers.filters import CustomerFilter, filter_of
from gatewayd.store.accounts import account_number
from gatewayd.store.campaigns import lists, runs
from gatewayd.store.campaigns.campaigns import Campaign
from gatewayd.store.campaigns.lists import Member, PeopleList
from gatewayd.store.campaigns.runs import Person, Run
from gatewayd.store.contacts.audience import AudienceRow, Occasion, audience_rows, audience_size
from gatewayd.values.actor import Scope
from gatewayd.values.errors import ConflictError
from gatewayd.words.translation import gettext as _

_OURS: Final = frozenset({"to", "ref"})
_encoded: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


@dataclass(frozen=True, slots=True)
class Source:
    """Where the people of a campaign come from: a fixed list, or customers."""

    account_id: int
    channel: str
    occasion: Occasion
    known: PeopleList | None = None
    chosen: CustomerFilter | None = None
    first: Run | None = None
    """The run whose people every later one reaches, where a campaign says so."""


@dataclass(frozen=True, slots=True)
class Page:
    """People of an audience. `cursor` is where the next page begins; `over` says that there is none."""

    people: Sequence[Person]
    cursor: int
    over: bool
    without: int = 0
    """Those of the page whom the channel does not reach."""


def source(
    connection: Connection,
    *,
    campaign: Campaign,
    meant: Mapping[str, Any] | None,
    channel: str,
    occasion: Occasion,
) -> Source:
    """Returns where a campaign's people come from; `meant` is what it says of them. NotFoundError without its list,
    ConflictError where that is not ready, UsageError for a filter that is none."""
    scope, account = Scope.of(campaign.account), account_number(connection, campaign.account)
    meant = meant or {}
    first = runs.first_frozen(connection, campaign=campaign.id) if _frozen(campaign) else None
    if first is not None:
        return Source(account, channel, occasion, first=first)
    known: PeopleList | None = None
    chosen: CustomerFilter | None = None
    if campaign.list_id is not None:
        known = lists.by_number(connection, scope=scope, number=campaign.list_id)
    elif meant.get("list") is not None:
        known = lists.by_name(connection, scope=scope, account=campaign.account, name=meant["list"])
    elif meant.get("customers"):
        chosen = CustomerFilter(ids=tuple(meant["customers"]))
    elif meant.get("filter") is not None:
        chosen = filter_of(meant["filter"])
    if known is None and chosen is None:
        raise ConflictError(_("say first to whom the campaign goes"))
    if known is not None:
        if known.state == "loading":
            raise ConflictError(_("the list is still being read"))
        if known.state == "failed":
            raise ConflictError(_("the list could not be read: {reason}").format(reason=known.reason))
        if known.kind == "live":
            chosen = filter_of(known.source.get("filter") or {})
            known = None
    return Source(account, channel, occasion, known, chosen)


def _frozen(campaign: Campaign) -> bool:
    schedule = json.loads(campaign.document).get("schedule") or {}
    return bool(schedule.get("kind") == "every" and schedule.get("audience") == "frozen")


def size(connection: Connection, *, source: Source) -> int:
    """Returns how many people are meant, at most."""
    if source.first is not None:
        return source.first.people
    if source.known is not None:
        return source.known.members
    assert source.chosen is not None
    return audience_size(connection, source.account_id, source.chosen, source.channel, source.occasion)


def page(connection: Connection, *, source: Source, after: int, limit: int) -> Page:
    """Returns the next people behind `after`."""
    if source.first is not None:
        return _of_run(connection, source, source.first.id, after, limit)
    if source.known is not None:
        return _of_list(connection, source, source.known.id, after, limit)
    assert source.chosen is not None
    rows = audience_rows(
        connection,
        source.account_id,
        source.chosen,
        source.channel,
        after_id=after,
        limit=limit,
        occasion=source.occasion,
    )
    return Page([_person(row) for row in rows], rows[-1].customer_id if rows else after, len(rows) < limit)


def _of_list(connection: Connection, source: Source, number: int, after: int, limit: int) -> Page:
    found = lists.members(connection, number=number, after=after, limit=limit)
    asked = [one.customer for one in found if one.address is None and one.customer is not None]
    today = by_customer(connection, source, asked)
    people = [person for person in (_member(one, today) for one in found) if person is not None]
    cursor = found[-1].row if found else after
    return Page(people, cursor, len(found) < limit, len(found) - len(people))


def _of_run(connection: Connection, source: Source, run: int, after: int, limit: int) -> Page:
    """Returns the people of an earlier run, customers by what is known of them today."""
    found = runs.people(connection, run=run, after=after, limit=limit)
    today = by_customer(connection, source, [one.customer for _row, one in found if one.customer is not None])
    kept = []
    for _row, one in found:
        row = None if one.customer is None else today.get(one.customer)
        if one.customer is None:
            kept.append(one)
        elif row is not None:
            kept.append(_person(row))
    return Page(kept, found[-1][0] if found else after, len(found) < limit, len(found) - len(kept))


def by_customer(connection: Connection, source: Source, customers: Sequence[int]) -> Mapping[int, AudienceRow]:
    """Returns what is known today of some customers whom the channel reaches."""
    if not customers:
        return {}
    rows = audience_rows(
        connection,
        source.account_id,
        list(customers),
        source.channel,
        after_id=0,
        limit=len(customers),
        occasion=source.occasion,
    )
    return {row.customer_id: row for row in rows}


def _member(one: Member, today: Mapping[int, AudienceRow]) -> Person | None:
    if one.address is not None:
        return Person(one.customer, one.external_id, one.address, one.cells or "{}")
    row = None if one.customer is None else today.get(one.customer)
    return None if row is None else _person(row)


def _person(row: AudienceRow) -> Person:
    cells = row.columns
    if not cells.keys().isdisjoint(_OURS):
        cells = {name: text for name, text in cells.items() if name not in _OURS}
    return Person(row.customer_id, row.external_id, row.address, _encoded(cells))

"""What a day's run would do, and what a changed rule would change: decided for everybody, written for nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from gatewayd.claims.moment import Moment, judge
from gatewayd.dunning import wording
from gatewayd.dunning.decision import Decision
from gatewayd.dunning.ladder import plain
from gatewayd.dunning.policy import Policy
from gatewayd.store.dunning import decisions, situations
from gatewayd.store.dunning.policies import PolicyRow, Rules
from gatewayd.store.dunning.situations import Seen
from gatewayd.store.session import Session

PORTION: Final = 500
"""Customers that are read together."""
SHOWN: Final = 200
"""People that are named."""


@dataclass(frozen=True, slots=True)
class Would:
    """Somebody who would be claimed."""

    external_id: str
    name: str
    currency: str
    amount: int
    invoices: tuple[str, ...]
    rule: str
    version: int
    level: str
    level_name: str
    action: str
    channel: str | None
    """None: no channel reaches the customer; a person is given it."""
    address: str
    template: str
    values: Mapping[str, str]
    """Of the template's variables."""
    warnings: tuple[str, ...]


@dataclass(slots=True)
class Simulated:
    """What a run would do."""

    day: date
    counts: Counter[str] = field(default_factory=Counter)
    """Decisions by reason."""
    levels: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Claims by rule, level and channel."""
    amounts: Counter[str] = field(default_factory=Counter)
    """What would be claimed, by currency."""
    people: list[Would] = field(default_factory=list)
    """The first of them."""
    customers: int = 0
    complete: bool = True
    """Whether everybody was looked at within the time that one waits."""


def on(moment: Moment, day: date | None) -> Moment:
    """Returns the moment of a day at which every rule's hour has come; None: now, of today's runs."""
    today = day or moment.today
    at = datetime(today.year, today.month, today.day, 23, 59, tzinfo=ZoneInfo(moment.zone))
    return replace(moment, today=today, now=int(at.timestamp() * 1000))


def simulate(connection: Any, *, moment: Moment, found: Simulated, after: int) -> int:
    """Adds what the run of a moment's day would do about the next customers behind `after`; returns the last of them,
    0 once there are no more."""
    seen, last = _portion(connection, moment, after)
    for one in seen.values():
        found.customers += 1
        for decision in judge(one, moment).decided:
            found.counts[decision.reason] += 1
            if decision.reason in {"due", "no_channel"}:
                _add(found, moment, one, decision)
    return last


def _portion(connection: Any, moment: Moment, after: int) -> tuple[dict[int, Seen], int]:
    number = moment.rules.account_id
    numbers = decisions.customers_behind(connection, account_id=number, after=after, limit=PORTION)
    if not numbers:
        return {}, 0
    session = Session(connection)
    return situations.read(session, moment.rules, numbers, today=moment.today, zone=moment.zone), numbers[-1]


def _add(found: Simulated, moment: Moment, seen: Seen, one: Decision) -> None:
    assert one.policy is not None
    assert one.level is not None
    rule = moment.rules.by_name[one.policy[0]]
    level = next(each for each in rule.levels if each.id == plain(one.level))
    found.levels[rule.name, level.id, one.channel or ""] += 1
    found.amounts[one.currency] += one.amount
    if len(found.people) >= SHOWN:
        return
    owed = wording.of_claim(one, seen.situation.invoices, moment.today, moment.region)
    own = (seen.name, seen.external_id, seen.document, seen.portfolio)
    values = wording.cells(seen.columns, own, owed, "")
    point = seen.points.get(one.channel or "")
    found.people.append(
        Would(
            *(seen.external_id, seen.name, one.currency, one.amount, one.invoices, rule.name, rule.version),
            *(one.level, level.name or level.id, level.action, one.channel, "" if point is None else point.address),
            *(level.templates.get(one.channel or "", ""), values, one.warnings),
        )
    )


# ------------------------------------------------------------------------------------------------------ a changed rule


@dataclass(slots=True)
class Saving:
    """What saving a rule would change today."""

    moved: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Customers by where they stand now and where they would: a level that is due, else the reason why none is."""
    contacted: int = 0
    """Customers that would be claimed today, by the rule as it would be."""
    before: int = 0
    """Those that would be by the rules as they are."""
    complete: bool = True


def changed(moment: Moment, row: PolicyRow, rule: Policy) -> Moment:
    """Returns a moment with one rule as it would be."""
    known = {**moment.rules.known, row.id: (row, rule)}
    if row.standard:
        known = {number: (replace(one, standard=number == row.id), of) for number, (one, of) in known.items()}
    return replace(moment, rules=Rules(moment.rules.account, moment.rules.account_id, known))


def saving(connection: Any, *, moment: Moment, would: Moment, found: Saving, after: int) -> int:
    """Adds what the rules of `would` change about the next customers behind `after`: each is decided about twice.
    Returns the last of them, 0 once there are no more."""
    seen, last = _portion(connection, moment, after)
    again = situations.under(Session(connection), would.rules, seen)
    for number, one in seen.items():
        was = {each.currency: each for each in judge(one, moment).decided}
        then = {each.currency: each for each in judge(again[number], would).decided}
        found.before += any(each.reason == "due" for each in was.values())
        found.contacted += any(each.reason == "due" for each in then.values())
        for currency, each in then.items():
            stood = _stands(was.get(currency))
            if stood != _stands(each):
                found.moved[stood, _stands(each)] += 1
    return last


def _stands(one: Decision | None) -> str:
    if one is None:
        return "no_policy"
    return f"{one.level}" if one.reason == "due" else one.reason

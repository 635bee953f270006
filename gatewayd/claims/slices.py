"""A slice of a run: some customers, read and decided about in one snapshot, as the rows that follow. Writes nothing.

It is plain data, so that another process may make it. Whoever writes it asks first whether what it stands on is still
so (`slice_writing`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, Self

from gatewayd.claims.moment import Judged, Moment, judge, saying
from gatewayd.dunning import wording
from gatewayd.dunning.decision import Decision
from gatewayd.dunning.ladder import plain
from gatewayd.dunning.policy import Level, Policy
from gatewayd.dunning.step_key import COLUMN, StepKey
from gatewayd.store.dunning import addresses, contacted, decisions, events, situations
from gatewayd.store.dunning.addresses import Shared
from gatewayd.store.dunning.decisions import Changes, Said
from gatewayd.store.dunning.policies import Rules, Stamp
from gatewayd.store.session import Session
from gatewayd.values.addresses import NUMBERED

PORTION: Final = 250
"""Customers of a slice: some ten milliseconds of the writer."""


@dataclass(frozen=True, slots=True)
class Way:
    """What the messages of one batch have in common."""

    policy: int
    version: int
    level: str
    channel: str
    template: str
    """Empty: words that name nobody and nothing."""
    approval: bool


@dataclass(frozen=True, slots=True)
class Due:
    """A message that is to be written to somebody, whole."""

    customer: int
    currency: str
    level: str
    """A repeat has its number behind it."""
    cycle: str
    amount: int
    invoices: str
    """JSON: external ids."""
    address: str
    cells: str
    """JSON: texts by the heads' plain names."""
    way: Way


_NONE: Final = Changes()


@dataclass(frozen=True, slots=True)
class Slice:
    """Some customers, and what is to be written of them."""

    last: int
    """The last of them; 0: there are no more."""
    day: str = ""
    stamp: Stamp = ()
    """Of the rules that they were judged by."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Decisions by reason."""
    changes: Changes = _NONE
    due: Sequence[Due] = ()
    others: Sequence[int] = ()
    """Customers of whom more is to be done than a message to a number of their own: they are decided about where it is
    written."""

    def customers(self) -> set[int]:
        """Returns those of whom something is written here."""
        return self.changes.customers() | {one.customer for one in self.due}

    def document(self) -> dict[str, Any]:
        """Returns it as JSON may hold it."""
        ways = list(dict.fromkeys(one.way for one in self.due))
        places = {way: place for place, way in enumerate(ways)}
        found = self.changes
        return {
            "last": self.last,
            "day": self.day,
            "stamp": self.stamp,
            "counts": self.counts,
            "changes": [found.closed, found.replaced, found.added],
            "others": self.others,
            "ways": [[getattr(way, name) for name in _WAY] for way in ways],
            "due": [[*(getattr(one, name) for name in _DUE), places[one.way]] for one in self.due],
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Returns what `document` made."""
        ways = [Way(*values) for values in document["ways"]]
        return cls(
            *(document["last"], document["day"], document["stamp"], document["counts"]),
            Changes(*document["changes"]),
            [_read(one, ways) for one in document["due"]],
            document["others"],
        )


def _read(values: Sequence[Any], ways: Sequence[Way]) -> Due:
    *own, place = values
    return Due(**dict(zip(_DUE, own, strict=True)), way=ways[place])


_WAY: Final = tuple(one.name for one in fields(Way))
_DUE: Final = tuple(one.name for one in fields(Due))[:-1]


def portion(connection: Any, *, moment: Moment, after: int, hour: str | None, limit: int = PORTION) -> Slice:
    """Returns the slice of the next customers behind `after`. `hour`: those alone whose rule runs then."""
    session, rules = Session(connection), moment.rules
    numbers = decisions.customers_behind(connection, account_id=rules.account_id, after=after, limit=limit)
    if not numbers:
        return Slice(0)
    counts: Counter[str] = Counter()
    said: list[Said] = []
    others: set[int] = set()
    claimed: list[tuple[Judged, Decision]] = []
    for number, seen in situations.read(session, rules, numbers, today=moment.today, zone=moment.zone).items():
        rule = seen.situation.policy
        if hour is not None and (rule.hour if rule is not None else "") != hour and not _first(rules, rule, hour):
            continue
        judged = judge(seen, moment)
        counts.update(one.reason for one in judged.decided)
        due = [one for one in judged.decided if one.reason in {"due", "no_channel"}]
        if judged.fates or any(one.channel is None for one in due):
            others.add(number)
            continue
        said += saying(judged, rules)
        claimed += [(judged, one) for one in due]
    changes = decisions.changes(session, rules.account_id, said, moment.today)
    # Of those whom other systems were told of, they may be to be told otherwise.
    others |= {one.customer for one in events.standing(session, changes.customers())}
    shared = known(session, moment, claimed)
    others |= {one.seen.situation.customer for one, due in claimed if _address(one, due) in shared.several}
    return Slice(
        numbers[-1],
        moment.today.isoformat(),
        rules.stamp,
        counts,
        changes.without(others),
        [_due(one, due, moment, shared) for one, due in claimed if one.seen.situation.customer not in others],
        sorted(others),
    )


def _first(rules: Rules, rule: Policy | None, hour: str) -> bool:
    """Returns whether customers without a rule are looked at by the run of that hour: the day's first."""
    return rule is None and hour == min(rules.hours(), default=hour)


def level_of(rules: Rules, decision: Decision) -> tuple[Policy, Level]:
    """Returns the rule and level by which something is due."""
    assert decision.policy is not None
    assert decision.level is not None
    rule, name = rules.by_name[decision.policy[0]], plain(decision.level)
    return rule, next(one for one in rule.levels if one.id == name)


def way_of(rules: Rules, one: Judged, decision: Decision, shared: Shared) -> Way:
    """Returns by what kind of message a decision is carried out; to a number of which nobody knows whose it is, by one
    that names nothing."""
    rule, level = level_of(rules, decision)
    channel = decision.channel or ""
    point = one.seen.points[channel]
    neutral = channel in NUMBERED and (
        point.address in shared.several or (not point.confirmed and point.address not in shared.reached)
    )
    template = "" if neutral else level.templates.get(channel, "")
    return Way(rules.number_of(rule.name), rule.version, level.id, channel, template, level.approval)


def cells(one: Judged, decision: Decision, moment: Moment, *, neutral: bool) -> str:
    """Returns what a claim's recipient has beside its address, as JSON."""
    assert decision.level is not None
    assert decision.cycle is not None
    step = str(StepKey(decision.currency, decision.level, decision.cycle))
    if neutral:
        return json.dumps({COLUMN: step})
    owed = wording.of_claim(decision, one.seen.situation.invoices, moment.today, moment.region)
    own = (one.seen.name, one.seen.external_id, one.seen.document, one.seen.portfolio)
    return json.dumps(wording.cells(one.seen.columns, own, owed, step), ensure_ascii=False)


def known(session: Session, moment: Moment, due: Iterable[tuple[Judged, Decision]]) -> Shared:
    """Returns what is known of the numbers to which something is due."""
    numbers = {
        one.seen.points[decision.channel].address
        for one, decision in due
        if decision.channel in NUMBERED and decision.channel in one.seen.points
    }
    day = contacted.midnight(moment.today, moment.zone)
    return addresses.shared(session, moment.rules.account_id, numbers, since=day)


def _address(one: Judged, decision: Decision) -> str | None:
    return one.seen.points[decision.channel].address if decision.channel in NUMBERED else None


def _due(one: Judged, decision: Decision, moment: Moment, shared: Shared) -> Due:
    assert decision.level is not None
    way = way_of(moment.rules, one, decision, shared)
    return Due(
        *(one.seen.situation.customer, decision.currency, decision.level, str(decision.cycle), decision.amount),
        json.dumps(list(decision.invoices), ensure_ascii=False),
        one.seen.points[way.channel].address,
        cells(one, decision, moment, neutral=not way.template),
        way,
    )
